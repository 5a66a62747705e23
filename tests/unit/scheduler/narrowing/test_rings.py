# SPDX-License-Identifier: Apache-2.0

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from edge_sched.scheduler.narrowing import rings
from edge_sched.scheduler.narrowing.rings import EVERYTHING
from edge_sched.scheduler.narrowing.rings import MAX_AGGREGATES
from edge_sched.scheduler.narrowing.rings import MIN_SITES
from edge_sched.scheduler.narrowing.rings import Ring
from edge_sched.scheduler.narrowing.rings import SiteHosts
from edge_sched.scheduler.narrowing.rings import Size


def sites(*nodes: int, cells: str = '') -> list[SiteHosts]:
    """A site of so many hosts each; 0 for hosts of no site.

    :param cells: of each, ``'aab'``; one for all by default
    """
    return [
        SiteHosts(
            f'uuid-{number}' if count else '',
            f'site-{number}',
            frozenset(),
            count,
            cell,
        )
        for number, (count, cell) in enumerate(
            zip(nodes, cells or 'a' * len(nodes), strict=True)
        )
    ]


def cut(
    near: Sequence[SiteHosts], first: int, one_cell: int = 1, most: int = 9999
) -> list[list[int]]:
    """The nodes of each site of each ring."""
    size = Size(first, one_cell, few=0, most=most)
    return counts([*rings.rings(near, size)])


def counts(found: Sequence[Ring]) -> list[list[int]]:
    return [[each.nodes for each in ring] for ring in found]


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
        found = [*rings.rings(sites(4, 0, 4), Size(10, 1, 0, 99))]
        self.assertEqual([[4], []], counts(found))
        self.assertIs(EVERYTHING, found[1])
        self.assertEqual([[]], cut(sites(0, 4), 10))

    def test_nothing_makes_no_ring(self) -> None:
        self.assertEqual([], cut([], 10))

    def test_first_ring_ends_with_its_cell(self) -> None:
        found = cut(sites(*[4] * 9, cells='aabababab'), 12, 8)
        self.assertEqual([[4] * 2, [4] * 6, [4]], found)

    def test_first_ring_with_too_few_hosts_of_its_cell(self) -> None:
        found = cut(sites(*[4] * 9, cells='aabababab'), 12, 9)
        self.assertEqual([[4] * 3, [4] * 6], found)

    @given(st.data())
    def test_each_site_is_in_one_ring_in_its_order(
        self, data: st.DataObject
    ) -> None:
        nodes = data.draw(st.lists(st.integers(1, 300), max_size=300))
        first = data.draw(st.integers(1, 200))
        cells = ''.join(data.draw(st.sampled_from('ab')) for _ in nodes)
        near = sites(*nodes, cells=cells)
        found = [*rings.rings(near, Size(first, 3, 0, 900))]
        self.assertEqual(near, [each for ring in found for each in ring])
        for ring in found:
            self.assertLessEqual(len(ring), MAX_AGGREGATES)
        for number, ring in enumerate(found[:-1]):
            if number or len({each.cell for each in ring}) > 1:
                self.assertGreaterEqual(len(ring), MIN_SITES)
                self.assertTrue(
                    len(ring) == MAX_AGGREGATES
                    or rings.nodes_of(ring) >= first
                )


class FirstFewTest(base.BaseTestCase):
    def first_few(
        self, near: Sequence[SiteHosts], most: int, aggregates: int
    ) -> tuple[list[int], bool]:
        found, is_all = rings.first_few(near, most, aggregates)
        return [each.nodes for each in found], is_all

    def test_as_much_as_one_answer_has_room_for(self) -> None:
        self.assertEqual(
            ([4, 4], False), self.first_few(sites(4, 4, 1), 8, 35)
        )
        self.assertEqual(([4, 4], True), self.first_few(sites(4, 4), 8, 35))
        self.assertEqual(([99], False), self.first_few(sites(99, 1), 8, 35))

    def test_as_many_aggregates_as_one_query_may_name(self) -> None:
        self.assertEqual(([1, 1], False), self.first_few(sites(1, 1, 1), 8, 2))
        twice = sites(1, 1) * 2
        self.assertEqual(([1] * 4, True), self.first_few(twice, 8, 2))
