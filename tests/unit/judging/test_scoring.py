# SPDX-License-Identifier: Apache-2.0

"""Budget check, tie bands and scores, against figures made by hand."""

import math

import ddt
import hypothesis
from hypothesis import strategies as st
from oslotest import base

from edge_sched.judging import scoring
from edge_sched.judging.scoring import OVER
from edge_sched.judging.scoring import UNKNOWN
from edge_sched.judging.scoring import WITHIN
from edge_sched.judging.scoring import Standing
from tests.unit.factories import make_row

INF = math.inf

shares = st.floats(0, 1)
rtts_ms = st.floats(1e-3, 1e4)
bands_ms = st.sampled_from([0.0, 0.01, 1.0, 2.5, 100.0])
standings = st.sampled_from(Standing)


@ddt.ddt
class CheckTest(base.BaseTestCase):
    # n * (1 - q) >= 3: 6 * 0.5, 60 * 0.05 and 300 * 0.01 are 3.
    @ddt.data(('p50', 6), ('p95', 60), ('p99', 300))
    @ddt.unpack
    def test_rule_of_three(self, percentile, needed):
        self.assertFalse(scoring.enough_samples(needed - 1, percentile))
        self.assertTrue(scoring.enough_samples(needed, percentile))

    def test_unstated_samples_are_taken_as_they_are(self):
        for percentile in ('p50', 'p95', 'p99'):
            self.assertTrue(scoring.enough_samples(None, percentile))

    @ddt.data(
        (19.9, True, WITHIN),
        (20.0, True, WITHIN),
        (20.1, True, OVER),
        (INF, True, OVER),
        (None, True, UNKNOWN),
        # Too few samples to say, unless the quantile was lost.
        (1.0, False, UNKNOWN),
        (99.0, False, UNKNOWN),
        (INF, False, OVER),
        (None, False, UNKNOWN),
    )
    @ddt.unpack
    def test_figure_against_a_budget_of_20(self, figure, enough, expected):
        self.assertIs(expected, scoring.check_budget(figure, 20.0, enough))

    # Asked, p50, p95, p99, samples; the bound from below.
    @ddt.data(
        ('p95', 5, 50, None, 60, (50, 'p95')),
        ('p95', 5, 50, None, None, (50, 'p95')),
        ('p95', 5, 50, None, 59, (5, 'p50')),
        ('p95', 5, 50, None, 5, None),
        ('p99', 5, 50, 60, 300, (60, 'p99')),
        ('p99', 5, 50, 60, 299, (50, 'p95')),
        ('p99', 5, 50, None, 300, (50, 'p95')),
        ('p99', 5, 50, 60, 6, (5, 'p50')),
        ('p50', 5, 50, 60, 300, (5, 'p50')),
        # Lost is lost, however few the samples.
        ('p99', 5, INF, None, 1, (INF, 'p99')),
        ('p95', INF, INF, None, 1, (INF, 'p95')),
    )
    @ddt.unpack
    def test_lower_bound(self, asked, p50, p95, p99, samples, bound):
        row = make_row(p50, p95, rtt_p99_ms=p99, samples=samples)
        self.assertEqual(bound, scoring.lower_bound(row, asked))

    def test_lost_quantile_is_over_a_budget_without_end(self):
        self.assertIs(OVER, scoring.check_budget(INF, INF))

    # Ratio and percent; 0.07 * 100 is not 7 in floating point.
    @ddt.data(
        (0.0, 0.0, WITHIN),
        (1e-6, 0.0, OVER),
        (0.07, 7.0, WITHIN),
        (0.0701, 7.0, OVER),
        (1.0, 100.0, WITHIN),
        (1.0, 99.9, OVER),
        (None, 100.0, UNKNOWN),
    )
    @ddt.unpack
    def test_loss(self, ratio, budget_pct, expected):
        self.assertIs(expected, scoring.check_loss(ratio, budget_pct))

    @hypothesis.given(st.integers(0, 1000))
    def test_loss_as_large_as_the_budget_is_within(self, permille):
        # Both are read from text: 0.033 and 3.3.
        ratio = float(f'{permille / 1000:.3f}')
        budget_pct = float(f'{permille / 10:.1f}')
        self.assertIs(WITHIN, scoring.check_loss(ratio, budget_pct))


