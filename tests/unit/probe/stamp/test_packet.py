# SPDX-License-Identifier: Apache-2.0

"""The codec, against scapy's and against octets laid by hand."""

import fractions
import hashlib
import struct

from hypothesis import given
from hypothesis import strategies as st
from oslotest import base
from scapy.contrib import stamp as scapy

from edge_sched.probe.stamp import packet
from edge_sched.probe.stamp import timestamp
from edge_sched.probe.stamp.packet import BadPacketError
from edge_sched.probe.stamp.packet import BadSealError
from edge_sched.probe.stamp.packet import Reply
from edge_sched.probe.stamp.packet import Request
from tests.unit.probe.stamp.base import KEY

U16 = st.integers(0, 2**16 - 1)
U32 = st.integers(0, 2**32 - 1)
U64 = st.integers(0, 2**64 - 1)
REQUESTS = st.builds(Request, U32, U64, U16, U16)
REPLIES = st.builds(
    Reply, U32, U64, U16, U16, U64, U32, U64, U16, st.integers(0, 255)
)
KEYS = st.one_of(st.none(), st.binary(min_size=1, max_size=80))

REQUEST = Request(7, 0x0102030405060708, 0x2001, 0xABCD)
REPLY = Reply(
    sequence=8,
    timestamp=0x1112131415161718,
    error_estimate=0x4102,
    ssid=0xABCD,
    receive_timestamp=0x2122232425262728,
    sender_sequence=7,
    sender_timestamp=0x0102030405060708,
    sender_error_estimate=0x2001,
    sender_ttl=61,
)


def scapy_estimate(bits):
    return scapy.ErrorEstimate(
        S=bits >> 15,
        Z=bits >> 14 & 1,
        scale=bits >> 8 & 0x3F,
        multiplier=bits & 0xFF,
    )


def scapy_time(bits, error_estimate):
    """scapy takes NTP as seconds, and PTPv2 as 64 bits."""
    if error_estimate & 0x4000:
        return bits
    return fractions.Fraction(bits, 2**32)


def scapy_request(request):
    built = scapy.STAMPSessionSenderTestUnauthenticated(
        seq=request.sequence,
        err_estimate=scapy_estimate(request.error_estimate),
        ssid=request.ssid,
    )
    # Only now does it know the format of the timestamp.
    built.ts = scapy_time(request.timestamp, request.error_estimate)
    return built


def scapy_reply(reply):
    sender_estimate = reply.sender_error_estimate
    built = scapy.STAMPSessionReflectorTestUnauthenticated(
        seq=reply.sequence,
        err_estimate=scapy_estimate(reply.error_estimate),
        ssid=reply.ssid,
        seq_sender=reply.sender_sequence,
        err_estimate_sender=scapy_estimate(sender_estimate),
        ttl_sender=reply.sender_ttl,
    )
    built.ts = scapy_time(reply.timestamp, reply.error_estimate)
    built.ts_rx = scapy_time(reply.receive_timestamp, reply.error_estimate)
    built.ts_sender = scapy_time(reply.sender_timestamp, sender_estimate)
    return built


def hmac_sha256(key, message):
    """By its definition (RFC 2104), for keys of up to 64 octets."""
    padded = key.ljust(64, b'\0')
    inner = hashlib.sha256(bytes(x ^ 0x36 for x in padded) + message)
    outer = bytes(x ^ 0x5C for x in padded) + inner.digest()
    return hashlib.sha256(outer).digest()


class AgainstScapyTest(base.BaseTestCase):
    @given(REQUESTS)
    def test_request_octet_by_octet(self, request):
        self.assertEqual(
            bytes(scapy_request(request)), packet.pack_request(request)
        )

    @given(REPLIES)
    def test_reply_octet_by_octet(self, reply):
        self.assertEqual(bytes(scapy_reply(reply)), packet.pack_reply(reply))

    @given(REQUESTS)
    def test_request_of_scapy_is_read(self, request):
        octets = bytes(scapy_request(request))
        self.assertEqual(request, packet.unpack_request(octets))

    @given(REPLIES)
    def test_reply_of_scapy_is_read(self, reply):
        octets = bytes(scapy_reply(reply))
        self.assertEqual(reply, packet.unpack_reply(octets))

    def test_scapy_reads_ours(self):
        read = scapy.STAMPSessionReflectorTestUnauthenticated(
            packet.pack_reply(REPLY)
        )
        self.assertEqual(
            (8, 7, 0xABCD, 61, 1, 1, 2),
            (
                read.seq,
                read.seq_sender,
                read.ssid,
                read.ttl_sender,
                read.err_estimate.Z,
                read.err_estimate.scale,
                read.err_estimate.multiplier,
            ),
        )
        self.assertEqual(0x1112131415161718, read.getfieldval('ts'))


