# SPDX-License-Identifier: Apache-2.0

"""The score of a host, worked out by hand."""

import dataclasses
import math

from oslotest import base

from edge_sched.judging import verdict
from edge_sched.judging.scoring import Standing
from tests.unit.factories import accepted
from tests.unit.factories import decided
from tests.unit.factories import make_intent
from tests.unit.factories import make_row
from tests.unit.factories import make_target
from tests.unit.factories import scores

INF = math.inf
NO_BUDGET = make_intent(make_target(budget_ms=None), reject_unknown=False)
FIT = make_intent(objective='fit')


class ScoreTest(base.BaseTestCase):
    """``s = 1 / (1 + r / 20)``: 0.8 at 5 ms, 2/3 at 10 ms, 0.5 at 20 ms."""

    def test_nearest_within_budget(self):
        # lille: s = 1 / 1.95; bands of 1 ms: 19.4 is ranked as 19.
        self.assertEqual(
            {'lyon': 0.933333, 'paris': 0.888889, 'lille': 0.837607},
            scores(
                make_intent(),
                {
                    'lyon': make_row(5, 15),
                    'paris': make_row(10, 15),
                    'lille': make_row(19.4, 20),
                },
            ),
        )

    def test_over_and_unknown_rank_below_whatever_their_figures(self):
        # Over: s / 3; paris at 31 ms has s = 1 / 2.55; nice lost its p50.
        self.assertEqual(
            {'lyon': 0.833333, 'lille': 0.5, 'paris': 0.130719, 'nice': 0.0},
            scores(
                make_intent(),
                {
                    'lyon': make_row(20, 20),
                    'lille': None,
                    'paris': make_row(31, 40),
                    'nice': make_row(INF, INF),
                },
            ),
        )

    def test_over_host_with_the_best_median_has_less_than_a_third(self):
        # The best is counted in the best class, which is paris alone:
        # lyon is at 10 + floor(-5.5) = 4 ms: s = 1 / 1.2, / 3.
        self.assertEqual(
            {'paris': 0.888889, 'lyon': 0.277778},
            scores(
                make_intent(),
                {'paris': make_row(10, 20), 'lyon': make_row(4.5, 30)},
            ),
        )

    def test_hosts_of_a_tie_band_have_the_same_score(self):
        # From the best at 4: 4.9 -> 4 (s = 1 / 1.2), 5.1 -> 5 (s = 0.8).
        self.assertEqual(
            {'lyon': 0.944444, 'paris': 0.944444, 'lille': 0.933333},
            scores(
                make_intent(),
                {
                    'lyon': make_row(4, 10),
                    'paris': make_row(4.9, 10),
                    'lille': make_row(5.1, 10),
                },
            ),
        )

    def test_tie_band_is_5_percent_of_a_far_best(self):
        # Budget 200 ms, the best at 100: 104.9 -> 100 and 105 -> 105.
        self.assertEqual(
            {'lyon': 0.888889, 'paris': 0.888889, 'lille': 0.885246},
            scores(
                make_intent(make_target(budget_ms=200)),
                {
                    'lyon': make_row(100, 110),
                    'paris': make_row(104.9, 110),
                    'lille': make_row(105, 110),
                },
            ),
        )

    def test_fit_makes_hosts_with_headroom_equal(self):
        # 18 ms are 90 % of the budget. lille: (4 + 0.8) / 8.
        self.assertEqual(
            {'lyon': 1.0, 'paris': 1.0, 'lille': 0.6, 'nice': 0.5},
            scores(
                FIT,
                {
                    'lyon': make_row(1, 2),
                    'paris': make_row(17, 18),
                    'lille': make_row(5, 18.1),
                    'nice': None,
                },
            ),
        )

    def test_fit_ranks_the_strip_nearest_first(self):
        # s = 0.8 and 2/3: (4 + s) / 8.
        self.assertEqual(
            {'lyon': 0.6, 'paris': 0.583333, 'lille': 0.130719},
            scores(
                FIT,
                {
                    'lyon': make_row(5, 20),
                    'paris': make_row(10, 19),
                    'lille': make_row(31, 40),
                },
            ),
        )

    def test_fit_headroom_of_the_operator(self):
        rows = {'lyon': make_row(5, 19)}
        for headroom, expected in ((0.0, 1.0), (0.05, 1.0), (0.06, 0.6)):
            policy = verdict.Policy(fit_headroom=headroom)
            self.assertEqual({'lyon': expected}, scores(FIT, rows, policy))

    def test_fit_without_a_latency_budget_is_nearest(self):
        rows = {'lyon': make_row(5, 9), 'paris': make_row(10, 12)}
        for asked in (
            NO_BUDGET,
            make_intent(make_target(budget_ms=None), loss_budget_pct=100.0),
        ):
            rows = {
                site: dataclasses.replace(row, loss_ratio=0.0)
                for site, row in rows.items()
            }
            fit = dataclasses.replace(asked, objective='fit')
            self.assertEqual(scores(asked, rows), scores(fit, rows))

    def test_without_any_budget_known_is_within_and_the_rest_is_0(self):
        # Scale: reference_latency_ms, 20 ms.
        rows = {
            'lyon': make_row(5, INF),
            'paris': make_row(500, 900),
            'lille': None,
            'brest': make_row(INF, INF),
            'nice': make_row(5, 9, age=901),
            'metz': make_row(5, 9, samples=5),
        }
        self.assertEqual(
            {
                'lyon': 0.933333,
                # 5 + 495 ms: s = 1 / 26.
                'paris': 0.679487,
                'lille': 0.0,
                'brest': 0.0,
                'nice': 0.0,
                'metz': 0.0,
            },
            scores(NO_BUDGET, rows),
        )
        made = decided(NO_BUDGET, rows)
        self.assertEqual(set(rows), accepted(made))
        self.assertIs(Standing.WITHIN, made.verdicts['paris'].standing)

    def test_without_a_budget_unknown_can_still_be_rejected(self):
        asked = dataclasses.replace(NO_BUDGET, reject_unknown=True)
        rows = {'lyon': make_row(500, 900), 'paris': None}
        self.assertEqual({'lyon'}, accepted(decided(asked, rows)))

    def test_reference_latency_of_the_operator(self):
        # s = 1 / (1 + 5 / 5).
        policy = verdict.Policy(reference_latency_ms=5)
        rows = {'lyon': make_row(5, 9)}
        self.assertEqual({'lyon': 0.833333}, scores(NO_BUDGET, rows, policy))

    def test_jitter_budget_alone_has_classes_and_the_reference_scale(self):
        asked = make_intent(make_target(budget_ms=None), jitter_budget_ms=5.0)
        self.assertEqual(
            # nice: over with s = 0.8; lille: no min and no PDV.
            {'lyon': 0.933333, 'nice': 0.266667, 'lille': 0.5, 'metz': 0.0},
            scores(
                asked,
                {
                    'lyon': make_row(5, 9, pdv_ms=5),
                    'nice': make_row(5, 9, pdv_ms=5.1),
                    'lille': make_row(5, 9),
                    'metz': make_row(INF, INF, pdv_ms=1),
                },
            ),
        )

    def test_lost_p50_within_a_loss_budget_is_the_least_within(self):
        asked = make_intent(make_target(budget_ms=None), loss_budget_pct=70.0)
        rows = {'lyon': make_row(INF, INF, loss_ratio=0.6), 'nice': None}
        self.assertEqual({'lyon': 0.666667, 'nice': 0.5}, scores(asked, rows))

    def test_ranking_percentile_of_the_operator(self):
        policy = verdict.Policy(rank_percentile='p95')
        rows = {'lyon': make_row(5, 10), 'paris': make_row(1, 20)}
        self.assertEqual(
            {'lyon': 0.888889, 'paris': 0.833333},
            scores(make_intent(), rows, policy),
        )
