# SPDX-License-Identifier: Apache-2.0

from collections.abc import Hashable, Sequence

from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from edge_sched.scheduler.narrowing.rings import EVERYTHING
from edge_sched.scheduler.narrowing.rings import MAX_AGGREGATES
from edge_sched.scheduler.narrowing.rings import MIN_SITES
from edge_sched.scheduler.narrowing.rings import Ring
from edge_sched.scheduler.narrowing.rings import SiteHosts
from edge_sched.scheduler.narrowing.rings import Size
from edge_sched.scheduler.narrowing.rings import first_ring
from edge_sched.scheduler.narrowing.rings import places_with_room


def sites(
    *nodes: int, cells: str = '', places: Sequence[Hashable] = ()
) -> list[SiteHosts]:
    """A site of so many hosts each; 0 for hosts of no site.

    :param cells: of each, ``'aab'``; one for all by default
    :param places: of each, ``'aab'``, if servers are to be spread
    """
    return [
        SiteHosts(
            f'uuid-{number}' if count else '',
            f'site-{number}',
            frozenset(),
            count,
            cell,
            place,
        )
        for number, (count, cell, place) in enumerate(
            zip(
                nodes,
                cells or 'a' * len(nodes),
                places or [None] * len(nodes),
                strict=True,
            )
        )
    ]


def rings(
    near: Ring, first: int, enough: int = 1, most: int = 0
) -> list[Ring]:
    """One ring after the other, each twice as large.

    :param most: that one answer has; too few for all by default
    """
    found: list[Ring] = []
    while near and EVERYTHING not in found:
        size = Size(1, enough, first, most)
        found.append(first_ring(near, size, first * 2 ** len(found)))
        near = near[len(found[-1]) :]
    return found


def cut(near: Ring, *size: int, most: int = 0) -> list[list[int]]:
    """The nodes of each site of each ring."""
    return [
        [each.nodes for each in ring] for ring in rings(near, *size, most=most)
    ]


