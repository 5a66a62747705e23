# SPDX-License-Identifier: Apache-2.0

"""``edge-sched`` as its users have it: a process of its own.

Every detail is in the unit tests; here is what only a process can show.
"""

import json
import os
import pathlib
import subprocess
import sys

import fixtures
import testtools

_ROOT = pathlib.Path(__file__).parents[2]

#: ``edge-sched`` where neither Nova nor eventlet can be imported.
_ALONE = """
import sys
for name in 'nova', 'placement', 'eventlet':
    sys.modules[name] = None
from edge_sched.cmd.shell import main
sys.exit(main())
"""

HEADER = 'vantage,client,rtt_p50_ms,rtt_p95_ms'
ROWS = 20_000


class TestCli(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.home = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        store = self.home / 'var' / 'lib' / 'latency.sqlite'
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith('OS_')
        } | {'OS_EDGE_SCHED_DATABASE__CONNECTION': f'sqlite:///{store}'}

    def run_cli(
        self, *argv: str, stdin: str = '', status: int = 0
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, '-c', _ALONE, *argv],
            cwd=_ROOT,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
        )
        self.assertEqual(status, done.returncode, done.stderr)
        self.assertNotIn('Traceback', done.stderr)
        return done

    def test_whole_path_without_nova(self):
        self.run_cli('db', 'sync')
        self.run_cli('client', 'set', 'car', '203.0.113.7', '--shared')
        done = self.run_cli(
            *('measurement', 'import', '-'),
            stdin=f'{HEADER}\nlyon,203.0.113.0/24,9,12\nnice,car,19,31\n',
        )
        self.assertEqual(
            '2 rows stored, 0 older than the stored ones skipped\n',
            done.stdout,
        )

        done = self.run_cli(*'latency show car --budget 20 -f json'.split())

        self.assertEqual(
            [
                ('lyon', '203.0.113.0/24', 'within'),
                ('nice', 'car', 'over'),
            ],
            [
                (row['vantage'], row['client'], row['verdict'])
                for row in json.loads(done.stdout)
            ],
        )

    def test_bad_input_ends_with_1(self):
        for argv in (
            ['--config-file', '/nil/edge_sched.conf', 'client', 'list'],
            ['client', 'list'],
            ['measurement', 'import', '/nil/rows.csv'],
            ['client', 'show', 'car'],
            ['client', 'set'],
        ):
            done = self.run_cli(*argv, status=1)
            self.assertEqual('', done.stdout)
            self.assertNotEqual('', done.stderr)

    def test_many_rows_show_progress_and_a_bad_one_undoes_all(self):
        lines = [
            HEADER,
            *(
                f'site{i % 40},10.{i // 65536}.{i // 256 % 256}.{i % 256},9,12'
                for i in range(ROWS)
            ),
        ]
        self.run_cli('db', 'sync')

        text = '\n'.join([*lines, 'lyon,bus,1,2'])
        done = self.run_cli('measurement', 'import', '-', stdin=text, status=1)
        self.assertIn(f'line {ROWS + 2}, column client: ', done.stderr)
        done = self.run_cli('measurement', 'list', '-f', 'json')
        self.assertEqual([], json.loads(done.stdout))

        text = '\n'.join(lines)
        done = self.run_cli('measurement', 'import', '-', stdin=text)
        self.assertIn('20000 lines read\n', done.stderr)
        self.assertIn('20000 of 20000 rows stored\n', done.stderr)
        self.assertIn('20000 rows stored, 0 older', done.stdout)
