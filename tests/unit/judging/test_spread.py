# SPDX-License-Identifier: Apache-2.0

"""What many or few servers of a group at a place are worth."""

import math
from collections.abc import Mapping
from typing import Any

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from edge_sched.asking.intent import Intent
from edge_sched.judging import decision
from edge_sched.judging import spread
from edge_sched.judging.scoring import WITHIN
from edge_sched.judging.spread import Crowd
from edge_sched.judging.spread import spot
from edge_sched.judging.verdict import UNMEASURED
from edge_sched.judging.verdict import Policy
from edge_sched.model.latency import Answer
from tests.unit import factories
from tests.unit.factories import decided
from tests.unit.factories import make_intent
from tests.unit.factories import make_row
from tests.unit.factories import make_target

LYON = spot(['site'], ['lyon'], 'fr')
PARIS = spot(['site'], ['paris'], 'fr')
NICE_AND_LYON = spot(['site'], ['nice', 'lyon'], 'fr')
NO_SITE = spot(['site'], [], 'fr')
NO_SITE_ABROAD = spot(['site'], [], 'it')
BOTH = ('zone', 'site')


class CrowdTest(base.BaseTestCase):
    def counts(self, crowd: Crowd, *spots: spread.Spot) -> list[int]:
        return [count for (count,) in map(crowd.count, spots)]

    def test_every_server_counts_once_at_its_site(self) -> None:
        crowd = Crowd([LYON, LYON, PARIS])
        self.assertEqual([2, 1, 0], self.counts(crowd, LYON, PARIS, NO_SITE))

    def test_host_in_two_sites_counts_in_both(self) -> None:
        crowd = Crowd([NICE_AND_LYON, LYON])
        nice = spot(['site'], ['nice'], 'fr')
        # Once each where two sites are shared.
        self.assertEqual(
            [2, 1, 2, 0], self.counts(crowd, LYON, nice, NICE_AND_LYON, PARIS)
        )

    def test_hosts_of_no_site_count_by_zone(self) -> None:
        crowd = Crowd([NO_SITE, NO_SITE, LYON])
        self.assertEqual(
            [2, 0, 1], self.counts(crowd, NO_SITE, NO_SITE_ABROAD, LYON)
        )

    def test_site_that_is_called_like_a_zone_is_no_zone(self) -> None:
        crowd = Crowd([NO_SITE])
        self.assertEqual([0], self.counts(crowd, spot(['site'], ['fr'], 'x')))

    def test_zones_and_sites_are_counted_apart(self) -> None:
        crowd = Crowd(
            [spot(BOTH, ['lyon'], 'fr'), spot(BOTH, ['paris'], 'fr')]
        )
        for sites, zone, count in (
            (['lyon'], 'fr', (2, 1)),
            (['nice'], 'fr', (2, 0)),
            ([], 'fr', (2, 0)),
            # A site may reach into two zones.
            (['lyon'], 'it', (0, 1)),
            (['rome'], 'it', (0, 0)),
        ):
            self.assertEqual(count, crowd.count(spot(BOTH, sites, zone)))

    def test_nobody_is_anywhere(self) -> None:
        self.assertEqual((0,), Crowd([]).count(LYON))


class MostApartTest(base.BaseTestCase):
    def test_as_many_as_there_are_sites_and_zones(self) -> None:
        spots = [
            spot(BOTH, ['lyon'], 'fr'),
            spot(BOTH, ['paris'], 'fr'),
            spot(BOTH, ['rome'], 'it'),
            spot(BOTH, ['rome'], 'it'),
        ]
        self.assertEqual((2, 3), spread.most_apart(spots))
        self.assertEqual((), spread.most_apart([]))


