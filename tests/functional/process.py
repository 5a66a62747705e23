# SPDX-License-Identifier: Apache-2.0

"""Processes of ours, with nothing of Nova but its databases."""

import os
import pathlib
import subprocess
import sys

import fixtures
import testtools
from oslo_utils.fixture import uuidsentinel as uuids

ROOT = pathlib.Path(__file__).parents[2]


class ProcessTestCase(testtools.TestCase):
    """A nova.conf, and a server at Lyon within 20 ms of 203.0.113.7."""

    def setUp(self) -> None:
        super().setUp()
        self.folder = self.useFixture(fixtures.TempDir()).path
        self.nova_conf = f'{self.folder}/nova.conf'
        api_url, cell_url = self.database_urls()
        with open(self.nova_conf, 'w') as conf_file:
            conf_file.write(f'[api_database]\nconnection = {api_url}\n')
        self.run_python(
            MAKE_SERVER, self.nova_conf, api_url, cell_url, uuids.server
        )

    def database_urls(self) -> tuple[str, str]:
        """Of the API and of a cell."""
        return (
            f'sqlite:///{self.folder}/api.sqlite',
            f'sqlite:///{self.folder}/cell.sqlite',
        )

    def run_python(
        self, script: str, *argv: str
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, '-c', script, *argv],
            cwd=ROOT,
            env={
                **os.environ,
                'OS_EDGE_SCHED_DATABASE__CONNECTION': 'sqlite:////nil/store',
            },
            capture_output=True,
            text=True,
            timeout=120,
        )
        self.assertEqual(0, done.returncode, done.stderr)
        return done


MAKE_SERVER = """
import sys
import sqlalchemy as sa
from edge_sched.cmd.nova.access import read_nova_configuration
nova_conf, api_url, cell_url, uuid = sys.argv[1:]
read_nova_configuration([nova_conf])
from nova import context, objects
from nova.db.api import api
from nova.db.api import models as api_models
from nova.db.main import models as main_models

for url, models in (api_url, api_models), (cell_url, main_models):
    models.BASE.metadata.create_all(sa.create_engine(url))
admin = context.get_admin_context()
cell = objects.CellMapping(
    admin, uuid=uuid, name='cell1', transport_url='none:///',
    database_connection=cell_url,
)
cell.create()
objects.InstanceMapping(
    admin, instance_uuid=uuid, project_id='p1', user_id='u1',
    cell_mapping=cell, queued_for_delete=False,
).create()
objects.RequestSpec(
    admin, instance_uuid=uuid, project_id='p1', num_instances=1,
    scheduler_hints={
        'edge:client': ['203.0.113.7'],
        'edge:latency_budget_ms': ['20'],
        'theirs': ['1'],
    },
    image=objects.ImageMeta(), flavor=objects.Flavor(extra_specs={}),
    **dict.fromkeys(
        ['numa_topology', 'pci_requests', 'instance_group', 'ignore_hosts',
         'retry', 'availability_zone', 'limits']
    ),
).create()
with context.target_cell(admin, cell) as in_cell:
    objects.Instance(
        in_cell, uuid=uuid, project_id='p1', user_id='u1', host='lyon-1',
        vm_state='active',
    ).create()
objects.HostMapping(admin, host='lyon-1', cell_mapping=cell).create()
with api.context_manager.writer.using(admin):
    admin.session.add_all([
        api_models.Aggregate(id=1, uuid=uuid, name='lyon'),
        api_models.AggregateMetadata(
            aggregate_id=1, key='edge:site', value='lyon'
        ),
        api_models.AggregateHost(aggregate_id=1, host='lyon-1'),
    ])
"""
