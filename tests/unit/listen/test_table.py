# SPDX-License-Identifier: Apache-2.0

import ipaddress

from oslotest import base

from edge_sched.judging.scoring import enough_samples
from edge_sched.listen.line import RefusedError
from edge_sched.model.latency import PASSIVE
from edge_sched.probe.memory import HOUR_SECONDS
from edge_sched.probe.memory import PAUSE_SECONDS
from edge_sched.probe.memory import Hour
from tests.unit.listen.fakes import Clock
from tests.unit.listen.fakes import a_handshake
from tests.unit.listen.fakes import a_table
from tests.unit.listen.fakes import connect

WALL = 1_800_000_000.0


class TableTestCase(base.BaseTestCase):
    max_prefixes = 100

    def setUp(self):
        super().setUp()
        self.clock = Clock()
        self.table = a_table(self.clock, max_prefixes=self.max_prefixes)

    def published(self):
        """By client."""
        figures = self.table.figures(WALL)
        return {each.target.client: each for each in figures if each}


class PublishedTestCase(TableTestCase):
    def test_a_prefix_with_enough_clients_is_published(self):
        connect(self.table, '203.0.113.', 4)
        self.clock.now += 10
        connect(self.table, '203.0.113.', 4)
        self.assertEqual({}, self.published())
        self.assertEqual((0, 1), (self.table.kept, self.table.waiting))
        self.clock.now += 3
        connect(self.table, '203.0.113.', 5, each=1)
        self.clock.now += 2
        [figures] = self.published().values()
        self.assertEqual(('203.0.113.0/24', ''), figures.target.key)
        self.assertEqual(PASSIVE, figures.target.source)
        self.assertEqual(97, figures.statistics.samples)
        self.assertEqual(10.0, figures.statistics.rtt_p95_ms)
        self.assertEqual(WALL - 2, figures.newest_at)
        self.assertEqual((None, None), (figures.sent, figures.lost))
        self.assertEqual((1, 0), (self.table.kept, self.table.waiting))

    def test_ipv6_counts_slash_64s(self):
        for device in range(1, 100):
            self.table.add(a_handshake(f'2001:db8::{device:x}'))
        self.assertEqual({}, self.published())
        connect(self.table, '2001:db8:0:', 5)
        self.assertEqual({'2001:db8::/56'}, self.published().keys())

    def test_it_is_withheld_while_it_has_too_few_clients(self):
        connect(self.table, '203.0.113.', 5)
        for _ in range(2):
            self.clock.now += 20
            connect(self.table, '203.0.113.', 4)
        self.assertEqual(1, len(self.published()))
        self.clock.now += 10
        self.assertEqual([None], list(self.table.figures(WALL)))
        connect(self.table, '203.0.113.', 5)
        self.assertEqual(1, len(self.published()))

    def test_others_are_published_beside_one_that_is_withheld(self):
        connect(self.table, '203.0.113.', 5)
        self.clock.now += 40
        connect(self.table, '203.0.113.', 4)
        connect(self.table, '192.0.2.', 5)
        self.clock.now += 10
        self.assertEqual({'192.0.2.0/24'}, self.published().keys())

    def test_it_is_withheld_while_no_p95_is_known(self):
        connect(self.table, '203.0.113.', 6, each=9)
        connect(self.table, '203.0.113.', 5, each=1)
        # Hidden by it, a wider prefix could be judged.
        self.assertEqual([None], list(self.table.figures(WALL)))
        self.table.add(a_handshake('203.0.113.6'))
        [figures] = self.published().values()
        self.assertTrue(enough_samples(figures.statistics.samples, 'p95'))
        self.clock.now += 40
        connect(self.table, '203.0.113.', 29, each=2)
        self.clock.now += 10
        self.assertEqual([None], list(self.table.figures(WALL)))

    def test_what_was_silent_for_a_window_goes(self):
        connect(self.table, '203.0.113.', 5)
        connect(self.table, '192.0.2.', 1)
        for seconds in (40, 10):
            self.assertEqual((1, 1), (self.table.kept, self.table.waiting))
            self.clock.now += seconds
            self.table.settle()
        self.assertEqual((0, 0), (self.table.kept, self.table.waiting))
        self.assertEqual(0, self.table.pushed_out)

    def test_the_hour_is_there_and_outlives_a_silence(self):
        connect(self.table, '203.0.113.', 5)
        self.clock.now += PAUSE_SECONDS
        connect(self.table, '203.0.113.', 5)
        hour = Hour(10.0, 10.0, None)
        self.assertEqual(hour, self.published()['203.0.113.0/24'].hour)
        self.clock.now += HOUR_SECONDS - 1
        self.table.settle()
        self.assertEqual({}, self.published())
        connect(self.table, '203.0.113.', 5)
        self.assertEqual(hour, self.published()['203.0.113.0/24'].hour)
        self.clock.now += HOUR_SECONDS + 1
        self.table.settle()
        self.assertEqual(0, self.table.kept)

    def test_left_out_prefixes_are_refused_and_not_held(self):
        table = a_table(
            self.clock, split=[ipaddress.ip_network('203.0.113.0/24')]
        )
        for address, reason in (
            ('127.0.0.1', 'client'),
            ('203.0.113.7', 'split'),
        ):
            error = self.assertRaises(
                RefusedError, table.add, a_handshake(address)
            )
            self.assertEqual(reason, error.reason)
        self.assertEqual(0, table.waiting)