@ddt.ddt
class BandTest(base.BaseTestCase):
    # Best, p50, where it is ranked; bands of 1 ms, or 5 % of the best.
    @ddt.data(
        (4.0, 4.0, 4.0),
        (4.0, 4.9, 4.0),
        (4.0, 5.0, 5.0),
        (4.0, 5.1, 5.0),
        (4.0, 30.5, 30.0),
        (19.0, 19.96, 19.0),
        (20.0, 20.9, 20.0),
        # 5 % of 30 are 1.5.
        (30.0, 31.4, 30.0),
        (30.0, 31.5, 31.5),
        (30.0, 33.1, 33.0),
        (100.0, 104.9, 100.0),
        (100.0, 105.0, 105.0),
        # A host of a worse class may have a better median than the best.
        (10.0, 4.5, 4.0),
        (10.0, 0.4, 0.0),
        (4.0, INF, INF),
        (INF, INF, INF),
    )
    @ddt.unpack
    def test_band(self, best, p50, ranked):
        self.assertAlmostEqual(ranked, scoring.Bands(best, 1.0).floor(p50), 9)

    def test_wider_band_of_the_operator(self):
        # 4 + floor(3.9 / 2) * 2 = 6; 10 - 4 * 3 would be below 0.
        self.assertEqual(6.0, scoring.Bands(4.0, 2.0).floor(7.9))
        self.assertEqual(0.0, scoring.Bands(10.0, 3.0).floor(0.5))

    def test_no_bands_without_a_width_or_a_best(self):
        self.assertEqual(5.0, scoring.Bands(0.0, 0.0).floor(5.0))
        self.assertEqual(5.0, scoring.Bands(INF, 1.0).floor(5.0))

    @hypothesis.given(rtts_ms, rtts_ms, bands_ms)
    def test_banded_is_never_above_the_value(self, rtt, best, band):
        ranked = scoring.Bands(best, band).floor(rtt)
        self.assertLessEqual(ranked, rtt)
        self.assertGreaterEqual(ranked, 0.0)
        width = max(band, 0.05 * best)
        self.assertLessEqual(rtt - ranked, width * (1 + 1e-9) + 1e-9)

    @hypothesis.given(rtts_ms, rtts_ms, rtts_ms, bands_ms)
    def test_banding_keeps_the_order(self, one, other, best, band):
        near, far = sorted((one, other))
        self.assertLessEqual(
            scoring.Bands(best, band).floor(near),
            scoring.Bands(best, band).floor(far),
        )

    @hypothesis.given(rtts_ms, bands_ms)
    def test_best_stays_where_it_is(self, best, band):
        self.assertEqual(best, scoring.Bands(best, band).floor(best))


def score(standing, rtt_ms, scale_ms):
    """Of one host alone."""
    (made,) = scoring.class_scores([standing], [rtt_ms], 0.0, scale_ms)
    return made


