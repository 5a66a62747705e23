# SPDX-License-Identifier: Apache-2.0

"""Octets in, octets out."""

from hypothesis import given
from hypothesis import strategies as st
from oslotest import base
from scapy.contrib import stamp as scapy

from edge_sched.probe.stamp import packet
from edge_sched.probe.stamp import timestamp
from edge_sched.probe.stamp.mirror import Mirror
from edge_sched.probe.stamp.packet import BadPacketError
from edge_sched.probe.stamp.packet import Request
from tests.unit.probe.stamp.base import KEY
from tests.unit.probe.stamp.base import reflected

NOW_NS = 1_800_000_000 * 10**9
PTP = 0x4000


class MirrorTest(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.now_ns = NOW_NS

    def mirror(self, **options):
        return Mirror(now_ns=lambda: self.now_ns, **options)

    def hold(self):
        self.now_ns += 7_000_000

    @given(head=st.binary(min_size=14, max_size=16), tail=st.binary())
    def test_no_reply_has_one(self, head, tail):
        mirror = self.mirror(twamp_light=True)
        octets = head if len(head) < 16 else head + bytes(28) + tail
        reply = reflected(mirror, octets, NOW_NS)
        refused = self.assertRaises(BadPacketError, mirror.read, reply)
        self.assertEqual('a reply, which has no reply', str(refused))

    @given(
        sequence=st.integers(0, 2**32 - 1),
        bits=st.integers(0, 2**64 - 1),
        estimate=st.integers(0, 2**16 - 1),
    )
    def test_no_reply_with_a_key_has_one(self, sequence, bits, estimate):
        mirror = self.mirror(key=KEY)
        request = packet.pack_request(Request(sequence, bits, estimate), KEY)
        reply = reflected(mirror, request, NOW_NS)
        refused = self.assertRaises(BadPacketError, mirror.read, reply)
        self.assertEqual('a reply, which has no reply', str(refused))

    def test_padding_makes_no_reply_of_a_request(self):
        mirror = self.mirror(twamp_light=True)
        for padding in (bytes(28), b'\xff' * 28, bytes(range(28))):
            request = packet.pack_request(Request(5, 6))[:16] + padding
            self.assertEqual(44, len(reflected(mirror, request, NOW_NS)))

    def test_reply_says_when_it_came_and_left_and_what_was_asked(self):
        request = Request(5, 0xFEDCBA9876543210, 0x8155, 0x1234)
        for key in (None, KEY):
            octets = reflected(
                self.mirror(key=key),
                packet.pack_request(request, key),
                NOW_NS - 20_000,
                61,
            )
            reply = packet.unpack_reply(octets, key)
            self.assertEqual(
                packet.Reply(
                    sequence=5,
                    timestamp=timestamp.encode(NOW_NS),
                    error_estimate=0x2001,
                    ssid=0x1234,
                    receive_timestamp=timestamp.encode(NOW_NS - 20_000),
                    sender_sequence=5,
                    sender_timestamp=0xFEDCBA9876543210,
                    sender_error_estimate=0x8155,
                    sender_ttl=61,
                ),
                reply,
            )

    def test_time_between_receiving_and_sending_is_in_it(self):
        for estimate in (1, 1 | PTP):
            received_ns = self.now_ns
            octets = reflected(
                self.mirror(hold=self.hold),
                packet.pack_request(Request(0, 0, estimate)),
                received_ns,
            )
            reply = packet.unpack_reply(octets)
            self.assertEqual(estimate & PTP, reply.error_estimate & PTP)
            self.assertEqual(7_000_000, reply.residence_ns(NOW_NS))

    def test_tlvs_come_back_after_the_packet(self):
        # Class of Service; the flags are those of RFC 8972, section 4.
        asked = b'\x80\x04\x00\x04cos!'
        for key in (None, KEY):
            octets = packet.pack_request(Request(0, 0), key)
            reply = reflected(self.mirror(key=key), octets + asked, NOW_NS)
            self.assertEqual(asked, reply[len(octets) :])

    def test_scapy_reads_a_reply(self):
        asked = scapy.STAMPSessionSenderTestUnauthenticated(
            seq=9,
            ssid=77,
            tlv_objects=[scapy.STAMPTestTLV(type=1, len=3, value=b'pad')],
        )
        reply = scapy.STAMPSessionReflectorTestUnauthenticated(
            reflected(self.mirror(), bytes(asked), NOW_NS, 33)
        )
        self.assertEqual(
            (9, 9, 77, 33),
            (reply.seq, reply.seq_sender, reply.ssid, reply.ttl_sender),
        )
        self.assertEqual(b'pad', reply.tlv_objects[0].value)

    def test_short_requests_only_for_twamp_light(self):
        octets = packet.pack_request(Request(5, 6, 7))[:14]
        self.assertRaises(BadPacketError, self.mirror().read, octets)
        reply = reflected(self.mirror(twamp_light=True), octets, NOW_NS)
        self.assertEqual(44, len(reply))
        self.assertEqual((5, 6, 7), packet.unpack_reply(reply)[5:8])

    def test_with_a_key_nothing_else_is_answered(self):
        mirror = self.mirror(key=KEY, twamp_light=True)
        for octets in (
            packet.pack_request(Request(0, 0)),
            packet.pack_request(Request(0, 0), KEY[::-1]),
            packet.pack_request(Request(0, 0))[:14],
            packet.pack_request(Request(0, 0)).ljust(200, b'\0'),
        ):
            self.assertRaises(BadPacketError, mirror.read, octets)

    @given(
        st.binary(max_size=300),
        st.sampled_from((None, KEY)),
        st.booleans(),
        st.integers(0, 255),
    )
    def test_no_octets_are_made_longer_or_stop_it(
        self, octets, key, twamp_light, ttl
    ):
        mirror = self.mirror(key=key, twamp_light=twamp_light)
        try:
            reply = reflected(mirror, octets, NOW_NS, ttl)
        except BadPacketError:
            shortest = 14 if twamp_light else 44
            self.assertTrue(key is not None or len(octets) < shortest)
        else:
            longest = max(44, len(octets)) if twamp_light else len(octets)
            self.assertEqual(longest, len(reply))
