# SPDX-License-Identifier: Apache-2.0

import base64
import contextlib
import os
import pathlib
import queue
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import fixtures
from oslo_config import cfg
from oslotest import base
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from edge_sched.conf import prober as prober_conf
from edge_sched.model import served
from edge_sched.model.wanted import WantedTarget
from tests.unit.certificates import make_certificate
from tests.unit.collector.inputs.site import Site
from tests.unit.collector.inputs.site import says

MAIN = 'import sys; from edge_sched.cmd.prober import main; sys.exit(main())'

#: Nothing takes so long that goes well.
PATIENCE_SECONDS = 60.0

WANTED = WantedTarget('203.0.113.0/24', '203.0.113.7', 'stamp', port=862)

PUBLISHED = re.compile(r'published on \S+ port (\d+)')


class OptionsTestCase(base.BaseTestCase):
    def test_names_and_defaults(self):
        conf = cfg.ConfigOpts()
        prober_conf.register_opts(conf)
        conf([], default_config_files=[])
        self.assertEqual(
            {
                'target_file': '/etc/edge_sched/targets.yaml',
                'vantage': None,
                'targets_url': None,
                'targets_user': None,
                'targets_password_file': None,
                'targets_cafile': None,
                'targets_interval': 5.0,
                'targets_max_rate': 50.0,
                'packets': 8,
                'interval': 10.0,
                'window': 64,
                'timeout': 1.0,
                'bind': ['0.0.0.0', '::'],
                'source_ports': 4,
                'first_source_port': 0,
                'dscp': 0,
                'stamp_key_file': None,
                'residence_max_ms': 50.0,
                'metrics_address': '127.0.0.1',
                'metrics_port': 9862,
                'metrics_tls_cert': None,
                'metrics_tls_key': None,
                'metrics_user': None,
                'metrics_password_file': None,
            },
            dict(conf.edge_sched_prober.items()),
        )


class ImportTestCase(base.BaseTestCase):
    def test_a_site_needs_neither_nova_nor_a_database(self):
        heavy = ('nova', 'sqlalchemy', 'oslo_db', 'alembic', 'eventlet')
        script = (
            f'import sys, edge_sched.cmd.prober\n'
            f'print([m for m in {heavy} if m in sys.modules])'
        )
        result = subprocess.run(
            [sys.executable, '-c', script],
            capture_output=True,
            text=True,
            check=True,
        )
        self.assertEqual('[]\n', result.stdout)


class Service:
    """The prober in a process, with the lines that it logs."""

    def __init__(self, conf: pathlib.Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, '-c', MAIN, '--config-file', str(conf)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=dict(os.environ, PYTHONWARNINGS='ignore'),
        )
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stderr:
            self._lines.put(line)

    def wait_for(self, pattern: str | re.Pattern[str]) -> re.Match[str]:
        """The next line that matches."""
        while True:
            line = self._lines.get(timeout=PATIENCE_SECONDS)
            found = re.search(pattern, line)
            if found:
                return found

    def rest(self) -> list[str]:
        """The lines that nobody has waited for, at the end."""
        self._reader.join(PATIENCE_SECONDS)
        return [self._lines.get() for _ in range(self._lines.qsize())]

    def end(self) -> int:
        """The exit status; killed if it does not end by itself."""
        try:
            return self.process.wait(PATIENCE_SECONDS)
        finally:
            self.process.kill()
            self._reader.join(PATIENCE_SECONDS)
            self.process.stderr.close()

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.end()


