# SPDX-License-Identifier: Apache-2.0

import ipaddress

import ddt
from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from edge_sched.model.served import BadListError
from edge_sched.model.served import to_json
from edge_sched.model.wanted import WantedTarget
from edge_sched.probe import served

PING = WantedTarget('203.0.113.0/24', '203.0.113.7')

ADDRESSES = st.ip_addresses().map(str)


def read(*targets):
    return served.read(to_json(targets))


@ddt.ddt
class ReadTest(base.BaseTestCase):
    def refusal(self, *targets):
        return str(self.assertRaises(BadListError, read, *targets))

    def test_a_stranger_is_pinged_fast_and_then_slowly(self):
        (target,) = read(PING)
        self.assertEqual(('203.0.113.0/24', ''), target.key)
        self.assertEqual(
            (ipaddress.ip_address('203.0.113.7'), 'icmp', 0), target.place
        )
        slots = [target.rates.slot_seconds_after(n) for n in (0, 63, 64, 999)]
        self.assertEqual([0.125, 0.125, 7.5, 7.5], slots)

    def test_stamp_at_a_gateway(self):
        (target,) = read(
            WantedTarget('2001:db8:a::/56', '198.51.100.1', 'stamp', 863, 12)
        )
        self.assertEqual('2001:db8:a::/56', target.client)
        self.assertEqual('stamp gateway+12ms', target.source)
        self.assertEqual(863, target.port)

    def test_stamp_has_a_port_of_its_own(self):
        (target,) = read(PING._replace(probe='stamp'))
        self.assertEqual(862, target.port)

    @ddt.data(
        '203.0.113.0/25',
        '203.0.112.0/23',
        '203.0.113.7',
        '0.0.0.0/0',
        '2001:db8:a::/48',
        '2001:db8:a::/64',
    )
    def test_a_prefix_of_another_length(self, client):
        self.assertEqual(
            f'entry 2: key client: {client} is not a prefix of /24 or /56',
            self.refusal(PING, PING._replace(client=client, access_ms=1)),
        )

    @ddt.data('vehicle-42', 'site:paris')
    def test_a_client_that_is_no_prefix(self, client):
        self.assertIn(
            f'entry 1: key client: {client} is not a prefix of /24 or /56',
            self.refusal(PING._replace(client=client)),
        )

    @ddt.data(
        '127.0.0.1',
        '::1',
        '169.254.169.254',
        'fe80::1',
        '255.255.255.255',
        '240.0.0.1',
    )
    def test_a_place_where_no_client_is(self, address):
        self.assertEqual(
            f'entry 1: key address: {address} is not where a client can be',
            self.refusal(PING._replace(address=address, access_ms=1)),
        )

    @ddt.data('224.0.0.1', 'ff02::1', '0.0.0.0', '::', 'fe80::1%eth0', 'a.b')
    def test_what_is_no_host(self, address):
        self.assertIn(
            'is not an IPv4 or IPv6 address of one host',
            self.refusal(PING._replace(address=address, access_ms=1)),
        )

    def test_a_mapped_address_is_what_it_maps(self):
        self.assertIn(
            '127.0.0.1 is not where a client can be',
            self.refusal(
                PING._replace(address='::ffff:127.0.0.1', access_ms=1)
            ),
        )

    def test_an_address_elsewhere_is_that_of_a_gateway(self):
        self.assertIn(
            'entry 1: key address: 198.51.100.1 is not in the client',
            self.refusal(PING._replace(address='198.51.100.1')),
        )

    def test_a_port_for_a_ping(self):
        self.assertIn('key port', self.refusal(PING._replace(port=7)))

    def test_a_port_that_is_none(self):
        self.assertIn(
            'key port',
            self.refusal(PING._replace(probe='stamp', port=70_000)),
        )

    def test_a_client_twice(self):
        again = PING._replace(client='203.0.113.9/24')
        self.assertEqual(
            'entry 2: client 203.0.113.0/24 is there twice',
            self.refusal(PING, again),
        )

    @given(
        st.builds(
            WantedTarget,
            st.builds(
                '{}/{}'.format, ADDRESSES, st.sampled_from([24, 56, 32, 128])
            ),
            ADDRESSES,
            st.sampled_from(['icmp', 'stamp']),
            st.sampled_from([0, 7, 862]),
            st.sampled_from([0.0, 1.0, 9e5]),
        )
    )
    def test_what_is_taken_is_a_stranger_at_his_place(self, wanted):
        try:
            (target,) = read(wanted)
        except BadListError:
            return
        prefix = ipaddress.ip_network(target.client)
        self.assertEqual({4: 24, 6: 56}[prefix.version], prefix.prefixlen)
        self.assertTrue(target.address in prefix or target.access_ms > 0)
        self.assertFalse(target.address.is_loopback)
        self.assertIn(target.probe, ('icmp', 'stamp'))
