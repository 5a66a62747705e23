# SPDX-License-Identifier: Apache-2.0

"""The reflector on the loopback."""

import errno
import ipaddress
import random
import socket
import time

import fixtures
from oslotest import base

from edge_sched.probe import sockets
from edge_sched.probe.stamp import packet
from edge_sched.probe.stamp import reflector
from edge_sched.probe.stamp import timestamp
from edge_sched.probe.stamp.mirror import Mirror
from edge_sched.probe.stamp.packet import Request
from tests.unit.probe.stamp.base import KEY
from tests.unit.probe.stamp.base import V4
from tests.unit.probe.stamp.base import V6
from tests.unit.probe.stamp.base import client
from tests.unit.probe.stamp.base import gate
from tests.unit.probe.stamp.base import serving
from tests.unit.probe.stamp.base import skip_without_v6

REQUEST = packet.pack_request(Request(5, 6, ssid=7))
ANY = ipaddress.ip_address('0.0.0.0')


class Huge(Mirror):
    """Makes replies that no socket takes."""

    def reflect(self, request, octets, received_ns, ttl):
        return bytes(70_000)


class ReflectorTest(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger('edge_sched'))

    def client(self, host='127.0.0.1'):
        asking = client(host)
        self.addCleanup(asking.close)
        return asking

    def ask(self, asking, peer, octets=REQUEST):
        asking.sendto(octets, peer)
        return asking.recvfrom(65536)

    def test_answers_with_ttl_and_times(self):
        asking = self.client()
        asking.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 77)
        with serving() as serving_one:
            (endpoint,) = serving_one.endpoints
            before_ns = time.time_ns()
            octets, peer = self.ask(asking, endpoint)
            after_ns = time.time_ns()
        self.assertEqual(endpoint, peer)
        self.assertEqual(44, len(octets))
        reply = packet.unpack_reply(octets)
        self.assertEqual(
            (5, 7, 5, 6, 77),
            (
                reply.sequence,
                reply.ssid,
                reply.sender_sequence,
                reply.sender_timestamp,
                reply.sender_ttl,
            ),
        )
        received_ns = timestamp.decode(reply.receive_timestamp, before_ns)
        sent_ns = timestamp.decode(reply.timestamp, before_ns)
        self.assertLess(before_ns - 10**6, received_ns)
        self.assertLessEqual(received_ns, sent_ns)
        self.assertLess(sent_ns, after_ns + 10**6)
        self.assertEqual({'answered': 1}, dict(serving_one.counts))

    def test_answers_over_v6_with_hop_limit(self):
        skip_without_v6()
        asking = self.client('::1')
        asking.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 78)
        with serving([V4, V6], Mirror(KEY)) as serving_one:
            octets, _ = self.ask(
                asking,
                serving_one.endpoints[1],
                packet.pack_request(Request(1, 2), KEY),
            )
        self.assertEqual(78, packet.unpack_reply(octets, KEY).sender_ttl)

    def test_answers_from_the_address_that_was_asked(self):
        asking = self.client()
        with serving([ANY]) as serving_one:
            port = serving_one.endpoints[0][1]
            for host in ('127.0.0.1', '127.8.7.6'):
                _, peer = self.ask(asking, (host, port))
                self.assertEqual((host, port), peer)

    def test_does_not_answer_a_broadcast(self):
        asking = self.client()
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        with serving([ANY]) as serving_one:
            port = serving_one.endpoints[0][1]
            asking.sendto(bytes(44), ('127.255.255.255', port))
            octets, _ = self.ask(asking, ('127.0.0.1', port))
        self.assertEqual(5, packet.unpack_reply(octets).sequence)
        self.assertEqual(
            {'answered': 1, 'refused': 1}, dict(serving_one.counts)
        )

    def test_does_not_answer_who_is_not_allowed(self):
        allowed, stranger = self.client(), self.client('127.0.0.9')
        with serving(gate=gate('127.0.0.1')) as serving_one:
            (endpoint,) = serving_one.endpoints
            stranger.sendto(REQUEST, endpoint)
            self.ask(allowed, endpoint)
        stranger.setblocking(False)
        self.assertRaises(BlockingIOError, stranger.recv, 1)
        self.assertEqual(
            {'answered': 1, 'denied': 1}, dict(serving_one.counts)
        )

    def test_one_forged_packet_does_not_set_two_answering_each_other(self):
        other = ipaddress.ip_address('127.0.0.2')
        for key in (None, KEY):
            forged = packet.pack_request(Request(5, 6), key)
            with serving(mirror=Mirror(key)) as one:
                (endpoint,) = one.endpoints
                with serving(
                    [other], Mirror(key), port=endpoint[1]
                ) as another:
                    (peer,) = another.endpoints
                    self.forge(one, forged, peer)
                    self.still_answers(peer, key)
                    self.still_answers(endpoint, key)
            self.assertEqual({'answered': 1}, dict(one.counts))
            self.assertEqual(
                {'answered': 1, 'looped': 1}, dict(another.counts)
            )

    def test_one_forged_packet_does_not_set_it_answering_itself(self):
        with serving() as serving_one:
            (endpoint,) = serving_one.endpoints
            self.forge(serving_one, REQUEST, endpoint)
            self.still_answers(endpoint)
        self.assertEqual(
            {'answered': 1, 'looped': 1}, dict(serving_one.counts)
        )

    def test_nor_one_of_its_ports_another(self):
        with serving([V4, V4]) as serving_one:
            _, endpoint = serving_one.endpoints
            self.forge(serving_one, REQUEST, endpoint)
            self.still_answers(endpoint)
        self.assertEqual(
            {'answered': 1, 'looped': 1}, dict(serving_one.counts)
        )

    def test_a_forged_packet_takes_nothing_from_its_seeming_source(self):
        standing = gate(source_rate=1, now=lambda: 0.0)
        with serving(gate=standing) as serving_one:
            (endpoint,) = serving_one.endpoints
            self.forge(serving_one, REQUEST, endpoint)
            self.still_answers(endpoint)
        self.assertEqual(
            {'answered': 1, 'looped': 1}, dict(serving_one.counts)
        )

    def test_two_of_different_ports_end_after_one_reply(self):
        for key in (None, KEY):
            forged = packet.pack_request(Request(5, 6), key)
            with (
                serving(mirror=Mirror(key)) as one,
                serving(mirror=Mirror(key)) as another,
            ):
                self.forge(one, forged, another.endpoints[0])
                self.wait_for(one.counts.total, 1)
                self.still_answers(one.endpoints[0], key)
                self.still_answers(another.endpoints[0], key)
            self.assertEqual({'answered': 1, 'refused': 1}, dict(one.counts))
            self.assertEqual({'answered': 2}, dict(another.counts))

    def test_a_replayed_reply_is_not_answered(self):
        asking = self.client()
        for key in (None, KEY):
            request = packet.pack_request(Request(5, 6), key)
            with serving(mirror=Mirror(key)) as serving_one:
                (endpoint,) = serving_one.endpoints
                reply, _ = self.ask(asking, endpoint, request)
                asking.sendto(reply, endpoint)
                self.still_answers(endpoint, key)
            self.assertEqual(
                {'answered': 2, 'refused': 1}, dict(serving_one.counts)
            )

    def forge(self, source, octets, endpoint):
        """Send from the address and the (first) port of a reflector."""
        source._sockets[0].sendto(octets, endpoint)

    def still_answers(self, endpoint, key=None):
        """So what came before was read."""
        octets, _ = self.ask(
            self.client(), endpoint, packet.pack_request(Request(5, 6), key)
        )
        self.assertEqual(5, packet.unpack_reply(octets, key).sequence)

    def test_does_not_answer_more_than_the_rate(self):
        asking, other = self.client(), self.client('127.0.0.2')
        # A clock that stands still.
        limited = gate(source_rate=3, now=lambda: 0.0)
        with serving(gate=limited) as serving_one:
            (endpoint,) = serving_one.endpoints
            for _ in range(5):
                asking.sendto(REQUEST, endpoint)
            self.ask(other, endpoint)
        self.assertEqual(
            {'answered': 4, 'limited': 2}, dict(serving_one.counts)
        )

    def test_who_has_no_key_uses_up_nobodys_rate(self):
        asking = self.client()
        standing = gate(rate=1, source_rate=1, now=lambda: 0.0)
        forged = packet.pack_request(Request(5, 6), KEY[::-1])
        digest = self.useFixture(
            fixtures.MockPatchObject(
                packet.hmac, 'digest', wraps=packet.hmac.digest
            )
        ).mock
        with serving(mirror=Mirror(KEY), gate=standing) as serving_one:
            (endpoint,) = serving_one.endpoints
            for _ in range(20):
                # From the address and the port of the true source.
                asking.sendto(forged.ljust(1472, b'x'), endpoint)
            self.wait_for(lambda: serving_one.counts['unsealed'], 20)
            # However long they are, no more of them is looked at.
            lengths = {len(call.args[1]) for call in digest.call_args_list}
            self.assertEqual((20, {96}), (digest.call_count, lengths))
            request = packet.pack_request(Request(5, 6), KEY)
            self.ask(asking, endpoint, request)
            asking.sendto(request, endpoint)
            self.wait_for(lambda: serving_one.counts['limited'], 1)
        self.assertEqual(
            {'answered': 1, 'limited': 1, 'unsealed': 20},
            dict(serving_one.counts),
        )

    def test_what_is_no_request_uses_up_nobodys_rate(self):
        standing = gate(source_rate=1, now=lambda: 0.0)
        asking = self.client()
        with serving(gate=standing) as serving_one:
            (endpoint,) = serving_one.endpoints
            for _ in range(3):
                asking.sendto(bytes(43), endpoint)
            self.ask(asking, endpoint)
        self.assertEqual(
            {'answered': 1, 'refused': 3}, dict(serving_one.counts)
        )

    def test_a_reply_is_as_long_as_its_request(self):
        asking = self.client()
        with serving() as serving_one:
            (endpoint,) = serving_one.endpoints
            asking.sendto(bytes(43), endpoint)
            asking.sendto(bytes(sockets.DATAGRAM_MAX_OCTETS + 1), endpoint)
            for octets in (44, 45, 1472, sockets.DATAGRAM_MAX_OCTETS):
                reply, _ = self.ask(asking, endpoint, bytes(octets))
                self.assertEqual(octets, len(reply))
        self.assertEqual(
            {'answered': 4, 'refused': 2}, dict(serving_one.counts)
        )

    def test_replies_have_the_dscp(self):
        asking = self.client()
        asking.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
        with serving(dscp=46) as serving_one:
            asking.sendto(REQUEST, serving_one.endpoints[0])
            _, ancillary, _, _ = asking.recvmsg(100, 100)
        self.assertEqual(
            [(socket.IPPROTO_IP, socket.IP_TOS, bytes([46 << 2]))], ancillary
        )

    def test_no_datagram_stops_it(self):
        noisy, asking = self.client(), self.client()
        octets = random.Random(8762)
        for key in (None, KEY):
            request = packet.pack_request(Request(5, 6), key)
            with serving(mirror=Mirror(key, twamp_light=True)) as serving_one:
                (endpoint,) = serving_one.endpoints
                for _ in range(300):
                    noise = octets.randbytes(octets.randrange(300))
                    noisy.sendto(noise, endpoint)
                reply, _ = self.ask(asking, endpoint, request)
            self.assertEqual(5, packet.unpack_reply(reply, key).sequence)
            self.assertEqual(301, serving_one.counts.total())

    def test_a_reply_that_cannot_be_sent_does_not_stop_it(self):
        asking = self.client()
        with serving(mirror=Huge()) as serving_one:
            (endpoint,) = serving_one.endpoints
            for count in range(1, 4):
                asking.sendto(REQUEST, endpoint)
                self.wait_for(lambda: serving_one.counts['failed'], count)

    def wait_for(self, read, value):
        deadline = time.monotonic() + 20
        while read() != value and time.monotonic() < deadline:
            time.sleep(0.001)
        self.assertEqual(value, read())

    def test_says_what_it_did_in_one_line(self):
        asking = self.client()
        with serving() as serving_one:
            (endpoint,) = serving_one.endpoints
            asking.sendto(b'', endpoint)
            self.ask(asking, endpoint)
        self.assertEqual(
            [
                f'Answering at 127.0.0.1 port {endpoint[1]}',
                'Datagrams since the start: 1 answered, 1 refused',
            ],
            self.log.output.splitlines(),
        )

    def test_says_it_every_so_often(self):
        self.patch(reflector, 'SUMMARY_SECONDS', 0.01)
        with serving():
            self.wait_for(
                lambda: self.log.output.count('the start: none') > 2, True
            )

    def test_an_error_instead_of_a_datagram_does_not_stop_it(self):
        receiving = sockets.receive
        errors = [OSError(errno.ENETDOWN, 'down')]

        def receive(bound):
            if errors:
                raise errors.pop()
            return receiving(bound)

        self.patch(sockets, 'receive', receive)
        with serving() as serving_one:
            self.ask(self.client(), serving_one.endpoints[0])
        self.assertEqual(
            {'answered': 1, 'failed': 1}, dict(serving_one.counts)
        )

    def test_a_version_that_is_missing_is_left_out(self):
        opening = sockets.open_reflecting

        def without_v6(address, port, dscp):
            if address.version == 6:
                raise OSError(errno.EAFNOSUPPORT, 'no IPv6', '::1 port 0')
            return opening(address, port, dscp)

        self.patch(sockets, 'open_reflecting', without_v6)
        with serving([V6, V4]) as serving_one:
            self.ask(self.client(), serving_one.endpoints[0])
        self.assertIn("Not bound: [Errno 97] no IPv6: '::1", self.log.output)
        nowhere = reflector.Reflector([V6], 0, gate(), Mirror())
        self.addCleanup(nowhere.close)
        self.assertRaises(OSError, nowhere.open)

    def test_an_address_that_is_taken_is_named(self):
        with serving() as serving_one:
            (endpoint,) = serving_one.endpoints
            again = reflector.Reflector([V4], endpoint[1], gate(), Mirror())
            self.addCleanup(again.close)
            error = self.assertRaises(OSError, again.open)
        self.assertEqual(
            f"[Errno 98] Address already in use: '127.0.0.1 port "
            f"{endpoint[1]}'",
            str(error),
        )
