# SPDX-License-Identifier: Apache-2.0

"""What is known of a place, by hand."""

import dataclasses
from collections.abc import Mapping

from oslotest import base

from edge_sched.judging import judge
from edge_sched.judging import verdict
from edge_sched.judging.decision import is_outage
from edge_sched.judging.place import Place
from edge_sched.judging.place import answer_of
from edge_sched.judging.scoring import OVER
from edge_sched.judging.scoring import UNKNOWN
from edge_sched.judging.scoring import WITHIN
from edge_sched.model.latency import Answer
from edge_sched.model.latency import Latency
from edge_sched.model.plausible import check
from tests.unit.factories import NOW
from tests.unit.factories import make_intent
from tests.unit.factories import make_row
from tests.unit.factories import make_target

LYON_1 = Place(('lyon-1', 'lyon', 'south', 'cell1'), ('lyon',))
LYON_2 = Place(('lyon-2', 'lyon', 'south', 'cell1'), ('lyon',))
NICE_1 = Place(('nice-1', 'nice', 'south', 'cell1'), ('nice',))
NAMES = (*LYON_1.chain, *LYON_2.chain, *NICE_1.chain)


def measured(
    rows: Mapping[str, Mapping[str, float]], heartbeat_at: float | None = None
) -> dict[str, Answer]:
    """Of each name, p50 by the vantage that it was measured from."""
    return {
        name: Answer(
            True,
            (
                {
                    vantage: make_row(
                        p50, p50, vantage=vantage, client=f'site:{name}'
                    )
                    for vantage, p50 in rows.get(name, {}).items()
                },
            ),
            heartbeat_at,
        )
        for name in NAMES
    }


def figures(answer: Answer) -> list[dict[str, tuple[str, float]]]:
    """Of each part, by vantage, of what the row is, and its p50."""
    return [
        {
            vantage: (row.client, row.rtt_p50_ms)
            for vantage, row in part.items()
        }
        for part in answer.parts
    ]


class AnswerTest(base.BaseTestCase):
    def answer(
        self,
        rows: Mapping[str, Mapping[str, float]],
        *places: Place,
        **options: bool,
    ) -> Answer:
        return answer_of(places, measured(rows), 0.5, NOW, **options)

    def test_most_specific_that_was_measured_from_a_vantage_decides(
        self,
    ) -> None:
        answer = self.answer(
            {
                'lyon-1': {'oslo': 31},
                'lyon': {'oslo': 30, 'paris': 5, 'lyon': 0.2},
                'cell1': {'oslo': 40, 'paris': 9, 'rome': 12},
            },
            LYON_1,
        )
        self.assertEqual(
            [
                {
                    'oslo': ('site:lyon-1', 31),
                    'paris': ('site:lyon', 5),
                    'lyon': ('site:lyon', 0.2),
                    'rome': ('site:cell1', 12),
                }
            ],
            figures(answer),
        )
        self.assertTrue(answer.known)
        self.assertFalse(answer.unplaced)

    def test_hosts_of_its_site_are_assumed_to_be_near(self) -> None:
        answer = self.answer({'cell1': {'lyon': 7, 'cell1': 8}}, LYON_1)
        ((lyon, cell1),) = (part.values() for part in answer.parts)
        # What a zone or a cell has in it may be far apart.
        self.assertEqual(('site:cell1', 8), (cell1.client, cell1.rtt_p50_ms))
        self.assertEqual(
            Latency(
                vantage='lyon',
                client='site:lyon',
                rtt_min_ms=0.5,
                rtt_p50_ms=0.5,
                rtt_p95_ms=0.5,
                rtt_p99_ms=0.5,
                pdv_ms=0.0,
                loss_ratio=0.0,
                measured_at=NOW,
                source='assumed',
            ),
            lyon,
        )
        check(lyon)

    def test_host_of_two_sites_is_near_to_both(self) -> None:
        both = Place(('lyon-1', 'lyon', 'nice', 'cell1'), ('lyon', 'nice'))
        answer = self.answer(
            {
                'lyon': {'oslo': 31, 'nice': 3},
                'nice': {'oslo': 35, 'lyon': 3, 'nice': 0.7},
                'cell1': {'lyon': 8, 'nice': 8, 'rome': 8},
            },
            both,
        )
        self.assertEqual(
            [
                {
                    'lyon': ('site:lyon', 0.5),
                    'nice': ('site:nice', 0.7),
                    'oslo': ('site:lyon', 31),
                    'rome': ('site:cell1', 8),
                }
            ],
            figures(answer),
        )
        # But for what was measured of the host itself.
        answer = self.answer({'lyon-1': {'nice': 2}}, both)
        self.assertEqual(
            [{'lyon': ('site:lyon', 0.5), 'nice': ('site:lyon-1', 2)}],
            figures(answer),
        )

    def test_one_that_was_measured_to_itself_is_not(self) -> None:
        old = make_row(9, 9, age=901, vantage='lyon', client='site:lyon')
        found = measured({}) | {'lyon': Answer(True, ({'lyon': old},))}
        answer = answer_of([LYON_1], found, 0.5, NOW)
        self.assertEqual([{'lyon': ('site:lyon', 9)}], figures(answer))

    def test_host_that_was_measured_is_not_assumed_to_be_as_its_site(
        self,
    ) -> None:
        answer = self.answer({'lyon-1': {'lyon': 2}}, LYON_1)
        self.assertEqual([{'lyon': ('site:lyon-1', 2)}], figures(answer))

    def test_site_that_is_not_looked_at_is_not_assumed(self) -> None:
        self.assertEqual(
            [{}], figures(self.answer({}, Place(('cell1',), ('lyon',))))
        )

    def test_host_of_no_site_that_was_never_measured(self) -> None:
        answer = self.answer({}, Place(('nice-1', 'south', 'cell1'), ()))
        self.assertEqual([{}], figures(answer))

    def test_each_place_is_a_part(self) -> None:
        answer = self.answer(
            {'lyon-2': {'oslo': 33}, 'nice': {'oslo': 20}},
            LYON_1,
            LYON_2,
            NICE_1,
        )
        assumed = {'lyon': ('site:lyon', 0.5)}
        self.assertEqual(
            [
                assumed,
                assumed | {'oslo': ('site:lyon-2', 33)},
                {'nice': ('site:nice', 0.5), 'oslo': ('site:nice', 20)},
            ],
            figures(answer),
        )

    def test_hosts_that_nobody_tells_apart_are_at_one_place(self) -> None:
        rows = {'lyon': {'oslo': 30}, 'cell1': {'oslo': 3}}
        answer = self.answer(rows, LYON_1, LYON_2)
        self.assertEqual(1, len(answer.parts))
        # A name may be that of a site here and that of a zone there.
        zone = Place(('lyon', 'cell1'), ())
        self.assertEqual(2, len(self.answer(rows, LYON_1, zone).parts))

    def test_collector_that_was_at_work_last(self) -> None:
        """As in whatever else is kept of different times."""
        found = measured({}, NOW - 1000)
        self.assertTrue(
            is_outage(
                [answer_of([LYON_1], found, 0.5, NOW)], verdict.Policy(), NOW
            )
        )
        found['south'] = Answer(True, ({},), NOW - 10)
        self.assertEqual(
            NOW - 10, answer_of([LYON_1], found, 0.5, NOW).heartbeat_at
        )
        self.assertIsNone(self.answer({}, LYON_1).heartbeat_at)


