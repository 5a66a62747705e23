# SPDX-License-Identifier: Apache-2.0

"""The files that the services of the cloud read.

Written at every start. Values of ours that are there for the tests' sake alone
stand in ``FOR_TESTS``, with their reasons.
"""

import json

from tests.cloud import below_files
from tests.cloud import nova_files
from tests.cloud import ports
from tests.cloud.guide import API_GUIDE
from tests.cloud.guide import Guide
from tests.cloud.layout import Layout
from tests.cloud.settings import PASSWORD
from tests.cloud.settings import Sections
from tests.cloud.settings import keystone_url
from tests.cloud.sites import CELLS
from tests.emulation.services import configuration

#: What differs from what the guide says, or from the defaults, and why.
FOR_TESTS: Sections = {
    'edge_sched': {
        # The guide begins with shadow; what is tested is enforce.
        'mode': 'enforce',
        # What the records tell has to come about.
        'record_detail': 'full',
        # Data gets stale while a test waits: at 60 s a row of a site, at 75 s
        # all of them when the collector is gone. Less, and what a request has
        # looked up grows too old while a test keeps it from Placement.
        'max_age': 60,
        'outage_max_age': 75,
        # A test waits for these as well.
        'cache_ttl': 2,
        'membership_ttl': 5,
        'store_retry_after': 10,
        # Processes of a busy machine wait seconds for their turn, and a
        # look-up that takes too long leaves the store alone for 10 s.
        'store_timeout': 5,
    },
}

#: The collector writes a row anew at two thirds of ``max_age``: early, so that
#: what a worker has in its cache is good for most of its minute.
FOR_COLLECTOR: Sections = {'edge_sched': {'max_age': 15}}

#: Tests ask more often than users do.
FOR_API: Sections = {'edge_sched_api': {'requests_per_minute': 100000}}


class Configuration:
    """Writes the files of one cloud."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._guide = Guide.read()
        self._api_guide = Guide.read(API_GUIDE)

    def write(self) -> None:
        """All files."""
        layout = self._layout
        self._write('mariadb.sql', below_files.MARIADB_SQL)
        self._write('rabbitmq.conf', below_files.rabbitmq(layout))
        self._write('definitions.json', json.dumps(below_files.definitions()))
        files = {
            'keystone/keystone.conf': below_files.keystone(layout),
            'placement/placement.conf': below_files.placement(layout),
            'glance/glance-api.conf': below_files.glance(layout),
            'nova/nova.conf': nova_files.above(layout),
        }
        for cell in CELLS:
            files[f'nova/{cell}.conf'] = nova_files.conductor(layout, cell)
            files[f'nova/compute-{cell}.conf'] = nova_files.host(layout, cell)
        for name, sections in files.items():
            self._write(name, configuration(sections))
        self.write_scheduler()
        self._write(
            'edge_sched/edge_sched.conf',
            self._guide.block('install-edge-sched-conf', self._values())
            + configuration(FOR_TESTS)
            + configuration(FOR_COLLECTOR)
            + configuration(self._measuring()),
        )
        self._write_api()

    def _write_api(self) -> None:
        """Of the API for tenants: its own, and what it has of Nova's."""
        guide = self._api_guide
        numbers = self._layout.ports
        keystone = {
            'https://keystone.example.org/v3': keystone_url(self._layout)
        }
        nova = self._layout.path('etc', 'edge_sched', 'api-nova.conf')
        self._write(
            'edge_sched/api.conf',
            guide.block(
                'api-conf',
                {
                    'API_SECRET': PASSWORD,
                    'controller': f'{ports.HOST}:{numbers["mariadb-store"]}',
                    '/etc/edge_sched/api-nova.conf': str(nova),
                    **keystone,
                },
            )
            + configuration(FOR_API),
        )
        self._write(
            'edge_sched/api-nova.conf',
            guide.block(
                'api-nova-conf',
                {
                    'API_SECRET': PASSWORD,
                    'novadb': f'{ports.HOST}:{numbers["mariadb"]}',
                    **keystone,
                },
            )
            + self._guide.block('install-nova-conf', self._values())
            + configuration(FOR_TESTS)
            + configuration(nova_files.LIVENESS),
        )

    def write_scheduler(
        self, over: Sections | None = None, plugin: bool = True
    ) -> None:
        """nova.conf of nova-scheduler, with the block of the guide.

        :param over: what is laid over it: ``{'edge_sched': {'mode': 'off'}}``
        :param plugin: False for a stock Nova
        """
        text = configuration(nova_files.above(self._layout))
        if plugin:
            text += self._guide.block('install-nova-conf', self._values())
            text += configuration(FOR_TESTS)
        text += configuration(over or {})
        self._write('nova/nova-scheduler.conf', text)

    def store_statements(self) -> list[str]:
        """How the guide makes the database of the latency store."""
        text = self._guide.block('install-mysql', {'SECRET': PASSWORD})
        return [line.rstrip(';') for line in text.splitlines()]

    def table_commands(self) -> list[str]:
        """How the guide makes its tables."""
        return self._guide.commands('install-db-sync')

    def api_store_statements(self) -> list[str]:
        """How the guide makes its user of the latency store."""
        return self._user_statements('api-mysql')

    def api_nova_statements(self) -> list[str]:
        """How the guide makes its user of Nova's databases."""
        return self._user_statements('api-nova-mysql')

    def _user_statements(self, name: str) -> list[str]:
        """To be run at each start."""
        text = self._api_guide.block(name, {'API_SECRET': PASSWORD})
        text = text.replace('CREATE USER', 'CREATE USER IF NOT EXISTS')
        return [line.rstrip(';') for line in text.splitlines()]

    def _values(self) -> dict[str, str]:
        port = self._layout.ports['mariadb-store']
        return {'SECRET': PASSWORD, 'controller': f'{ports.HOST}:{port}'}

    def _write(self, name: str, text: str) -> None:
        """For us alone, as there are passwords."""
        path = self._layout.path('etc', name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(0o600)
        path.write_text(text)

    def _measuring(self) -> Sections:
        """Reflector, prober, collector and auditor."""
        numbers = self._layout.ports
        return {
            'edge_sched_reflector': {
                'bind': ports.HOST,
                'port': numbers['reflector'],
            },
            'edge_sched_prober': {
                'bind': ports.HOST,
                'target_file': self._layout.path(
                    'etc', 'edge_sched', 'targets.yaml'
                ),
                'metrics_port': numbers['prober'],
                # 60 probes, which a p95 takes, are there after 8 s.
                'interval': 1,
                # On a busy machine the reflector waits for its turn.
                'residence_max_ms': 900,
            },
            'edge_sched_collector': {
                'inputs': 'file,openmetrics',
                'interval': 2,
                'metrics_port': numbers['collector'],
            },
            'edge_sched_auditor': {
                'nova_config_files': self._layout.path(
                    'etc', 'nova', 'nova-scheduler.conf'
                ),
                'interval': 10,
                'metrics_port': numbers['auditor'],
            },
            'edge_sched_input_file': {
                'directory': self._layout.data('measurements'),
                'vantages': '*',
            },
            'edge_sched_input_openmetrics': {
                'prober': f'lyon {numbers.url("prober")}/metrics',
            },
        }
