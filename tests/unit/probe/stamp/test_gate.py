# SPDX-License-Identifier: Apache-2.0

"""Who is answered, with a clock of the test's own."""

import ipaddress

from oslotest import base

from edge_sched.probe.stamp import gate
from edge_sched.probe.stamp.gate import Gate


class GateTest(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.now = 1000.0

    def gate(self, *allow, rate=100, source_rate=10):
        networks = map(ipaddress.ip_network, allow or ('192.0.2.0/24',))
        return Gate(networks, rate, source_rate, lambda: self.now)

    def passed(self, judging, host, packets):
        """How many of the packets are within the rates."""
        return sum(judging.admit(host) for _ in range(packets))

    def test_only_who_is_in_a_prefix_is_answered(self):
        judging = self.gate('192.0.2.0/24', '198.51.100.7', '2001:db8::/32')
        for host in ('192.0.2.255', '198.51.100.7', '2001:db8:ffff::1'):
            self.assertTrue(judging.allows(host))
        for host in ('192.0.3.0', '198.51.100.8', '2001:db9::', '::1'):
            self.assertFalse(judging.allows(host))

    def test_a_default_route_of_one_version_is_none_of_the_other(self):
        judging = self.gate('0.0.0.0/0')
        self.assertTrue(judging.allows('203.0.113.1'))
        self.assertFalse(judging.allows('::1'))

    def test_a_source_has_a_second_of_its_rate_at_once(self):
        judging = self.gate()
        self.assertEqual(10, self.passed(judging, '192.0.2.1', 15))
        self.now += 0.5
        self.assertEqual(5, self.passed(judging, '192.0.2.1', 15))
        self.now += 3600
        self.assertEqual(10, self.passed(judging, '192.0.2.1', 15))

    def test_who_asks_too_often_takes_nothing_from_the_others(self):
        judging = self.gate(rate=20)
        self.assertEqual(10, self.passed(judging, '192.0.2.1', 1000))
        self.assertEqual(10, self.passed(judging, '192.0.2.2', 10))

    def test_all_together_have_a_rate(self):
        judging = self.gate(rate=25)
        passed = [
            self.passed(judging, f'192.0.2.{number}', 10)
            for number in range(5)
        ]
        self.assertEqual([10, 10, 5, 0, 0], passed)
        self.assertFalse(judging.admit('192.0.2.9'))

    def test_to_be_looked_at_takes_nothing(self):
        judging = self.gate(rate=1, source_rate=1)
        for _ in range(100):
            judging.allows('192.0.2.1')
            judging.allows('203.0.113.1')
        self.assertTrue(judging.admit('192.0.2.1'))
        self.assertTrue(judging.allows('192.0.2.1'))
        self.assertFalse(judging.allows('203.0.113.1'))

    def test_sources_are_bounded(self):
        self.patch(gate, 'MAX_SOURCES', 2)
        judging = self.gate(source_rate=1)
        for host in ('192.0.2.1', '192.0.2.2'):
            self.assertEqual(1, self.passed(judging, host, 2))
        self.assertTrue(judging.admit('192.0.2.3'))
        # Least recently heard, and forgotten.
        self.assertTrue(judging.admit('192.0.2.1'))
        self.assertFalse(judging.admit('192.0.2.3'))
