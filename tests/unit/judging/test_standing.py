# SPDX-License-Identifier: Apache-2.0

"""A server at its place and at the best other one, by hand and at random."""

import itertools
import math

from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from edge_sched.judging.decision import Decision
from edge_sched.judging.scoring import OVER
from edge_sched.judging.scoring import UNKNOWN
from edge_sched.judging.scoring import WITHIN
from edge_sched.judging.standing import Comparison
from edge_sched.judging.standing import best_first
from edge_sched.judging.standing import compare
from edge_sched.judging.standing import figure_ms
from edge_sched.judging.verdict import Policy
from edge_sched.model.latency import PERCENTILES
from tests.unit.factories import decided
from tests.unit.factories import decisions
from tests.unit.factories import judged
from tests.unit.factories import make_intent
from tests.unit.factories import make_row
from tests.unit.factories import make_target

POLICY = Policy()
BOTH = (make_target('203.0.113.7', 20.0), make_target('crew', 40.0))


def compared(
    made: Decision[str], here: str, best: str | None
) -> Comparison[str]:
    return compare(made, here, best)


class CompareTest(base.BaseTestCase):
    def test_over_here_and_within_there(self) -> None:
        made = decided(
            make_intent(),
            {'lyon': make_row(20, 31), 'oslo': make_row(5, 12.5)},
        )
        (target,) = made.intent.targets
        self.assertEqual(
            Comparison(OVER, target.client, 31, 20, 'oslo', 12.5, 18.5),
            compared(made, 'lyon', 'oslo'),
        )
        self.assertEqual(
            Comparison(WITHIN, target.client, 12.5, 20, None, None, None),
            compared(made, 'oslo', None),
        )

    def test_figures_are_of_the_client_who_is_worst_off_here(self) -> None:
        """Elsewhere it may be another."""
        made = decided(
            make_intent(*BOTH),
            {
                'lyon': [make_row(5, 30), make_row(5, 10)],
                'oslo': [make_row(5, 8), make_row(5, 70)],
            },
        )
        here = compared(made, 'lyon', 'oslo')
        self.assertEqual((BOTH[0].client, 30, 20), here[1:4])
        self.assertEqual((8, 22), here[-2:])
        there = compared(made, 'oslo', 'lyon')
        self.assertEqual((BOTH[1].client, 70, 40), there[1:4])
        self.assertEqual((10, 60), there[-2:])

    def test_nothing_is_gained_from_what_is_unknown_or_lost(self) -> None:
        rows = {
            'lyon': make_row(5, math.inf),
            'oslo': make_row(),
            'nice': None,
        }
        made = decided(make_intent(), rows)
        here = compared(made, 'lyon', 'oslo')
        self.assertEqual((math.inf, 10, None), (here[2], *here[-2:]))
        here = compared(made, 'nice', 'oslo')
        self.assertEqual((UNKNOWN, None, None), (here[0], here[2], here[-1]))

    def test_nobody_must_be_near(self) -> None:
        made = decided(
            make_intent().__class__(targets=()), {'lyon': None, 'oslo': None}
        )
        self.assertEqual(
            Comparison(WITHIN, None, None, None, 'oslo', None, None),
            compared(made, 'lyon', 'oslo'),
        )


class FigureTest(base.BaseTestCase):
    def figure(self, p50: float, p95: float, **asked: object) -> float | None:
        budget_ms = asked.pop('budget_ms', 20.0)
        samples = asked.pop('samples', 64)
        intent = make_intent(make_target(budget_ms=budget_ms), **asked)
        verdict = judged(make_row(p50, p95, samples=samples), intent)
        return figure_ms(verdict, intent.targets[0], intent)

    def test_at_the_percentile_of_the_budget(self) -> None:
        self.assertEqual(10, self.figure(5, 10))
        self.assertEqual(5, self.figure(5, 10, percentile='p50'))

    def test_at_what_hosts_are_ranked_by_without_a_budget(self) -> None:
        self.assertEqual(5, self.figure(5, 10, budget_ms=None))

    def test_over_at_a_lower_percentile_already(self) -> None:
        """There is no p99, and too few samples for p95."""
        self.assertEqual(30, self.figure(5, 30, percentile='p99'))
        self.assertEqual(25, self.figure(25, 30, samples=7))

    def test_of_what_is_unknown(self) -> None:
        self.assertIsNone(self.figure(5, 10, samples=7))
        self.assertIsNone(self.figure(5, 10, percentile='p99'))


