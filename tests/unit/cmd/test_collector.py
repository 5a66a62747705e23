# SPDX-License-Identifier: Apache-2.0

"""``edge-sched-collector`` on a real store, read from real HTTP servers."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request

import fixtures
import requests
import testtools

from edge_sched.cmd import collector
from edge_sched.cmd import configuration
from tests.unit.cmd.base import SyncedTestCase
from tests.unit.collector.fakes import CLIENT
from tests.unit.collector.fakes import PATIENCE_SECONDS
from tests.unit.collector.inputs.pages import Prober
from tests.unit.collector.inputs.site import Site
from tests.unit.collector.inputs.site import closed_url
from tests.unit.collector.inputs.site import says

MAIN = (
    'import sys; from edge_sched.cmd.collector import main; sys.exit(main())'
)


class TestUsage(testtools.TestCase):
    """Of all services, which have it from one place."""

    def said(self, *argv):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            ended = self.assertRaises(SystemExit, collector.main, argv)
        self.assertEqual(0, ended.code)
        return out.getvalue()

    def test_version(self):
        self.assertEqual(
            f'edge-sched-collector {configuration.version()}\n',
            self.said('--version'),
        )

    def test_help_says_what_it_does(self):
        self.assertIn(
            'Bring what was measured at the edge into the latency store.',
            self.said('--help'),
        )


class CollectorTestCase(SyncedTestCase):
    def setUp(self):
        super().setUp()
        self.site = self.useFixture(Site(says(Prober().add().text())))
        self.collector_conf = str(self.home / 'collector.conf')
        self.configure()

    def configure(self, *lines, prober=None, inputs='openmetrics'):
        self.write(
            'collector.conf',
            '[edge_sched_collector]',
            f'inputs = {inputs}',
            'metrics_port = 0',
            *lines,
            '[edge_sched_input_openmetrics]',
            f'prober = lyon {prober or self.site.url}',
        )

    @property
    def arguments(self):
        return [
            '--config-file',
            self.conf,
            '--config-file',
            self.collector_conf,
        ]

    def run_once(self):
        """The exit status, and what stood on stderr."""
        err = io.StringIO()
        with contextlib.redirect_stderr(err):
            status = collector.main([*self.arguments, '--once'])
        return status, err.getvalue()

    def rows(self):
        return [
            (row['vantage'], row['client'], row['rtt_p95_ms'])
            for row in self.listed('measurement', 'list')
        ]


class OnceTest(CollectorTestCase):
    def setUp(self):
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger('edge_sched'))

    def test_a_round_fills_the_store(self):
        self.assertEqual((0, ''), self.run_once())
        self.assertEqual([('lyon', CLIENT, 12.0)], self.rows())

    def test_files_of_telegraf_and_of_atlas_fill_the_store(self):
        now = int(time.time())
        self.write(
            'telegraf.out',
            f'ping,host=lyon-1,url={CLIENT} average_response_ms=11.2,'
            'packets_received=100i,packets_transmitted=100i,'
            f'percentile50_ms=10.9,percentile95_ms=14.1 {now}000000000',
        )
        self.write(
            'results.json',
            json.dumps(
                [
                    {
                        'type': 'ping',
                        'prb_id': 7,
                        'dst_addr': '203.0.113.7',
                        'timestamp': now,
                        'result': [{'rtt': 21.5}, {'x': '*'}, {'rtt': 20.5}],
                    }
                ]
            ),
        )
        self.configure(
            '[edge_sched_input_telegraf]',
            f'path = {self.home}/telegraf.out',
            'vantage = lyon lyon-1',
            '[edge_sched_input_atlas]',
            f'directory = {self.home}',
            'probe = oslo 7',
            f'client = {CLIENT} 203.0.113.7',
            inputs='telegraf, atlas',
        )
        self.assertEqual((0, ''), self.run_once())
        self.assertEqual(
            [('lyon', CLIENT, 14.1), ('oslo', CLIENT, 'inf')],
            sorted(self.rows()),
        )

    def test_a_store_without_tables_is_explained(self):
        self.store.unlink()
        status, _ = self.run_once()
        self.assertEqual(1, status)
        self.assertIn(
            f'there is no latency store at {self.store}: run '
            '"edge-sched db sync"; what is not written waits',
            self.log.output,
        )

    def test_without_any_input_the_round_has_failed(self):
        self.configure(
            '[edge_sched_input_file]',
            f'directory = {self.home}/missing',
            'vantages = lyon',
            inputs='file',
        )
        self.assertEqual(1, self.run_once()[0])
        self.assertIn('cannot list', self.log.output)

    def test_settings_that_make_no_sense_are_named(self):
        for lines, more, message in (
            (
                ['shard = 3/2'],
                {},
                "[edge_sched_collector] shard: '3/2' is not i/n with i from "
                '1 to n',
            ),
            (
                [],
                {'prober': 'nowhere'},
                "[edge_sched_input_openmetrics] prober: 'lyon nowhere' is not "
                'http:// or https://, a host and a path',
            ),
            (
                [],
                {'inputs': 'telepathy'},
                "[edge_sched_input_telepathy] driver: 'telepathy' is not one "
                'of aetos, atlas, file, openmetrics, prometheus, telegraf',
            ),
        ):
            self.configure(*lines, **more)
            self.assertEqual(
                (1, f'edge-sched-collector: {message}\n'), self.run_once()
            )

    def test_what_no_option_reads_is_refused(self):
        """Also in a group that is known by its name in ``inputs`` alone."""
        for group, option, guess in (
            ('edge_sched_collector', 'intervall', 'interval'),
            ('edge_sched_input_openmetrics', 'probers', 'prober'),
        ):
            self.write('more.conf', f'[{group}]', f'{option} = 1')
            err = io.StringIO()
            with contextlib.redirect_stderr(err):
                status = collector.main(
                    [
                        *self.arguments,
                        '--config-file',
                        str(self.home / 'more.conf'),
                        '--once',
                    ]
                )
            self.assertEqual(
                (
                    1,
                    f'edge-sched-collector: [{group}] {option} is no option: '
                    f'did you mean {guess}?\n',
                ),
                (status, err.getvalue()),
            )
            self.assertEqual([], self.rows())

    def test_dollar_sign_names_the_option_of_the_input(self):
        self.write(
            'collector.conf',
            '[edge_sched_collector]',
            'inputs = openmetrics',
            'metrics_port = 0',
            '[edge_sched_input_openmetrics]',
            'prober = lyon http://127.0.0.1:1/${secret}',
        )
        status, err = self.run_once()
        self.assertEqual(1, status)
        where = self.home / 'collector.conf'
        self.assertIn(
            f'[edge_sched_input_openmetrics] prober in {where}: what', err
        )
        self.assertNotIn('secret', err)


class ServiceTest(CollectorTestCase):
    """A process of its own."""

    def start(self):
        self.log_path = self.home / 'log'
        with self.log_path.open('wb') as log:
            process = subprocess.Popen(
                [sys.executable, '-c', MAIN, *self.arguments],
                stdout=log,
                stderr=log,
                env={**os.environ, 'PYTHONWARNINGS': 'ignore'},
            )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def wait_for(self, text, count=1):
        """The line of the log where a text stands for the n-th time."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            lines = [
                line
                for line in self.log_path.read_text().splitlines()
                if text in line
            ]
            if len(lines) >= count:
                return lines[count - 1]
            time.sleep(0.02)
        self.fail(f'no {text!r} in {self.log_path.read_text()}')

    def port(self):
        return self.wait_for('Metrics are published').split()[-1].strip('.')

    def status(self, port, path, user, password):
        url = f'http://127.0.0.1:{port}{path}'
        answer = requests.get(url, auth=(user, password), timeout=30)
        return answer.status_code

    def test_each_site_reads_its_own_targets(self):
        passwords = self.home / 'passwords'
        passwords.write_text('lyon:a\nparis:b\n')
        self.configure(
            'interval = 3600', f'targets_password_file = {passwords}'
        )
        process = self.start()
        port = self.port()
        self.wait_for('round 1')
        answer = requests.get(
            f'http://127.0.0.1:{port}/targets/lyon',
            auth=('lyon', 'a'),
            timeout=30,
        )
        self.assertEqual((200, []), (answer.status_code, answer.json()))
        self.assertEqual('application/json', answer.headers['Content-Type'])
        self.assertEqual(401, self.status(port, '/targets/paris', 'lyon', 'a'))
        self.wait_for('The passwords of the sites go in clear text')
        # A file that makes no sense changes nothing; a good one does.
        passwords.write_text('lyon\n')
        process.send_signal(signal.SIGHUP)
        self.wait_for(
            '[edge_sched_collector] targets_password_file '
            f"'{passwords}', line 1: is not <vantage>:<password>"
        )
        self.assertEqual(200, self.status(port, '/targets/lyon', 'lyon', 'a'))
        passwords.write_text('lyon:c\n')
        process.send_signal(signal.SIGHUP)
        self.wait_for('The configuration was read again')
        self.assertEqual(401, self.status(port, '/targets/lyon', 'lyon', 'a'))
        self.assertEqual(200, self.status(port, '/targets/lyon', 'lyon', 'c'))

    def test_it_serves_metrics_reloads_and_ends(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            self.configure('interval = 3600')
            process = self.start()
            self.wait_for('round 1: 1 inputs, 1 rows read, 1 written')
            url = f'http://127.0.0.1:{self.port()}/metrics'
            with urllib.request.urlopen(url, timeout=10) as answer:
                text = answer.read().decode()
            self.assertIn(
                'edge_sched_vantage_newest_measurement_timestamp_seconds'
                '{vantage="lyon"}',
                text,
            )
            # One that makes no sense changes nothing; a good one does.
            self.configure('interval = 3600', prober='nowhere')
            process.send_signal(signal.SIGHUP)
            self.wait_for('The configuration was not read again')
            self.wait_for('round 2: 1 inputs, 1 rows read')
            self.configure('interval = 3600', prober=closed_url())
            process.send_signal(signal.SIGHUP)
            self.wait_for('The configuration was read again')
            self.wait_for('round 3: 0 inputs, 0 rows read')
            process.send_signal(number)
            self.assertEqual(0, process.wait(PATIENCE_SECONDS))

    def test_a_port_that_is_taken_is_named(self):
        port = self.site.url.split(':')[-1].split('/')[0]
        self.configure()
        text = (self.home / 'collector.conf').read_text()
        (self.home / 'collector.conf').write_text(
            text.replace('metrics_port = 0', f'metrics_port = {port}')
        )
        self.assertEqual(1, self.start().wait(PATIENCE_SECONDS))
        self.assertEqual(
            f'edge-sched-collector: [edge_sched_collector] metrics_address '
            f'127.0.0.1 metrics_port {port}: Address already in use',
            self.wait_for('metrics_port'),
        )