class BoundsTestCase(TableTestCase):
    max_prefixes = 10

    def test_those_with_clients_outlive_ever_new_prefixes(self):
        for number in range(10):
            connect(self.table, f'203.0.{number}.', 5)
        for number in range(10_000):
            high, low = divmod(number, 256)
            connect(self.table, f'10.{high}.{low}.', 4, each=1)
        self.table.settle()
        self.assertEqual(
            {f'203.0.{number}.0/24' for number in range(10)},
            self.published().keys(),
        )
        self.assertEqual(10, self.table.waiting)
        self.assertEqual(9990, self.table.pushed_out)

    def test_those_with_the_most_connections_stay(self):
        served = [f'203.0.{number}.' for number in range(10)]
        for prefix in (*served, '192.0.2.', '192.0.3.'):
            connect(self.table, prefix, 5)
        self.clock.now += 10
        for number, prefix in enumerate(served):
            connect(self.table, prefix, 5, each=number + 1)
        # As many as the least has, and two more than that.
        connect(self.table, '192.0.2.', 5, each=1)
        connect(self.table, '192.0.3.', 7, each=1)
        self.table.settle()
        self.assertEqual(
            {f'203.0.{number}.0/24' for number in range(1, 10)}
            | {'192.0.3.0/24'},
            self.published().keys(),
        )
        self.assertEqual((1, 1), (self.table.waiting, self.table.pushed_out))

    def test_a_place_that_is_free_again_is_given_away(self):
        for number in range(10):
            connect(self.table, f'203.0.{number}.', 5)
        self.clock.now += 45
        for number in range(1, 10):
            connect(self.table, f'203.0.{number}.', 5)
        connect(self.table, '192.0.2.', 5)
        self.table.settle()
        self.assertNotIn('192.0.2.0/24', self.published())
        self.clock.now += 5
        self.table.settle()
        self.assertEqual(
            {f'203.0.{number}.0/24' for number in range(1, 10)}
            | {'192.0.2.0/24'},
            self.published().keys(),
        )

    def test_as_many_places_are_given_away_as_are_free(self):
        self.table = a_table(self.clock, max_prefixes=3)
        for number in range(3):
            connect(self.table, f'203.0.{number}.', 5)
        self.clock.now += 45
        connect(self.table, '203.0.0.', 5)
        for number, each in (1, 11), (2, 12), (3, 12):
            connect(self.table, f'192.0.{number}.', 5, each)
        self.clock.now += 5
        self.table.settle()
        self.assertEqual(
            {'203.0.0.0/24', '192.0.2.0/24', '192.0.3.0/24'},
            self.published().keys(),
        )
        self.assertEqual((1, 0), (self.table.waiting, self.table.pushed_out))

    def test_one_that_waits_for_a_place_and_falls_silent_gets_none(self):
        for clients in (0, 1):
            self.table = a_table(self.clock, max_prefixes=1)
            connect(self.table, '203.0.113.', 5)
            connect(self.table, '192.0.2.', 5)
            self.clock.now += 45
            connect(self.table, '192.0.2.', clients)
            self.clock.now += 5
            self.table.settle()
            self.assertEqual(
                (0, clients), (self.table.kept, self.table.waiting)
            )

    def test_one_that_waits_for_a_place_makes_way_to_others(self):
        for number in range(10):
            connect(self.table, f'203.0.{number}.', 5, each=2)
        connect(self.table, '192.0.2.', 5, each=3)
        for number in range(10):
            connect(self.table, f'10.0.{number}.', 1)
        self.table.settle()
        self.assertNotIn('192.0.2.0/24', self.published())
        self.assertEqual((10, 10), (self.table.kept, self.table.waiting))

    def test_of_those_that_wait_the_newest_stay(self):
        for number in range(10):
            connect(self.table, f'203.0.{number}.', 4)
        connect(self.table, '203.0.0.', 1)
        connect(self.table, '192.0.2.', 1)
        connect(self.table, '203.0.0.', 5)
        connect(self.table, '203.0.1.', 5)
        self.assertEqual(
            {'203.0.0.0/24', '203.0.1.0/24'}, self.published().keys()
        )
        self.assertEqual(1, self.table.pushed_out)
