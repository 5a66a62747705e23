# SPDX-License-Identifier: Apache-2.0

import fractions
import math

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from edge_sched.probe.outcome import LOST
from edge_sched.probe.outcome import Outcome
from edge_sched.probe.window import Window

RTTS = st.one_of(st.just(math.inf), st.floats(0.01, 1000))


def filled(rtts_ms, size=1000):
    window = Window(size, math.inf)
    for rtt_ms in rtts_ms:
        window.add(Outcome(rtt_ms, rtt_ms), 0)
    return window


def nearest_rank(rtts_ms, quantile):
    """The definition, in words that are as slow as they are plain."""
    for rank, rtt_ms in enumerate(sorted(rtts_ms), start=1):
        if fractions.Fraction(rank, len(rtts_ms)) >= quantile:
            return rtt_ms


class StatisticsTestCase(base.BaseTestCase):
    def test_nothing_ended(self):
        self.assertIsNone(Window(8, math.inf).statistics())

    def test_one_probe(self):
        statistics = filled([12.5]).statistics()
        self.assertEqual(1, statistics.samples)
        self.assertEqual(0, statistics.loss_ratio)
        self.assertEqual(12.5, statistics.rtt_min_ms)
        self.assertEqual(12.5, statistics.rtt_p50_ms)
        self.assertEqual(12.5, statistics.rtt_p95_ms)
        self.assertEqual(0, statistics.pdv_ms)

    def test_twenty_by_hand(self):
        # ceil(0.5 * 20) = 10 and ceil(0.95 * 20) = 19.
        statistics = filled(range(20, 0, -1)).statistics()
        self.assertEqual(10, statistics.rtt_p50_ms)
        self.assertEqual(19, statistics.rtt_p95_ms)
        self.assertEqual(1, statistics.rtt_min_ms)
        self.assertEqual(18, statistics.pdv_ms)

    def test_an_odd_number_by_hand(self):
        # ceil(0.5 * 7) = 4 and ceil(0.95 * 7) = 7.
        statistics = filled([7, 1, 6, 2, 5, 3, 4]).statistics()
        self.assertEqual(4, statistics.rtt_p50_ms)
        self.assertEqual(7, statistics.rtt_p95_ms)

    def test_one_lost_of_twenty_is_beyond_p95(self):
        statistics = filled([*range(1, 20), math.inf]).statistics()
        self.assertEqual(19, statistics.rtt_p95_ms)
        self.assertEqual(0.05, statistics.loss_ratio)
        self.assertEqual(20, statistics.samples)

    def test_two_lost_of_twenty_are_not(self):
        statistics = filled([*range(1, 19), math.inf, math.inf]).statistics()
        self.assertEqual(math.inf, statistics.rtt_p95_ms)
        self.assertEqual(10, statistics.rtt_p50_ms)
        self.assertEqual(1, statistics.rtt_min_ms)
        self.assertIsNone(statistics.pdv_ms)

    def test_all_lost(self):
        statistics = filled([math.inf] * 3).statistics()
        self.assertEqual(1, statistics.loss_ratio)
        self.assertEqual(math.inf, statistics.rtt_p50_ms)
        self.assertEqual(math.inf, statistics.rtt_p95_ms)
        self.assertIsNone(statistics.rtt_min_ms)
        self.assertIsNone(statistics.raw_min_ms)
        self.assertIsNone(statistics.pdv_ms)

    def test_p99_of_300_and_not_of_299(self):
        self.assertIsNone(filled(range(1, 300)).statistics().rtt_p99_ms)
        statistics = filled(range(1, 301)).statistics()
        self.assertEqual(297, statistics.rtt_p99_ms)

    def test_raw_minimum_is_of_what_was_on_the_clock(self):
        window = Window(8, math.inf)
        window.add(Outcome(11.0, 17.0), 0)
        window.add(Outcome(11.2, 11.5), 0)
        window.add(LOST, 0)
        statistics = window.statistics()
        self.assertEqual(11.0, statistics.rtt_min_ms)
        self.assertEqual(11.5, statistics.raw_min_ms)

    @hypothesis.given(st.lists(RTTS, min_size=1, max_size=700))
    def test_quantiles_are_the_nearest_ranks(self, rtts_ms):
        statistics = filled(rtts_ms).statistics()
        for percent, rtt_ms in (
            (50, statistics.rtt_p50_ms),
            (95, statistics.rtt_p95_ms),
            (99, statistics.rtt_p99_ms),
        ):
            if percent == 99 and len(rtts_ms) < 300:
                self.assertIsNone(rtt_ms)
                continue
            quantile = fractions.Fraction(percent, 100)
            self.assertEqual(nearest_rank(rtts_ms, quantile), rtt_ms)

    @hypothesis.given(st.lists(RTTS, min_size=1, max_size=100))
    def test_a_quantile_is_lost_only_if_the_loss_explains_it(self, rtts_ms):
        statistics = filled(rtts_ms).statistics()
        answered = len(rtts_ms) - rtts_ms.count(math.inf)
        rank = math.ceil(fractions.Fraction(95, 100) * len(rtts_ms))
        self.assertEqual(rank > answered, math.isinf(statistics.rtt_p95_ms))


class SlidingTestCase(base.BaseTestCase):
    @hypothesis.given(
        st.lists(RTTS, min_size=1, max_size=60), st.integers(1, 20)
    )
    def test_the_newest_count(self, rtts_ms, size):
        self.assertEqual(
            filled(rtts_ms[-size:]).statistics(),
            filled(rtts_ms, size).statistics(),
        )

    def test_a_smaller_size_keeps_the_newest(self):
        window = filled([1, 2, 3, 4, 5], 5)
        window.resize(2, math.inf)
        self.assertEqual(2, window.statistics().samples)
        self.assertEqual(4, window.statistics().rtt_min_ms)

    def test_a_greater_size_keeps_all(self):
        window = filled([1, 2], 2)
        window.resize(3, math.inf)
        window.add(Outcome(3, 3), 0)
        self.assertEqual(3, window.statistics().samples)

    def test_after_a_long_pause_it_starts_empty(self):
        window = Window(8, max_pause_seconds=160)
        window.add(Outcome(1, 1), 1000)
        window.add(Outcome(2, 2), 1160)
        self.assertEqual(2, window.statistics().samples)
        window.add(Outcome(3, 3), 1320.5)
        self.assertEqual(1, window.statistics().samples)
        self.assertEqual(3, window.statistics().rtt_min_ms)
