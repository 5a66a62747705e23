# SPDX-License-Identifier: Apache-2.0

import math

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from edge_sched.probe import residence
from edge_sched.probe.outcome import LOST
from edge_sched.probe.outcome import Outcome
from edge_sched.probe.window import Window

#: What a reflector of a path of 60 ms may claim and still be credited alone.
LIE_MS = 49.0


def likely(*probes):
    """Of pairs of round trip on the clock and residence."""
    raw_rtts_ms = [raw for raw, _ in probes]
    rtts_ms = [raw if raw == math.inf else raw - held for raw, held in probes]
    return list(residence.likely(rtts_ms, raw_rtts_ms))


class LikelyTestCase(base.BaseTestCase):
    def test_waits_of_a_busy_host_are_credited(self):
        self.assertEqual(
            [10.0, 10.0, 10.0, 10.0],
            likely((10.5, 0.5), (11, 1), (35, 25), (60, 50)),
        )

    def test_who_always_claims_is_not_credited(self):
        self.assertEqual([60] * 64, likely(*[(60, LIE_MS)] * 64))

    def test_nor_for_a_little(self):
        self.assertEqual([60] * 64, likely(*[(60, 1.1)] * 64))
        self.assertEqual([59] * 64, likely(*[(60, 1.0)] * 64))

    def test_nor_for_fewer_than_half_of_the_packets(self):
        probes = [(60, LIE_MS)] * 31 + [(60, 0)] * 33
        self.assertEqual([60] * 64, likely(*probes))

    def test_nor_for_all_that_a_path_varies_by(self):
        # Not below the shortest on the clock, but nearly always.
        probes = [(20, 0)] * 4 + [(60, 39)] * 60
        self.assertEqual([raw for raw, _ in probes], likely(*probes))

    def test_a_typical_residence_has_a_bound(self):
        for held_ms, rtt_ms in ((5, 55), (5.1, 60)):
            probes = [(20, 0)] * 32 + [(60, held_ms)] * 33
            self.assertEqual([20] * 32 + [rtt_ms] * 33, likely(*probes))

    def test_lost_probes_stay_lost_and_say_nothing(self):
        self.assertEqual([math.inf] * 3, likely(*[(math.inf, 0)] * 3))
        probes = [(math.inf, 0)] * 5 + [(60, LIE_MS)]
        self.assertEqual([math.inf] * 5 + [60], likely(*probes))

    @hypothesis.given(
        st.lists(
            st.tuples(st.floats(1, 1000), st.floats(0, 0.999)), min_size=1
        )
    )
    def test_no_claims_bring_a_host_nearer_than_the_least(self, probes):
        shown = likely(*((raw, raw * share) for raw, share in probes))
        shortest_ms = min(raw for raw, _ in probes)
        self.assertGreaterEqual(
            min(shown), shortest_ms - residence.LEAST_MAX_MS
        )
        for rtt_ms, (raw, _) in zip(shown, probes, strict=True):
            self.assertLessEqual(rtt_ms, raw)


class WindowTestCase(base.BaseTestCase):
    def statistics(self, *outcomes):
        window = Window(64, math.inf)
        for outcome in outcomes:
            window.add(outcome, 0)
        return window.statistics()

    def test_what_is_not_likely_is_not_in_the_figures_but_counted(self):
        lie = Outcome(60 - LIE_MS, 60.0)
        statistics = self.statistics(*[lie] * 30, *[Outcome(60.0, 60.0)] * 34)
        self.assertEqual(60, statistics.rtt_min_ms)
        self.assertEqual(60, statistics.rtt_p50_ms)
        self.assertEqual(0, statistics.pdv_ms)
        self.assertEqual(30 / 64, statistics.refused_ratio)

    def test_what_cannot_be_is_counted_too(self):
        statistics = self.statistics(
            Outcome(60.0, 60.0, refused=True), Outcome(60.0, 60.0), LOST, LOST
        )
        self.assertEqual(0.25, statistics.refused_ratio)

    def test_what_has_left_the_window_does_not_count(self):
        lies = [Outcome(60.0, 60.0, refused=True)] * 64
        statistics = self.statistics(*lies, *[Outcome(60.0, 60.0)] * 48)
        self.assertEqual(0.25, statistics.refused_ratio)

    def test_credit_is_not_counted(self):
        statistics = self.statistics(
            Outcome(10.0, 10.5), Outcome(10.0, 10.5), Outcome(10.0, 35.0)
        )
        self.assertEqual(10, statistics.rtt_p95_ms)
        self.assertEqual(0, statistics.refused_ratio)
