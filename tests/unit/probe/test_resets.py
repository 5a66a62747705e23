# SPDX-License-Identifier: Apache-2.0

import ipaddress
import socket
import struct
import time
from unittest import mock

import fixtures
from oslotest import base

from edge_sched.probe import sockets
from edge_sched.probe.resets import Reset
from edge_sched.probe.resets import Resets
from tests.unit.probe.stamp.base import V4
from tests.unit.probe.stamp.base import V6
from tests.unit.probe.stamp.base import skip_without_v6

ANY = ipaddress.ip_address('0.0.0.0')


class ResetsTestCase(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger('edge_sched'))

    def heard(self, bind):
        resets = Resets(bind)
        self.addCleanup(resets.close)
        resets.open()
        if 'CAP_NET_RAW' in self.log.output:
            self.skipTest('raw sockets need privileges')
        return resets

    def listen(self, host):
        server = socket.create_server(
            (host, 0), family=sockets.family(ipaddress.ip_address(host))
        )
        self.addCleanup(server.close)
        return server

    def refused(self, host, port):
        """Connect, in vain; from which port."""
        family = sockets.family(ipaddress.ip_address(host))
        with socket.socket(family) as asking:
            asking.bind((host, 0))
            self.assertRaises(
                ConnectionRefusedError, asking.connect, (host, port)
            )
            return asking.getsockname()[1]

    def closed_port(self, host):
        with self.listen(host) as server:
            return server.getsockname()[1]

    def check(self, bind, host):
        resets = self.heard(bind)
        port = self.closed_port(host)
        before_ns = time.time_ns()
        ours = [self.refused(host, port) for _ in range(2)]
        after_ns = time.time_ns()
        heard = [reset for reset in resets.read() if reset.port == port]
        self.assertEqual(
            [(host, port, local_port) for local_port in ours],
            [reset[:3] for reset in heard],
        )
        stamps = [reset.received_ns for reset in heard]
        self.assertTrue(before_ns < stamps[0] < stamps[1] < after_ns, stamps)
        self.assertNotIn(port, [reset.port for reset in resets.read()])

    def test_when_a_connection_was_refused(self):
        self.check(V4, '127.0.0.1')
        self.check(ANY, '127.0.0.1')

    def test_when_one_of_ipv6_was_refused(self):
        skip_without_v6()
        self.check(V6, '::1')

    def test_nothing_else_is_heard(self):
        for host in ('127.0.0.1', '::1'):
            if host == '::1':
                skip_without_v6()
            resets = self.heard(ipaddress.ip_address(host))
            server = self.listen(host)
            with socket.create_connection(server.getsockname()[:2]) as asking:
                local_port = asking.getsockname()[1]
                accepted, _ = server.accept()
                with accepted:
                    asking.send(bytes(1000))
                    accepted.recv(1000)
            self.assertNotIn(
                local_port, [reset.local_port for reset in resets.read()]
            )

    def test_options_of_ip_are_no_ports(self):
        resets = self.heard(V4)
        header = bytes([0x46, *bytes(23)])
        datagram = sockets.Datagram(
            header + struct.pack('!HH', 9, 40_000) + bytes(16),
            ('192.0.2.1', 0),
            received_ns=5,
        )
        for octets, expected in (
            (datagram.octets, [Reset('192.0.2.1', 9, 40_000, 5)]),
            # As may be there before the filter is.
            (datagram.octets[:27], []),
        ):
            with mock.patch.object(
                sockets,
                'receive',
                side_effect=[datagram._replace(octets=octets), OSError()],
            ):
                self.assertEqual(expected, list(resets.read()))

    def test_a_flood_is_read_in_portions(self):
        resets = self.heard(V4)
        datagram = sockets.Datagram(bytes(40), ('192.0.2.1', 0), 5)
        with (
            mock.patch('edge_sched.probe.resets.READ_MAX', 3),
            mock.patch.object(sockets, 'receive', return_value=datagram),
        ):
            self.assertEqual(3, len(list(resets.read())))

    def test_without_the_capability_nothing_is_heard(self):
        resets = Resets(V4)
        with mock.patch.object(
            socket, 'socket', side_effect=PermissionError(1, 'not permitted')
        ):
            resets.open()
        self.assertEqual([], list(resets.read()))
        self.assertIn('CAP_NET_RAW: [Errno 1] not perm', self.log.output)
        resets.close()
