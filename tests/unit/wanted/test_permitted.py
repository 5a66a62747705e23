# SPDX-License-Identifier: Apache-2.0

"""Who may be probed because a stranger names him."""

import ipaddress

from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from edge_sched.model.client import is_part
from edge_sched.model.client import parse_prefix
from edge_sched.model.wanted import WantedTarget
from edge_sched.wanted.permitted import Gateway
from edge_sched.wanted.permitted import Permitted
from edge_sched.wanted.permitted import is_special

ALL = ('0.0.0.0/0', '::/0')


def permitted(allow=ALL, deny=(), gateways=()):
    return Permitted(
        [parse_prefix(text) for text in allow],
        [parse_prefix(text) for text in deny],
        gateways,
    )


def target(text, **rules):
    return permitted(**rules).target(parse_prefix(text))


def is_plain(prefix):
    """Whether it is one that nobody would doubt."""
    plain = parse_prefix('8.0.0.0/6'), parse_prefix('2a00::/12')
    return any(is_part(prefix, each) for each in plain) and not is_special(
        prefix
    )


class PermittedTest(base.BaseTestCase):
    def test_nothing_is_wanted_unless_an_operator_allows_it(self):
        self.assertIsNone(Permitted().target(parse_prefix('8.8.8.8')))

    def test_a_client_is_cut_and_one_address_in_it_is_probed(self):
        for text, client, address in (
            ('8.8.4.4', '8.8.4.0/24', '8.8.4.4'),
            ('8.8.4.0/24', '8.8.4.0/24', '8.8.4.1'),
            ('8.8.4.128/25', '8.8.4.0/24', '8.8.4.1'),
            # That might be broadcasts.
            ('8.8.4.0', '8.8.4.0/24', '8.8.4.1'),
            ('8.8.4.255', '8.8.4.0/24', '8.8.4.1'),
            ('2a00:1:2:345::7', '2a00:1:2:300::/56', '2a00:1:2:345::7'),
            ('2a00:1:2:300::/64', '2a00:1:2:300::/56', '2a00:1:2:300::1'),
            ('::ffff:8.8.4.4', '8.8.4.0/24', '8.8.4.4'),
        ):
            with self.subTest(text):
                self.assertEqual(WantedTarget(client, address), target(text))

    def test_no_address_speaks_for_what_is_wider(self):
        for text in '8.8.0.0/23', '2a00::/55', '0.0.0.0/0', '::/0':
            self.assertIsNone(target(text), text)

    def test_what_is_no_address_of_the_internet_is_allowed_by_its_name(self):
        for text, explicit in (
            ('10.1.2.3', '10.0.0.0/8'),
            ('127.0.0.1', '127.0.0.0/8'),
            ('169.254.169.254', '169.254.0.0/16'),
            ('224.0.0.1', '224.0.0.0/4'),
            ('255.255.255.255', '240.0.0.0/4'),
            ('100.64.1.1', '100.64.0.0/10'),
            ('0.0.0.1', '0.0.0.0/8'),
            ('203.0.113.7', '203.0.113.0/24'),
            ('::1', '::/8'),
            ('fe80::1', 'fe80::/10'),
            ('fd00::1', 'fc00::/7'),
            ('ff02::1', 'ff00::/8'),
            ('64:ff9b::a00:1', '64:ff9b::/56'),
            ('2002:a00:1::1', '2002::/16'),
        ):
            with self.subTest(text):
                self.assertIsNone(target(text))
                self.assertIsNotNone(target(text, allow=[explicit]))

    def test_what_has_some_of_the_internet_in_it_names_nothing_special(self):
        for wide in '::/0', '::/2', '2000::/3':
            self.assertIsNone(target('fd00::1', allow=[wide]), wide)
            self.assertIsNone(target('::1', allow=[wide]), wide)
        # Of the upper half nothing was handed out.
        self.assertIsNotNone(target('fd00::1', allow=['8000::/1']))

    def test_all_of_a_client_has_to_be_allowed_and_none_denied(self):
        self.assertIsNone(target('8.8.4.4', allow=['8.8.4.0/25']))
        self.assertIsNotNone(target('8.8.4.4', allow=['8.8.4.0/24']))
        self.assertIsNone(target('8.8.4.4', allow=['::/0']))
        for denied in '8.0.0.0/8', '8.8.4.0/24', '8.8.4.99':
            self.assertIsNone(target('8.8.4.4', deny=[denied]), denied)
        self.assertIsNotNone(target('8.8.4.4', deny=['8.8.5.0/24', '::/0']))

    def test_the_nearest_gateway_is_probed_in_its_place(self):
        wide = Gateway(parse_prefix('8.0.0.0/8'), '192.0.2.1')
        near = Gateway(parse_prefix('8.8.0.0/16'), '::7', 'stamp', 862, 4.5)
        for gateways in (wide, near), (near, wide):
            self.assertEqual(
                WantedTarget('8.8.4.0/24', '::7', 'stamp', 862, 4.5),
                target('8.8.4.4', gateways=gateways),
            )
        self.assertEqual(
            WantedTarget('8.9.4.0/24', '192.0.2.1'),
            target('8.9.4.4', gateways=[near, wide]),
        )
        # It allows nobody.
        self.assertIsNone(target('8.8.4.4', allow=[], gateways=[near]))

    @given(st.ip_addresses())
    def test_an_address_is_probed_only_within_its_client(self, address):
        prefix = parse_prefix(str(address))
        found = permitted().target(prefix)
        if found is None:
            self.assertFalse(is_plain(prefix), prefix)
            return
        probed = ipaddress.ip_address(found.address)
        client = ipaddress.ip_network(found.client)
        self.assertIn(probed, client)
        self.assertTrue(probed.is_global, probed)
        self.assertFalse(probed.is_multicast, probed)
