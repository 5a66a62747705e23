# SPDX-License-Identifier: Apache-2.0

"""``edge-sched-reflector``, and its options."""

import contextlib
import io
import ipaddress
import os
import pathlib
import re
import signal
import subprocess
import sys

import fixtures
from oslo_config import cfg
from oslotest import base

from edge_sched.cmd import configuration
from edge_sched.cmd import reflector
from edge_sched.conf.reflector import register_opts
from edge_sched.probe.stamp import packet
from edge_sched.probe.stamp.packet import Request
from tests.unit.probe.stamp.base import KEY
from tests.unit.probe.stamp.base import WAIT_SECONDS
from tests.unit.probe.stamp.base import client

MAIN = (
    'import sys; from edge_sched.cmd.reflector import main; sys.exit(main())'
)
BOUND = re.compile(r'Answering at 127\.0\.0\.1 port (\d+)')


class ReflectorTest(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.home = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.patch(configuration, 'DEFAULT_FILE', str(self.home / 'none'))
        self.patch(configuration, 'DEFAULT_DIR', str(self.home / 'none.d'))

    def configured(self, **options):
        """The arguments of a service with these options."""
        file = self.home / 'reflector.conf'
        file.write_text(
            '[edge_sched_reflector]\n'
            + ''.join(f'{name} = {text}\n' for name, text in options.items())
        )
        return ['--config-file', str(file)]

    def key_file(self):
        file = self.home / 'key'
        file.write_text(KEY.hex())
        file.chmod(0o600)
        return file

    def refused(self, **options):
        """What is said of options that make no sense."""
        with contextlib.redirect_stderr(io.StringIO()) as err:
            self.assertEqual(1, reflector.main(self.configured(**options)))
        return err.getvalue()

    def test_answers_until_it_is_told_to_stop(self):
        arguments = self.configured(
            bind='127.0.0.1', port=0, key_file=self.key_file()
        )
        request = packet.pack_request(Request(5, 6), KEY)
        for number in (signal.SIGTERM, signal.SIGINT):
            with subprocess.Popen(
                [sys.executable, '-c', MAIN, *arguments],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=dict(os.environ, PYTHONUNBUFFERED='1'),
                text=True,
            ) as service:
                self.addCleanup(service.kill)
                port = next(filter(None, map(BOUND.search, service.stdout)))[1]
                with client() as asking:
                    asking.sendto(request, ('127.0.0.1', int(port)))
                    reply = packet.unpack_reply(asking.recv(200), KEY)
                service.send_signal(number)
                rest, _ = service.communicate(timeout=WAIT_SECONDS)
            self.assertEqual(5, reply.sender_sequence)
            self.assertEqual(0, service.returncode)
            self.assertIn('Datagrams since the start: 1 answered', rest)

    def test_a_key_file_that_is_not_there_is_named(self):
        self.assertEqual(
            'edge-sched-reflector: [edge_sched_reflector] key_file: '
            '/nowhere/key: No such file or directory\n',
            self.refused(key_file='/nowhere/key'),
        )

    def test_an_address_that_cannot_be_had_is_named(self):
        with client() as taken:
            port = taken.getsockname()[1]
            said = self.refused(bind='127.0.0.1', port=port)
        self.assertIn(
            "edge-sched-reflector: [edge_sched_reflector] bind: [Errno 98] "
            f"Address already in use: '127.0.0.1 port {port}'; a port below "
            '1024 needs CAP_NET_BIND_SERVICE',
            said,
        )

    def test_option_that_there_is_not_is_named(self):
        self.assertEqual(
            'edge-sched-reflector: [edge_sched_reflector] keyfile in '
            f'{self.home / "reflector.conf"} is no option: did you mean '
            'key_file?\n',
            self.refused(keyfile=self.key_file()),
        )

    def test_options_out_of_range_are_named(self):
        for name, text in (
            ('allow', '192.0.2.0/33'),
            ('allow', ''),
            ('bind', 'localhost'),
            ('bind', ''),
            ('port', '65536'),
            ('rate', '0'),
            ('source_rate', '0'),
            ('dscp', '64'),
            ('twamp_light', 'perhaps'),
        ):
            with self.subTest(f'{name} = {text}'):
                self.assertIn(name, self.refused(**{name: text}))


class OptionsTest(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.conf = cfg.ConfigOpts()
        register_opts(self.conf)
        self.conf([], default_config_files=[])
        self.options = self.conf.edge_sched_reflector

    def test_by_default_only_the_host_itself_is_answered(self):
        self.assertEqual(
            [
                ipaddress.ip_network('127.0.0.0/8'),
                ipaddress.ip_network('::1/128'),
            ],
            self.options.allow,
        )
        self.assertEqual(
            (862, False), (self.options.port, self.options.twamp_light)
        )
        self.assertIsNone(self.options.key_file)

    def test_host_bits_of_a_prefix_are_masked(self):
        self.conf.set_override(
            'allow', ['192.0.2.77/24'], group='edge_sched_reflector'
        )
        self.assertEqual(
            [ipaddress.ip_network('192.0.2.0/24')], self.options.allow
        )
