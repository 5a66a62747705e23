# SPDX-License-Identifier: Apache-2.0

import collections
from collections.abc import Sequence

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
from edge_sched.scheduler.narrowing.rings import nodes_beside


def sites(
    *nodes: int, cells: str = '', spots: Sequence[str] = ()
) -> list[SiteHosts]:
    """A site of so many hosts each; 0 for hosts of no site.

    :param cells: of each, ``'aab'``; one for all by default
    :param spots: the marks of each, ``['a', 'ab']``, if servers are to be
        spread
    """
    return [
        SiteHosts(
            f'uuid-{number}' if count else '',
            f'site-{number}',
            frozenset(),
            count,
            cell,
            (tuple(('site', mark) for mark in marks),) if spots else (),
        )
        for number, (count, cell, marks) in enumerate(
            zip(
                nodes,
                cells or 'a' * len(nodes),
                spots or [''] * len(nodes),
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
        size = Size(1, enough, first, most, most)
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
        for apart, spots, count in (
            (4, 'abcdefghi', 5),
            # Three sites at least.
            (1, 'abcdefghi', 3),
            (2, 'aaabbbccc', 7),
            (0, 'aaabbbccc', 3),
            # All there are.
            (3, 'aaabbbccc', 9),
        ):
            near = sites(*[4] * 9, spots=spots)
            size = Size(1, 1, 4, 30, 30, apart=apart)
            self.assertEqual(count, len(first_ring(near, size, 4)))

    def test_first_ring_with_too_few_places_of_its_cell(self) -> None:
        near = sites(*[4] * 9, cells='aaaabbbbb', spots='abcdefghi')
        for apart, count in ((2, 4), (3, 4), (4, 5)):
            size = Size(1, 1, 16, 30, 30, apart=apart)
            self.assertEqual(count, len(first_ring(near, size, 16)))

    def test_no_query_names_too_many_for_the_sake_of_places(self) -> None:
        near = sites(*[4] * 9, spots='abcdefghi')
        size = Size(1, 1, 4, 30, 30, aggregates=6, apart=7)
        self.assertEqual(6, len(first_ring(near, size, 4)))

    def test_nodes_beside_servers_are_those_of_the_largest_places(
        self,
    ) -> None:
        near = sites(3, 2, 5, 1, spots='aabc')
        for servers, nodes in ((0, 0), (1, 5), (2, 10), (3, 11), (4, 11)):
            self.assertEqual(nodes, nodes_beside(near, servers))
        self.assertEqual(0, nodes_beside(sites(3, 2), 2))
        self.assertEqual(0, nodes_beside(EVERYTHING, 2))

    def test_server_at_two_sites_is_beside_the_hosts_of_both(self) -> None:
        # Three of a and one of both, and four of b and one of both.
        near = sites(3, 1, 4, 2, spots=['a', 'ab', 'b', 'c'])
        self.assertEqual(4 + 5, nodes_beside(near, 1))
        self.assertEqual(4 + 5 + 5, nodes_beside(near, 2))

    @given(st.data())
    def test_nodes_beside_servers_are_never_underestimated(
        self, data: st.DataObject
    ) -> None:
        nodes = data.draw(st.lists(st.integers(1, 9), min_size=1, max_size=9))
        marks = st.sets(st.sampled_from('abcd'), min_size=1, max_size=2)
        spots = [''.join(sorted(data.draw(marks))) for _ in nodes]
        at = data.draw(
            st.lists(st.sampled_from(range(len(nodes))), max_size=4)
        )
        beside = collections.Counter[int]()
        for number, count in enumerate(nodes):
            if any({*spots[number]} & {*spots[server]} for server in at):
                beside[number] = count
        near = sites(*nodes, spots=spots)
        self.assertLessEqual(beside.total(), nodes_beside(near, len(at)))

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