@ddt.ddt
class ScoreTest(base.BaseTestCase):
    # (standing + s) / 3, where s = 1 / (1 + rtt / scale).
    @ddt.data(
        (WITHIN, 0.0, 20.0, 1.0),
        (WITHIN, 5.0, 20.0, 2.8 / 3),
        (WITHIN, 20.0, 20.0, 2.5 / 3),
        (WITHIN, 60.0, 20.0, 2.25 / 3),
        (WITHIN, INF, 20.0, 2 / 3),
        (WITHIN, None, 20.0, 2 / 3),
        # Smallest and largest numbers that a budget can be.
        (WITHIN, 1.0, 5e-324, 2 / 3),
        (WITHIN, 1.0, 1e308, 1.0),
        (UNKNOWN, None, 20.0, 0.5),
        (UNKNOWN, 0.0, 20.0, 4 / 6),
        (UNKNOWN, 5.0, 20.0, 3.8 / 6),
        (UNKNOWN, 60.0, 20.0, 3.25 / 6),
        (UNKNOWN, INF, 20.0, 0.5),
        (OVER, 0.0, 20.0, 1 / 3),
        (OVER, 30.0, 20.0, 0.4 / 3),
        (OVER, INF, 20.0, 0.0),
        (OVER, None, 20.0, 0.0),
    )
    @ddt.unpack
    def test_class(self, standing, rtt_ms, scale_ms, expected):
        self.assertAlmostEqual(expected, score(standing, rtt_ms, scale_ms), 12)

    # Standing, rtt and the band that it is ranked by: 1 ms wide, from the
    # best of the best class that has any.
    @ddt.data(
        [(WITHIN, 4.0, 4.0), (WITHIN, 4.9, 4.0), (WITHIN, 5.1, 5.0)],
        [(OVER, 4.7, 4.3), (WITHIN, 5.3, 5.3), (WITHIN, None, INF)],
        [(WITHIN, None, INF), (UNKNOWN, None, INF), (OVER, 4.7, 4.7)],
        [(WITHIN, INF, INF), (OVER, 4.7, 4.7)],
    )
    def test_bands_are_counted_from_the_best(self, ranked):
        self.assertEqual(
            [score(standing, band, 20.0) for standing, _, band in ranked],
            scoring.class_scores(
                [standing for standing, _, _ in ranked],
                [rtt_ms for _, rtt_ms, _ in ranked],
                1.0,
                20.0,
            ),
        )

    # 90 % of 20 ms are 18.
    @ddt.data(
        (0.5, 5.0, 1.0),
        (0.5, 18.0, 1.0),
        (0.5, 18.1, 0.5625),
        (0.8, 20.0, 0.6),
        (1.0, 20.0, 0.625),
    )
    @ddt.unpack
    def test_fit(self, s, judged, expected):
        roomy = scoring.keeps_headroom(judged, 20.0, 0.1)
        observed = scoring.fit_score((2 + s) / 3, roomy)
        self.assertAlmostEqual(expected, observed, 12)

    @hypothesis.given(shares, st.floats(0.5, 1))
    def test_derived_is_below_all_within_for_fit_as_well(self, s, within):
        derived = scoring.derived_fit_score((3 + s) / 6)
        self.assertAlmostEqual(0.5 + s / 24, derived, 12)
        self.assertLess(derived, scoring.fit_score((2 + within) / 3, False))

    @hypothesis.given(st.integers(1, 10_000))
    def test_fit_keeps_the_headroom_at_its_edge(self, tenths):
        # 90 % of 3.3 are 2.97, which 0.9 * 3.3 in floating point is not.
        budget, judged = float(f'{tenths / 10:.1f}'), tenths * 9 / 100
        self.assertTrue(scoring.keeps_headroom(judged, budget, 0.1))

    @hypothesis.given(standings, rtts_ms, standings, rtts_ms)
    def test_classes_never_overlap(self, one, rtt_one, other, rtt_other):
        if one > other:
            self.assertGreater(
                score(one, rtt_one, 20.0), score(other, rtt_other, 20.0)
            )

    # Several clients: the worst class, and in it the worst or the mean.
    @ddt.data(
        ([(WITHIN, 0.9)], 0.9, 0.9),
        ([(WITHIN, 0.9), (WITHIN, 0.7)], 0.7, 0.8),
        ([(WITHIN, 0.9), (OVER, 0.1)], 0.1, 0.1),
        ([(OVER, 0.3), (WITHIN, 0.9), (OVER, 0.1)], 0.1, 0.2),
        ([(UNKNOWN, 0.5), (WITHIN, 0.9)], 0.5, 0.5),
        ([(UNKNOWN, 0.5), (OVER, 0.2), (WITHIN, 0.9)], 0.2, 0.2),
    )
    @ddt.unpack
    def test_combined(self, scores, worst, mean):
        standing = min(standing for standing, _ in scores)
        self.assertEqual((standing, worst), scoring.combined(scores, 'worst'))
        observed, score = scoring.combined(scores, 'mean')
        self.assertIs(standing, observed)
        self.assertAlmostEqual(mean, score, 12)