class BestFirstTest(base.BaseTestCase):
    def order(self, made: Decision[str], *places: str) -> list[str]:
        return best_first(made.verdicts, places or made.verdicts)

    def test_nearest_first_and_only_what_may_be_used(self) -> None:
        made = decided(
            make_intent(),
            {
                'far': make_row(12, 15),
                # In one tie band.
                'near': make_row(5.2, 15),
                'nearest': make_row(5.1, 15),
                'over': make_row(5, 21),
                'dark': None,
            },
        )
        self.assertEqual(['nearest', 'near', 'far'], self.order(made))
        self.assertEqual(['far'], self.order(made, 'far', 'over', 'dark'))

    def test_unknown_is_no_better_place_though_it_may_be_used(self) -> None:
        made = decided(
            make_intent(reject_unknown=False, required=False),
            {'over': make_row(5, 21), 'dark': None},
        )
        self.assertEqual(['over'], self.order(made))

    def test_other_scores(self) -> None:
        made = decided(
            make_intent(), {'near': make_row(5, 9), 'far': make_row(9, 12)}
        )
        order = best_first(made.verdicts, made.verdicts, {'near': 0, 'far': 1})
        self.assertEqual(['far', 'near'], order)


class AnythingTest(base.BaseTestCase):
    @given(decisions())
    def test_best_is_what_a_look_at_each_place_finds(
        self, made: Decision[str]
    ) -> None:
        order = best_first(made.verdicts, made.verdicts)
        usable = {
            site
            for site, host in made.verdicts.items()
            if host.accepted and host.standing != UNKNOWN
        }
        self.assertEqual(usable, set(order))
        self.assertEqual(len(usable), len(order))
        for earlier, later in itertools.pairwise(order):
            first, second = made.verdicts[earlier], made.verdicts[later]
            self.assertGreaterEqual(first.score, second.score)
            if first.score == second.score:
                ranks = (first.deciding.rank_ms, second.deciding.rank_ms)
                self.assertLessEqual(
                    *(math.inf if r is None else r for r in ranks)
                )

    @given(decisions(), st.data())
    def test_figures_are_of_one_row_and_gain_is_their_difference(
        self, made: Decision[str], data: st.DataObject
    ) -> None:
        sites = sorted(made.verdicts)
        here = data.draw(st.sampled_from(sites))
        best = data.draw(st.none() | st.sampled_from(sites))
        said = compared(made, here, best)
        host = made.verdicts[here]
        self.assertEqual(host.standing, said.standing)
        numbers = [
            number
            for number, target in enumerate(made.intent.targets)
            if target.client == said.client
        ]
        self.assertEqual(1, len(numbers))
        verdict = host.verdicts[numbers[0]]
        self.assertEqual(
            min(v.standing for v in host.verdicts), verdict.standing
        )
        if said.judged_ms is None:
            self.assertIn(verdict.standing, (UNKNOWN, OVER))
        else:
            assert verdict.latency is not None
            figures = [verdict.latency.held_ms(p) for p in PERCENTILES]
            self.assertIn(said.judged_ms, [*figures, verdict.rank_ms])
        if said.gain_ms is not None:
            self.assertEqual(said.judged_ms - said.best_ms, said.gain_ms)
            self.assertTrue(math.isfinite(said.gain_ms))
        if said.standing == WITHIN and said.budget_ms is not None:
            self.assertLessEqual(said.judged_ms, said.budget_ms * 1.0001)
