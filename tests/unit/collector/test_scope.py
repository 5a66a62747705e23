# SPDX-License-Identifier: Apache-2.0


import ddt
from oslotest import base

from edge_sched.collector.reading import Harvest
from edge_sched.collector.scope import Scope
from edge_sched.model.client import parse_prefix
from tests.unit.collector.fakes import Clock
from tests.unit.collector.fakes import reading

DAY_SECONDS = 86_400


@ddt.ddt
class ScopeTest(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.clock = Clock()

    def scope(self, max_clients=1000, *prefixes):
        return Scope(
            max_clients, [parse_prefix(each) for each in prefixes], self.clock
        )

    def within(self, scope, *clients, refused=(), **changes):
        """Which of the clients stay, and why the others do not."""
        found = scope.within(
            Harvest(
                [reading(client=each, **changes) for each in clients],
                dict(refused),
            )
        )
        return [each.client for each in found.readings], dict(found.refused)

    @ddt.data(
        ('10.0.0.0/16', ''),
        ('10.0.0.0/15', 'wide'),
        ('0.0.0.0/0', 'wide'),
        ('::ffff:10.0.0.0/111', 'wide'),
        ('2001:db8::/32', ''),
        ('2001:db8::/31', 'wide'),
        ('::/0', 'wide'),
        ('car', ''),
        ('site:lyon', ''),
        # The door says so.
        ('no client', ''),
        ('x' * 9999, ''),
    )
    @ddt.unpack
    def test_of_no_prefixes_all_that_are_not_wide(self, client, reason):
        self.assertEqual(
            ([], {reason: 1}) if reason else ([client], {}),
            self.within(self.scope(), client),
        )

    @ddt.data(
        ('10.0.0.0/8', ''),
        ('10.1.2.3', ''),
        ('::ffff:10.1.2.3', ''),
        ('10.0.0.0/7', 'foreign'),
        ('11.0.0.0/24', 'foreign'),
        ('2001:db8:a::/48', ''),
        ('2001:db9::/48', 'foreign'),
        ('car', ''),
        ('site:lyon', ''),
    )
    @ddt.unpack
    def test_the_prefixes_decide_where_there_are_any(self, client, reason):
        scope = self.scope(1000, '10.0.0.0/8', '2001:db8::/32')
        self.assertEqual(
            ([], {reason: 1}) if reason else ([client], {}),
            self.within(scope, client),
        )

    def test_clients_are_bounded_and_those_known_stay(self):
        scope = self.scope(2)
        self.assertEqual(
            (['10.0.0.1', 'car'], {'clients': 2}),
            self.within(scope, '10.0.0.1', 'car', '10.0.0.2', 'site:lyon'),
        )
        self.assertEqual(
            (['car', '10.0.0.1', '10.0.0.1/32'], {'clients': 2}),
            self.within(
                scope,
                '10.0.0.3',
                'car',
                '10.0.0.1',
                '10.0.0.1/32',
                '10.0.0.4',
            ),
        )
        self.assertEqual(
            ([], {'clients': 1}), self.within(scope, 'car', project_id='p')
        )

    def test_of_sites_there_are_fewer(self):
        scope = self.scope(2000)
        sites = [f'site:{number}' for number in range(1001)]
        for _ in range(2):
            self.assertEqual(
                (sites[:1000], {'clients': 1}), self.within(scope, *sites)
            )
        self.assertEqual(
            (['car', '10.0.0.1'], {}), self.within(scope, 'car', '10.0.0.1')
        )
        self.assertEqual(
            (['site:a'], {}), self.within(scope, 'site:a', vantage='paris')
        )
        self.clock.now += DAY_SECONDS + 1
        self.assertEqual((['site:a'], {}), self.within(scope, 'site:a'))

    def test_one_vantage_takes_nothing_from_another(self):
        scope = self.scope(1)
        self.within(scope, '10.0.0.1', '10.0.0.2')
        self.assertEqual(
            (['10.0.0.2'], {}),
            self.within(scope, '10.0.0.2', vantage='paris'),
        )

    def test_those_that_are_refused_anyway_take_no_place(self):
        scope = self.scope(1, '10.0.0.0/8')
        self.assertEqual(
            (['', '10.0.0.1'], {'foreign': 1}),
            self.within(scope, '', '11.0.0.1', '10.0.0.1'),
        )

    def test_they_are_counted_anew_after_a_day(self):
        scope = self.scope(1)
        self.within(scope, '10.0.0.1')
        self.clock.now += DAY_SECONDS
        self.assertEqual(([], {'clients': 1}), self.within(scope, '10.0.0.2'))
        self.clock.now += 1
        self.assertEqual((['10.0.0.2'], {}), self.within(scope, '10.0.0.2'))
        self.assertEqual(([], {'clients': 1}), self.within(scope, '10.0.0.1'))

    def test_what_the_input_refused_is_not_forgotten(self):
        self.assertEqual(
            (['car'], {'vantage': 2, 'wide': 3}),
            self.within(
                self.scope(),
                'car',
                '::/0',
                refused={'vantage': 2, 'wide': 2},
            ),
        )