class SpreadScoresTest(base.BaseTestCase):
    """``s = 1 / (1 + r / 20)``: 0.8 at 5 ms, 2/3 at 10 ms, 0.5 at 20 ms."""

    def scores(
        self,
        rows: Mapping[str, Any],
        counts: Mapping[str, tuple[int, ...]],
        **asked: Any,
    ) -> dict[str, float]:
        intent = make_intent(*asked.pop('targets', ()), **asked)
        verdicts = decided(intent, rows).verdicts
        made = spread.spread_scores(verdicts, counts, intent.objective)
        return {site: round(score, 6) for site, score in made.items()}

    def test_fewer_go_before_nearer(self) -> None:
        # q = s. lyon: (2 + (1 + 0.1 + 0.9 * 2/3) / 2) / 3; paris and lille,
        # which share a count: (2 + (0 + 0.1 + 0.9 * 0.8) / 2) / 3, 0.5.
        self.assertEqual(
            {'lyon': 0.95, 'paris': 0.803333, 'lille': 0.758333},
            self.scores(
                {
                    'lyon': make_row(10, 15),
                    'paris': make_row(5, 15),
                    'lille': make_row(20, 20),
                },
                {'lyon': (0,), 'paris': (1,), 'lille': (1,)},
            ),
        )

    def test_only_the_order_of_the_counts_matters(self) -> None:
        rows = {'lyon': make_row(10, 15), 'paris': make_row(5, 15)}
        self.assertEqual(
            self.scores(rows, {'lyon': (0,), 'paris': (1,)}),
            self.scores(rows, {'lyon': (3,), 'paris': (40,)}),
        )

    def test_zones_go_before_sites(self) -> None:
        rows = {'lyon': make_row(), 'paris': make_row(), 'rome': make_row()}
        scores = self.scores(
            rows, {'lyon': (1, 0), 'paris': (1, 1), 'rome': (0, 2)}
        )
        self.assertEqual(
            ['rome', 'lyon', 'paris'],
            sorted(scores, key=scores.__getitem__)[::-1],
        )

    def test_no_place_over_budget_wins_for_the_sake_of_spreading(self) -> None:
        # Of a q of 1/2 for what is unknown: (1 + (1 + 0.55) / 2) / 3; over at
        # 30 ms: s = 0.4, (0 + (1 + 0.46) / 2) / 3; lyon: (0 + 0.82) / 2.
        self.assertEqual(
            {'lyon': 0.803333, 'paris': 0.591667, 'lille': 0.243333},
            self.scores(
                {
                    'lyon': make_row(5, 15),
                    'paris': None,
                    'lille': make_row(30, 40),
                },
                {'lyon': (1,), 'paris': (0,), 'lille': (0,)},
            ),
        )

    def test_as_many_everywhere_changes_nothing(self) -> None:
        rows = {'lyon': make_row(5, 15), 'paris': None}
        self.assertEqual(
            {'lyon': 0.933333, 'paris': 0.5},
            self.scores(rows, {'lyon': (2,), 'paris': (2,)}),
        )

    def test_fit(self) -> None:
        # q is 1 with headroom, 2 * 0.6 - 1 in the strip.
        self.assertEqual(
            {'lyon': 0.833333, 'paris': 0.833333, 'lille': 0.88},
            self.scores(
                {
                    'lyon': make_row(1, 2),
                    'paris': make_row(17, 18),
                    'lille': make_row(5, 18.1),
                },
                {'lyon': (1,), 'paris': (1,), 'lille': (0,)},
                objective='fit',
            ),
        )

    def test_without_a_budget_unknown_is_behind(self) -> None:
        # lyon: (2 + (0 + 0.82) / 2) / 3; paris: (1 + (1 + 0.1) / 2) / 3.
        self.assertEqual(
            {'lyon': 0.803333, 'paris': 0.516667},
            self.scores(
                {'lyon': make_row(5, 15), 'paris': None},
                {'lyon': (1,), 'paris': (0,)},
                targets=[make_target(budget_ms=None)],
                reject_unknown=False,
            ),
        )


class DecisionTest(base.BaseTestCase):
    def test_crowded_place_is_rejected_whatever_its_figures(self) -> None:
        intent = make_intent()
        answer = Answer(True, ({'lyon': make_row(), 'paris': make_row()},))
        made = decision.decide(
            intent,
            {intent.clients[0]: answer},
            {'lyon': ('lyon',), 'paris': ('paris',)},
            Policy(),
            factories.NOW,
            ['lyon'],
        )
        self.assertEqual({'paris'}, factories.accepted(made))
        self.assertEqual(
            made.verdicts['paris'].score, made.verdicts['lyon'].score
        )

    def test_nobody_must_be_near(self) -> None:
        nobody = Intent(targets=(), spread=('site',))
        made = decided(nobody, {'lyon': None, 'paris': None})
        for host in made.verdicts.values():
            self.assertEqual(
                (WITHIN, True, 0.0, ()),
                (host.standing, host.accepted, host.score, host.verdicts),
            )
        scores = spread.spread_scores(
            made.verdicts, {'lyon': (1,), 'paris': (0,)}, 'nearest'
        )
        self.assertGreater(scores['paris'], scores['lyon'])


class PropertiesTest(base.BaseTestCase):
    """Whatever the figures."""

    @hypothesis.given(factories.decisions(), st.data())
    def test_order(self, made: decision.Decision[str], data: Any) -> None:
        count = st.tuples(st.integers(0, 2), st.integers(0, 3))
        counts = {site: data.draw(count) for site in made.verdicts}
        scores = spread.spread_scores(
            made.verdicts, counts, made.intent.objective
        )
        even = len(set(counts.values())) == 1
        for one, host in made.verdicts.items():
            self.assertTrue(0 <= scores[one] <= 1)
            for other, beside in made.verdicts.items():
                if even:
                    self.assertEqual(host.score, scores[one])
                elif host.standing != beside.standing:
                    # No place over budget goes before one that is not.
                    self.assertEqual(
                        host.standing > beside.standing,
                        scores[one] > scores[other],
                    )
                elif counts[one] != counts[other]:
                    self.assertEqual(
                        counts[one] < counts[other],
                        scores[one] > scores[other],
                    )
                elif host.score > beside.score:
                    self.assertGreaterEqual(scores[one], scores[other])
                elif host.score == beside.score:
                    self.assertEqual(scores[one], scores[other])

    @hypothesis.given(st.integers(2, 2000))
    def test_every_count_has_room(self, distinct: int) -> None:
        host = decision.HostVerdict(WITHIN, True, 1.0, (), UNMEASURED)
        last = host._replace(score=2 / 3)
        verdicts = {i: host if i % 2 else last for i in range(distinct)}
        scores = spread.spread_scores(
            verdicts, {i: (i,) for i in verdicts}, 'nearest'
        )
        in_order = [scores[i] for i in range(distinct)]
        self.assertEqual(sorted(set(in_order), reverse=True), in_order)
        self.assertTrue(all(2 / 3 < s <= 1 for s in in_order))
        self.assertTrue(all(map(math.isfinite, in_order)))
