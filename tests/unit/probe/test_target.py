# SPDX-License-Identifier: Apache-2.0

from oslotest import base

from tests.unit.probe.fakes import a_target


class TargetTestCase(base.BaseTestCase):
    def test_the_source_of_the_client_itself_is_the_probe(self):
        self.assertEqual('icmp', a_target(probe='icmp').source)

    def test_the_source_of_a_gateway_says_what_is_added(self):
        for access_ms, source in (
            (12.0, 'tcp gateway+12ms'),
            (0.25, 'tcp gateway+0.25ms'),
        ):
            target = a_target(probe='tcp', access_ms=access_ms)
            self.assertEqual(source, target.source)

    def test_figures_stay_where_only_the_rates_are_others(self):
        target = a_target()
        self.assertEqual(a_target(window=300).place, target.place)
        self.assertEqual(a_target(access_ms=1.0).place, target.place)
        self.assertNotEqual(a_target(port=863).place, target.place)
        self.assertNotEqual(a_target(probe='icmp').place, target.place)
