# SPDX-License-Identifier: Apache-2.0

"""What a decision record has in full."""

import json
import math

from oslotest import base

from edge_sched.judging import decision
from edge_sched.judging import detail
from edge_sched.judging.verdict import Policy
from edge_sched.model.latency import Answer
from tests.unit.factories import NOW
from tests.unit.factories import make_intent
from tests.unit.factories import make_row
from tests.unit.factories import make_target


def scene(answers, places, **more) -> detail.Scene:
    return detail.Scene(
        answers,
        {place: (place,) for place in places},
        lambda place: {'site': place.title()},
        dict.fromkeys(places, 2),
        **more,
    )


def detailed(asked, answers, places, crowded=(), **more):
    made = decision.decide(
        asked,
        answers,
        {place: (place,) for place in places},
        Policy(),
        NOW,
        crowded,
    )
    return detail.places(made, scene(answers, places, **more), NOW)


class PlacesTest(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.asked = make_intent()
        (self.client,) = self.asked.clients

    def answer(self, *parts, **more):
        return {self.client: Answer(True, parts, **more)}

    def test_places_with_all_that_was_judged(self):
        rows = {
            'lyon': make_row(5.00000001, 9, rtt_p99_ms=math.inf, source=''),
            'nice': make_row(30, 40, vantage='nice', samples=None),
        }
        told = detailed(
            self.asked,
            self.answer(rows, heartbeat_at=NOW - 3),
            ['nice', 'oslo', 'lyon'],
            scores={'lyon': 0.5},
            members={'lyon': (1,)},
            best={'lyon': detail.Best('lyon-1', 1.5, 3000.0, 2.0)},
        )
        self.assertEqual(
            {
                'judged_at': NOW,
                'heartbeat_at': NOW - 3,
                'unplaced': [False],
                'places_left_out': 0,
            },
            {k: v for k, v in told.items() if k != 'places'},
        )
        lyon, oslo, nice = told['places']
        self.assertEqual(
            {
                'site': 'Lyon',
                'hosts': 2,
                'class': 'within',
                'accepted': True,
                'score': 0.5,
                'members': [1],
                'rows': [
                    [
                        {
                            'vantage': 'lyon',
                            'client': '203.0.113.0/24',
                            'rtt_p50_ms': 5.00000001,
                            'rtt_p95_ms': 9,
                            'measured_at': NOW - 40,
                            'rtt_p99_ms': 'lost',
                            'samples': 64,
                        }
                    ]
                ],
                'best': {
                    'host': 'lyon-1',
                    'weight': 1.5,
                    'multiplier': 3000.0,
                    'cell_weight': 2.0,
                },
            },
            lyon,
        )
        self.assertEqual(
            ('Oslo', 'unknown', False, [[None]]),
            (oslo['site'], oslo['class'], oslo['accepted'], oslo['rows']),
        )
        self.assertEqual(
            ('Nice', 'over', False),
            (nice['site'], nice['class'], nice['accepted']),
        )
        self.assertNotIn('samples', nice['rows'][0][0])
        json.dumps(told, allow_nan=False)

    def test_crowded_place(self):
        told = detailed(
            self.asked,
            self.answer({'lyon': make_row()}),
            ['lyon', 'nice'],
            crowded=['lyon'],
        )
        by_site = {place['site']: place for place in told['places']}
        self.assertIs(True, by_site['Lyon']['crowded'])
        self.assertIs(False, by_site['Lyon']['accepted'])
        self.assertNotIn('crowded', by_site['Nice'])

    def test_rows_of_each_part_of_each_client(self):
        other = make_target('vehicle-42')
        asked = make_intent(make_target(), other)
        parts = ({'lyon': make_row(1, 2)}, {'nice': make_row(3, 4)})
        answers = {
            asked.clients[0]: Answer(True, ({'lyon': make_row()},)),
            other.client: Answer(True, parts, unplaced=True),
        }
        told = detailed(asked, answers, ['lyon', 'nice'])
        self.assertEqual([False, True], told['unplaced'])
        (lyon,) = (p for p in told['places'] if p['site'] == 'Lyon')
        one, (first, second) = lyon['rows']
        self.assertEqual(1, len(one))
        self.assertEqual(1, first['rtt_p50_ms'])
        self.assertIsNone(second)

    def test_newest_heartbeat_of_all_clients(self):
        other = make_target('vehicle-42')
        asked = make_intent(make_target(), other)
        answers = {
            asked.clients[0]: Answer(True, (), NOW - 3),
            other.client: Answer(True, (), NOW - 7),
        }
        told = detailed(asked, answers, ['lyon'])
        self.assertEqual(NOW - 3, told['heartbeat_at'])

    def test_nobody_to_be_near(self):
        asked = make_intent(reject_unknown=False)
        nobody = decision.decide(
            type(asked)(targets=()), {}, {'lyon': ('lyon',)}, Policy(), NOW
        )
        told = detail.places(nobody, scene({}, ['lyon']), NOW)
        self.assertEqual([[]], [place['rows'] for place in told['places']])

    def test_at_most_so_many_places_the_best(self):
        places = [f'site-{n}' for n in range(detail.MOST_PLACES + 3)]
        rows = {p: make_row(n + 1, n + 1) for n, p in enumerate(places)}
        told = detailed(self.asked, self.answer(rows), places)
        self.assertEqual(3, told['places_left_out'])
        self.assertEqual(detail.MOST_PLACES, len(told['places']))
        self.assertEqual('Site-0', told['places'][0]['site'])

    def test_place_with_a_host_that_is_left_goes_before_all(self):
        places = [f'site-{n}' for n in range(detail.MOST_PLACES + 3)]
        rows = {p: make_row(n + 1, n + 1) for n, p in enumerate(places)}
        best = {places[-1]: detail.Best('far-1', 0.0, 0.0, 0.0)}
        told = detailed(self.asked, self.answer(rows), places, best=best)
        self.assertEqual('Site-34', told['places'][0]['site'])

    def test_fewer_places_where_each_has_many_rows(self):
        places = [f'site-{n}' for n in range(40)]
        parts = tuple({'site-0': make_row()} for _ in range(16))
        told = detailed(self.asked, self.answer(*parts), places)
        self.assertEqual(detail.MOST_ROWS // 16, len(told['places']))
        many = tuple({'site-0': make_row()} for _ in range(200))
        told = detailed(self.asked, self.answer(*many), places)
        self.assertEqual(1, len(told['places']))
