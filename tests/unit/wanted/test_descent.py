# SPDX-License-Identifier: Apache-2.0

"""Which sites are asked to probe a client that nobody has measured."""

import itertools
import math

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from edge_sched.wanted.descent import next_sites

#: Sites along a road, a millisecond apart: ``km-00`` to ``km-39``.
ROAD = [f'km-{number:02}' for number in range(40)]
ROAD_MS = {
    (one, other): float(abs(ROAD.index(one) - ROAD.index(other)))
    for one in ROAD
    for other in ROAD
    if one < other
}


def at(place, line_ms=0.0):
    """What each site of the road measures of a client there."""
    return {
        site: abs(number - place) + line_ms for number, site in enumerate(ROAD)
    }


def run(rtts_ms, mesh_ms=ROAD_MS, **options):
    """All rounds; ``rtts_ms`` are those of all sites."""
    rounds, measured_ms = [], {}
    while asked := next_sites(
        list(rtts_ms), mesh_ms, dict(measured_ms), **options
    ):
        rounds.append(asked)
        measured_ms |= {site: rtts_ms[site] for site in asked}
    return rounds


class FewTest(base.BaseTestCase):
    def test_all_of_a_few_at_once(self):
        rtts_ms = dict.fromkeys(ROAD[:12], 3.0)
        (asked,) = run(rtts_ms)
        self.assertEqual(set(ROAD[:12]), set(asked))

    def test_a_few_that_were_not_asked_yet(self):
        self.assertEqual(
            {'rome', 'bonn'},
            set(next_sites(['rome', 'oslo', 'bonn'], {}, {'oslo': math.inf})),
        )

    def test_sites_that_are_gone_were_asked_all_the_same(self):
        gone = {f'gone-{number}': 1.0 for number in range(11)}
        self.assertEqual(1, len(next_sites(['rome', 'bonn'], {}, gone)))
        for number in (11, 12):
            gone[f'gone-{number}'] = 1.0
            self.assertEqual((), next_sites(['rome', 'bonn'], {}, gone))
            self.assertEqual((), next_sites(ROAD, ROAD_MS, gone))

    def test_nobody(self):
        self.assertEqual((), next_sites([], {}, {}))


class SpreadTest(base.BaseTestCase):
    def test_all_are_near_one_of_the_first(self):
        first, *_ = run(at(3))
        # Of a road of 40 by four: none is more than 10 from one of them.
        for site in ROAD:
            self.assertLessEqual(
                min(
                    abs(ROAD.index(site) - ROAD.index(other))
                    for other in first
                ),
                10,
            )

    def test_the_first_is_the_one_that_is_near_all(self):
        # Sums of 3, 4 and 5: a-b is 1, b-c 2, a-c 3.
        mesh_ms = {('a', 'b'): 1.0, ('c', 'b'): 2.0, ('a', 'c'): 3.0}
        asked = next_sites('abc', mesh_ms, {}, most=2, at_once=1)
        self.assertEqual(('b',), asked)

    def test_a_site_is_near_itself(self):
        # 0.9 ms from x is a, and b and c 0.5, which are 0.2 apart: what a
        # brings nearer in sum are 0.9 ms, either of the others 0.8.
        near_x = {('x', 'a'): 0.9, ('x', 'b'): 0.5, ('x', 'c'): 0.5}
        asked = next_sites(
            'xabc',
            {**near_x, ('b', 'c'): 0.2},
            {'x': math.inf},
            most=2,
            at_once=1,
        )
        self.assertEqual(('a',), asked)

    def test_who_heard_nothing_is_spread_from(self):
        silent = dict.fromkeys(ROAD, math.inf)
        rounds = run(silent)
        self.assertEqual([4, 4, 4], list(map(len, rounds)))
        numbers = sorted(ROAD.index(site) for site in sum(rounds, ()))
        gaps = [b - a for a, b in itertools.pairwise(numbers)]
        self.assertLessEqual(max(gaps), 7)

    def test_is_the_same_in_any_order(self):
        forth = next_sites(ROAD, ROAD_MS, {})
        self.assertEqual(forth, next_sites(ROAD[::-1], ROAD_MS, {}))


