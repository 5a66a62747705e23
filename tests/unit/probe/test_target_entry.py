# SPDX-License-Identifier: Apache-2.0

import ipaddress
import math

import ddt
from oslotest import base

from edge_sched.probe.target import Rates
from edge_sched.probe.target_entry import BadTargetError
from edge_sched.probe.target_entry import parse_target

DEFAULT = Rates(packets=8, interval_seconds=10.0, window=64)


def parse(**entry):
    return parse_target(entry, DEFAULT)


@ddt.ddt
class ParseTargetTestCase(base.BaseTestCase):
    def test_an_address_alone(self):
        target = parse(client='203.0.113.7')
        self.assertEqual(('203.0.113.7', ''), target.key)
        self.assertEqual(ipaddress.ip_address('203.0.113.7'), target.address)
        self.assertEqual('stamp', target.probe)
        self.assertEqual(862, target.port)
        self.assertEqual(0, target.access_ms)
        self.assertEqual(DEFAULT, target.rates)

    def test_every_key(self):
        target = parse(
            client='vehicle-42',
            address='198.51.100.1',
            probe='tcp',
            port=443,
            project='p1',
            access_ms=2.5,
            packets=4,
            interval_seconds=0.5,
            window=300,
        )
        self.assertEqual(('vehicle-42', 'p1'), target.key)
        self.assertEqual(
            (ipaddress.ip_address('198.51.100.1'), 'tcp', 443), target.place
        )
        self.assertEqual(2.5, target.access_ms)
        self.assertEqual(Rates(4, 0.5, 300), target.rates)

    def test_null_is_the_default(self):
        keys = (
            'address',
            'probe',
            'port',
            'project',
            'access_ms',
            'packets',
            'interval_seconds',
            'window',
        )
        self.assertEqual(
            parse(client='203.0.113.7'),
            parse(client='203.0.113.7', **dict.fromkeys(keys)),
        )

    @ddt.data(
        ('203.0.113.9/24', '203.0.113.0/24'),
        ('203.0.113.7/32', '203.0.113.7'),
        ('::ffff:203.0.113.7', '203.0.113.7'),
        ('2001:DB8:0::/56', '2001:db8::/56'),
    )
    @ddt.unpack
    def test_clients_are_canonical(self, text, client):
        address = client.partition('/')[0]
        self.assertEqual(client, parse(client=text, address=address).client)

    def test_a_mapped_address_is_the_ipv4_address(self):
        target = parse(client='203.0.113.7', address='::ffff:203.0.113.7')
        self.assertEqual(ipaddress.ip_address('203.0.113.7'), target.address)

    def test_icmp_has_no_port(self):
        self.assertEqual(0, parse(client='203.0.113.7', probe='icmp').port)

    def test_a_site_at_its_reflector(self):
        target = parse(client='site:li\u0065\u0301ge', address='192.0.2.9')
        self.assertEqual(('site:li\u00e9ge', ''), target.key)
        self.assertEqual(
            (ipaddress.ip_address('192.0.2.9'), 'stamp', 862), target.place
        )

    def test_a_gateway_may_be_outside_of_the_client(self):
        target = parse(
            client='203.0.113.0/24', address='198.51.100.1', access_ms=12
        )
        self.assertEqual(12, target.access_ms)

    @ddt.data(
        (
            {},
            "key client: '' is not an address, a prefix, a name or a site "
            '(site:lyon)',
        ),
        (
            {'client': '203.0.113.300'},
            "key client: '203.0.113.300' is not an address, a prefix, a name "
            'or a site (site:lyon)',
        ),
        (
            {'client': True},
            'key client: True is not text; put it in quotes',
        ),
        (
            {'client': '203.0.113.7', 'clinet': 1},
            "key 'clinet' is none of client, address, probe, port, project, "
            'access_ms, packets, interval_seconds, window',
        ),
        (
            {'client': '203.0.113.0/24'},
            'key address: is missing, and the client 203.0.113.0/24 is not a '
            'single address',
        ),
        (
            {'client': 'vehicle-42'},
            'key address: is missing, and the client vehicle-42 is not a '
            'single address',
        ),
        (
            {'client': 'site:paris'},
            'key address: is missing, and the client site:paris is not a '
            'single address',
        ),
        (
            {'client': 'site:paris', 'address': '192.0.2.9', 'project': 'p1'},
            'key project: goes with a client that is a name',
        ),
        (
            {'client': 'site:', 'address': '192.0.2.9'},
            "key client: 'site:' is not an address, a prefix, a name or a "
            'site (site:lyon)',
        ),
        (
            {'client': 'server:x', 'address': '192.0.2.9'},
            "key client: 'server:x' is not an address, a prefix, a name or a "
            'site (site:lyon)',
        ),
        (
            {'client': 'vehicle-42', 'address': 'gw.example.org'},
            "key address: 'gw.example.org' is not an IPv4 or IPv6 address of "
            'one host (no name, no zone)',
        ),
        (
            {'client': 'vehicle-42', 'address': 'fe80::1%eth0'},
            "key address: 'fe80::1%eth0' is not an IPv4 or IPv6 address of "
            'one host (no name, no zone)',
        ),
        (
            {'client': 'vehicle-42', 'address': '224.0.0.1'},
            "key address: '224.0.0.1' is not an IPv4 or IPv6 address of one "
            'host (no name, no zone)',
        ),
        (
            {'client': '203.0.113.0/24', 'address': '198.51.100.1'},
            'key address: 198.51.100.1 is not in the client 203.0.113.0/24; '
            'a gateway on the way to it has access_ms > 0',
        ),
        (
            {'client': '203.0.113.7', 'probe': 'http'},
            "key probe: 'http' is not one of stamp, icmp, tcp",
        ),
        (
            {'client': '203.0.113.7', 'probe': 'tcp'},
            'key port: the probe tcp needs one',
        ),
        (
            {'client': '203.0.113.7', 'probe': 'icmp', 'port': 7},
            'key port: the probe icmp has none',
        ),
        (
            {'client': '203.0.113.7', 'port': 65536},
            'key port: 65536 is not a whole number in 1..65535',
        ),
        (
            {'client': '203.0.113.7', 'port': '862'},
            "key port: '862' is not a whole number in 1..65535",
        ),
        (
            {'client': '203.0.113.7', 'project': 'p1'},
            'key project: goes with a client that is a name',
        ),
        (
            {'client': 'vehicle-42', 'project': 'p\n1'},
            "key project: 'p\\n1' is not 1..255 printable characters",
        ),
        (
            {'client': '203.0.113.7', 'access_ms': -1},
            'key access_ms: -1 is not a number in 0..10000',
        ),
        (
            {'client': '203.0.113.7', 'access_ms': math.nan},
            'key access_ms: nan is not a number in 0..10000',
        ),
        (
            {'client': '203.0.113.7', 'packets': 0},
            'key packets: 0 is not a whole number in 1..100',
        ),
        (
            {'client': '203.0.113.7', 'packets': True},
            'key packets: True is not a whole number in 1..100',
        ),
        (
            {'client': '203.0.113.7', 'interval_seconds': 0.05},
            'key interval_seconds: 0.05 is not a number in 0.1..86400',
        ),
        (
            {'client': '203.0.113.7', 'interval_seconds': math.inf},
            'key interval_seconds: inf is not a number in 0.1..86400',
        ),
        (
            {'client': '203.0.113.7', 'window': 10001},
            'key window: 10001 is not a whole number in 1..10000',
        ),
    )
    @ddt.unpack
    def test_what_is_wrong_is_named(self, entry, message):
        error = self.assertRaises(BadTargetError, parse_target, entry, DEFAULT)
        self.assertEqual(message, str(error))