class AuthenticatedTest(base.BaseTestCase):
    """scapy has no authenticated mode."""

    def test_request_as_laid_by_hand(self):
        # RFC 8762, 4.2.2, with the identifier of RFC 8972.
        body = (
            struct.pack('!I', 7)
            + bytes(12)
            + struct.pack('!QHH', 0x0102030405060708, 0x2001, 0xABCD)
            + bytes(68)
        )
        self.assertEqual(96, len(body))
        self.assertEqual(
            body + hmac_sha256(KEY, body)[:16],
            packet.pack_request(REQUEST, KEY),
        )

    def test_reply_as_laid_by_hand(self):
        # RFC 8762, 4.3.2.
        body = (
            struct.pack('!I', 8)
            + bytes(12)
            + struct.pack('!QHH', 0x1112131415161718, 0x4102, 0xABCD)
            + bytes(4)
            + struct.pack('!Q', 0x2122232425262728)
            + bytes(8)
            + struct.pack('!I', 7)
            + bytes(12)
            + struct.pack('!QH', 0x0102030405060708, 0x2001)
            + bytes(6)
            + bytes([61])
            + bytes(15)
        )
        self.assertEqual(96, len(body))
        self.assertEqual(
            body + hmac_sha256(KEY, body)[:16], packet.pack_reply(REPLY, KEY)
        )

    @given(st.integers(0, 111), st.integers(1, 255))
    def test_any_octet_changed_is_refused(self, place, change):
        octets = bytearray(packet.pack_reply(REPLY, KEY))
        octets[place] ^= change
        self.assertRaises(
            BadSealError, packet.unpack_reply, bytes(octets), KEY
        )

    def test_another_key_is_refused(self):
        octets = packet.pack_request(REQUEST, KEY)
        self.assertRaises(
            BadSealError, packet.unpack_request, octets, KEY[::-1]
        )

    def test_what_follows_is_not_covered(self):
        octets = packet.pack_request(REQUEST, KEY) + b'TLV'
        self.assertEqual(REQUEST, packet.unpack_request(octets, KEY))


class AnyPacketTest(base.BaseTestCase):
    @given(REQUESTS, KEYS, st.binary(max_size=8))
    def test_requests_come_back(self, request, key, tail):
        octets = packet.pack_request(request, key)
        self.assertEqual(packet.packet_octets(key), len(octets))
        self.assertEqual(request, packet.unpack_request(octets + tail, key))

    @given(REPLIES, KEYS, st.binary(max_size=8))
    def test_replies_come_back(self, reply, key, tail):
        octets = packet.pack_reply(reply, key)
        self.assertEqual(packet.packet_octets(key), len(octets))
        self.assertEqual(reply, packet.unpack_reply(octets + tail, key))

    @given(st.binary(max_size=200), KEYS, U64)
    def test_other_octets_raise_one_error_or_are_read(
        self, octets, key, now_ns
    ):
        for unpack in (packet.unpack_request, packet.unpack_reply):
            try:
                read = unpack(octets, key)
            except BadPacketError:
                self.assertTrue(key is not None or len(octets) < 44)
                continue
            if isinstance(read, Reply):
                self.assertIsInstance(read.residence_ns(now_ns), int)


class ShortTest(base.BaseTestCase):
    def test_reply_of_38_octets_has_no_ttl(self):
        octets = packet.pack_reply(REPLY)[:38]
        self.assertEqual(
            REPLY._replace(sender_ttl=0), packet.unpack_reply(octets)
        )
        error = self.assertRaises(
            BadPacketError, packet.unpack_reply, octets[:37]
        )
        self.assertEqual('37 octets, not 38 or more', str(error))

    def test_request_of_14_octets_only_where_allowed(self):
        octets = packet.pack_request(REQUEST)[:14]
        self.assertRaises(BadPacketError, packet.unpack_request, octets)
        self.assertEqual(
            REQUEST._replace(ssid=0),
            packet.unpack_request(octets, shortest=14),
        )
        self.assertRaises(
            BadPacketError, packet.unpack_request, octets[:13], shortest=14
        )

    def test_authenticated_packets_are_never_short(self):
        self.assertRaises(
            BadPacketError,
            packet.unpack_request,
            packet.pack_request(REQUEST, KEY)[:111],
            KEY,
            shortest=14,
        )


class ResidenceTest(base.BaseTestCase):
    NOW_NS = 1_800_000_000 * 10**9

    def residence_ns(self, received_ns, sent_ns, ptp=False):
        reply = REPLY._replace(
            receive_timestamp=timestamp.encode(received_ns, ptp),
            timestamp=timestamp.encode(sent_ns, ptp),
            error_estimate=packet.error_estimate(ptp),
        )
        return reply.residence_ns(self.NOW_NS)

    def test_is_sent_minus_received(self):
        for ptp in (False, True):
            self.assertEqual(
                7_000_001,
                self.residence_ns(self.NOW_NS, self.NOW_NS + 7_000_001, ptp),
            )

    def test_is_negative_if_the_peer_says_so(self):
        self.assertEqual(-5, self.residence_ns(self.NOW_NS, self.NOW_NS - 5))

    def test_does_not_need_the_clock_of_the_peer_to_be_right(self):
        self.assertEqual(3, self.residence_ns(10**9, 10**9 + 3))
