# SPDX-License-Identifier: Apache-2.0

"""``edge-sched-status`` as a process of its own, and its databases as files.

Whatever mode Nova's services are in, this one has native threads.
"""

import json
import os
import pathlib
import subprocess
import sys
from typing import Any

import fixtures
import testtools

_ROOT = pathlib.Path(__file__).parents[2]

_STATUS = """
import sys
from edge_sched.cmd.status import main
sys.exit(main())
"""

_ALONE = """
import sys
sys.modules['nova'] = None
"""

#: A cell with two hosts at one site, by Nova's own objects.
_NOVA = """
import sys
from edge_sched.cmd.nova.access import read_nova_configuration
read_nova_configuration(sys.argv[1:])
from nova import objects
from nova.conf import CONF
from nova.context import get_admin_context, target_cell
from nova.db import migration
from nova.db.api import api, models
migration.db_sync(database='api')
migration.db_sync(database='main')
context = get_admin_context()
cell = objects.CellMapping(
    context,
    uuid=objects.CellMapping.CELL0_UUID.replace('0', '1'),
    name='cell1',
    database_connection=CONF.database.connection,
    transport_url='none:///',
)
cell.create()
for host in 'lyon-1', 'lyon-2':
    objects.HostMapping(context, host=host, cell_mapping=cell).create()
with target_cell(context, cell) as in_cell:
    assert not objects.ServiceList.get_all(in_cell)
with api.context_manager.writer.using(context):
    context.session.add_all([
        models.Aggregate(id=1, uuid=cell.uuid, name='a'),
        models.AggregateMetadata(
            aggregate_id=1, key='edge:site', value='lyon'
        ),
        models.AggregateHost(aggregate_id=1, host='lyon-1'),
        models.AggregateHost(aggregate_id=1, host='lyon-2'),
    ])
"""

FILTER_SCHEDULER = """
[filter_scheduler]
available_filters = nova.scheduler.filters.all_filters
available_filters = edge_sched.plugins.all_filters
enabled_filters = ComputeFilter,EdgeLatencyFilter
weight_classes = nova.scheduler.weights.all_weighers,\
edge_sched.plugins.all_weighers
"""


class StatusProcessTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.home = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.store = f'sqlite:///{self.home}/latency.sqlite'
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith('OS_')
        } | {'HOME': str(self.home)}
        self.conf = self.write(
            'nova.conf',
            f'{FILTER_SCHEDULER}\n'
            '[edge_sched_database]\n'
            f'connection = {self.store}\n'
            '[api_database]\n'
            f'connection = sqlite:///{self.home}/api.sqlite\n',
        )

    def write(self, name: str, text: str) -> str:
        path = self.home / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return str(path)

    def run_python(
        self, code: str, *argv: str, text: str = '', status: int = 0
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, '-c', code, *argv],
            cwd=_ROOT,
            env=self.environment,
            input=text,
            capture_output=True,
            text=True,
            timeout=120,
        )
        self.assertEqual(status, done.returncode, done.stdout + done.stderr)
        self.assertNotIn('Traceback', done.stdout + done.stderr)
        return done

    def check(self, *argv: str, status: int) -> dict[str, tuple[int, str]]:
        """``{'Filter': (2, 'EdgeLatencyFilter is not ...')}``."""
        done = self.run_python(
            _STATUS, *argv, 'upgrade', 'check', '--json', status=status
        )
        self.assertEqual('', done.stderr)
        checks: list[dict[str, Any]] = json.loads(done.stdout)['checks']
        return {c['check']: (c['result'], c['details']) for c in checks}

    def refused(self, *argv: str, code: str = _STATUS) -> str:
        """What it says on stderr instead of checking anything."""
        done = self.run_python(code, *argv, status=255)
        self.assertEqual('', done.stdout)
        return done.stderr

    def edge_sched(self, *argv: str, text: str = '') -> None:
        code = _STATUS.replace('status', 'shell')
        self.run_python(code, '--config-file', self.conf, *argv, text=text)

    def test_from_success_to_warning_to_failure(self) -> None:
        more = self.home / 'nova.conf.d'
        database = f'sqlite:///{self.home}/cell.sqlite'
        self.write(
            'nova.conf.d/db.conf', f'[database]\nconnection = {database}\n'
        )
        self.run_python(_NOVA, self.conf, str(more))
        self.edge_sched('db', 'sync')
        self.edge_sched(
            *('measurement', 'import', '-'),
            text='vantage,client,rtt_p50_ms,rtt_p95_ms\n'
            'lyon,203.0.113.0/24,9,12\n',
        )
        files = ('--config-file', self.conf, '--config-dir', str(more))

        found = self.check(*files, status=0)

        self.assertEqual(12, len(found))
        self.assertEqual(
            'Something was measured from a vantage point of each of '
            '2 compute hosts.',
            found['Vantage points of hosts'][1],
        )
        self.assertEqual(
            'The latency store is a file, for one nova-scheduler.',
            found['Latency store of all controllers'][1],
        )

        self.write('nova.conf.d/mode.conf', '[edge_sched]\nmode = shadow\n')
        found = self.check(*files, status=1)
        self.assertEqual(
            ['Options'], [name for name, (code, _) in found.items() if code]
        )

        self.write('nova.conf.d/mode.conf', '[edge_sched]\nmode = bold\n')
        found = self.check(*files, status=2)
        code, details = found['Options']
        self.assertEqual(2, code)
        self.assertIn('nova-scheduler does not start. Correct', details)
        self.assertIn('bold', details)
        not_checked = 'Not checked: an option is wrong (see Options).'
        self.assertEqual(
            (
                {'Flavor extra specs in nova-api', 'Weighers', 'Options'},
                {not_checked},
            ),
            (
                {name for name in found if found[name][1] != not_checked},
                {details for code, details in found.values() if code == 1},
            ),
        )

        self.write('nova.conf.d/mode.conf', '[edge_sched]\nmode = enforce\n')
        os.rename(self.home / 'latency.sqlite', self.home / 'gone.sqlite')
        found = self.check(*files, status=2)
        self.assertEqual(2, found['Latency store'][0])
        self.assertEqual(0, found['Names'][0])

    def test_nova_whose_databases_are_away(self) -> None:
        away = 'mysql+pymysql://nova:secret@127.0.0.1:1/nova_api'
        self.edge_sched('db', 'sync')
        self.write(
            'nova.conf.d/db.conf', f'[api_database]\nconnection = {away}\n'
        )
        found = self.check(
            *('--config-file', self.conf),
            *('--config-dir', str(self.home / 'nova.conf.d')),
            status=2,
        )
        self.assertEqual(0, found['Latency store'][0])
        for name in (
            'What Placement is asked for',
            'Latency store of all controllers',
            'Vantage points of hosts',
            'Names',
        ):
            code, details = found[name]
            self.assertEqual(1, code)
            self.assertIn("Nova's databases cannot be read (", details)
            self.assertIn('Connection refused', details)
            self.assertNotIn('secret', details)

    def test_table_keeps_the_lines_to_copy_whole(self) -> None:
        empty = self.write('empty.conf', '')
        done = self.run_python(
            _STATUS, '--config-file', empty, 'upgrade', 'check', status=2
        )
        self.assertEqual('', done.stderr)
        self.assertIn(
            '|     weight_classes = nova.scheduler.weights.all_weighers,'
            'edge_sched.plugins.all_weighers ',
            done.stdout,
        )

    def test_what_cannot_be_checked_at_all(self) -> None:
        self.assertEqual(
            'edge-sched-status: Failed to find some config files: '
            '/nil/nova.conf\n',
            self.refused('--config-file', '/nil/nova.conf', *CHECK),
        )
        self.assertIn(
            'edge-sched-status: Failed to parse',
            self.refused(
                '--config-file', self.write('bad.conf', '[a'), *CHECK
            ),
        )
        self.assertIn('usage: edge-sched-status', self.refused())
        self.assertIn(
            'edge-sched-status: run this where Nova is installed: ',
            self.refused(*CHECK, code=_ALONE + _STATUS),
        )


CHECK = ('upgrade', 'check')