class VerdictTest(base.BaseTestCase):
    """Of 20 ms to all that are at three places."""

    def at(
        self, vantage: str, *places: Place, unplaced: bool = False
    ) -> verdict.Verdict:
        found = measured(
            {
                'lyon': {'oslo': 30, 'paris': 5, 'nice': 8},
                'nice': {'oslo': 12, 'paris': 6, 'rome': 4},
            }
        )
        target = make_target('site:lyon')
        return judge.Judge(
            target, make_intent(target), verdict.Policy(), NOW, outage=False
        ).at(
            (vantage,),
            answer_of(places, found, 0.5, NOW, unplaced),
        )

    def test_worst_of_several_places_decides(self) -> None:
        for vantage, standing, p50 in (
            ('oslo', OVER, 30),
            ('paris', WITHIN, 6),
            ('nice', WITHIN, 8),
            ('rome', UNKNOWN, None),
        ):
            made = self.at(vantage, LYON_1, NICE_1)
            self.assertIs(standing, made.standing, vantage)
            row = made.latency
            self.assertEqual(p50, row.rtt_p50_ms if row else None)

    def test_one_place_alone(self) -> None:
        self.assertEqual(WITHIN, self.at('paris', LYON_1).standing)
        self.assertEqual(WITHIN, self.at('lyon', LYON_1).standing)
        self.assertEqual('never measured', self.at('rome', LYON_1).why)

    def test_what_cannot_be_placed_is_unknown_and_may_be_too_far(self) -> None:
        why = 'where it is cannot be told now'
        for vantage, places, standing in (
            ('oslo', [LYON_1], OVER),
            ('paris', [LYON_1], UNKNOWN),
            ('paris', [], UNKNOWN),
        ):
            made = self.at(vantage, *places, unplaced=True)
            self.assertEqual((standing, why), (made.standing, made.why))

    def test_all_at_once_and_one_by_one_are_the_same(self) -> None:
        """One part takes a shorter way, unless there is more."""
        target = make_target('site:lyon')
        asked = make_intent(target)
        one = judge.Judge(target, asked, verdict.Policy(), NOW, outage=False)
        chains = [('oslo',), ('paris',), ('rome',)]
        found = measured({'lyon': {'oslo': 30, 'paris': 5}})
        for unplaced in (False, True):
            answer = answer_of([LYON_1], found, 0.5, NOW, unplaced)
            made, _ = one.judged(chains, answer)
            self.assertEqual([one.at(c, answer) for c in chains], made)

    def test_assumed_row_has_all_that_may_be_asked_for(self) -> None:
        target = make_target('site:lyon', 0.5)
        asked = make_intent(
            target, jitter_budget_ms=0.1, loss_budget_pct=0, percentile='p99'
        )
        answer = answer_of([LYON_1], measured({}), 0.5, NOW)
        made = judge.Judge(
            target, asked, verdict.Policy(), NOW + 1, outage=False
        ).at(('lyon',), answer)
        self.assertEqual((WITHIN, ''), (made.standing, made.why))
        closer = dataclasses.replace(target, latency_budget_ms=0.49)
        made = judge.Judge(
            closer, make_intent(closer), verdict.Policy(), NOW, outage=False
        ).at(('lyon',), answer)
        self.assertEqual(OVER, made.standing)
