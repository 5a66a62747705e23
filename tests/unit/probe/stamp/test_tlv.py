# SPDX-License-Identifier: Apache-2.0

"""TLVs and padding on their way back."""

from hypothesis import given
from hypothesis import strategies as st
from oslotest import base
from scapy.contrib import stamp as scapy

from edge_sched.probe.stamp import tlv

U = 0x80


def octets(*tlvs):
    """The flags as a number: scapy names them from the wrong end."""
    return b''.join(
        bytes(scapy.STAMPTestTLV(flags=f, type=t, len=len(v), value=v))
        for f, t, v in tlvs
    )


class TlvTest(base.BaseTestCase):
    def test_what_is_not_known_is_marked_and_padding_is_not(self):
        # RFC 8972, section 4: a sender sets U, a reflector clears it for
        # what it understands.
        asked = octets((U, 1, b'pad'), (U, 4, b'cos!'), (0, 255, b''))
        given_back = octets((0, 1, b'pad'), (U, 4, b'cos!'), (U, 255, b''))
        self.assertEqual(given_back, tlv.reflected(asked))

    def test_one_longer_than_the_packet_is_malformed(self):
        asked = octets((U, 1, b'pad'), (U, 4, b'cos!'))[:-1]
        given_back = tlv.reflected(asked)
        self.assertEqual(0x80 | 0x40, given_back[7])
        self.assertEqual(asked[8:], given_back[8:])

    def test_padding_of_zeros_stays(self):
        for count in (0, 1, 4, 27, 100):
            self.assertEqual(bytes(count), tlv.reflected(bytes(count)))

    @given(st.binary(max_size=400))
    def test_as_long_as_it_came(self, tail):
        self.assertEqual(len(tail), len(tlv.reflected(tail)))
