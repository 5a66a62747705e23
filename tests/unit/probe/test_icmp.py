# SPDX-License-Identifier: Apache-2.0

import asyncio
import errno
import ipaddress
import os
import shutil
import subprocess
import sys
from unittest import mock

import icmplib
from oslotest import base

from edge_sched.probe import clock
from edge_sched.probe import icmp
from edge_sched.probe import sockets
from edge_sched.probe.icmp import IcmpProbe
from edge_sched.probe.outcome import LOST
from tests.unit.probe.test_tcp import outcomes

LOOPBACK = ipaddress.ip_address('127.0.0.1')
LOOPBACK6 = ipaddress.ip_address('::1')
BIND = (ipaddress.ip_address('0.0.0.0'), ipaddress.ip_address('::'))

#: Half a second away, as no loopback interface is.
LATE_NS = 500_000_000


class IcmpTestCase(base.BaseTestCase):
    def probe(
        self, address, count=1, timeout_seconds=5.0, bind=BIND, before=None
    ):
        """Send some packets; their outcomes and the probe."""

        async def send():
            probe = IcmpProbe(timeout_seconds, bind, dscp=46)
            try:
                await probe.open()
            except OSError as error:
                self.skipTest(str(error))
            if before:
                before(probe)
            try:
                return await outcomes(probe, address, 0, count), probe
            finally:
                probe.close()

        return asyncio.run(asyncio.wait_for(send(), 30))

    def assertAnswered(self, outcome):
        self.assertTrue(0 < outcome.rtt_ms < 5000, outcome)
        self.assertEqual(outcome.rtt_ms, outcome.raw_rtt_ms)


class ProbeTestCase(IcmpTestCase):
    def test_a_host_answers(self):
        results, probe = self.probe(LOOPBACK, 5)
        for outcome in results:
            self.assertAnswered(outcome)
        self.assertEqual(0, probe.send_errors)

    def test_a_host_of_ipv6_answers(self):
        (outcome,), probe = self.probe(LOOPBACK6)
        if probe.send_errors:
            self.skipTest('no IPv6 on the loopback interface')
        self.assertAnswered(outcome)

    def test_sequence_numbers_start_again(self):
        def almost_there(probe):
            probe._sequence = 0xFFFD

        results, probe = self.probe(LOOPBACK, 5, before=almost_there)
        for outcome in results:
            self.assertAnswered(outcome)
        self.assertEqual(2, probe._sequence)

    def test_a_reply_to_another_is_none(self):
        receive = sockets.receive

        def with_foreign_token(sock):
            datagram = receive(sock)
            octets = bytearray(datagram.octets)
            octets[-56] ^= 0xFF
            return datagram._replace(octets=bytes(octets))

        with mock.patch.object(sockets, 'receive', with_foreign_token):
            (outcome,), _ = self.probe(LOOPBACK, timeout_seconds=0.2)
        self.assertEqual(LOST, outcome)

    def test_what_a_target_reads_in_its_pings_forges_no_others(self):
        for victim, other in (
            (LOOPBACK, ipaddress.ip_address('127.0.0.2')),
            (LOOPBACK6, ipaddress.ip_address('127.0.0.1')),
        ):
            with self.subTest(victim=str(victim)):
                self.assertNotForged(victim, other)

    def assertNotForged(self, victim, other):
        """The reply that counts is the victim's own, not one made before it.

        The forger knows all of the victim's packet but the token: there he
        has that of a ping of his own.
        """
        receive = sockets.receive
        tokens = []

        async def send():
            probe = IcmpProbe(5.0, BIND)
            try:
                await probe.open()
            except OSError as error:
                self.skipTest(str(error))
            try:
                with mock.patch.object(sockets, 'receive', read):
                    await outcomes(probe, other, 0, 1)
                with mock.patch.object(sockets, 'receive', forged):
                    return await outcomes(probe, victim, 0, 1), probe
            finally:
                probe.close()

        def read(sock):
            datagram = receive(sock)
            tokens.append(datagram.octets[-56:])
            return datagram

        def forged(sock):
            if genuine:
                return genuine.pop()
            datagram = receive(sock)
            genuine.append(
                datagram._replace(received_ns=datagram.received_ns + LATE_NS)
            )
            return datagram._replace(octets=datagram.octets[:-56] + tokens[0])

        genuine = []
        (outcome,), probe = asyncio.run(asyncio.wait_for(send(), 30))
        if probe.send_errors:
            self.skipTest(f'no {victim} on the loopback interface')
        self.assertGreater(outcome.rtt_ms, LATE_NS / 1e6)

    def test_the_token_of_each_packet_is_of_the_systems_random_numbers(self):
        tokens = [bytes([number]) * icmp.TOKEN_OCTETS for number in (7, 9)]
        with (
            mock.patch.object(
                icmp.secrets, 'token_bytes', side_effect=tokens
            ) as drawn,
            mock.patch.object(
                icmplib, 'ICMPRequest', wraps=icmplib.ICMPRequest
            ) as made,
        ):
            results, _ = self.probe(LOOPBACK, 2)
        for outcome in results:
            self.assertAnswered(outcome)
        self.assertEqual([mock.call(16)] * 2, drawn.mock_calls)
        self.assertEqual(
            [token + icmp.PADDING for token in tokens],
            [call.args[3] for call in made.mock_calls],
        )

    def test_hosts_that_return_the_token_only_answer(self):
        receive = sockets.receive

        def cut(sock):
            datagram = receive(sock)
            return datagram._replace(octets=datagram.octets[:-40])

        with mock.patch.object(sockets, 'receive', cut):
            (outcome,), _ = self.probe(LOOPBACK)
        self.assertAnswered(outcome)

    def test_a_reply_from_another_is_none(self):
        receive = sockets.receive

        def from_elsewhere(sock):
            return receive(sock)._replace(peer=('192.0.2.1', 0))

        with mock.patch.object(sockets, 'receive', from_elsewhere):
            (outcome,), _ = self.probe(LOOPBACK, timeout_seconds=0.2)
        self.assertEqual(LOST, outcome)

    def test_an_error_about_the_request_is_no_reply(self):
        receive = sockets.receive

        def unreachable(sock):
            datagram = receive(sock)
            # The reply, as the packet that a destination unreachable is of.
            head, icmp = datagram.octets[:-64], datagram.octets[-64:]
            octets = head + bytes([3, 1, 0, 0, 0, 0, 0, 0]) + head + icmp
            return datagram._replace(octets=octets)

        with mock.patch.object(sockets, 'receive', unreachable):
            (outcome,), _ = self.probe(LOOPBACK, timeout_seconds=0.2)
        self.assertEqual(LOST, outcome)

    def test_the_time_of_the_reply_is_the_kernels(self):
        read = clock.read

        def late():
            reading = read()
            return clock.Reading(*(each + LATE_NS for each in reading))

        with mock.patch.object(clock, 'read', late):
            (outcome,), _ = self.probe(LOOPBACK)
        self.assertLess(outcome.rtt_ms, LATE_NS / 1e6)

    def test_a_reply_that_took_too_long_is_lost(self):
        receive = sockets.receive

        def late(sock):
            datagram = receive(sock)
            return datagram._replace(
                received_ns=datagram.received_ns + LATE_NS
            )

        read = clock.read

        def both_late():
            reading = read()
            return clock.Reading(*(each + LATE_NS for each in reading))

        with (
            mock.patch.object(sockets, 'receive', late),
            mock.patch.object(clock, 'read', both_late),
        ):
            (outcome,), _ = self.probe(LOOPBACK, timeout_seconds=0.4)
        self.assertEqual(LOST, outcome)

    def test_a_version_without_an_address_is_lost(self):
        (outcome,), probe = self.probe(LOOPBACK6, bind=BIND[:1])
        self.assertEqual(LOST, outcome)
        self.assertEqual(1, probe.send_errors)

    def test_what_cannot_be_sent_is_lost_at_once(self):
        with mock.patch.object(
            icmplib.ICMPv4Socket,
            'send',
            side_effect=icmplib.ICMPSocketError('no route'),
        ):
            (outcome,), probe = self.probe(LOOPBACK)
        self.assertEqual(LOST, outcome)
        self.assertEqual(1, probe.send_errors)


