# SPDX-License-Identifier: Apache-2.0

"""The sender on the loopback, against our reflector and worse peers."""

import asyncio
import contextlib
import errno
import functools
import random
import socket
import time

import fixtures
from oslotest import base

from edge_sched.probe import clock
from edge_sched.probe import sockets
from edge_sched.probe.outcome import LOST
from edge_sched.probe.stamp import packet
from edge_sched.probe.stamp.mirror import Mirror
from edge_sched.probe.stamp.sender import StampProbe
from tests.unit.probe.stamp.base import KEY
from tests.unit.probe.stamp.base import V4
from tests.unit.probe.stamp.base import V6
from tests.unit.probe.stamp.base import WAIT_SECONDS
from tests.unit.probe.stamp.base import Peer
from tests.unit.probe.stamp.base import reflected
from tests.unit.probe.stamp.base import serving
from tests.unit.probe.stamp.base import skip_without_v6

#: A time-out that a test can wait for, and one that nothing here reaches.
SHORT_SECONDS = 0.05
LONG_SECONDS = 60.0


class Sending:
    """Probes to one peer, and all that was said of how they ended."""

    def __init__(self, probe, port, address=V4):
        self._probe = probe
        self._port = port
        self._address = address
        self.sent = 0
        self.ended = []

    def send(self, turn=0):
        """Send one; await it for its outcome."""
        outcome = asyncio.get_running_loop().create_future()

        def done(how):
            self.ended.append(how)
            if not outcome.done():
                outcome.set_result(how)

        self.sent += 1
        self._probe.send(self._address, self._port, turn, done)
        return asyncio.wait_for(outcome, WAIT_SECONDS)


class SettableClock:
    """The wall clock of one end, which somebody may set."""

    def __init__(self):
        self.ahead_ns = 0

    def read(self):
        reading = clock.read()
        return reading._replace(wall_ns=reading.wall_ns + self.ahead_ns)


@contextlib.asynccontextmanager
async def opened(timeout_seconds=LONG_SECONDS, **options):
    probe = StampProbe(timeout_seconds, **options)
    await probe.open()
    try:
        yield probe
    finally:
        probe.close()


class AgainstOurReflectorTest(base.BaseTestCase):
    def exchange(self, address=V4, mirror=None, probes=8, **options):
        """Outcomes of probes one after the other, and the probe."""

        async def run(port):
            async with opened(**options) as probe:
                sending = Sending(probe, port, address)
                return [
                    await sending.send(turn) for turn in range(probes)
                ], probe

        with serving([address], mirror) as reflector:
            return asyncio.run(run(reflector.endpoints[0][1]))

    def check(self, outcomes, probe):
        for outcome in outcomes:
            self.assertLess(0, outcome.rtt_ms)
            self.assertLess(outcome.rtt_ms, outcome.raw_rtt_ms)
            self.assertLess(outcome.raw_rtt_ms, LONG_SECONDS * 1000)
        self.assertEqual(0, probe.counters.uncredited)
        self.assertEqual(0, probe.counters.unexpected)
        self.assertEqual(0, probe.send_errors)

    def test_measures_over_v4_and_v6(self):
        self.check(*self.exchange(residence_max_ms=1e6))
        skip_without_v6()
        self.check(*self.exchange(V6, residence_max_ms=1e6))

    def test_measures_with_a_key(self):
        self.check(
            *self.exchange(mirror=Mirror(KEY), key=KEY, residence_max_ms=1e6)
        )

    def test_time_held_by_the_reflector_is_not_in_the_round_trip(self):
        outcomes, probe = self.exchange(
            mirror=Mirror(hold=lambda: time.sleep(0.007)),
            residence_max_ms=1e6,
        )
        self.check(outcomes, probe)
        for outcome in outcomes:
            self.assertLess(7, outcome.raw_rtt_ms)
            self.assertLessEqual(7, outcome.raw_rtt_ms - outcome.rtt_ms)

    def test_reflectors_of_another_key_are_not_believed(self):
        for mirror, key in (
            (Mirror(), KEY),
            (Mirror(KEY), None),
            (Mirror(KEY[::-1]), KEY),
        ):
            outcomes, _ = self.exchange(
                mirror=mirror,
                key=key,
                probes=1,
                timeout_seconds=SHORT_SECONDS,
            )
            # To Mirror(), a request with a key is one with padding.
            self.assertEqual([LOST], outcomes)

    def test_steps_of_our_clock_are_seen_and_do_no_harm(self):
        for step_ns in (3600 * 10**9, -3600 * 10**9):
            ours = SettableClock()
            # While the reflector has the packet.
            hold = functools.partial(setattr, ours, 'ahead_ns', step_ns)
            before_ns = time.monotonic_ns()
            (outcome,), probe = self.exchange(
                mirror=Mirror(hold=hold), probes=1, read_clock=ours.read
            )
            took_ms = (time.monotonic_ns() - before_ns) / 1e6
            self.assertLess(0, outcome.rtt_ms)
            self.assertLess(outcome.raw_rtt_ms, took_ms)
            self.assertEqual(1, probe.clock_steps)


