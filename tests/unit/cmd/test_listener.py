# SPDX-License-Identifier: Apache-2.0

import pathlib
import re
import signal
import socket
import subprocess
import sys
import urllib.request

import fixtures
from oslo_config import cfg
from oslotest import base

from edge_sched.cmd import listener
from edge_sched.conf import listener as listener_conf
from tests.unit.cmd.test_prober import PATIENCE_SECONDS
from tests.unit.cmd.test_prober import PUBLISHED

MAIN = 'import sys; from edge_sched.cmd.listener import main; sys.exit(main())'


class OptionsTestCase(base.BaseTestCase):
    def test_names_and_defaults(self):
        conf = cfg.ConfigOpts()
        listener_conf.register_opts(conf)
        conf([], default_config_files=[])
        shown = {
            name: [str(each) for each in value]
            if isinstance(value, list)
            else value
            for name, value in conf.edge_sched_listener.items()
        }
        self.assertEqual(
            {
                'vantage': None,
                'syslog_port': None,
                'syslog_bind': ['127.0.0.1'],
                'allow': ['127.0.0.0/8', '::1/128'],
                'syslog_socket': None,
                'files': [],
                'beacon_port': None,
                'beacon_bind': ['0.0.0.0', '::'],
                'ipv4_length': 24,
                'ipv6_length': 56,
                'min_clients': 5,
                'window': 300,
                'max_prefixes': 10_000,
                'split_prefixes': [],
                'metrics_address': '127.0.0.1',
                'metrics_port': 9865,
                'metrics_tls_cert': None,
                'metrics_tls_key': None,
                'metrics_user': None,
                'metrics_password_file': None,
            },
            shown,
        )


class ImportTestCase(base.BaseTestCase):
    def test_a_site_needs_neither_nova_nor_a_database(self):
        heavy = ('nova', 'sqlalchemy', 'oslo_db', 'alembic', 'eventlet')
        script = (
            f'import sys, edge_sched.cmd.listener\n'
            f'print([m for m in {heavy} if m in sys.modules])'
        )
        result = subprocess.run(
            [sys.executable, '-c', script],
            capture_output=True,
            text=True,
            check=True,
        )
        self.assertEqual('[]\n', result.stdout)


class ServiceTestCase(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def write_conf(self, *settings):
        conf = self.folder / 'listener.conf'
        lines = ('[DEFAULT]', 'use_stderr = true', '[edge_sched_listener]')
        conf.write_text('\n'.join([*lines, *settings, '']))
        return str(conf)

    def refusal(self, *settings):
        """What it says where it does not start."""
        stderr = self.useFixture(fixtures.StringStream('stderr')).stream
        self.useFixture(fixtures.MonkeyPatch('sys.stderr', stderr))
        conf = self.write_conf(*settings)
        self.assertEqual(1, listener.main(['--config-file', conf]))
        stderr.seek(0)
        return stderr.read().splitlines()[-1]

    def test_no_source_is_an_error(self):
        self.assertEqual(
            'edge-sched-listener: [edge_sched_listener] names no source: set '
            'syslog_port, syslog_socket, files or beacon_port',
            self.refusal('metrics_port = 0'),
        )

    def test_what_cannot_be_had_is_named(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(('127.0.0.1', 0))
            port = taken.getsockname()[1]
            self.assertIn(
                f"[edge_sched_listener] [Errno 98] Address already in use: "
                f"'127.0.0.1 port {port}'",
                self.refusal(f'syslog_port = {port}'),
            )
        path = self.folder / 'none' / 'log'
        self.assertIn(str(path), self.refusal(f'syslog_socket = {path}'))

    def test_what_makes_no_sense_is_refused(self):
        for setting in (
            'min_clients = 1',
            'ipv4_length = 32',
            'ipv6_length = 64',
            'allow = here',
            'split_prefixes = 203.0.113.0/33',
            'window = 0',
        ):
            name = setting.partition(' ')[0]
            self.assertIn(
                f'[edge_sched_listener] {name}',
                self.refusal('files = /tmp/none', setting),
            )

    def test_it_publishes_until_it_is_told_to_stop(self):
        path = self.folder / 'log'
        conf = self.write_conf(f'syslog_socket = {path}', 'metrics_port = 0')
        process = subprocess.Popen(
            [
                sys.executable,
                '-W',
                'ignore',
                '-c',
                MAIN,
                '--config-file',
                conf,
            ],
            stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.kill)
        found = None
        while found is None:
            line = process.stderr.readline()
            self.assertNotEqual('', line, 'it has ended')
            found = re.search(PUBLISHED, line)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as unix:
            for number in range(60):
                line = f'client=203.0.113.{1 + number % 5} rtt_us=10000'
                unix.sendto(line.encode(), str(path))
        url = f'http://127.0.0.1:{found[1]}/metrics'
        process.send_signal(signal.SIGHUP)
        with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as answer:
            text = answer.read().decode()
        self.assertIn(
            'edge_sched_probe_rtt_seconds{client="203.0.113.0/24",'
            'project="",quantile="0.5"} 0.01\n',
            text,
        )
        self.assertNotIn('203.0.113.1', text)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(0, process.wait(PATIENCE_SECONDS))
        self.assertFalse(path.exists())
