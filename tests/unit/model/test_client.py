# SPDX-License-Identifier: Apache-2.0

"""What a client may look like, and what it is taken for."""

import ipaddress

import ddt
import hypothesis
from hypothesis import strategies as st
from oslotest import base

from edge_sched.model import client
from tests.unit import factories

UUID = '5f7a1c2e-9b0d-4e3f-8a6b-0c1d2e3f4a5b'


def parsed(text: str) -> str:
    """The canonical text of an address or a prefix."""
    return str(client.parse_prefix(text))


@ddt.ddt
class PrefixTest(base.BaseTestCase):
    @ddt.data(
        ('203.0.113.7', '203.0.113.7/32'),
        ('203.0.113.7/32', '203.0.113.7/32'),
        ('0.0.0.0/0', '0.0.0.0/0'),
        ('2001:db8::7', '2001:db8::7/128'),
        ('2001:DB8:0:0::7', '2001:db8::7/128'),
        ('::', '::/128'),
        ('::/0', '::/0'),
        # An IPv4 address at the end of an IPv6 address that is not mapped.
        ('64:ff9b::192.0.2.1', '64:ff9b::c000:201/128'),
    )
    @ddt.unpack
    def test_address_is_a_prefix_of_full_length(self, text, canonical):
        self.assertEqual(canonical, parsed(text))

    @ddt.data(
        ('203.0.113.7/24', '203.0.113.0/24'),
        ('203.0.113.255/25', '203.0.113.128/25'),
        ('203.0.113.7/0', '0.0.0.0/0'),
        ('2001:db8:0:1ff::7/56', '2001:db8:0:100::/56'),
        ('2001:db8::ffff/127', '2001:db8::fffe/127'),
    )
    @ddt.unpack
    def test_host_bits_are_masked(self, text, canonical):
        self.assertEqual(canonical, parsed(text))

    @ddt.data(
        ('::ffff:203.0.113.7', '203.0.113.7/32'),
        ('::FFFF:cb00:7107', '203.0.113.7/32'),
        ('0:0:0:0:0:ffff:203.0.113.7', '203.0.113.7/32'),
        ('::ffff:203.0.113.7/128', '203.0.113.7/32'),
        # 120 - 96 = 24, with the host bits masked.
        ('::ffff:203.0.113.7/120', '203.0.113.0/24'),
        ('::ffff:0:0/96', '0.0.0.0/0'),
    )
    @ddt.unpack
    def test_v4_mapped_becomes_v4(self, text, canonical):
        self.assertEqual(canonical, parsed(text))

    @ddt.data(
        # Wider than what is mapped: it holds v6 addresses as well.
        ('::ffff:0:0/95', '::fffe:0:0/95'),
        # IPv4-compatible (deprecated), and one bit off the mapped prefix.
        ('::203.0.113.7', '::cb00:7107/128'),
        ('::fffe:203.0.113.7', '::fffe:cb00:7107/128'),
        ('::1:ffff:0:0', '0:0:0:0:1:ffff:0:0/128'),
    )
    @ddt.unpack
    def test_other_v6_stays_v6(self, text, canonical):
        self.assertEqual(
            ipaddress.ip_network(canonical), client.parse_prefix(text)
        )
        self.assertEqual(6, client.parse_prefix(text).version)

    @ddt.data(
        '',
        ' ',
        '999.1.1.1',
        '203.0.113',
        '203.0.113.7.7',
        '203.0.113.07',
        '0xcb007107',
        '3405803783',
        '203.0.113.0/33',
        '203.0.113.0/-1',
        '203.0.113.0/',
        '203.0.113.0/24/24',
        '203.0.113.0/255.255.255.0',
        '203.0.113.0/0.0.0.255',
        '2001:db8::/129',
        '2001:db8::/ffff::',
        'fe80::1%eth0',
        'fe80::1%25eth0',
        'fe80::%1/64',
        '[2001:db8::7]',
        '203.0.113.7:80',
        ' 203.0.113.7',
        '203.0.113.7\n',
        # Digits that are not ASCII.
        '\u0662\u0660\u0663.0.113.7',
        '203.0.113.0/\uff12\uff14',
        '2001:db8:::7',
        ':' * 46,
    )
    def test_anything_else_is_refused(self, text):
        self.assertRaises(ValueError, client.parse_prefix, text)

    def test_refusal_of_a_long_text_is_short(self):
        error = self.assertRaises(ValueError, client.parse_prefix, 'x' * 9999)
        self.assertLess(len(str(error)), 120)

    @hypothesis.given(factories.texts)
    def test_any_text_is_a_prefix_or_a_value_error(self, text):
        try:
            prefix = client.parse_prefix(text)
        except ValueError:
            return
        self.assertEqual(prefix, client.parse_prefix(str(prefix)))

    @hypothesis.given(st.ip_addresses(), st.integers(0, 128))
    def test_prefix_holds_the_address_it_was_made_of(self, address, length):
        length = min(length, address.max_prefixlen)
        prefix = client.parse_prefix(f'{address}/{length}')
        held = getattr(address, 'ipv4_mapped', None) or address
        if prefix.version == held.version:
            self.assertIn(held, prefix)
        else:
            # Wider than the mapped ones: it stays as it was written.
            self.assertIn(address, prefix)

    @hypothesis.given(st.ip_addresses(v=4), st.integers(0, 32))
    def test_mapped_prefix_is_the_prefix_that_it_maps(self, address, length):
        self.assertEqual(
            client.parse_prefix(f'{address}/{length}'),
            client.parse_prefix(f'::ffff:{address}/{96 + length}'),
        )

    @ddt.data(
        ('10.1.0.0/16', '10.0.0.0/8', True),
        ('10.0.0.0/8', '10.0.0.0/8', True),
        ('10.0.0.0/8', '10.1.0.0/16', False),
        ('11.0.0.0/16', '10.0.0.0/8', False),
        ('10.1.0.0/16', '::/0', False),
        ('2001:db8::/48', '2001:db8::/32', True),
        ('2001:db8::/48', '0.0.0.0/0', False),
    )
    @ddt.unpack
    def test_what_is_part_of_what(self, prefix, of, expected):
        self.assertIs(
            expected,
            client.is_part(
                client.parse_prefix(prefix), client.parse_prefix(of)
            ),
        )

    @ddt.data(
        ('10.0.0.0/15', True),
        ('10.1.0.0/16', False),
        ('2001:db8::/31', True),
        ('2001:db8::/32', False),
    )
    @ddt.unpack
    def test_what_is_too_wide_for_one_address(self, prefix, expected):
        self.assertIs(expected, client.is_wide(client.parse_prefix(prefix)))

    def test_text_of_a_prefix_is_short(self):
        for text, shown in (
            ('203.0.113.7/32', '203.0.113.7'),
            ('203.0.113.7/24', '203.0.113.0/24'),
            ('2001:db8:0::7/128', '2001:db8::7'),
            ('2001:db8::7/56', '2001:db8::/56'),
        ):
            prefix = client.parse_prefix(text)
            self.assertEqual(shown, client.prefix_text(prefix))
        self.assertEqual('', client.prefix_text(None))