class DescentTest(base.BaseTestCase):
    def test_finds_the_nearest_of_the_road(self):
        for place in range(40):
            asked = sum(run(at(place)), ())
            self.assertIn(ROAD[place], asked)

    def test_finds_it_behind_a_long_line(self):
        # In a town of 7 by 7, where it is seen from several sides.
        town = {f'{x},{y}': (x, y) for x in range(7) for y in range(7)}
        mesh_ms = {
            (one, other): math.dist(town[one], town[other])
            for one in town
            for other in town
        }
        for home in town:
            rtts_ms = {site: 25.0 + mesh_ms[site, home] for site in town}
            asked = sum(run(rtts_ms, mesh_ms), ())
            self.assertIn(home, asked)

    def test_those_that_are_most_like_the_client(self):
        # Between 10 and 20: what is 4 from the one and 6 from the other.
        asked = next_sites(
            ROAD, ROAD_MS, {'km-10': 4.0, 'km-20': 6.0}, at_once=1
        )
        self.assertEqual(('km-14',), asked)

    def test_a_line_of_its_own_is_taken_out(self):
        # 5 ms longer to all three: 14 again, where 9 and 11 are what counts.
        measured_ms = {'km-10': 9.0, 'km-20': 11.0, 'km-30': 21.0}
        asked = next_sites(ROAD, ROAD_MS, measured_ms, at_once=1)
        self.assertEqual(('km-14',), asked)

    def first_of_two(self, *mesh_ms):
        """Of s and t, by those of each to a and b, at 10 and at 100 ms."""
        pairs = [(site, other) for site in 'st' for other in 'ab']
        (asked,) = next_sites(
            'abst',
            dict(zip(pairs, mesh_ms, strict=True)),
            {'a': 10.0, 'b': 100.0},
            most=3,
            at_once=1,
        )
        return asked

    def test_an_error_counts_by_the_round_trip_that_it_is_in(self):
        # 20 of 100 ms are less than 3 of 10.
        self.assertEqual('s', self.first_of_two(10, 120, 13, 100))
        self.assertEqual('t', self.first_of_two(10, 140, 13, 100))

    def test_a_line_is_no_longer_than_the_shortest_round_trip(self):
        # To both 1 ms: a line of 10 ms leaves errors of 0.1 and 0.89, and its
        # doubt makes them 1.09; more than 1.05, and less than 1.25.
        self.assertEqual('t', self.first_of_two(1, 1, 20.5, 100))
        self.assertEqual('s', self.first_of_two(1, 1, 22.5, 100))

    def test_what_was_not_measured_is_an_error_of_the_whole(self):
        for rtt_ms, first in ((1.95, 'b'), (2.05, 'c')):
            asked = next_sites(
                'abc', {('a', 'b'): rtt_ms}, {'a': 1.0}, most=2, at_once=1
            )
            self.assertEqual((first,), asked)

    def test_what_was_not_measured_is_a_guess_between(self):
        # 9 of 10 ms is like the client, 900 is not, and d nobody knows.
        mesh_ms = {('a', 'b'): 9.0, ('a', 'c'): 900.0}
        asked = [
            next_sites('abcd', mesh_ms, {'a': 10.0, **more}, most=3, at_once=1)
            for more in ({}, {'b': 20.0})
        ]
        self.assertEqual([('b',), ('d',)], asked)

    def test_either_direction_of_the_mesh_counts(self):
        turned = {(other, one): ms for (one, other), ms in ROAD_MS.items()}
        self.assertEqual(run(at(17)), run(at(17), turned))

    def test_without_a_mesh_any_are_asked(self):
        self.assertEqual(12, len(set(sum(run(at(17), {}), ()))))


class NearTest(base.BaseTestCase):
    def test_believed_near_go_first_and_leave_room(self):
        near = ROAD[20:40]
        first, second, third = run(at(3), near=near)
        self.assertEqual(tuple(near[:4]), first)
        self.assertEqual(tuple(near[4:8]), second)
        # The belief is wrong, and the last round finds out.
        self.assertLessEqual(min(map(ROAD.index, third)), 4)

    def test_a_round_is_filled_up(self):
        first, *_ = run(at(3), near=['km-30'])
        self.assertEqual('km-30', first[0])
        self.assertEqual(4, len(set(first)))

    def test_unknown_ones_and_repeated_ones_are_left_out(self):
        first, *_ = run(at(3), near=['nowhere', 'km-05', 'km-05', 'km-06'])
        self.assertEqual(('km-05', 'km-06'), first[:2])
        self.assertEqual(4, len(set(first)))


SITES = [f'site-{number}' for number in range(30)]
names = st.sampled_from(SITES)
rtts = st.floats(0, 10_000) | st.just(math.inf)


class AnythingTest(base.BaseTestCase):
    @hypothesis.given(
        sites=st.sets(names),
        mesh_ms=st.dictionaries(st.tuples(names, names), rtts),
        rtts_ms=st.dictionaries(names, rtts),
        near=st.lists(names | st.just('nowhere')),
        most=st.integers(1, 14),
        at_once=st.integers(1, 6),
    )
    @hypothesis.settings(deadline=None)
    def test_ends_with_as_many_as_may_be_asked(
        self, sites, mesh_ms, rtts_ms, near, most, at_once
    ):
        rtts_ms = {site: rtts_ms.get(site, math.inf) for site in sites}
        rounds = run(rtts_ms, mesh_ms, near=near, most=most, at_once=at_once)
        asked = sum(rounds, ())
        self.assertEqual(min(most, len(sites)), len(asked))
        self.assertEqual(len(asked), len(set(asked)))
        self.assertLessEqual(set(asked), sites)
        if len(sites) > most:
            self.assertLessEqual(max(map(len, rounds)), at_once)
        else:
            self.assertEqual(min(1, len(sites)), len(rounds))

    @hypothesis.given(st.dictionaries(names, rtts, max_size=9))
    @hypothesis.settings(deadline=None)
    def test_is_the_same_in_any_order(self, measured_ms):
        turned = dict(reversed(measured_ms.items()))
        mesh_ms = dict.fromkeys(itertools.pairwise(SITES), 5.0)
        self.assertEqual(
            next_sites(SITES, mesh_ms, measured_ms),
            next_sites(SITES[::-1], mesh_ms, turned),
        )
