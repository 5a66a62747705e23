# SPDX-License-Identifier: Apache-2.0

"""A terminal that is not UTF-8, which only a process has."""

import os
import subprocess
import sys

from tests.unit.cmd import base

MAIN = 'import sys; from edge_sched.cmd.shell import main; sys.exit(main())'

#: Latin letters that ASCII lacks.
ORLEANS = 'Orl\u00e9ans'


class AsciiTest(base.SyncedTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.import_csv(base.HEADER, f'{ORLEANS},203.0.113.0/24,9,12')

    def run_in_ascii(self, *argv: str) -> str:
        ran = subprocess.run(
            [sys.executable, '-c', MAIN, '--config-file', self.conf, *argv],
            env={**os.environ, 'PYTHONIOENCODING': 'ascii'},
            capture_output=True,
            check=False,
        )
        self.assertEqual((0, b''), (ran.returncode, ran.stderr))
        return ran.stdout.decode('ascii')

    def test_what_it_lacks_is_shown_by_number(self) -> None:
        self.assertIn(r'Orl\xe9ans', self.run_in_ascii('measurement', 'list'))

    def test_what_was_done_is_not_called_failed(self) -> None:
        said = self.run_in_ascii('vantage', 'rename', ORLEANS, 'orleans')

        self.assertEqual('1 rows of Orl\\xe9ans given to orleans\n', said)
        self.assertEqual(
            ['orleans'],
            [row['vantage'] for row in self.listed('vantage', 'list')],
        )
