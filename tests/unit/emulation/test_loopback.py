# SPDX-License-Identifier: Apache-2.0

"""UDP that is delayed on its way to an endpoint."""

import socket

from tests.emulation.loopback import Loopback
from tests.emulation.path import Path
from tests.unit.emulation.base import PATIENCE
from tests.unit.emulation.base import WireTestCase
from tests.unit.emulation.base import WireTests


class LoopbackTest(WireTests, WireTestCase):
    kind = Loopback
    wire: Loopback

    def open_socket(self, node: str) -> socket.socket:
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(opened.close)
        opened.settimeout(PATIENCE)
        opened.bind((self.wire.node(node).v4, 0))
        return opened

    def test_answers_find_their_way_back(self) -> None:
        self.wire.set_path('a', 'b', Path(rtt_ms=1))
        far = self.open_socket('b')
        front = self.wire.endpoint('a', 'b', far.getsockname()[1])
        senders = {
            b'one': self.open_socket('a'),
            b'two': self.open_socket('a'),
        }
        for name, sender in senders.items():
            sender.sendto(name, front)
        sources = set()
        for _ in senders:
            packet, source = far.recvfrom(100)
            sources.add(source)
            far.sendto(packet, source)
        self.assertEqual(2, len(sources))
        for name, sender in senders.items():
            self.assertEqual((name, front), sender.recvfrom(100))

    def test_endpoint_stays_where_it_is(self) -> None:
        self.wire.set_path('a', 'b', Path(rtt_ms=1))
        front = self.wire.endpoint('a', 'b', 862)
        self.wire.set_path('a', 'b', Path(rtt_ms=2))
        self.assertEqual(front, self.wire.endpoint('a', 'b', 862))
        self.assertNotEqual(front, self.wire.endpoint('a', 'b', 863))
        self.assertNotEqual(front, self.wire.endpoint('b', 'a', 862))

    def test_endpoint_without_a_path(self) -> None:
        self.assertRaises(KeyError, self.wire.endpoint, 'a', 'b', 862)

    def test_no_address_can_be_asked_for(self) -> None:
        self.assertRaises(ValueError, self.wire.node, 'a', '203.0.113.7')
