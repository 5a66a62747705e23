# SPDX-License-Identifier: Apache-2.0

"""What of windows that follow one another is kept for an hour."""

import math

from oslotest import base

from edge_sched.probe.memory import Hour
from edge_sched.probe.memory import Memory
from edge_sched.probe.window import Statistics


def window(p50_ms: float, p95_ms: float, loss: float = 0.0) -> Statistics:
    return Statistics(64, loss, p50_ms, p95_ms, None, 1.0, 1.0, None, 0.0)


class MemoryTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.memory = Memory(80.0, 0.0)

    def remember(self, *p95s_ms: float) -> float:
        """A window every 80 s, the first after as many; when the last was."""
        for number, p95_ms in enumerate(p95s_ms, start=1):
            now = 80.0 * number
            self.assertTrue(self.memory.is_due(now))
            self.memory.add(window(p95_ms / 2, p95_ms), now)
            self.assertFalse(self.memory.is_due(now + 79.9))
        return now

    def test_nothing_before_the_first_window(self) -> None:
        self.assertFalse(self.memory.is_due(79.9))
        self.assertIsNone(self.memory.hour(79.9))

    def test_the_worst_of_few_and_what_nine_in_ten_of_many_kept(self) -> None:
        now = self.remember(*range(29, 0, -1))
        # The 15th of 29 medians, which are halves.
        self.assertEqual(Hour(7.5, 29, 0.0), self.memory.hour(now))
        self.memory.add(window(0.25, 0.5), now + 80)
        # Of 30 the 15th, and the 27th.
        self.assertEqual(Hour(7.0, 26, 0.0), self.memory.hour(now + 80))

    def test_nine_in_ten_of_more(self) -> None:
        now = self.remember(*range(1, 39))
        # Of 38 the 19th, and the 35th: 34 are less than nine in ten.
        self.assertEqual(Hour(9.5, 35, 0.0), self.memory.hour(now))

    def test_it_is_bounded_though_nobody_asks(self) -> None:
        self.remember(*[10.0] * 100)
        self.assertEqual(46, len(self.memory._p95))

    def test_lost_windows_count(self) -> None:
        now = self.remember(*[10.0] * 26, *[math.inf] * 4)
        self.assertEqual(Hour(5.0, math.inf, 0.0), self.memory.hour(now))
        self.memory = Memory(80.0, 0.0)
        now = self.remember(*[10.0] * 27, *[math.inf] * 3)
        self.assertEqual(Hour(5.0, 10.0, 0.0), self.memory.hour(now))

    def test_loss_is_of_all_probes(self) -> None:
        for number, loss in enumerate((0.75, 0.0, 0.0, 0.75)):
            self.memory.add(window(5.0, 10.0, loss), 80.0 * number)
        self.assertEqual(Hour(5.0, 10.0, 0.375), self.memory.hour(240.0))
        # The first of them is more than an hour ago.
        self.assertEqual(Hour(5.0, 10.0, 0.25), self.memory.hour(3600.1))

    def test_an_hour_and_no_more(self) -> None:
        now = self.remember(99.0, *[10.0] * 45)
        self.assertEqual(Hour(5.0, 10.0, 0.0), self.memory.hour(now + 1))
        self.assertEqual(45, len(self.memory._p95))
        # What ended an hour ago is of this hour.
        self.memory = Memory(80.0, 0.0)
        self.memory.add(window(5.0, 10.0), 80.0)
        self.assertEqual(Hour(5.0, 10.0, 0.0), self.memory.hour(3680.0))
        self.assertIsNone(self.memory.hour(3680.1))

    def test_windows_do_not_overlap_and_are_not_too_many(self) -> None:
        for window_seconds, due_at in ((640.0, 640.0), (1.0, 80.0)):
            memory = Memory(window_seconds, 0.0)
            self.assertFalse(memory.is_due(due_at - 0.1))
            self.assertTrue(memory.is_due(due_at))

    def test_it_goes_on_with_windows_of_another_length(self) -> None:
        now = self.remember(10.0)
        self.memory.resize(160.0, now + 40)
        self.assertFalse(self.memory.is_due(now + 199))
        self.assertTrue(self.memory.is_due(now + 200))
        self.assertEqual(Hour(5.0, 10.0, 0.0), self.memory.hour(now + 200))
