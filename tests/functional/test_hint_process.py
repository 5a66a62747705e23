# SPDX-License-Identifier: Apache-2.0

"""``edge-sched hint`` as an operator has it: a process with a nova.conf."""

import json
import os
import pathlib
import subprocess
import sys
from typing import Any

import fixtures
import testtools
from oslo_utils.fixture import uuidsentinel as uuids

ROOT = pathlib.Path(__file__).parents[2]
BOB = '198.51.100.7'


class HintProcessTest(testtools.TestCase):
    """A process of its own, with nothing of Nova but its databases."""

    def setUp(self) -> None:
        super().setUp()
        self.folder = self.useFixture(fixtures.TempDir()).path
        self.nova_conf = f'{self.folder}/nova.conf'
        with open(self.nova_conf, 'w') as conf_file:
            conf_file.write(
                '[api_database]\n'
                f'connection = sqlite:///{self.folder}/api.sqlite\n'
            )
        self.run_python(MAKE_SERVER, self.nova_conf, self.folder, uuids.server)

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

    def run_hint(self, *argv: str) -> Any:
        done = self.run_python(
            'import sys; from edge_sched.cmd import shell; '
            'sys.exit(shell.main())',
            *('hint', *argv, '--nova-config-file', self.nova_conf),
            *('-f', 'json'),
        )
        self.assertEqual('', done.stderr)
        return json.loads(done.stdout)

    def test_set_and_show(self) -> None:
        self.run_hint('set', uuids.server, f'edge:client={BOB}')

        self.assertEqual(
            [
                {'hint': 'edge:client', 'values': [BOB]},
                {'hint': 'theirs', 'values': ['1']},
            ],
            self.run_hint('show', uuids.server),
        )


MAKE_SERVER = """
import sys
import sqlalchemy as sa
from edge_sched.cmd.nova.access import read_nova_configuration
nova_conf, folder, uuid = sys.argv[1:]
read_nova_configuration([nova_conf])
from nova import context, objects
from nova.db.api import models as api_models
from nova.db.main import models as main_models

cell_url = f'sqlite:///{folder}/cell.sqlite'
for url, models in (
    (f'sqlite:///{folder}/api.sqlite', api_models),
    (cell_url, main_models),
):
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
    scheduler_hints={'edge:client': ['203.0.113.7'], 'theirs': ['1']},
    image=objects.ImageMeta(), flavor=objects.Flavor(extra_specs={}),
    **dict.fromkeys(
        ['numa_topology', 'pci_requests', 'instance_group', 'ignore_hosts',
         'retry', 'availability_zone', 'limits']
    ),
).create()
with context.target_cell(admin, cell) as in_cell:
    objects.Instance(
        in_cell, uuid=uuid, project_id='p1', user_id='u1'
    ).create()
"""
