# SPDX-License-Identifier: Apache-2.0

import ipaddress
import unittest

from bench import store_population
from edge_sched.store.packing import pack
from edge_sched.store.packing import unpack

#: A few rows of groups, with both families.
COUNT = 10_000


class PrefixTestCase(unittest.TestCase):
    def test_first_ones(self):
        self.assertEqual(
            ['0.0.0.0/16', '0.0.1.0/24', '121.177.0.0/16', '2a00::/32'],
            [str(store_population.prefix(n)) for n in (0, 1, 256, 768)],
        )

    def test_all_are_different(self):
        for numbers in (range(COUNT), range(9_990_000, 9_990_000 + COUNT)):
            found = {store_population.prefix(number) for number in numbers}
            self.assertEqual(COUNT, len(found))

    def test_each_is_inside_of_one_other_at_any_number(self):
        for number in (1, 257, 769, 99_999, 999_999):
            narrow = store_population.prefix(number)
            wide = store_population.prefix(number // 256 * 256)
            self.assertTrue(narrow.subnet_of(wide), number)

    def test_a_quarter_is_ipv6(self):
        versions = [
            store_population.prefix(number).version for number in range(4096)
        ]
        self.assertEqual(1024, versions.count(6))

    def test_survives_the_store(self):
        for number in (0, 1, 768, 999_999):
            prefix = store_population.prefix(number)
            packed = pack(prefix)
            self.assertEqual(prefix, unpack(packed.network, packed.length))


class CrowdTestCase(unittest.TestCase):
    def setUp(self):
        super().setUp()
        self.crowd = store_population.Crowd(COUNT)
        self.prefixes = {store_population.prefix(n) for n in range(COUNT)}

    def _around(self, client, length):
        return client.prefix.supernet(new_prefix=length) in self.prefixes

    def test_present_ones_are_inside_of_two_prefixes_at_most(self):
        for _ in range(200):
            v4, v6 = self.crowd.inside(4), self.crowd.inside(6)
            self.assertTrue(self._around(v4, 16))
            self.assertTrue(self._around(v6, 32))
            self.assertEqual(32, v4.prefix.prefixlen)
            self.assertEqual(128, v6.prefix.prefixlen)

    def test_an_address_of_a_narrow_prefix_is_not_in_another(self):
        wide = store_population.prefix(0)
        for place in (1, 7, 254):
            address = store_population.inside(wide, place)
            self.assertNotIn(address.supernet(new_prefix=24), self.prefixes)

    def test_absent_ones_are_in_no_prefix(self):
        for _ in range(200):
            client = self.crowd.absent()
            self.assertFalse(
                any(self._around(client, length) for length in (16, 24))
            )

    def test_the_same_ones_in_each_run(self):
        again = store_population.Crowd(COUNT)
        self.assertEqual(self.crowd.anyone(), again.anyone())


class RowsTestCase(unittest.TestCase):
    def test_a_row_of_each_prefix_and_vantage(self):
        rows = list(store_population.rows([1, 2], 1_700_000_000.0, ['a', 'b']))
        self.assertEqual(
            [
                ('a', '0.0.1.0/24'),
                ('b', '0.0.1.0/24'),
                ('a', '0.0.2.0/24'),
                ('b', '0.0.2.0/24'),
            ],
            [(row.latency.vantage, row.latency.client) for row in rows],
        )
        self.assertEqual(
            ipaddress.IPv4Network('0.0.1.0/24'), rows[0].client.prefix
        )

    def test_quantiles_do_not_fall(self):
        for row in store_population.rows(range(50), 1_700_000_000.0):
            latency = row.latency
            figures = (
                latency.rtt_min_ms,
                latency.rtt_p50_ms,
                latency.rtt_p95_ms,
                latency.rtt_p99_ms,
            )
            self.assertEqual(sorted(figures), list(figures))
