# SPDX-License-Identifier: Apache-2.0

"""``edge-sched-auditor`` as a process, as a system runs it."""

import os
import pathlib
import signal
import subprocess
import sys
import time
import urllib.request

from oslo_utils.fixture import uuidsentinel as uuids

from edge_sched.store import migrate
from edge_sched.store.settings import StoreSettings
from edge_sched.store.standings import read_standings
from edge_sched.store.writer import Writer
from tests.functional.process import ROOT
from tests.functional.process import ProcessTestCase
from tests.functional.store.base import row

#: For what comes at once, on a machine that has much else to do.
PATIENCE_SECONDS = 120.0

MAIN = 'import sys; from edge_sched.cmd.auditor import main; sys.exit(main())'


class AuditorProcessTestCase(ProcessTestCase):
    """With a store, and a configuration of its own."""

    def setUp(self) -> None:
        super().setUp()
        self.store = pathlib.Path(self.folder, 'latency.sqlite')
        self.settings = StoreSettings(f'sqlite:///{self.store}')
        self.log_path = pathlib.Path(self.folder, 'log')
        self.configure()

    def configure(self, *lines: str) -> None:
        self.conf = f'{self.folder}/edge_sched.conf'
        with open(self.conf, 'w') as conf_file:
            conf_file.write(
                '[edge_sched_database]\n'
                f'connection = {self.settings.connection}\n'
                '[edge_sched_auditor]\n'
                f'nova_config_files = {self.nova_conf}\n'
                'metrics_port = 0\n' + ''.join(f'{line}\n' for line in lines)
            )

    def start(self, *argv: str) -> 'subprocess.Popen[bytes]':
        with self.log_path.open('wb') as log:
            process = subprocess.Popen(
                [
                    sys.executable,
                    '-c',
                    MAIN,
                    '--config-file',
                    self.conf,
                    *argv,
                ],
                cwd=ROOT,
                stdout=log,
                stderr=log,
                env={**os.environ, 'PYTHONWARNINGS': 'ignore'},
            )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def wait_for(self, text: str) -> str:
        """The first line of the log that has a text."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            for line in self.log_path.read_text().splitlines():
                if text in line:
                    return line
            time.sleep(0.02)
        raise self.failureException(
            f'no {text!r} in {self.log_path.read_text()}'
        )


class AuditorProcessTest(AuditorProcessTestCase):
    def measure(self) -> None:
        """Lyon is 31 ms away."""
        migrate.sync(self.settings)
        with Writer(self.settings) as writer:
            writer.store_latencies(
                [row('lyon', '203.0.113.0/24', 15.5, measured_at=time.time())]
            )

    def test_it_judges_serves_metrics_and_ends(self) -> None:
        self.measure()
        for number in (signal.SIGTERM, signal.SIGINT):
            process = self.start()
            self.wait_for('1 servers: 0 within, 1 over, 0 unknown in')
            port = self.wait_for('are published').split()[-1].strip('.')
            url = f'http://127.0.0.1:{port}/metrics'
            with urllib.request.urlopen(url, timeout=10) as answer:
                text = answer.read().decode()
            self.assertIn(
                'edge_sched_servers{site="lyon",verdict="over"} 1.0\n', text
            )
            self.assertIn('edge_sched_audit_rounds_total 1.0\n', text)
            process.send_signal(signal.SIGHUP)
            process.send_signal(number)
            self.assertEqual(0, process.wait(PATIENCE_SECONDS))
        (standing,) = read_standings(self.settings)
        self.assertEqual(
            (uuids.server, 'lyon', 'lyon-1', 'over', 31.0, 20.0),
            (
                standing.server,
                standing.site,
                standing.host,
                standing.verdict,
                standing.judged_ms,
                standing.budget_ms,
            ),
        )
        # The second has gone on from what the first one found.
        hour = standing.hour
        self.assertLess(hour.over_since, hour.audited_at)

    def test_once(self) -> None:
        self.assertEqual(1, self.start('--once').wait(PATIENCE_SECONDS))
        self.wait_for(
            f'Servers are not judged: there is no latency store at '
            f'{self.store}: run "edge-sched db sync"'
        )
        self.measure()
        self.assertEqual(0, self.start('--once').wait(PATIENCE_SECONDS))
        self.assertEqual(1, len(read_standings(self.settings)))

    def test_api_database_is_away(self) -> None:
        self.measure()
        pathlib.Path(self.folder, 'api.sqlite').rename(f'{self.folder}/gone')
        self.assertEqual(1, self.start('--once').wait(PATIENCE_SECONDS))
        self.wait_for(
            "Servers are not judged: Nova's database cannot be used: "
        )
        self.assertEqual([], read_standings(self.settings))

    def test_what_nova_conf_says_of_ours_makes_no_sense(self) -> None:
        with open(self.nova_conf, 'a') as conf_file:
            conf_file.write('[edge_sched]\nmax_age = -1\n')
        self.assertEqual(1, self.start().wait(PATIENCE_SECONDS))
        self.assertIn(
            f'edge-sched-auditor: [edge_sched] max_age in {self.nova_conf}: '
            'Should be greater than or equal to ',
            self.log_path.read_text().splitlines()[-1],
        )
