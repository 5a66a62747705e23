# SPDX-License-Identifier: Apache-2.0

import ipaddress

from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from edge_sched.listen.prefixes import Prefixes


def packed(text: str) -> bytes:
    return ipaddress.ip_address(text).packed


class PrefixesTestCase(base.BaseTestCase):
    @given(st.ip_addresses(), st.integers(16, 28), st.integers(32, 60))
    def test_text_is_of_the_prefix_that_the_address_is_in(
        self, address, v4_length, v6_length
    ):
        prefixes = Prefixes(v4_length, v6_length)
        length = v4_length if address.version == 4 else v6_length
        self.assertEqual(
            str(ipaddress.ip_network(f'{address}/{length}', strict=False)),
            prefixes.text(prefixes.number(address.packed)),
        )

    def test_a_client_is_an_address_or_a_slash_64(self):
        prefixes = Prefixes(24, 56)
        for one, other, same in (
            ('203.0.113.7', '203.0.113.7', True),
            ('203.0.113.7', '203.0.113.8', False),
            ('2001:db8::7', '2001:db8::1:2:3:4', True),
            ('2001:db8::7', '2001:db8:0:1::7', False),
        ):
            clients = {prefixes.client(packed(each)) for each in (one, other)}
            self.assertEqual(same, len(clients) == 1, (one, other))

    def test_what_a_client_is_known_by_says_nothing_elsewhere(self):
        address = packed('203.0.113.7')
        self.assertNotEqual(
            Prefixes(24, 56).client(address), Prefixes(24, 56).client(address)
        )

    def test_which_are_left_out(self):
        split = [
            ipaddress.ip_network('198.51.100.128/25'),
            ipaddress.ip_network('2001:db8::/32'),
        ]
        prefixes = Prefixes(24, 56, split)
        for address, reason in (
            ('203.0.113.7', ''),
            ('10.1.2.3', ''),
            ('2001:db9::1', ''),
            ('127.0.0.1', 'client'),
            ('169.254.1.1', 'client'),
            ('224.0.0.1', 'client'),
            ('0.0.0.0', 'client'),
            ('::1', 'client'),
            ('fe80::1', 'client'),
            ('ff02::1', 'client'),
            ('198.51.100.1', 'split'),
            ('2001:db8:7::1', 'split'),
        ):
            number = prefixes.number(packed(address))
            self.assertEqual(reason, prefixes.why_not(number), address)