@ddt.ddt
class ClientTest(base.BaseTestCase):
    @ddt.data(
        'a',
        'Z',
        'vehicle-42',
        'or.7_A-b',
        'a' * 63,
        # Hexadecimal, but without a colon it is no address.
        'cafe',
        'fe80',
        'a.b.c.d',
        'a-',
    )
    def test_name(self, text):
        made = client.parse_client(text)
        self.assertEqual((text, None), (made.name, made.prefix))

    @ddt.data(
        'a' * 64,
        '4ever',
        '-a',
        '.a',
        '_a',
        'a b',
        'a/24',
        'a@b',
        'a:b',
        'a,b',
        'a%b',
        'a\n',
        'a\x00',
        'a\xe9',
        # The sign of kelvin, which is a k if case is folded.
        '\u212a',
        'a\u0662',
    )
    def test_what_is_neither_name_nor_address_is_refused(self, text):
        self.assertRaises(ValueError, client.parse_client, text)

    def test_text_of_any_length_is_quoted_in_part(self):
        error = self.assertRaises(ValueError, client.parse_client, 'x' * 9999)
        self.assertLess(len(str(error)), 120)
        self.assertEqual('x' * 63, client.parse_client('x' * 63).name)

    def test_clients_are_equal_by_what_is_meant(self):
        same = [
            client.parse_client(text)
            for text in (
                '203.0.113.7',
                '203.0.113.7/32',
                '::ffff:203.0.113.7',
                '::ffff:cb00:7107/128',
            )
        ]
        self.assertEqual(1, len(set(same)))
        other = client.parse_client('203.0.113.8')
        self.assertNotEqual(same[0], other)

    def test_names_differ_in_case(self):
        self.assertNotEqual(
            client.parse_client('Fleet'), client.parse_client('fleet')
        )

    @ddt.data(
        'lyon', 'l', 'Zürich 2', 'a:b', 'sites:a', '203.0.113.7', 'x' * 255
    )
    def test_site(self, name):
        made = client.parse_client(f'site:{name}')
        self.assertEqual(client.Client(site=name), made)
        self.assertEqual(f'site:{name}', made.canonical)

    @ddt.data(
        '',
        ' a',
        'a ',
        'a,b',
        'a@b',
        'a\n',
        'a\x00',
        'site:a',
        '\u202e',
        'x' * 256,
        # Twice as long in its one form.
        '\u0958' * 128,
    )
    def test_what_is_no_name_of_a_site(self, name):
        self.assertRaises(ValueError, client.parse_client, f'site:{name}')

    def test_site_is_the_same_whatever_it_was_typed_on(self):
        composed, combined = 'site:Orl\xe9ans', 'site:Orle\u0301ans'
        self.assertEqual(
            client.parse_client(composed), client.parse_client(combined)
        )

    @ddt.data('Site:lyon', 'sites:lyon', 'site', 'server:' + UUID)
    def test_what_is_no_client_that_can_be_measured(self, text):
        if ':' in text:
            self.assertRaises(ValueError, client.parse_client, text)
        else:
            self.assertEqual(text, client.parse_client(text).name)

    @ddt.data('server', 'group')
    def test_peer(self, kind):
        made = client.parse_peer(f'{kind}:{UUID.upper()}')
        self.assertEqual(client.Client(**{kind: UUID}), made)
        self.assertEqual(f'{kind}:{UUID}', made.canonical)
        self.assertEqual(f'{kind}:{UUID.upper()}', str(made))

    @ddt.data(
        '', 'x', UUID[:-1], UUID + '0', UUID.replace('-', ''), f'{{{UUID}}}'
    )
    def test_peer_without_a_uuid_is_refused(self, uuid):
        for kind in ('server', 'group'):
            self.assertRaises(ValueError, client.parse_peer, f'{kind}:{uuid}')

    @ddt.data('', 'server', 'vehicle-42', 'site:lyon', '2001:db8::1', UUID)
    def test_what_is_no_peer(self, text):
        self.assertIsNone(client.parse_peer(text))

    def test_kinds_are_different_clients(self):
        made = {
            client.Client(**{k: UUID}) for k in ('server', 'group', 'site')
        }
        self.assertEqual(3, len(made))

    @hypothesis.given(factories.texts)
    def test_any_text_is_a_client_or_a_value_error(self, text):
        for prefix in ('', 'site:', 'server:', 'group:'):
            for parse in (client.parse_client, client.parse_peer):
                try:
                    made = parse(prefix + text)
                except ValueError:
                    continue
                if made is not None:
                    self.assertEqual(made, parse(made.canonical))

    def test_client_is_shown_as_the_user_wrote_it(self):
        for text in ('::ffff:203.0.113.7', '203.0.113.7/24', 'vehicle-42'):
            self.assertEqual(text, str(client.parse_client(text)))

    def test_client_without_a_text_is_shown_by_what_it_is(self):
        prefix = client.parse_prefix('203.0.113.7')
        self.assertEqual('203.0.113.7', str(client.Client(prefix=prefix)))
        self.assertEqual('fleet', str(client.Client(name='fleet')))