class OpenTestCase(base.BaseTestCase):
    def open(self, bind=BIND):
        async def open_and_close():
            probe = IcmpProbe(1.0, bind)
            await probe.open()
            probe.close()

        asyncio.run(open_and_close())

    def test_neither_kind_of_socket_is_allowed(self):
        denied = mock.patch.object(
            icmplib.ICMPv4Socket,
            '_create_socket',
            side_effect=PermissionError(errno.EPERM, 'no'),
        )
        with denied:
            error = self.assertRaises(OSError, self.open)
        self.assertIn('CAP_NET_RAW', str(error))
        self.assertIn('net.ipv4.ping_group_range', str(error))

    def test_an_address_that_is_not_ours(self):
        self.open_or_skip()
        error = self.assertRaises(
            OSError, self.open, [ipaddress.ip_address('192.0.2.1')]
        )
        self.assertIn('no ICMP from 192.0.2.1', str(error))

    def test_a_host_without_ipv6(self):
        self.open_or_skip()
        with mock.patch.object(
            icmplib.ICMPv6Socket,
            '_create_socket',
            side_effect=OSError(errno.EAFNOSUPPORT, 'none'),
        ):
            self.open()

    def open_or_skip(self):
        try:
            self.open()
        except OSError as error:
            self.skipTest(str(error))


class UnprivilegedTestCase(base.BaseTestCase):
    """In a network of its own, where anybody may ping."""

    SCRIPT = """
ip link set lo up &&
echo '0 2147483647' > /proc/sys/net/ipv4/ping_group_range &&
exec "$0" -m testtools.run tests.unit.probe.test_icmp.ProbeTestCase
"""

    def test_it_works_without_privileges(self):
        unshare, ip = shutil.which('unshare'), shutil.which('ip')
        if not unshare or not ip:
            self.skipTest('unshare and ip are needed')
        allowed = subprocess.run([unshare, '-n', 'true'], capture_output=True)
        if allowed.returncode:
            self.skipTest('making a network namespace needs privileges')
        result = subprocess.run(
            [unshare, '-n', 'sh', '-c', self.SCRIPT, sys.executable],
            capture_output=True,
            text=True,
            timeout=120,
            env=dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)),
        )
        self.assertEqual(0, result.returncode, result.stdout + result.stderr)
        self.assertNotIn('skip', result.stdout)
