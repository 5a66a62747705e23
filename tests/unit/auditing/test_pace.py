# SPDX-License-Identifier: Apache-2.0

from oslotest import base

from edge_sched.auditing.pace import Pace


class PaceTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.now = 100.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def pace(self, per_second: float | None) -> Pace:
        return Pace(per_second, lambda: self.now, self.sleep)

    def test_each_waits_for_what_was_taken_before(self) -> None:
        pace = self.pace(10)
        for count in (20, 5, 1):
            pace.take(count)
        self.assertEqual([2.0, 0.5], self.slept)

    def test_what_was_not_used_is_not_saved_up(self) -> None:
        pace = self.pace(10)
        pace.take(1)
        self.now += 60
        for _ in range(2):
            pace.take(10)
        self.assertEqual([1.0], self.slept)

    def test_no_bound(self) -> None:
        pace = self.pace(None)
        for _ in range(3):
            pace.take(1_000_000)
        self.assertEqual([], self.slept)