class ServiceTestCase(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.target_file = self.folder / 'targets.yaml'
        self.host = socket.create_server(('127.0.0.1', 0), backlog=128)
        self.addCleanup(self.host.close)
        self.port = self.host.getsockname()[1]
        self.write_targets('127.0.0.1')

    def write_targets(self, *addresses):
        """Targets that our port answers for."""
        self.target_file.write_text(
            ''.join(
                f'- {{client: {address}, probe: tcp, port: {self.port}}}\n'
                for address in addresses
            )
        )

    def start(self, *settings):
        conf = self.folder / 'prober.conf'
        lines = (
            '[DEFAULT]',
            'use_stderr = true',
            '[edge_sched_prober]',
            f'target_file = {self.target_file}',
            'metrics_port = 0',
            'packets = 2',
            'interval = 0.2',
            'window = 20',
            *settings,
        )
        conf.write_text('\n'.join(lines) + '\n')
        return Service(conf)

    @contextlib.contextmanager
    def running(self, *settings):
        service = self.start(*settings)
        try:
            self.metrics_port = int(service.wait_for(PUBLISHED)[1])
            yield service
        finally:
            if service.process.returncode is None:
                self.assertEqual(0, service.stop())

    def scrape(self, scheme='http', context=None, **headers):
        """By name, the value of each client; ``''`` is the prober."""
        request = urllib.request.Request(
            f'{scheme}://127.0.0.1:{self.metrics_port}/metrics',
            headers=headers,
        )
        with urllib.request.urlopen(
            request, timeout=PATIENCE_SECONDS, context=context
        ) as answer:
            text = answer.read().decode()
        figures = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                by_client = figures.setdefault(sample.name, {})
                by_client[sample.labels.get('client', '')] = sample.value
        return figures

    def scrape_until(self, enough):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            figures = self.scrape()
            if enough(figures):
                return figures
            if time.monotonic() > deadline:
                self.fail(f'not enough: {figures}')
            time.sleep(0.05)

    def scrape_window(self, *clients, samples=20):
        """A scrape with full windows."""

        def is_full(figures):
            found = figures.get('edge_sched_probe_samples', {})
            return all(found.get(client) == samples for client in clients)

        return self.scrape_until(is_full)


class RunTestCase(ServiceTestCase):
    def test_it_measures_and_publishes(self):
        with self.running('vantage = lyon'):
            before = time.time()
            figures = self.scrape_window('127.0.0.1')
            after = time.time()
        for name in ('rtt_seconds', 'rtt_min_seconds', 'rtt_raw_min_seconds'):
            value = figures[f'edge_sched_probe_{name}']['127.0.0.1']
            self.assertTrue(0 < value < 0.9, (name, value))
        loss = figures['edge_sched_probe_loss_ratio']['127.0.0.1']
        self.assertEqual(0, loss)
        sent = figures['edge_sched_probe_packets_sent_total']['127.0.0.1']
        self.assertGreaterEqual(sent, 20)
        self.assertEqual(1, figures['edge_sched_prober_targets'][''])
        now = figures['edge_sched_prober_time_seconds']['']
        self.assertTrue(before <= now <= after, (before, now, after))
        newest = figures['edge_sched_probe_newest_sample_timestamp_seconds']
        self.assertTrue(before - 5 <= newest['127.0.0.1'] <= now)
        self.assertIn('edge_sched_prober_loop_lag_seconds', figures)
        self.assertEqual({'': 1}, figures['edge_sched_prober_info'])

    def test_it_ends_when_it_is_told_to(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.running() as service:
                self.assertEqual(0, service.stop(number))
                self.assertNotIn('Traceback', ''.join(service.rest()))

    def test_tls_and_a_password(self):
        cert, key = make_certificate(self.folder)
        password = self.folder / 'password'
        password.write_text('secret\n')
        pair = base64.b64encode(b'scraper:secret').decode()
        context = ssl.create_default_context(cafile=cert)
        with self.running(
            f'metrics_tls_cert = {cert}',
            f'metrics_tls_key = {key}',
            'metrics_user = scraper',
            f'metrics_password_file = {password}',
        ):
            figures = self.scrape(
                'https', context, Authorization=f'Basic {pair}'
            )
            refused = self.assertRaises(
                urllib.error.HTTPError, self.scrape, 'https', context
            )
            refused.close()
        self.assertEqual(1, figures['edge_sched_prober_targets'][''])
        self.assertEqual(401, refused.code)


class ReloadTestCase(ServiceTestCase):
    def reload(self, service, pattern):
        service.process.send_signal(signal.SIGHUP)
        service.wait_for(pattern)

    def test_targets_come_go_and_stay(self):
        self.write_targets('127.0.0.1', '127.0.0.2')
        with self.running() as service:
            before = self.scrape_window('127.0.0.1', '127.0.0.2')
            # Of no other address does anything listen at our port.
            self.write_targets('127.0.0.1', '127.0.0.3')
            self.reload(service, 'Probing 2 targets')
            figures = self.scrape()
            samples = figures['edge_sched_probe_samples']
            self.assertEqual(20, samples['127.0.0.1'])
            self.assertNotIn('127.0.0.2', samples)
            sent = 'edge_sched_probe_packets_sent_total'
            self.assertGreaterEqual(
                figures[sent]['127.0.0.1'], before[sent]['127.0.0.1']
            )
            self.scrape_window('127.0.0.3')

    def test_a_bad_file_is_refused_in_one_line_and_the_old_one_goes_on(self):
        with self.running() as service:
            self.scrape_window('127.0.0.1')
            self.target_file.write_text(
                '- client: 127.0.0.1\n- client: 127.0.0.2\n  port: 0\n'
            )
            self.reload(
                service,
                re.escape(
                    f'The targets stay as they were: {self.target_file}, '
                    f'line 2: key port: 0 is not a whole number in 1..65535\n'
                ),
            )
            sent = 'edge_sched_probe_packets_sent_total'
            before = self.scrape()[sent]['127.0.0.1']
            self.scrape_until(
                lambda figures: figures[sent]['127.0.0.1'] > before
            )
            self.assertEqual(0, service.stop())
            self.assertNotIn('Traceback', ''.join(service.rest()))

    def test_a_bad_password_file_leaves_the_old_one(self):
        password = self.folder / 'password'
        password.write_text('secret\n')
        with self.running(
            'metrics_user = scraper', f'metrics_password_file = {password}'
        ) as service:
            password.write_text('')
            self.reload(service, 'Certificate and password stay: ')
            pair = base64.b64encode(b'scraper:secret').decode()
            figures = self.scrape(Authorization=f'Basic {pair}')
        self.assertEqual(1, figures['edge_sched_prober_targets'][''])


class ServedTestCase(ServiceTestCase):
    """Targets of a collector's endpoint, besides those of the file.

    They are where documentation is (RFC 5737): nobody answers.
    """

    def setUp(self):
        super().setUp()
        self.answer = served.to_json([WANTED])
        self.site = self.useFixture(
            Site(lambda handler: says(self.answer)(handler))
        )
        self.serving = (
            f'targets_url = {self.site.url}',
            'targets_interval = 0.5',
        )

    def scrape_served(self, count):
        return self.scrape_until(
            lambda figures: (
                figures['edge_sched_prober_targets_served'][''] == count
            )
        )

    def test_they_are_probed_without_a_file(self):
        with self.running('target_file =', *self.serving) as service:
            figures = self.scrape_served(1)
            # Nobody has answered, so there is nothing to say of him.
            self.assertNotIn('edge_sched_probe_samples', figures)
            self.assertEqual(1, figures['edge_sched_prober_targets'][''])
            self.assertEqual(
                0, figures['edge_sched_prober_targets_waiting']['']
            )
            self.assertEqual(0, service.stop())
            self.assertNotIn('Traceback', ''.join(service.rest()))

    def test_they_come_and_go_beside_the_file(self):
        with self.running(*self.serving) as service:
            self.scrape_served(1)
            self.scrape_window('127.0.0.1')
            self.answer = b'[{}]'
            service.wait_for('No targets are taken from targets_url')
            figures = self.scrape_served(1)
            self.assertEqual(2, figures['edge_sched_prober_targets'][''])
            self.answer = b'[]'
            service.wait_for('Targets are served again')
            self.scrape_served(0)
            samples = self.scrape()['edge_sched_probe_samples']
            self.assertEqual({'127.0.0.1': 20}, samples)

    def test_a_new_file_keeps_them(self):
        with self.running(*self.serving) as service:
            self.scrape_served(1)
            self.write_targets('127.0.0.1', '127.0.0.2')
            service.process.send_signal(signal.SIGHUP)
            service.wait_for('Probing 2 targets')
            figures = self.scrape_served(1)
            self.assertEqual(3, figures['edge_sched_prober_targets'][''])


class BadSettingTestCase(ServiceTestCase):
    def assertRefused(self, message, *settings):
        service = self.start(*settings)
        self.assertEqual(1, service.end())
        (line,) = [each for each in service.rest() if ' INFO ' not in each]
        self.assertEqual(f'edge-sched-prober: {message}\n', line)

    def test_a_target_file_that_is_not_there(self):
        self.target_file.unlink()
        self.assertRefused(
            f'{self.target_file}: cannot be read: No such file or directory'
        )

    def test_a_bad_target(self):
        self.target_file.write_text('- client: moon/1\n')
        self.assertRefused(
            f"{self.target_file}, line 1: key client: 'moon/1' is not an "
            f'address, a prefix, a name or a site (site:lyon)'
        )

    def test_neither_a_file_nor_a_collector(self):
        self.assertRefused(
            '[edge_sched_prober] has neither target_file nor targets_url',
            'target_file =',
        )

    def test_a_collector_that_is_no_url(self):
        self.assertRefused(
            "[edge_sched_prober] targets_url 'collector': is not http:// or "
            'https://, a host and a path',
            'targets_url = collector',
        )

    def test_a_user_of_the_collector_without_a_password(self):
        self.assertRefused(
            '[edge_sched_prober] targets_user goes with targets_password_file',
            'targets_url = http://collector/targets/lyon',
            'targets_user = lyon',
        )

    def test_two_addresses_of_one_version(self):
        self.assertRefused(
            '[edge_sched_prober] bind 127.0.0.1,127.0.0.2 has two '
            'addresses of one version of IP',
            'bind = 127.0.0.1,127.0.0.2',
        )

    def test_source_ports_beyond_the_highest(self):
        self.assertRefused(
            '[edge_sched_prober] first_source_port 65533 is more than 65532, '
            'which leaves room for source_ports 4 up to 65535',
            'first_source_port = 65533',
        )

    def test_the_last_source_ports_are_allowed(self):
        with self.running('first_source_port = 65532') as service:
            self.assertEqual(0, service.stop())

    def test_a_metrics_user_without_a_password_file(self):
        self.assertRefused(
            "[edge_sched_prober] metrics_user 'scraper' goes with "
            'metrics_password_file, which is not set',
            'metrics_user = scraper',
        )

    def test_a_metrics_port_that_is_taken(self):
        self.assertRefused(
            f'[edge_sched_prober] metrics_address 127.0.0.1 metrics_port '
            f'{self.port}: Address already in use',
            f'metrics_port = {self.port}',
        )

    def test_a_key_file_that_is_not_there(self):
        self.assertRefused(
            '[edge_sched_prober] stamp_key_file: /none: No such file or '
            'directory',
            'stamp_key_file = /none',
        )
