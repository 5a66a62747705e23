# SPDX-License-Identifier: Apache-2.0

"""Shared queries, with queries that wait for the test."""

import queue
import threading

import fixtures
from oslotest import base

from edge_sched.store import flights
from edge_sched.store.breaker import Breaker
from edge_sched.store.errors import StoreUnavailableError

#: For what comes at once.
PATIENCE_SECONDS = 60.0

#: For what is let run out.
SHORT_SECONDS = 0.2


class Store:
    """Answers ``k`` with ``k!``, when told to."""

    def __init__(self):
        self.asked = queue.Queue()
        self.replies = queue.Queue()
        self.values = {}

    def query(self, keys):
        self.asked.put(keys)
        reply = self.replies.get(timeout=PATIENCE_SECONDS)
        if isinstance(reply, Exception):
            raise reply
        return {key: f'{key}!' for key in keys}

    def known(self, keys):
        return {key: self.values[key] for key in keys if key in self.values}


class FlightsTestCase(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.store = Store()
        self.results = queue.Queue()
        self.addCleanup(self._let_go)

    def make(self, timeout_seconds=PATIENCE_SECONDS, retry_after=3600.0):
        self.breaker = Breaker(retry_after)
        return flights.Flights(
            self.store.query,
            self.store.known,
            self.store.values.update,
            self.breaker,
            timeout_seconds,
        )

    def ask(self, flown, *keys):
        """In a thread; the result comes by ``result``."""

        def fetch():
            try:
                self.results.put(flown.fetch(keys))
            except Exception as error:
                self.results.put(error)

        thread = threading.Thread(target=fetch, daemon=True)
        thread.start()
        return thread

    def result(self):
        return self.results.get(timeout=PATIENCE_SECONDS)

    def asked(self):
        return self.store.asked.get(timeout=PATIENCE_SECONDS)

    def wait_for(self, condition):
        """Until other threads have got there, which nobody tells us."""
        tick = threading.Event()
        for _ in range(int(PATIENCE_SECONDS / 0.005)):
            if condition():
                return
            tick.wait(0.005)
        self.fail('it never happened')

    def _let_go(self):
        for _ in range(20):
            self.store.replies.put(None)

    def test_those_who_ask_for_the_same_share_a_query(self):
        flown = self.make()
        for _ in range(64):
            self.ask(flown, 'a', 'b')
        self.assertEqual(('a', 'b'), self.asked())
        self.store.replies.put(None)
        for _ in range(64):
            self.assertEqual({'a': 'a!', 'b': 'b!'}, self.result())
        self.assertTrue(self.store.asked.empty())

    def test_those_who_ask_for_something_else_share_the_next(self):
        flown = self.make()
        self.ask(flown, 'a')
        self.asked()
        for number in range(20):
            self.ask(flown, 'a', f'k{number}')
        self.wait_for(
            lambda: flown._waiting and len(flown._waiting[0].keys) == 20
        )
        self.store.replies.put(None)
        self.store.replies.put(None)
        self.assertEqual(20, len(self.asked()))
        results = [self.result() for _ in range(21)]
        self.assertIn({'a': 'a!'}, results)
        for number in range(20):
            self.assertIn({'a': 'a!', f'k{number}': f'k{number}!'}, results)
        self.assertTrue(self.store.asked.empty())

    def test_a_query_is_bounded_and_a_request_is_never_split(self):
        flown = self.make()
        self.ask(flown, 'a')
        self.asked()
        for number in range(3):
            self.ask(flown, *(f'{number}-{n}' for n in range(32)))
            count = 32 * (number + 1)
            self.wait_for(
                lambda count=count: (
                    sum(len(f.keys) for f in flown._waiting) == count
                )
            )
        for _ in range(3):
            self.store.replies.put(None)
        self.assertEqual([64, 32], [len(self.asked()), len(self.asked())])
        many = [f'm{n}' for n in range(100)]
        self.ask(flown, *many)
        self.assertEqual(100, len(self.asked()))

    def test_a_failure_is_everyones(self):
        flown = self.make()
        self.ask(flown, 'a')
        self.asked()
        for key in 'abc':
            self.ask(flown, key)
        self.wait_for(
            lambda: flown._waiting and len(flown._waiting[0].keys) == 2
        )
        self.store.replies.put(OSError('refused'))
        for _ in range(4):
            error = self.result()
            self.assertIsInstance(error, StoreUnavailableError)
            self.assertEqual('OSError: refused', str(error))
        self.assertEqual('open', self.breaker.state)
        self.assertRaises(StoreUnavailableError, flown.fetch, ['z'])
        self.assertTrue(self.store.asked.empty())

    def test_a_query_that_hangs_is_given_up(self):
        flown = self.make(SHORT_SECONDS, retry_after=0.0)
        self.ask(flown, 'a')
        self.assertIsInstance(self.result(), StoreUnavailableError)
        self.assertEqual('open', self.breaker.state)
        self.asked()
        # The next one does not wait behind it.
        self.ask(flown, 'b')
        self.asked()
        self.assertIsInstance(self.result(), StoreUnavailableError)
        self.assertEqual(2, flown._given_up)
        # What comes in late is nobody's, and closes nothing.
        self.store.replies.put(None)
        self.store.replies.put(None)
        self.wait_for(lambda: flown._given_up == 0)
        self.assertEqual('open', self.breaker.state)
        self.assertEqual({}, self.store.values)
        self.store.replies.put(None)
        self.assertEqual({'c': 'c!'}, flown.fetch(['c']))
        self.assertEqual('closed', self.breaker.state)

    def test_queries_given_up_are_bounded(self):
        self.useFixture(_patched('MAX_GIVEN_UP', 2))
        flown = self.make(SHORT_SECONDS / 4, retry_after=0.0)
        for _ in range(5):
            self.assertRaises(StoreUnavailableError, flown.fetch, ['a'])
        self.assertEqual(2, self.store.asked.qsize())

    def test_while_a_probe_is_on_its_way_the_others_do_not_wait(self):
        flown = self.make(retry_after=3600.0)
        self.breaker.failed('refused')
        self.breaker._retry_at = 0.0
        self.ask(flown, 'a')
        self.asked()
        self.assertRaises(StoreUnavailableError, flown.fetch, ['a'])
        self.assertRaises(StoreUnavailableError, flown.fetch, ['b'])
        self.store.replies.put(None)
        self.assertEqual({'a': 'a!'}, self.result())
        self.assertEqual('closed', self.breaker.state)

    def test_what_has_come_in_meanwhile_is_not_asked_for(self):
        self.store.values['a'] = 'kept'
        self.assertEqual({'a': 'kept'}, self.make().fetch(['a']))
        self.assertTrue(self.store.asked.empty())

    def test_no_thread_stays(self):
        flown = self.make()
        self.store.replies.put(None)
        flown.fetch(['a'])
        self.wait_for(
            lambda: (
                not any(
                    thread.name == 'edge_sched-store' and thread.is_alive()
                    for thread in threading.enumerate()
                )
            )
        )


def _patched(name, value):
    return fixtures.MockPatchObject(flights, name, value)
