# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

import itertools
import random

import fixtures
import hypothesis
from hypothesis import strategies as st
from oslotest import base

from edge_sched.probe.outcome import LOST
from edge_sched.probe.outcome import Outcome
from edge_sched.probe.series import Series
from tests.unit.probe.fakes import a_target


def never_late(least, most):
    return least


def always_late(least, most):
    return most


def a_series(uniform=never_late, clock=lambda: 0.0, **rates):
    return Series(a_target(**rates), 1000.0, clock, uniform)


def sent_until(series, until, spacing_seconds=0.02):
    """When packets are sent, by a loop that is never late."""
    times = []
    while series.due_at < until:
        times.append(series.due_at)
        series.take_turn(series.due_at, spacing_seconds)
    return times


class ScheduleTestCase(base.BaseTestCase):
    def test_packets_of_a_burst_are_spaced(self):
        series = a_series(packets=3, interval_seconds=10)
        self.assertEqual(
            [1000.0, 1000.02, 1000.04, 1010.0, 1010.02, 1010.04],
            [round(each, 6) for each in sent_until(series, 1020)],
        )

    def test_turns_count_the_packets(self):
        series = a_series(packets=2)
        turns = [series.take_turn(series.due_at, 0.02) for _ in range(5)]
        self.assertEqual([0, 1, 2, 3, 4], turns)

    def test_the_first_burst_is_anywhere_in_the_interval(self):
        self.assertEqual(1000, a_series().due_at)
        late = a_series(always_late, interval_seconds=10)
        # A whole interval, and the jitter of a tenth.
        self.assertEqual(1011, late.due_at)

    def test_jitter_does_not_add_up(self):
        series = a_series(always_late, packets=1, interval_seconds=10)
        times = sent_until(series, 2011)
        self.assertEqual([10.0] * 99, [b - a for a, b in pairwise(times)])

    def test_a_burst_that_would_not_fit_is_sent_faster(self):
        series = a_series(packets=10, interval_seconds=0.1, window=10)
        times = sent_until(series, 1000.1)
        self.assertEqual(10, len(times))
        self.assertAlmostEqual(0.081, times[-1] - times[0])

    @hypothesis.given(
        packets=st.integers(1, 60),
        interval_seconds=st.sampled_from([0.1, 1.0, 10.0]),
        spacing_seconds=st.sampled_from([0.0, 0.02, 5.0]),
        seed=st.integers(0, 2**32),
    )
    def test_the_rate_is_what_it_was_set_to(
        self, packets, interval_seconds, spacing_seconds, seed
    ):
        series = a_series(
            random.Random(seed).uniform,
            packets=packets,
            interval_seconds=interval_seconds,
            window=60,
        )
        times = sent_until(
            series, 1000 + 20 * interval_seconds, spacing_seconds
        )
        self.assertEqual(sorted(times), times)
        # A burst may be under way at the end, and one before the start.
        self.assertGreaterEqual(len(times), 18 * packets)
        self.assertLessEqual(len(times), 20 * packets)

    def test_waiting_keeps_the_phase_however_long_it_took(self):
        series = a_series(packets=2, interval_seconds=10)
        series.take_turn(1000.0, 0.02)
        series.wait(1034.0)
        self.assertEqual(1030.0, series.due_at)
        series.wait(1034.0)
        self.assertEqual(1040.0, series.due_at)
        self.assertEqual(2, len(sent_until(series, 1050)))


class FiguresTestCase(base.BaseTestCase):
    def test_none_while_nothing_has_ended(self):
        series = a_series()
        series.take_turn(1000, 0.02)
        self.assertIsNone(series.figures())

    def test_what_was_sent_and_lost(self):
        series = a_series()
        for outcome in (Outcome(9, 10), LOST, LOST):
            series.take_turn(1000, 0.02)
            series.ended(outcome)
        figures = series.figures()
        self.assertEqual((3, 2), (figures.sent, figures.lost))
        self.assertEqual(3, figures.statistics.samples)
        self.assertEqual(9, figures.statistics.rtt_min_ms)

    def test_the_newest_is_as_old_as_the_steady_clock_says(self):
        clock = iter([500.0, 530.0])
        series = a_series(clock=lambda: next(clock))
        series.ended(Outcome(9, 9))
        self.useFixture(
            fixtures.MockPatch(
                'edge_sched.probe.series.time.time', return_value=2_000_000.0
            )
        )
        self.assertEqual(1_999_970.0, series.figures().newest_at)

    def test_a_lost_probe_is_a_sample_too(self):
        clock = itertools.count(500.0)
        series = a_series(clock=lambda: next(clock))
        series.ended(Outcome(9, 9))
        first = series.figures().newest_at
        series.ended(LOST)
        self.assertGreater(series.figures().newest_at, first)

    def test_old_figures_go_after_a_long_pause(self):
        now = [500.0]
        series = a_series(
            clock=lambda: now[0], packets=8, interval_seconds=10, window=64
        )
        series.ended(Outcome(1, 1))
        # Two spans of 8 bursts.
        now[0] += 160.5
        series.ended(Outcome(2, 2))
        self.assertEqual(1, series.figures().statistics.samples)


class ChangeTestCase(base.BaseTestCase):
    def test_another_access_time_changes_nothing_that_was_measured(self):
        series = a_series()
        series.ended(Outcome(9, 9))
        due_at = series.due_at
        series.change(a_target(access_ms=5.0), 1003)
        self.assertEqual(5.0, series.figures().target.access_ms)
        self.assertEqual(1, series.figures().statistics.samples)
        self.assertEqual(due_at, series.due_at)

    def test_other_rates_hold_at_once(self):
        series = a_series(interval_seconds=86_400)
        series.ended(Outcome(9, 9))
        series.take_turn(1000, 0.02)
        series.change(a_target(packets=1, interval_seconds=5, window=2), 1003)
        self.assertEqual(
            [1003, 1008, 1013], [round(at) for at in sent_until(series, 1015)]
        )
        self.assertEqual(1, series.figures().statistics.samples)


def pairwise(times):
    return [(round(a, 6), round(b, 6)) for a, b in itertools.pairwise(times)]
