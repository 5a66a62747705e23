# SPDX-License-Identifier: Apache-2.0

"""The words where servers of a group are in the way."""

import dataclasses
from typing import Any

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from edge_sched.asking.intent import Intent
from edge_sched.judging import crowded
from tests.unit import factories
from tests.unit.factories import make_intent
from tests.unit.factories import make_target

SITE = make_intent(spread=('site',), spread_required=True)
WITHIN = 'within 20 ms (p95) of 203.0.113.7'


class EveryPlaceTest(base.BaseTestCase):
    def test_places_are_counted(self) -> None:
        for known, said in (
            (0, f'every site {WITHIN} has'),
            (1, f'the only site {WITHIN} has'),
            (2, f'all 2 sites {WITHIN} have'),
        ):
            self.assertEqual(
                f'{said} a server of the group',
                crowded.every_place(SITE, known, 'figure'),
            )

    def test_no_detail_counts_none(self) -> None:
        self.assertEqual(
            'every site within the budget of 203.0.113.7 has a server of the '
            'group',
            crowded.every_place(SITE, 2, 'none'),
        )
        self.assertEqual(
            f'all 2 sites {WITHIN} have a server of the group',
            crowded.every_place(SITE, 2, 'site'),
        )

    def test_levels(self) -> None:
        for levels, said in (
            (('zone',), 'all 2 zones have a server of the group'),
            (
                ('zone', 'site'),
                'all 2 sites have a server of the group, there or in the zone',
            ),
        ):
            asked = Intent(targets=(), spread=levels, spread_required=True)
            self.assertEqual(said, crowded.every_place(asked, 2, 'figure'))

    def test_budget_that_rejects_nobody_is_not_told(self) -> None:
        spread: dict[str, Any] = {'spread': ('site',), 'spread_required': True}
        said = 'all 2 sites have a server of the group'
        for asked in (
            make_intent(reject_unknown=False, required=False, **spread),
            make_intent(
                make_target(budget_ms=None), reject_unknown=False, **spread
            ),
        ):
            self.assertEqual(said, crowded.every_place(asked, 2, 'figure'))
        measured = make_intent(required=False, **spread)
        self.assertEqual(
            'all 2 sites where there is latency data for 203.0.113.7 have a '
            'server of the group',
            crowded.every_place(measured, 2, 'figure'),
        )


class TooFewPlacesTest(base.BaseTestCase):
    def test_places_are_counted(self) -> None:
        for known, places in (
            (0, 'fewer sites'),
            (1, 'only 1 site'),
            (2, 'only 2 sites'),
        ):
            self.assertEqual(
                f'3 servers, but {places} {WITHIN} without one of the group',
                crowded.too_few_places(SITE, 3, 'site', known, 'figure'),
            )
        self.assertEqual(
            '3 servers, but fewer zones within the budget of 203.0.113.7 '
            'without one of the group',
            crowded.too_few_places(SITE, 3, 'zone', 2, 'none'),
        )


class AnyWordsTest(base.BaseTestCase):
    @hypothesis.given(
        factories.intents(),
        st.sampled_from([('site',), ('zone',), ('zone', 'site')]),
        st.integers(0, 10**6),
        st.sampled_from(['figure', 'site', 'none']),
    )
    def test_they_fit(self, asked, levels, known, detail) -> None:
        asked = dataclasses.replace(asked, spread=levels)
        for said in (
            crowded.every_place(asked, known, detail),
            crowded.too_few_places(asked, 2000, levels[0], known, detail),
        ):
            self.assertLessEqual(len(said.encode()), 180)
            self.assertTrue(said.isprintable())
