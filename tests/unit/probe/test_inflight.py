# SPDX-License-Identifier: Apache-2.0

from oslotest import base

from edge_sched.probe.inflight import SWEEP_SECONDS
from edge_sched.probe.inflight import InFlight
from tests.unit.probe.fakes import Loop


class InFlightTestCase(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.loop = Loop()
        self.lost = []
        self.flights = InFlight(self.loop, 1.0, self.lost.append)

    def test_what_is_taken_is_not_lost(self):
        self.flights.add(1, 'a')
        self.assertEqual('a', self.flights.take(1))
        self.loop.run(5)
        self.assertEqual([], self.lost)

    def test_it_is_taken_once(self):
        self.flights.add(1, 'a')
        self.flights.take(1)
        self.assertIsNone(self.flights.take(1))
        self.assertIsNone(self.flights.take(2))

    def test_what_is_looked_at_waits_on(self):
        self.flights.add(1, 'a')
        self.assertEqual('a', self.flights.get(1))
        self.assertIsNone(self.flights.get(2))
        self.assertEqual('a', self.flights.take(1))
        self.assertIsNone(self.flights.get(1))

    def test_what_is_not_taken_is_lost_in_time_and_once(self):
        self.flights.add(1, 'a')
        self.loop.run(0.999)
        self.assertEqual([], self.lost)
        self.loop.run(0.001)
        self.assertEqual(['a'], self.lost)
        self.assertIsNone(self.flights.take(1))
        self.loop.run(5)
        self.assertEqual(['a'], self.lost)

    def test_later_ones_are_lost_later(self):
        self.flights.add(1, 'a')
        self.loop.run(0.5)
        self.flights.add(2, 'b')
        self.loop.run(0.6)
        self.assertEqual(['a'], self.lost)
        self.loop.run(0.5)
        self.assertEqual(['a', 'b'], self.lost)
        self.assertEqual(0, len(self.flights))

    def test_a_silent_crowd_costs_few_wake_ups(self):
        for number in range(1000):
            self.flights.add(number, number)
            self.loop.run(0.001)
        wake_ups = 0
        while self.loop.waiting:
            self.loop.run(self.loop.waiting[0] - self.loop.now)
            wake_ups += 1
        self.assertEqual(list(range(1000)), self.lost)
        self.assertLessEqual(wake_ups, 1 / SWEEP_SECONDS + 2)

    def test_no_timer_while_nothing_waits(self):
        self.assertEqual([], self.loop.waiting)
        self.flights.add(1, 'a')
        self.flights.take(1)
        self.loop.run(5)
        self.assertEqual([], self.loop.waiting)

    def test_a_key_that_is_used_again_loses_the_first(self):
        self.flights.add(1, 'a')
        self.loop.run(0.9)
        self.flights.add(1, 'b')
        self.assertEqual(['a'], self.lost)
        self.loop.run(0.9)
        self.assertEqual('b', self.flights.take(1))

    def test_losing_may_add_another(self):
        flights = InFlight(
            self.loop, 1.0, lambda entry: flights.add('again', entry)
        )
        flights.add(1, 'a')
        self.loop.run(1.5)
        self.assertEqual('a', flights.take('again'))

    def test_closing_loses_the_rest(self):
        self.flights.add(1, 'a')
        self.flights.add(2, 'b')
        self.flights.close()
        self.assertEqual(['a', 'b'], self.lost)
        self.assertEqual([], self.loop.waiting)
