# SPDX-License-Identifier: Apache-2.0

"""Addresses as bytes, against ``ipaddress``."""

import ipaddress

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from edge_sched.model.client import parse_prefix
from edge_sched.store.packing import candidates
from edge_sched.store.packing import pack
from edge_sched.store.packing import pack_address
from edge_sched.store.packing import unpack
from edge_sched.store.packing import unpack_address

ADDRESSES = st.ip_addresses()


@st.composite
def prefixes(draw, address=ADDRESSES):
    """As ``parse_prefix`` makes them: no IPv4 in the form of IPv6."""
    base_ = draw(address)
    length = draw(st.integers(0, base_.max_prefixlen))
    return parse_prefix(f'{base_}/{length}')


@st.composite
def pairs(draw):
    """Two prefixes, often around the same address."""
    address = draw(ADDRESSES)
    same = st.just(address)
    return (
        draw(prefixes(same)),
        draw(st.one_of(prefixes(same), prefixes())),
    )


def found(stored, asked):
    """What the SQL of the look-up asks of a stored prefix."""
    row = pack(stored)
    return row.network in candidates(asked) and row.last >= pack(asked).last


class PackingTestCase(base.BaseTestCase):
    def test_ipv4_is_stored_as_mapped(self):
        packed = pack(parse_prefix('203.0.113.0/24'))
        self.assertEqual(bytes(10) + b'\xff\xff\xcb\0q\0', packed.network)
        self.assertEqual(bytes(10) + b'\xff\xff\xcb\0q\xff', packed.last)
        self.assertEqual(120, packed.length)

    @hypothesis.given(prefixes(), ADDRESSES)
    def test_an_address_lies_between_the_ends_of_its_prefix(
        self, prefix, other
    ):
        hypothesis.assume(prefix.version == other.version)
        packed = pack(prefix)
        for address in (prefix[0], prefix[-1], other):
            self.assertEqual(
                address in prefix,
                packed.network <= pack_address(address) <= packed.last,
            )

    def test_a_mapped_address_is_that_of_ipv4(self):
        one, other = (
            pack_address(ipaddress.ip_address(text))
            for text in ('203.0.113.7', '::ffff:203.0.113.7')
        )
        self.assertEqual(one, other)

    @hypothesis.given(ADDRESSES)
    def test_unpack_address_reverses_pack_address(self, address):
        hypothesis.assume(getattr(address, 'ipv4_mapped', None) is None)
        self.assertEqual(address, unpack_address(pack_address(address)))

    def test_candidates_are_each_there_once(self):
        self.assertEqual(
            ['0.0.0.0', '8.0.0.0', '10.0.0.0'],
            [
                str(ipaddress.ip_address(network[12:]))
                for network in candidates(parse_prefix('10.0.0.0/8'))
            ],
        )
        ones = parse_prefix('ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff')
        self.assertEqual(129, len(candidates(ones)))
        self.assertEqual(33, len(candidates(parse_prefix('255.255.255.255'))))

    @hypothesis.given(prefixes())
    def test_unpack_reverses_pack(self, prefix):
        packed = pack(prefix)
        self.assertEqual(16, len(packed.network))
        self.assertEqual(16, len(packed.last))
        self.assertEqual(prefix, unpack(packed.network, packed.length))

    @hypothesis.given(pairs())
    @hypothesis.example(
        (ipaddress.ip_network('::/0'), ipaddress.ip_network('0.0.0.0/0'))
    )
    @hypothesis.example(
        (ipaddress.ip_network('0.0.0.0/0'), ipaddress.ip_network('::/0'))
    )
    @hypothesis.example(
        (
            ipaddress.ip_network('::fffe:0:0/95'),
            ipaddress.ip_network('203.0.113.7/32'),
        )
    )
    def test_found_is_contained(self, pair):
        stored, asked = pair
        contained = stored.version == asked.version and asked.subnet_of(stored)
        self.assertEqual(contained, found(stored, asked))

    @hypothesis.given(pairs())
    def test_order_of_bytes_is_order_of_addresses(self, pair):
        one, other = pair
        hypothesis.assume(one.version == other.version)
        self.assertEqual(
            one.network_address < other.network_address,
            pack(one).network < pack(other).network,
        )
