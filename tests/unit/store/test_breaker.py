# SPDX-License-Identifier: Apache-2.0

"""The breaker, with a clock of its own."""

import fixtures
from oslotest import base

from edge_sched.store.breaker import Breaker
from edge_sched.store.errors import StoreUnavailableError


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class BreakerTestCase(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.clock = Clock()
        self.breaker = Breaker(30.0, self.clock)
        self.log = self.useFixture(
            fixtures.FakeLogger('edge_sched', format='%(levelname)s')
        )

    def test_closed_lets_everyone_through(self):
        for _ in range(3):
            self.breaker.admit()
            self.breaker.check()
            self.breaker.succeeded()
        self.assertEqual('closed', self.breaker.state)
        self.assertEqual('', self.log.output)

    def test_open_lets_no_one_through_but_a_probe(self):
        self.breaker.failed('refused')
        self.assertEqual('open', self.breaker.state)
        error = self.assertRaises(StoreUnavailableError, self.breaker.admit)
        self.assertEqual('refused; left alone for 30 s', str(error))
        self.clock.now += 29.9
        self.assertRaises(StoreUnavailableError, self.breaker.admit)
        self.clock.now += 0.1
        self.breaker.admit()
        # It is on its way.
        self.assertRaises(StoreUnavailableError, self.breaker.admit)
        self.assertRaises(StoreUnavailableError, self.breaker.check)
        self.assertEqual('open', self.breaker.state)
        self.breaker.succeeded()
        self.assertEqual('closed', self.breaker.state)
        self.breaker.admit()

    def test_a_probe_that_fails_starts_the_time_anew(self):
        self.breaker.failed('refused')
        self.clock.now += 30.0
        self.breaker.admit()
        self.clock.now += 2.0
        self.breaker.failed('slow')
        self.clock.now += 29.0
        error = self.assertRaises(StoreUnavailableError, self.breaker.admit)
        self.assertIn('slow', str(error))

    def test_a_probe_that_never_comes_back_is_not_the_last(self):
        self.breaker.failed('refused')
        self.clock.now += 30.0
        self.breaker.admit()
        self.clock.now += 30.0
        self.breaker.admit()

    def test_without_a_time_everyone_probes(self):
        breaker = Breaker(0.0, self.clock)
        breaker.failed('refused')
        for _ in range(3):
            breaker.check()
            breaker.admit()
        self.assertEqual('open', breaker.state)

    def test_one_line_when_it_opens_and_one_when_it_closes(self):
        for _ in range(5):
            self.breaker.failed('refused')
        for _ in range(5):
            self.breaker.succeeded()
        self.assertEqual(['WARNING', 'INFO'], self.log.output.split())