class AgainstAnyPeerTest(base.BaseTestCase):
    """Each ``go`` runs in a loop, with a peer that answers what it is told."""

    def run_with_peer(self, go, **options):
        async def run():
            peer = Peer()
            with contextlib.closing(peer.socket):
                async with opened(**options) as probe:
                    sending = Sending(probe, peer.port)
                    await go(probe, peer, sending)
                self.assertEqual(sending.sent, len(sending.ended))

        asyncio.run(run())

    def test_ports_sessions_and_sequence_numbers(self):
        async def go(probe, peer, sending):
            other = Peer()
            ports, ssids = {}, {}
            with contextlib.closing(other.socket):
                for far in (peer, other):
                    for turn in range(9):
                        probe.send(V4, far.port, turn, lambda _: None)
                        octets, (_, port) = await far.receive()
                        request = packet.unpack_request(octets)
                        ports.setdefault(turn % 3, set()).add(port)
                        ssids.setdefault((far.port, port), set()).add(
                            request.ssid
                        )
                        self.assertEqual(turn // 3, request.sequence)
                        self.assertEqual(44, len(octets))
            # One port a turn, the same for all targets; one identifier for
            # each target and port.
            self.assertEqual([1] * 3, [len(p) for p in ports.values()])
            self.assertEqual(3, len(set.union(*ports.values())))
            self.assertEqual([1] * 6, [len(s) for s in ssids.values()])
            self.assertNotIn({0}, ssids.values())

        self.run_with_peer(go, source_ports=3)

    def test_packets_have_the_dscp(self):
        async def go(probe, peer, sending):
            peer.socket.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
            probe.send(V4, peer.port, 0, lambda _: None)
            peer.socket.settimeout(WAIT_SECONDS)
            _, ancillary, _, _ = peer.socket.recvmsg(100, 100)
            self.assertEqual(
                [(socket.IPPROTO_IP, socket.IP_TOS, bytes([46 << 2]))],
                ancillary,
            )

        self.run_with_peer(go, dscp=46)

    def test_source_ports_can_be_chosen(self):
        first = 20000 + random.randrange(10000)

        async def go(probe, peer, sending):
            ports = []
            for turn in range(2):
                probe.send(V4, peer.port, turn, lambda _: None)
                ports.append((await peer.receive())[1][1])
            self.assertEqual([first, first + 1], ports)

        self.run_with_peer(
            go, source_ports=2, first_source_port=first, bind=[V4]
        )

    def accepted(self, change, counter='', **options):
        """The outcome with replies as ``change`` leaves them.

        :param counter: what they are to be counted as
        """
        outcomes = []

        async def go(probe, peer, sending):
            ended = sending.send()
            await peer.answer(Mirror(), change)
            outcomes.append(await ended)
            if counter:
                await self.once(lambda: getattr(probe.counters, counter))

        self.run_with_peer(go, **options)
        return outcomes[0]

    def test_replies_of_38_octets_and_without_identifier_count(self):
        def twamp(reply):
            return reply[:14] + bytes(2) + reply[16:38]

        outcome = self.accepted(twamp)
        self.assertLess(outcome.rtt_ms, LONG_SECONDS * 1000)

    def test_replies_with_more_behind_count(self):
        outcome = self.accepted(lambda reply: reply + bytes(1000))
        self.assertLess(outcome.rtt_ms, LONG_SECONDS * 1000)

    def test_replies_to_something_else_do_not_count(self):
        def changed(place):
            def change(reply):
                octets = bytearray(reply)
                octets[place] ^= 0x55
                return bytes(octets)

            return change

        # Of the sequence number, of T1, and of the identifier, which might
        # be 0 now.
        for place, counter in (
            (27, 'unexpected'),
            (35, 'unexpected'),
            (14, 'strangers'),
        ):
            outcome = self.accepted(
                changed(place), counter, timeout_seconds=SHORT_SECONDS
            )
            self.assertEqual(LOST, outcome)

    def test_claims_that_cannot_be_are_not_credited(self):
        def claiming(seconds):
            def change(octets):
                reply = packet.unpack_reply(octets)
                sent = reply.timestamp + seconds * 2**32
                return packet.pack_reply(reply._replace(timestamp=sent))

            return change

        for seconds in (-1, 1, 3600):
            outcome = self.accepted(claiming(seconds), 'uncredited')
            self.assertEqual(outcome.raw_rtt_ms, outcome.rtt_ms)

    def test_a_reply_after_the_time_out_is_ignored(self):
        async def go(probe, peer, sending):
            lost = await sending.send()
            self.assertEqual(LOST, lost)
            await peer.answer(Mirror())
            await self.once(lambda: probe.counters.unexpected)

        self.run_with_peer(go, timeout_seconds=SHORT_SECONDS)

    def test_a_second_reply_is_ignored(self):
        async def go(probe, peer, sending):
            ended = sending.send()
            reply, back = await peer.answer(Mirror())
            peer.socket.sendto(reply, back)
            self.assertNotEqual(LOST, await ended)
            await self.once(lambda: probe.counters.unexpected)

        self.run_with_peer(go)

    def test_a_reply_from_elsewhere_is_ignored(self):
        async def go(probe, peer, sending):
            stranger = Peer()
            with contextlib.closing(stranger.socket):
                ended = sending.send()
                octets, back = await peer.receive()
                reply = reflected(Mirror(), octets, time.time_ns())
                stranger.socket.sendto(reply, back)
                await self.once(lambda: probe.counters.strangers)
            peer.socket.sendto(reply, back)
            self.assertNotEqual(LOST, await ended)

        self.run_with_peer(go)

    def test_what_a_target_reads_in_its_probes_forges_no_others(self):
        def at_once():
            # The worst case: two targets that are probed at one instant.
            return clock.read()._replace(wall_ns=1_800_000_000 * 10**9)

        async def go(probe, peer, sending):
            forger = Peer()
            with contextlib.closing(forger.socket):
                probe.send(V4, forger.port, 0, lambda _: None)
                read, _ = await forger.receive()
            ended = sending.send()
            request, back = await peer.receive()
            # Without an identifier, as a peer of TWAMP-Light would.
            forged = packet.unpack_request(read)._replace(ssid=0)
            self.reply(peer, packet.pack_request(forged), back)
            await self.once(lambda: probe.counters.unexpected)
            self.assertEqual([], sending.ended)
            self.reply(peer, request, back)
            self.assertNotEqual(LOST, await ended)

        self.run_with_peer(go, read_clock=at_once)

    def reply(self, peer, request, back):
        reply = reflected(Mirror(), request, time.time_ns())
        peer.socket.sendto(reply, back)

    def test_no_datagram_stops_it(self):
        octets = random.Random(8972)

        async def go(probe, peer, sending):
            ended = sending.send()
            request, back = await peer.receive()
            for _ in range(100):
                noise = octets.randbytes(octets.randrange(200))
                peer.socket.sendto(noise, back)
            self.reply(peer, request, back)
            self.assertNotEqual(LOST, await ended)
            counters = probe.counters
            self.assertEqual(
                100,
                counters.malformed + counters.strangers + counters.unexpected,
            )

        self.run_with_peer(go, source_ports=1)

    def test_an_error_instead_of_a_datagram_does_not_stop_it(self):
        receiving = sockets.receive
        errors = [OSError(errno.ENETDOWN, 'down')]

        def receive(opened_one):
            if errors:
                raise errors.pop()
            return receiving(opened_one)

        self.patch(sockets, 'receive', receive)

        async def go(probe, peer, sending):
            ended = sending.send()
            await peer.answer(Mirror())
            self.assertNotEqual(LOST, await ended)
            self.assertEqual(1, probe.counters.receive_errors)

        self.run_with_peer(go)

    def test_silent_targets_are_lost_once_and_forgotten(self):
        async def go(probe, peer, sending):
            for _ in range(3):
                probes = [sending.send(turn) for turn in range(100)]
                self.assertEqual(100, len(probe._flights))
                self.assertEqual([LOST] * 100, await asyncio.gather(*probes))
                self.assertEqual(0, len(probe._flights))
            self.assertEqual(0, probe.send_errors)

        self.run_with_peer(go, timeout_seconds=SHORT_SECONDS)

    def test_what_is_under_way_at_the_end_is_lost(self):
        async def run():
            peer = Peer()
            with contextlib.closing(peer.socket):
                async with opened() as probe:
                    ended = Sending(probe, peer.port).send()
                self.assertEqual(LOST, await ended)
                self.assertEqual(LOST, await Sending(probe, peer.port).send())

        asyncio.run(run())

    async def once(self, read):
        """Wait until a counter is 1."""
        async with asyncio.timeout(WAIT_SECONDS):
            while read() < 1:
                await asyncio.sleep(0.001)
        self.assertEqual(1, read())


class FailureTest(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger('edge_sched'))

    def send(self, address=V4, port=862, **options):
        """The outcome that is there before anything could arrive."""

        async def run():
            outcomes = []
            async with opened(**options) as probe:
                probe.send(address, port, 0, outcomes.append)
                return tuple(outcomes), probe.send_errors

        return asyncio.run(run())

    def test_what_cannot_be_sent_is_lost_at_once(self):
        # No packet goes to port 0.
        self.assertEqual(((LOST,), 1), self.send(port=0))

    def test_a_version_without_source_address_is_lost_at_once(self):
        self.assertEqual(((LOST,), 1), self.send(V6, bind=[V4]))

    def test_a_version_that_is_missing_is_warned_of_once(self):
        opening = sockets.open_socket

        def without_v6(address, port, dscp):
            if address.version == 6:
                raise OSError(errno.EAFNOSUPPORT, 'no IPv6', f'{address}')
            return opening(address, port, dscp)

        self.patch(sockets, 'open_socket', without_v6)
        self.assertEqual(((LOST,), 1), self.send(V6))
        self.assertEqual(
            "Targets of IPv6 will be lost: [Errno 97] no IPv6: '::'\n",
            self.log.output,
        )

    def test_a_port_that_is_taken_is_named_and_nothing_stays_open(self):
        closed = []
        opening = sockets.open_socket

        def noting(address, port, dscp):
            # The second one is taken.
            number = taken if len(closed) else 0
            opened_one = opening(address, number, dscp)
            closed.append(opened_one)
            return opened_one

        peer = Peer()
        self.addCleanup(peer.socket.close)
        taken = peer.port
        self.patch(sockets, 'open_socket', noting)
        error = self.assertRaises(OSError, self.send, bind=[V4])
        self.assertEqual(
            f"[Errno 98] Address already in use: '127.0.0.1 port {taken}'",
            str(error),
        )
        self.assertEqual([-1], [one.fileno() for one in closed])