class RingsTest(base.BaseTestCase):
    def test_rings_grow_in_hosts(self) -> None:
        self.assertEqual(
            [[4] * 3, [4] * 5, [4] * 10, [4] * 2], cut(sites(*[4] * 20), 10)
        )

    def test_first_ring_has_several_sites_even_if_one_is_large(self) -> None:
        found = cut(sites(500, 3, 3, 3), 10)
        self.assertEqual([[500, 3, 3], [3]], found)

    def test_site_of_two_aggregates_counts_once(self) -> None:
        twice = [
            SiteHosts(f'uuid-{n}', 'lyon', frozenset(), 50, 'a')
            for n in range(2)
        ]
        found = cut([*twice, *sites(1, 1, 1)], 10)
        self.assertEqual([[50, 50, 1, 1], [1]], found)

    def test_query_has_a_bounded_number_of_aggregates(self) -> None:
        found = cut(sites(*[1] * 200), 1000)
        self.assertEqual([35, 35, 35, 35, 35, 25], list(map(len, found)))

    def test_aggregate_of_hosts_at_two_distances_is_named_once(self) -> None:
        by_host = sites(*[1] * MAX_AGGREGATES) * 2
        self.assertEqual(
            [70, 2], list(map(len, cut([*by_host, *sites(1, 1)], 70)))
        )

    def test_hosts_of_no_site_come_with_all_others(self) -> None:
        found = rings(sites(4, 0, 4), 10, most=99)
        self.assertEqual([sites(4), EVERYTHING], found)
        self.assertEqual([[]], cut(sites(0, 4), 10))

    def test_first_ring_ends_with_its_cell(self) -> None:
        found = cut(sites(*[4] * 9, cells='aabababab'), 12, 8)
        self.assertEqual([[4] * 2, [4] * 6, [4]], found)
        found = cut(sites(*[4] * 9, cells='aabbbaaaa'), 12, 6)
        self.assertEqual([[4] * 2, [4] * 6, [4]], found)

    def test_first_ring_with_too_few_hosts_of_its_cell(self) -> None:
        found = cut(sites(*[4] * 9, cells='aabababab'), 12, 9)
        self.assertEqual([[4] * 3, [4] * 6], found)

    def test_first_ring_has_a_place_for_each_server(self) -> None:
        for places, spread_over, count in (
            (5, range(9), 5),
            # Three sites at least.
            (2, range(9), 3),
            (3, 'aaabbbccc', 7),
            (1, 'aaabbbccc', 3),
            # All there are.
            (4, 'aaabbbccc', 9),
        ):
            near = sites(*[4] * 9, places=[*spread_over])
            size = Size(1, 1, 4, 30, places=places)
            self.assertEqual(count, len(first_ring(near, size, 4)))

    def test_first_ring_with_too_few_places_of_its_cell(self) -> None:
        near = sites(*[4] * 9, cells='aaaabbbbb', places=range(9))
        for places, count in ((3, 4), (4, 4), (5, 5)):
            size = Size(1, 1, 16, 30, places=places)
            self.assertEqual(count, len(first_ring(near, size, 16)))

    def test_no_query_names_too_many_for_the_sake_of_places(self) -> None:
        near = sites(*[4] * 9, places=range(9))
        size = Size(1, 1, 4, 30, aggregates=6, places=8)
        self.assertEqual(6, len(first_ring(near, size, 4)))

    def test_places_with_room_whoever_has_it(self) -> None:
        near = sites(3, 2, 5, 1, places='aabc')
        for hosts, places in (
            (-1, 0),
            (0, 0),
            (1, 1),
            # All at a, or all at b.
            (5, 1),
            (6, 2),
            (10, 2),
            (11, 3),
        ):
            self.assertEqual(places, places_with_room(near, hosts))
        self.assertEqual(0, places_with_room(EVERYTHING, 3))

    @given(st.data())
    def test_places_with_room_are_never_overestimated(
        self, data: st.DataObject
    ) -> None:
        nodes = data.draw(st.lists(st.integers(1, 9), min_size=1, max_size=9))
        over = [data.draw(st.sampled_from('abcd')) for _ in nodes]
        room = [data.draw(st.integers(0, count)) for count in nodes]
        least = places_with_room(sites(*nodes, places=over), sum(room))
        with_room = {p for p, free in zip(over, room, strict=True) if free}
        self.assertLessEqual(least, len(with_room))
        self.assertEqual(not with_room, not least)

    def test_all_that_one_answer_has_are_one_ring(self) -> None:
        near = sites(*[4] * 9, cells='aabababab')
        self.assertEqual([[4] * 9], cut(near, 10, most=36))
        self.assertEqual([4] * 2, cut(near, 10, most=35)[0])

    def test_all_that_one_query_names_are_one_ring(self) -> None:
        twice = sites(*[1] * MAX_AGGREGATES) * 2
        self.assertEqual([[1] * 70], cut(twice, 10, most=999))
        near = sites(*[1] * (MAX_AGGREGATES + 1))
        self.assertEqual([1] * 10, cut(near, 10, most=999)[0])

    @given(st.data())
    def test_each_site_is_in_one_ring_in_its_order(
        self, data: st.DataObject
    ) -> None:
        nodes = data.draw(st.lists(st.integers(1, 300), max_size=300))
        first = data.draw(st.integers(1, 200))
        cells = ''.join(data.draw(st.sampled_from('ab')) for _ in nodes)
        near = sites(*nodes, cells=cells)
        found = rings(near, first, 3)
        self.assertEqual(near, [each for ring in found for each in ring])
        for ring in found:
            self.assertLessEqual(len(ring), MAX_AGGREGATES)
        for number, ring in enumerate(found[:-1]):
            if number or len({each.cell for each in ring}) > 1:
                self.assertGreaterEqual(len(ring), MIN_SITES)
                self.assertTrue(
                    len(ring) == MAX_AGGREGATES
                    or sum(each.nodes for each in ring) >= first
                )
