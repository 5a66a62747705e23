# SPDX-License-Identifier: Apache-2.0

import concurrent.futures
import threading
from typing import Any
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from edge_sched.api import limits
from edge_sched.api.limits import Limiter
from edge_sched.api.limits import Turns


class LimiterTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.now = 1000.0
        self.limiter = Limiter(60, lambda: self.now)

    def take(self, times: int, project: str = 'alice') -> list[int]:
        return [self.limiter.take(project) for _ in range(times)]

    def test_as_many_as_in_a_minute_may_come_at_once(self) -> None:
        self.assertEqual([0] * 60 + [1], self.take(61))

    def test_who_waits_as_long_as_is_said_may_come_again(self) -> None:
        self.take(60)
        (wait_seconds,) = self.take(1)
        self.now += wait_seconds
        self.assertEqual([0, 1], self.take(2))

    def test_one_project_is_no_others_trouble(self) -> None:
        self.take(60)
        self.assertEqual([1], self.take(1))
        self.assertEqual([0], self.take(1, 'bob'))

    def test_no_more_is_saved_up_than_a_minute_has(self) -> None:
        self.now += 3600
        self.assertEqual([0] * 60 + [1], self.take(61))

    def test_slow_rates_are_waited_for_in_whole_seconds(self) -> None:
        limiter = Limiter(1, lambda: self.now)
        self.assertEqual([0, 60], [limiter.take('a') for _ in range(2)])
        self.now += 59.5
        self.assertEqual(1, limiter.take('a'))

    def test_projects_are_forgotten_those_that_asked_first(self) -> None:
        with mock.patch.object(limits, 'MOST_PROJECTS', 2):
            limiter = Limiter(1, lambda: self.now)
            for project in 'a', 'b', 'c':
                self.assertEqual(0, limiter.take(project))
            self.assertGreater(limiter.take('c'), 0)
            self.assertGreater(limiter.take('b'), 0)
            self.assertEqual(0, limiter.take('a'))

    def test_threads_share_a_bucket(self) -> None:
        taken: list[int] = []
        threads = [
            threading.Thread(target=lambda: taken.extend(self.take(30)))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(60, taken.count(0))

    @given(
        per_minute=st.integers(1, 600),
        pauses=st.lists(st.floats(0, 30), min_size=1, max_size=200),
    )
    def test_no_more_than_the_rate_whatever_the_pauses(
        self, per_minute: int, pauses: list[float]
    ) -> None:
        now = 0.0
        limiter = Limiter(per_minute, lambda: now)
        given = 0
        for pause in pauses:
            now += pause
            given += limiter.take('a') == 0
        self.assertLessEqual(given, per_minute + now * per_minute / 60 + 1e-6)


class TurnsTest(base.BaseTestCase):
    def test_one_project_leaves_one_to_others(self) -> None:
        turns = Turns(3)
        taken = [turns.take('alice', 0) for _ in range(3)]
        self.assertEqual([True, True, False], taken)
        self.assertTrue(turns.take('bob', 0))
        self.assertFalse(turns.take('carol', 0))
        turns.give_back('alice')
        self.assertTrue(turns.take('carol', 0))
        self.assertFalse(turns.take('alice', 0))

    def test_a_single_one_is_anybodys(self) -> None:
        turns = Turns(1)
        self.assertTrue(turns.take('alice', 0))
        self.assertFalse(turns.take('bob', 0))
        turns.give_back('alice')
        self.assertTrue(turns.take('bob', 0))

    def test_who_waits_has_the_next(self) -> None:
        turns = Turns(1)
        turns.take('alice', 0)
        waiting = threading.Event()
        wait_for = threading.Condition.wait_for

        def told(*args: Any) -> bool:
            waiting.set()
            return wait_for(*args)

        with (
            mock.patch.object(threading.Condition, 'wait_for', told),
            concurrent.futures.ThreadPoolExecutor(1) as pool,
        ):
            came = pool.submit(turns.take, 'bob', 3600)
            waiting.wait(60)
            turns.give_back('alice')
            try:
                self.assertTrue(came.result(60))
            finally:
                with turns._changed:
                    turns._changed.notify_all()

    def test_nothing_is_kept_of_who_is_done(self) -> None:
        turns = Turns(2)
        for number in range(100):
            turns.take(str(number), 0)
            turns.give_back(str(number))
        self.assertFalse(turns._taken)
