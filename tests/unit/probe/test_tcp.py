# SPDX-License-Identifier: Apache-2.0

import asyncio
import contextlib
import errno
import ipaddress
import itertools
import resource
import socket
from unittest import mock

from oslotest import base

from edge_sched.probe import clock
from edge_sched.probe import resets
from edge_sched.probe import tcp
from edge_sched.probe.outcome import LOST
from edge_sched.probe.tcp import TcpProbe
from tests.unit.probe.stamp.base import skip_without_v6

LOOPBACK = ipaddress.ip_address('127.0.0.1')
LOOPBACK6 = ipaddress.ip_address('::1')
BIND = (ipaddress.ip_address('0.0.0.0'), ipaddress.ip_address('::'))

#: Half a second, as no loopback interface takes.
LATE_NS = 500_000_000


class TcpProbeTestCase(base.BaseTestCase):
    def probe(self, address, port, count=1, timeout_seconds=0.9, bind=BIND):
        """Send some packets; their outcomes and the probe."""

        async def send():
            probe = TcpProbe(timeout_seconds, bind, dscp=46)
            await probe.open()
            try:
                return await outcomes(probe, address, port, count), probe
            finally:
                probe.close()

        return asyncio.run(asyncio.wait_for(send(), 30))

    def listen(self, backlog=16, family=socket.AF_INET):
        host = '127.0.0.1' if family == socket.AF_INET else '::1'
        server = socket.create_server(
            (host, 0), family=family, backlog=backlog
        )
        self.addCleanup(server.close)
        return server

    def assertAnswered(self, outcome):
        self.assertTrue(0 < outcome.rtt_ms < 900, outcome)
        self.assertEqual(outcome.rtt_ms, outcome.raw_rtt_ms)

    def test_an_open_port_answers(self):
        server = self.listen()
        results, probe = self.probe(LOOPBACK, server.getsockname()[1], 5)
        for outcome in results:
            self.assertAnswered(outcome)
        self.assertEqual(0, probe.send_errors)

    def test_an_open_port_of_ipv6_answers(self):
        try:
            server = self.listen(family=socket.AF_INET6)
        except OSError as error:
            self.skipTest(f'no IPv6 on the loopback interface: {error}')
        (outcome,), _ = self.probe(LOOPBACK6, server.getsockname()[1])
        self.assertAnswered(outcome)

    def test_the_time_is_the_kernels_not_ours(self):
        server = self.listen()
        with seen_late():
            (outcome,), _ = self.probe(LOOPBACK, server.getsockname()[1])
        self.assertLess(outcome.rtt_ms, 400)

    def test_so_is_that_of_a_refusal(self):
        self.demand_resets()
        for address in (LOOPBACK, LOOPBACK6):
            if address == LOOPBACK6:
                skip_without_v6()
            with seen_late():
                (outcome,), _ = self.probe(address, self.closed_port())
            self.assertTrue(0 < outcome.rtt_ms < 400, outcome)

    def test_a_refusal_is_ours_to_time_if_the_kernel_does_not(self):
        denied = mock.patch.object(
            resets, '_opened', side_effect=PermissionError(1, 'no')
        )
        with denied, seen_late():
            (outcome,), _ = self.probe(LOOPBACK, self.closed_port())
        self.assertTrue(500 < outcome.rtt_ms < 900, outcome)

    def test_a_reset_is_that_of_its_connection(self):
        self.demand_resets()
        port = self.closed_port()
        for forged in (
            {'host': '127.0.0.2'},
            {'port': port ^ 1},
            {'local_port': 1},
        ):
            outcome = self.with_resets(
                lambda true, forged=forged: [true._replace(**forged)], port
            )
            # Not the time of the reset, but ours.
            self.assertGreater(outcome.rtt_ms, 500)

    def test_a_forged_reset_before_the_true_one_does_not_count(self):
        def preceded(true):
            early_ns = true.received_ns
            return [true, true._replace(received_ns=early_ns + 10**8)]

        self.demand_resets()
        outcome = self.with_resets(preceded, self.closed_port())
        self.assertTrue(100 < outcome.rtt_ms < 400, outcome)

    def test_a_connection_that_was_made_has_its_own_time(self):
        port = self.listen().getsockname()[1]

        async def send():
            probe = TcpProbe(0.9, BIND)
            await probe.open()
            ended = asyncio.get_running_loop().create_future()
            probe.send(LOOPBACK, port, 0, ended.set_result)
            # As if a forged reset had been read, for another's refusal.
            ((_, connecting),) = probe._flights._entries.values()
            connecting.refused_ns = connecting.sent.wall_ns + LATE_NS
            outcome = await ended
            probe.close()
            return outcome

        outcome = asyncio.run(asyncio.wait_for(send(), 30))
        self.assertTrue(0 < outcome.rtt_ms < 400, outcome)

    def with_resets(self, change, port):
        """The outcome of one probe that is seen half a second late."""
        read = resets.Resets.read

        def changed(heard):
            for reset in read(heard):
                yield from change(reset)

        with mock.patch.object(resets.Resets, 'read', changed), seen_late():
            (outcome,), _ = self.probe(LOOPBACK, port)
        return outcome

    def demand_resets(self):
        try:
            socket.socket(
                socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP
            ).close()
        except PermissionError:
            self.skipTest('raw sockets need privileges')

    def closed_port(self):
        with self.listen() as server:
            return server.getsockname()[1]

    def test_a_refusal_is_an_answer(self):
        (outcome,), probe = self.probe(LOOPBACK, self.closed_port())
        self.assertAnswered(outcome)
        self.assertEqual(0, probe.send_errors)

    def test_the_connection_is_closed_at_once_by_a_reset(self):
        server = self.listen()
        self.probe(LOOPBACK, server.getsockname()[1])
        accepted, _ = server.accept()
        with accepted:
            self.assertRaises(ConnectionResetError, accepted.recv, 1)

    def test_no_answer_is_lost_before_the_system_tries_again(self):
        server = self.full()
        (outcome,), probe = self.probe(
            LOOPBACK, server.getsockname()[1], timeout_seconds=10.0
        )
        self.assertEqual(LOST, outcome)
        self.assertEqual(0, probe.send_errors)

    def test_the_timeout_is_below_the_retransmission(self):
        self.assertLess(TcpProbe(10.0, BIND)._timeout_seconds, 1.0)
        self.assertEqual(0.3, TcpProbe(0.3, BIND)._timeout_seconds)

    def test_too_many_at_a_time_are_not_sent(self):
        server = self.full()
        with mock.patch.object(tcp, 'MAX_CONNECTING', 3):
            results, probe = self.probe(
                LOOPBACK, server.getsockname()[1], 5, timeout_seconds=0.2
            )
        self.assertEqual([LOST] * 5, results)
        self.assertEqual(2, probe.send_errors)

    def test_a_version_without_an_address_is_lost(self):
        (outcome,), probe = self.probe(LOOPBACK6, 9, bind=BIND[:1])
        self.assertEqual(LOST, outcome)
        self.assertEqual(1, probe.send_errors)

    def test_an_address_that_is_not_ours_is_lost(self):
        bind = (ipaddress.ip_address('192.0.2.1'),)
        (outcome,), probe = self.probe(LOOPBACK, 9, bind=bind)
        self.assertEqual(LOST, outcome)
        self.assertEqual(1, probe.send_errors)

    def test_an_unreachable_network_is_lost_at_once(self):
        with mock.patch.object(
            socket.socket, 'connect_ex', return_value=errno.ENETUNREACH
        ):
            (outcome,), probe = self.probe(LOOPBACK, 9)
        self.assertEqual(LOST, outcome)
        self.assertEqual(1, probe.send_errors)

    def test_closing_loses_what_is_under_way(self):
        server = self.full()

        async def send():
            probe = TcpProbe(0.9, BIND)
            await probe.open()
            results = []
            for turn in range(3):
                probe.send(
                    LOOPBACK, server.getsockname()[1], turn, results.append
                )
            probe.close()
            return results

        self.assertEqual([LOST] * 3, asyncio.run(send()))

    def test_a_live_target_answers_beside_a_thousand_silent_ones(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < 1000 + 2 * tcp.RESERVED_FILES:
            self.skipTest(f'no more than {hard} open files on this machine')
        self.addCleanup(
            resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard)
        )
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 1024), hard))
        silent = self.full().getsockname()[1]
        live = self.listen().getsockname()[1]

        async def send():
            probe = TcpProbe(0.9, BIND)
            await probe.open()
            lost = []
            for turn in range(1000):
                probe.send(LOOPBACK, silent, turn, lost.append)
            (outcome,) = await outcomes(probe, LOOPBACK, live, 1)
            probe.close()
            return outcome, lost, probe.send_errors

        outcome, lost, send_errors = asyncio.run(asyncio.wait_for(send(), 30))
        self.assertAnswered(outcome)
        self.assertEqual([LOST] * 1000, lost)
        self.assertEqual(0, send_errors)

    def test_the_limit_of_files_is_raised_as_far_as_it_is_of_use(self):
        for soft, hard, raised, max_connecting in (
            (1024, 524_288, [(8448, 524_288)], 8192),
            (1024, 4096, [(4096, 4096)], 3840),
            (1024, 1024, [], 768),
            (65_536, 524_288, [], 8192),
        ):
            limits = []
            with (
                mock.patch.object(
                    resource, 'getrlimit', return_value=(soft, hard)
                ),
                mock.patch.object(
                    resource,
                    'setrlimit',
                    lambda which, pair, limits=limits: limits.append(pair),
                ),
            ):
                probe = self.opened()
            self.assertEqual(raised, limits)
            self.assertEqual(max_connecting, probe._max_connecting)

    def opened(self):
        """A probe that sent nothing."""

        async def opening():
            probe = TcpProbe(0.9, BIND)
            await probe.open()
            probe.close()
            return probe

        return asyncio.run(opening())

    def full(self):
        """A port that answers nothing: connections fill its queue."""
        server = self.listen(backlog=0)
        for _ in range(4):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(server.getsockname())
            self.addCleanup(client.close)
        return server


@contextlib.contextmanager
def seen_late():
    """As if we had come to look half a second after it was sent."""
    read = clock.read
    delays_ns = itertools.chain([0], itertools.repeat(LATE_NS))

    def late():
        late_ns = next(delays_ns)
        return clock.Reading(*(each + late_ns for each in read()))

    with mock.patch.object(clock, 'read', late):
        yield


async def outcomes(probe, address, port, count):
    """What becomes of packets that are sent at once."""
    loop = asyncio.get_running_loop()
    waiting = [loop.create_future() for _ in range(count)]
    for turn, each in enumerate(waiting):
        # Twice would be an InvalidStateError.
        probe.send(address, port, turn, each.set_result)
    return await asyncio.gather(*waiting)
