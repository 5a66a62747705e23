# SPDX-License-Identifier: Apache-2.0

"""The relay's loop, in this process."""

import socket
import time

from oslotest import base

from tests.emulation.carrier import HAND_OVER_NS
from tests.emulation.carrier import Carrier
from tests.emulation.carrier import Deliver
from tests.emulation.path import Lane
from tests.emulation.path import Way
from tests.emulation.stamped import Received


class CarrierTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.carrier = Carrier()
        self.delivered: list[bytes] = []

    def carry(self, packet: bytes, delay_ms: float) -> None:
        self.carry_to(self.delivered.append, packet, Way(delay_ms))

    def carry_to(self, deliver: Deliver, packet: bytes, way: Way) -> None:
        received = Received(packet, source=None, wall_ns=time.time_ns())
        self.carrier.carry(received, Lane(way, seed=''), deliver)

    def stop_after(self, milliseconds: float) -> None:
        self.carry_to(lambda _: self.carrier.stop(), b'', Way(milliseconds))

    def run_for(self, milliseconds: float) -> None:
        self.stop_after(milliseconds)
        self.carrier.run()

    def test_packets_arrive_when_they_are_due(self) -> None:
        start_ns = time.monotonic_ns()
        self.carry(b'second', 4)
        self.carry(b'first', 2)
        self.run_for(6)
        took_ns = time.monotonic_ns() - start_ns
        self.assertEqual([b'first', b'second'], self.delivered)
        self.assertGreaterEqual(took_ns, 6_000_000 - HAND_OVER_NS)

    def test_packets_of_one_instant_keep_their_order(self) -> None:
        packets = [b'%d' % number for number in range(20)]
        for packet in packets:
            self.carry(packet, 0)
        self.run_for(1)
        self.assertEqual(packets, self.delivered)

    def test_lost_packet(self) -> None:
        way = Way(delay_ms=0, loss_ratio=1)
        self.carry_to(self.delivered.append, b'lost', way)
        self.run_for(1)
        self.assertEqual([], self.delivered)

    def test_nobody_at_the_end_is_a_loss(self) -> None:
        def refuse(packet: bytes) -> None:
            raise OSError

        self.carry_to(refuse, b'one', Way(delay_ms=0))
        self.carry(b'next', 0)
        self.run_for(1)
        self.assertEqual([b'next'], self.delivered)

    def test_what_is_watched_is_read(self) -> None:
        near, far = socket.socketpair()
        self.addCleanup(near.close)
        self.addCleanup(far.close)

        def read() -> None:
            self.carry_to(near.send, near.recv(10), Way(delay_ms=1))
            self.stop_after(2)

        self.carrier.watch(near.fileno(), read)
        far.send(b'there')
        self.carrier.run()
        self.assertEqual(b'there', far.recv(10))

    def test_time_that_a_packet_has_waited_counts(self) -> None:
        self.carry(b'late', 500)
        read_late = Received(b'waited', None, time.time_ns() - 499_000_000)
        lane = Lane(Way(delay_ms=500), seed='')
        self.carrier.carry(read_late, lane, self.delivered.append)
        self.run_for(100)
        self.assertEqual([b'waited'], self.delivered)
