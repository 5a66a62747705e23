# SPDX-License-Identifier: Apache-2.0

import types
from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from edge_sched.scheduler.narrowing.rings import EVERYTHING
from edge_sched.scheduler.narrowing.rings import MAX_AGGREGATES
from edge_sched.scheduler.narrowing.rings import Ring
from edge_sched.scheduler.narrowing.rings import Size
from edge_sched.scheduler.narrowing.search import Room
from edge_sched.scheduler.narrowing.search import Search
from edge_sched.scheduler.narrowing.search import find_room
from tests.unit.scheduler.narrowing.test_rings import sites

#: Of nine sites that have nothing in common.
NINE = 'abcdefghi'


def size(
    least: int = 1,
    enough: int = 1,
    first: int = 10,
    most: int = 1000,
    aggregates: int = MAX_AGGREGATES,
    apart: int = 0,
) -> Size:
    return Size(least, enough, first, most, most, aggregates, apart)


class Cloud:
    """Sites that have room on so many hosts.

    :param room: of each site, ``{'site-0': 3}``; a ring with a site whose
        room is ``None`` cannot be asked
    :param not_sure: how many of those may be of no use
    :param most: how many it tells of at once
    """

    def __init__(
        self,
        room: Mapping[str, int | None],
        not_sure: Mapping[str, int] = types.MappingProxyType({}),
        most: int = 1000,
    ) -> None:
        self._room = room
        self._not_sure = not_sure
        self._most = most
        self.asked: list[Ring] = []
        self.asked_twice: list[Ring] = []

    def ask(self, ring: Ring) -> Room | None:
        self.asked.append(ring)
        counts = [self._room[each.site] for each in ring]
        told = [count for count in counts if count is not None]
        if len(told) < len(counts):
            return None
        if sum(told) >= self._most and len(ring) > 1:
            return self.ask(ring[: len(ring) // 2])
        return Room(
            ring, min(sum(told), self._most), lambda: self.count_unsure(ring)
        )

    def count_unsure(self, ring: Ring) -> int:
        self.asked_twice.append(ring)
        return sum(self._not_sure.get(each.site, 0) for each in ring)


class Scripted:
    """Answers one after the other: room, and how many are not sure.

    That a ring has a thousand is told of its nearer half.
    """

    def __init__(self, *answers: tuple[int, int] | None) -> None:
        self._answers = iter(answers)

    def ask(self, ring: Ring) -> Room | None:
        answer = next(self._answers)
        if answer is None:
            return None
        count, not_sure = answer
        if count >= 1000:
            return self.ask(ring[: len(ring) // 2])
        return Room(ring, count, lambda: not_sure)


class SearchTest(base.BaseTestCase):
    def test_for_record(self) -> None:
        for search, asked in (
            (Search(sites(4, 5), probes=2), {'sites': 2, 'hosts': 9}),
            (Search(EVERYTHING, probes=2), {'sites': 'all', 'hosts': 'all'}),
            (
                Search(EVERYTHING, probes=2, full=['u1', 'u2']),
                {'sites': 0, 'hosts': 0},
            ),
        ):
            self.assertEqual(asked | {'probes': 2}, search.for_record)


class FindRoomTest(base.BaseTestCase):
    def search(
        self,
        hosts: Sequence[int],
        room: Sequence[int | None],
        asked: Size | None = None,
        cells: str = '',
        few: bool = False,
        spots: Sequence[str] = (),
        **not_sure: int,
    ) -> Search:
        """Search sites of so many hosts, with room for so many each.

        :param cells: of each site, ``'aab'``; one for all by default
        :param few: whether one answer has them all, if it has so many
        :param spots: of each site, if servers are to be spread
        :param not_sure: of each site, ``site0=3``; ``all=3`` of all
        """
        near = sites(*hosts, cells=cells, spots=spots)
        every = not_sure.pop('all', 0)
        asked = asked or size()
        if not few:
            asked.most = asked.limit = min(asked.most, sum(hosts) - 1)
        self.cloud = Cloud(
            {each.site: count for each, count in zip(near, room, strict=True)},
            dict.fromkeys((each.site for each in near), every)
            | {
                name.replace('site', 'site-'): n
                for name, n in not_sure.items()
            },
            asked.most,
        )
        return find_room(near, asked, self.cloud.ask)

    def test_first_ring_with_room_is_enough(self) -> None:
        found = self.search([4] * 20, [0, 1, 0] + [4] * 17)
        self.assertEqual(['uuid-0', 'uuid-1', 'uuid-2'], found.aggregates)
        self.assertEqual(
            {'sites': 3, 'hosts': 12, 'probes': 1}, found.for_record
        )
        self.assertFalse(found.full)

    def test_full_rings_are_left_behind(self) -> None:
        found = self.search([4] * 20, [0] * 3 + [4] * 17)
        self.assertEqual([f'uuid-{n}' for n in range(3, 8)], found.aggregates)
        self.assertEqual(2, found.probes)

    def test_ring_with_little_room_is_asked_for_with_the_next(self) -> None:
        found = self.search([4] * 20, [0, 1, 0] + [4] * 17, size(1, 3))
        self.assertEqual(
            [f'uuid-{n}' for n in range(8)], sorted(found.aggregates)
        )

    def test_little_room_everywhere_is_room(self) -> None:
        found = self.search([4] * 6, [1, 0, 0, 0, 0, 0], size(1, 3))
        self.assertEqual(['uuid-0', 'uuid-1', 'uuid-2'], found.aggregates)
        self.assertFalse(found.full)

    def test_no_room_at_all_is_told(self) -> None:
        found = self.search([4] * 20, [0] * 20)
        self.assertEqual(([], 4), (found.aggregates, found.probes))
        self.assertEqual([f'uuid-{n}' for n in range(20)], found.full)

    def test_doubtful_hosts_may_be_all_that_have_room(self) -> None:
        room = [1, 1, 1] + [2] * 17
        found = self.search([4] * 20, room, all=1)
        self.assertEqual(
            [f'uuid-{n}' for n in range(8)], sorted(found.aggregates)
        )
        self.assertFalse(found.full)

    def test_large_site_is_asked_apart_from_near_ones(self) -> None:
        limits = size(first=100)
        found = self.search([4, 5000, 4], [1, 4999, 1], limits)
        self.assertEqual(['uuid-0'], found.aggregates)
        found = self.search([4, 5000, 4], [0, 4999, 1], limits)
        self.assertEqual(['uuid-1'], found.aggregates)
        # One answer has all that have room.
        found = self.search([4, 5000, 4], [1, 70, 1], limits)
        self.assertEqual(['uuid-0', 'uuid-1', 'uuid-2'], found.aggregates)

    def test_steps_to_the_end_of_a_large_cloud_are_few(self) -> None:
        limits = size(first=100)
        found = self.search([100] * 1000, [0] * 999 + [1], limits)
        self.assertEqual('uuid-999', found.aggregates[-1])
        self.assertLess(found.probes, 40)

    def test_roomy_rings_serve_if_the_nearest_have_too_little(self) -> None:
        room = [1, 0, 0] * 6 + [9, 9, 9]
        found = self.search([4] * 18 + [9] * 3, room, size(20, 20, most=24))
        self.assertEqual(
            [f'uuid-{n}' for n in range(20)], found.aggregates[:20]
        )

    def test_certain_room_goes_before_what_is_not_sure(self) -> None:
        # The servers of a group may stand on all that is near.
        found = self.search(
            [5] * 6,
            [4] * 6,
            **{f'site{n}': 4 for n in range(3)},
        )
        self.assertEqual(
            [f'uuid-{n}' for n in (3, 4, 5, 0, 1, 2)], found.aggregates
        )

    def test_hosts_that_are_not_sure_are_no_room(self) -> None:
        room = [2, 0, 0] + [4] * 17
        found = self.search([4] * 20, room, size(1, 2), site0=1)
        self.assertEqual(
            [f'uuid-{n}' for n in range(8)], sorted(found.aggregates)
        )
        found = self.search([4] * 20, room, size(1, 2))
        self.assertEqual([f'uuid-{n}' for n in range(3)], found.aggregates)

    def test_hosts_that_are_not_sure_are_asked_for_with_the_next(self) -> None:
        found = self.search([4] * 20, [4] * 20, site0=12)
        self.assertEqual(
            [f'uuid-{n}' for n in (3, 4, 5, 6, 7, 0, 1, 2)], found.aggregates
        )
        # Some of them are sure: enough.
        found = self.search([4] * 20, [4] * 20, site0=11)
        self.assertEqual([f'uuid-{n}' for n in range(3)], found.aggregates)

    def test_more_than_one_answer_where_less_is_too_little(self) -> None:
        found = self.search([1, 12], [1, 12], size(13, 13, 1, 12))
        self.assertEqual(['uuid-0', 'uuid-1'], found.aggregates)
        # Room for less does not need it.
        found = self.search([1, 12], [1, 12], size(1, 12, 1, 12))
        self.assertEqual(['uuid-0'], found.aggregates)
        # Nor does what is too little all the same.
        found = self.search([1, 12], [1, 12], size(14, 14, 1, 12))
        self.assertEqual(['uuid-0'], found.aggregates)

    def test_roomiest_where_the_nearest_are_all_that_can_be_named(
        self,
    ) -> None:
        # The first ring is three sites of a host each, and there is one room.
        hosts, room = [1, 1, 1, 80], [1, 0, 0, 80]
        found = self.search(hosts, room, size(5, 5, aggregates=3))
        self.assertEqual(['uuid-3', 'uuid-0', 'uuid-1'], found.aggregates)
        # The nearest do where they are enough, or nothing is.
        nearest = ['uuid-0', 'uuid-1', 'uuid-2']
        found = self.search(hosts, room, size(1, 5, aggregates=3))
        self.assertEqual(nearest, found.aggregates)
        found = self.search(hosts, room, size(82, 82, aggregates=3))
        self.assertEqual(nearest, found.aggregates)

    def test_no_query_names_more_aggregates_than_it_may(self) -> None:
        for need in (1, 1), (1, 30), (40, 40):
            for room in [0] * 39 + [1], [1] * 40, [None] * 40:
                for cells in 'a' * 40, 'ab' * 20:
                    limits = size(*need, aggregates=2)
                    found = self.search([4] * 40, room, limits, cells=cells)
                    asked = [*self.cloud.asked, found.aggregates]
                    self.assertGreaterEqual(2, max(map(len, asked)))

    def test_farther_hosts_of_a_site_do_not_hide_a_nearer_site(self) -> None:
        # Of four hosts of the first site one is near, and full; two of the
        # others are not. What is asked is the whole site.
        first, *others, last = sites(1, 4, 4, 4, 4, 3)
        farther = last._replace(aggregate=first.aggregate, site=first.site)
        room = {
            'site-0': 2,
            'site-3': 4,
            'site-1': 0,
            'site-2': 0,
            'site-4': 0,
        }
        cloud = Cloud(room, {'site-0': 3})
        near = [first, *others, farther]
        found = find_room(near, size(first=9, most=17), cloud.ask)
        self.assertEqual(
            [f'uuid-{n}' for n in (3, 4, 0, 1, 2)], found.aggregates
        )
        # They are room all the same, where there is no other.
        cloud = Cloud({'site-0': 2, 'site-1': 0, 'site-2': 0}, {'site-0': 1})
        near = [first, *others[:2], farther, *sites(0)]
        found = find_room(near, size(first=9, most=17), cloud.ask)
        self.assertIn('uuid-0', found.aggregates)

    def test_rings_are_asked_for_until_there_is_enough(self) -> None:
        room = [1, 0, 0] + [1, 0, 0, 0, 0, 0] + [1] * 9 + [0] * 3
        for enough, number in ((1, 3), (2, 9), (3, 21), (50, 21)):
            found = self.search([2] * 21, room, size(1, enough, 6, 30))
            self.assertEqual(
                [f'uuid-{n}' for n in range(number)], found.aggregates
            )

    def test_one_query_names_no_more_aggregates_than_it_may(self) -> None:
        # In rings of 10, 20, 35 and 35 sites, with a host each that is free.
        room = [int(n in (0, 10, 30, 70)) for n in range(150)]
        found = self.search([1] * 150, room, size(9, 9))
        self.assertEqual(
            [f'uuid-{n}' for n in range(MAX_AGGREGATES)], found.aggregates
        )

    def test_nearest_with_room_are_asked_for_whatever_else_is(self) -> None:
        # All that there is is less than the servers need, unless a host takes
        # several of them.
        room = [2, 0, 0] + [1, 0, 0] * 5 + [9, 9, 9]
        found = self.search([4] * 18 + [9] * 3, room, size(50, 50, most=24))
        self.assertEqual([f'uuid-{n}' for n in range(19)], found.aggregates)

    def test_ring_that_was_too_much_is_not_followed_by_a_larger(self) -> None:
        room = [10] * 5 + [0] * 5
        limits = size(99, 99, first=20, most=30)
        self.search([10] * 10, room, limits)
        self.assertEqual([3, 1, 3, 1, 3], [*map(len, self.cloud.asked)][:5])

    def test_rings_with_room_go_before_those_that_cannot_be_asked(
        self,
    ) -> None:
        room = [1, 0, 0] + [None] * 17
        found = self.search([4] * 20, room, size(1, 3, most=32))
        # One host, and seven sites of four.
        self.assertEqual([f'uuid-{n}' for n in range(10)], found.aggregates)

    def test_nearer_is_not_left_out_for_farther_that_cannot_be_asked(
        self,
    ) -> None:
        found = self.search([900, 300, 50], [None] * 3, size(most=1000))
        self.assertEqual(['uuid-0'], found.aggregates)

    def test_what_cannot_be_asked_is_as_much_as_a_query_names(self) -> None:
        found = self.search([4] * 9, [None] * 9, size(aggregates=4))
        self.assertEqual([f'uuid-{n}' for n in range(4)], found.aggregates)

    def test_site_that_is_full_is_not_asked_again(self) -> None:
        by_host = sites(*[4] * 3) * 3
        cloud = Cloud({'site-0': 0, 'site-1': 0, 'site-2': 0, 'site-3': 1})
        found = find_room(
            [*by_host, *sites(*[4] * 4)[3:]],
            size(most=30),
            cloud.ask,
        )
        self.assertEqual(['uuid-3'], found.aggregates)
        self.assertEqual(2, len(cloud.asked))

    def search_large_sites(
        self, hosts: int, number: int, *answers: tuple[int, int] | None
    ) -> list[str]:
        """The sites to ask for, given what each ring or part is told."""
        found = find_room(
            sites(*[hosts] * number),
            size(1, 30, 100, min(1000, hosts * number - 1)),
            Scripted(*answers).ask,
        )
        return [each.removeprefix('uuid-') for each in found.aggregates]

    def test_ring_that_may_be_down_is_asked_for_last(self) -> None:
        found = self.search_large_sites(200, 6, (30, 30), (500, 0))
        self.assertEqual(['3', '4', '5', '0', '1', '2'], found)

    def test_nearest_are_asked_for_if_all_may_be_down(self) -> None:
        found = self.search_large_sites(200, 9, *[(600, 600)] * 3)
        self.assertEqual(['0', '1', '2'], found[:3])

    def test_rings_that_may_be_down_go_after_what_cannot_be_asked(
        self,
    ) -> None:
        found = self.search_large_sites(200, 9, (30, 30), None)
        self.assertEqual(['3', '4', '5', '6', '7'], found)
        found = self.search_large_sites(50, 6, (30, 30), None)
        self.assertEqual(['3', '4', '5', '0', '1', '2'], found)

    def test_nobody_is_asked_again_who_did_not_answer(self) -> None:
        # Though what may have room is not enough.
        self.assertEqual(['0', '1'], self.search_large_sites(2, 3, None))

    def test_part_of_a_ring_that_cannot_be_asked(self) -> None:
        # The whole ring is asked, its nearer half, and what is left.
        found = self.search_large_sites(400, 3, (1000, 0), (0, 0), None)
        self.assertEqual(['1', '2'], found)
        found = self.search_large_sites(400, 3, (1000, 0), (9, 0), None)
        self.assertEqual(['0', '1', '2'], found)

    def test_farther_hosts_go_before_nearer_ones_that_may_be_down(
        self,
    ) -> None:
        found = find_room(
            sites(*[4] * 18),
            size(most=32),
            Scripted((12, 12), (20, 0)).ask,
        )
        self.assertEqual(
            [f'uuid-{n}' for n in (3, 4, 5, 6, 7, 0, 1, 2)], found.aggregates
        )

    def test_hosts_that_are_down_take_no_room_from_others(self) -> None:
        found = find_room(
            sites(*[4] * 8, 0),
            size(1, 2),
            Scripted((1, 3), (1, 0)).ask,
        )
        self.assertEqual(8, len(found.aggregates))

    def test_ring_that_cannot_be_asked_is_taken_with_the_next(self) -> None:
        found = self.search([4] * 20, [0] * 3 + [None] * 17)
        self.assertEqual([f'uuid-{n}' for n in range(3, 20)], found.aggregates)
        self.assertEqual(1, found.probes)
        self.assertFalse(found.full)
        self.assertEqual(2, len(self.cloud.asked))

    def test_what_cannot_be_asked_stays_within_one_answer(self) -> None:
        found = self.search([4] * 20, [None] * 20, size(most=40))
        self.assertEqual([f'uuid-{n}' for n in range(10)], found.aggregates)

    def test_everything_is_asked_for_if_sites_have_too_little(self) -> None:
        found = self.search([4, 4, 0], [0, 0, 0])
        self.assertIs(EVERYTHING, found.ring)
        self.assertFalse(found.full)
        self.assertEqual(1, len(self.cloud.asked))
        found = self.search([4, 4, 0], [0, 1, 0], size(1, 2))
        self.assertEqual(['uuid-0', 'uuid-1'], found.aggregates)
        found = self.search([4, 4, 0], [0, 1, 0], size(2, 2))
        self.assertIs(EVERYTHING, found.ring)

    def test_nearest_of_one_cell_are_enough(self) -> None:
        room = [1] + [4] * 7
        found = self.search([4] * 8, room, size(first=8), 'abbababa')
        self.assertEqual(['uuid-0'], found.aggregates)
        self.assertEqual([['site-0']], self.sites_asked())

    def test_nearest_of_one_cell_that_are_full(self) -> None:
        room = [0] + [4] * 5
        found = self.search([4] * 6, room, size(first=8), 'abbaaa')
        self.assertEqual([f'uuid-{n}' for n in range(1, 5)], found.aggregates)
        self.assertEqual(
            [['site-0'], [f'site-{n}' for n in range(1, 5)]],
            self.sites_asked(),
        )

    def test_nearest_of_one_cell_with_too_little_room(self) -> None:
        room = [1] + [4] * 4
        found = self.search([4] * 5, room, size(1, 3, first=8), 'abbaa')
        self.assertEqual([f'uuid-{n}' for n in range(5)], found.aggregates)

    def test_nearest_of_one_cell_are_too_few_for_the_request(self) -> None:
        found = self.search([4] * 5, [4] * 5, size(5, 7), cells='abbaa')
        self.assertEqual(1, found.probes)
        self.assertEqual(['uuid-0', 'uuid-1', 'uuid-2'], found.aggregates)

    def test_nearest_of_one_cell_that_cannot_be_asked(self) -> None:
        room = [None, 4, 4, 4]
        found = self.search([4] * 5, [*room, 4], size(first=8), 'abaaa')
        self.assertEqual([f'uuid-{n}' for n in range(4)], found.aggregates)
        self.assertEqual(0, found.probes)

    def test_part_of_a_ring_takes_no_room_from_others(self) -> None:
        # An answer has the first ring, and of the second one site.
        found = self.search(
            [1] * 3 + [4] * 3,
            [1] * 3 + [3] * 3,
            size(2, 3, 3, 10),
            site0=1,
        )
        self.assertEqual([f'uuid-{n}' for n in range(4)], found.aggregates)

    def test_few_hosts_are_asked_for_at_once(self) -> None:
        room = [0] * 19 + [1]
        found = self.search(
            [4] * 20, room, size(most=80), 'ab' * 10, few=True, all=9
        )
        self.assertEqual([f'uuid-{n}' for n in range(20)], found.aggregates)
        self.assertEqual(1, found.probes)
        # Whether they are up does not matter where there are no others.
        self.assertEqual([], self.cloud.asked_twice)
        found = self.search([4] * 21, [4] * 21, size(most=80), few=True)
        self.assertEqual(['uuid-0', 'uuid-1', 'uuid-2'], found.aggregates)

    def test_few_hosts_that_are_too_many_ways(self) -> None:
        found = self.search([4] * 4, [4] * 4, size(most=16), few=True)
        self.assertEqual(['uuid-0', 'uuid-1'], found.aggregates)

    def test_few_hosts_that_are_all_full(self) -> None:
        found = self.search([4] * 3, [0] * 3, few=True)
        self.assertEqual(([], 1), (found.aggregates, found.probes))
        self.assertEqual(['uuid-0', 'uuid-1', 'uuid-2'], found.full)

    def test_few_hosts_that_cannot_be_asked(self) -> None:
        found = self.search([4] * 3, [4, None, 4], few=True)
        self.assertEqual(['uuid-0', 'uuid-1', 'uuid-2'], found.aggregates)
        self.assertEqual(0, found.probes)

    def test_few_hosts_at_more_sites_than_a_query_names(self) -> None:
        limits = size(aggregates=4)
        found = self.search([4] * 4, [4] * 4, limits, few=True)
        self.assertEqual(4, len(found.aggregates))
        found = self.search([4] * 5, [4] * 5, limits, few=True)
        self.assertEqual(3, len(found.aggregates))

    def test_few_hosts_some_of_them_of_no_site(self) -> None:
        found = self.search([4, 4, 0], [4, 4, 4], few=True)
        self.assertEqual(['uuid-0', 'uuid-1'], found.aggregates)
        found = self.search([0], [4], few=True)
        self.assertEqual((EVERYTHING, 0), (found.ring, found.probes))

    def sites_asked(self) -> list[list[str]]:
        return [[each.site for each in ring] for ring in self.cloud.asked]

    @given(st.data())
    def test_best_site_with_room_is_always_asked_for(
        self, data: st.DataObject
    ) -> None:
        hosts = data.draw(
            st.lists(st.integers(1, 60), min_size=1, max_size=90)
        )
        room = [data.draw(st.integers(0, h) | st.just(0)) for h in hosts]
        enough, first = (
            data.draw(st.integers(1, 5)),
            data.draw(st.integers(1, 100)),
        )
        limits = size(1, enough, first)
        cells = ''.join(data.draw(st.sampled_from('aaab')) for _ in hosts)
        found = self.search(hosts, room, limits, cells=cells, few=True)
        with_room = [n for n, free in enumerate(room) if free]
        self.assertEqual(not with_room, bool(found.full))
        if with_room:
            self.assertIn(f'uuid-{with_room[0]}', found.aggregates)
        for asked in self.cloud.asked:
            self.assertLessEqual(len(asked), MAX_AGGREGATES)
        offered = [room[int(each[5:])] for each in found.aggregates]
        self.assertLessEqual(sum(offered), 1000)

    def test_ring_that_may_have_its_room_at_one_place_is_not_enough(
        self,
    ) -> None:
        apart = size(1, 1, first=12, apart=1)
        found = self.search([4] * 9, [4] * 9, apart, spots=NINE)
        self.assertEqual(3, len(found.aggregates))
        room = [4, 0, 0] + [1] * 6
        found = self.search([4] * 9, room, apart, spots=NINE)
        self.assertEqual(9, len(found.aggregates))
        # Rings of one place are one place.
        found = self.search([4] * 9, [4] * 9, apart, spots='aaaaaaaab')
        self.assertEqual(9, len(found.aggregates))

    def test_hosts_of_two_sites_are_room_beside_either(self) -> None:
        apart = size(1, 1, first=10, apart=1)
        hosts, room = [4, 2, 4, 4, 4, 4], [4, 2, 1, 4, 4, 4]
        found = self.search(hosts, room, apart, spots='aabmcd')
        self.assertEqual(3, len(found.aggregates))
        # The hosts of the second are also in the fourth.
        spots = ['a', 'am', 'b', 'm', 'c', 'd']
        found = self.search(hosts, room, apart, spots=spots)
        self.assertEqual(6, len(found.aggregates))

    def test_all_is_asked_for_if_a_query_has_too_few_places(self) -> None:
        apart = size(1, 1, first=4, aggregates=4, apart=5)
        found = self.search([4] * 9, [4] * 9, apart, spots=NINE)
        self.assertEqual(EVERYTHING, found.ring)
        self.assertEqual((), found.full)
        # No farther ones instead, be they roomy.
        found = self.search(
            [4] * 12,
            [1, 0, 0, 0, 0, 0, 0, 1, 4, 4, 4, 4],
            size(2, 2, first=4, aggregates=4, apart=1),
            spots='abcdefghijkl',
        )
        self.assertEqual(EVERYTHING, found.ring)

    def test_all_is_asked_for_if_it_is_not_told_where_there_is_room(
        self,
    ) -> None:
        room = [4] * 4 + [None] * 5
        limits = size(enough=9, apart=2)
        found = self.search([4] * 9, room, limits, spots=NINE)
        self.assertEqual((EVERYTHING, 1), (found.ring, found.probes))

    def test_all_with_room_is_asked_for_if_it_is_too_little(self) -> None:
        apart = size(1, 1, first=12, apart=2)
        room = [1, 0, 0, 0, 0, 0, 0, 0, 1]
        found = self.search([4] * 9, room, apart, spots=NINE)
        self.assertEqual(9, len(found.aggregates))
        apart.aggregates = 6
        found = self.search([4] * 9, room, apart, spots=NINE)
        self.assertEqual(EVERYTHING, found.ring)

    def test_more_than_one_answer_has_where_nova_sets_no_limit(self) -> None:
        near = sites(*[9] * 9, spots=NINE)
        limits = Size(1, 1, 9, 18, limit=1000, apart=2)
        found = find_room(near, limits, Scripted((10, 0), (25, 0)).ask)
        self.assertEqual(6, len(found.aggregates))

    def test_all_is_asked_for_if_a_query_has_too_little_without_limit(
        self,
    ) -> None:
        # Of which Nova hands out 30 where there is no group.
        near, scripted = sites(*[9] * 8), Scripted((9, 0), (9, 0), (9, 0))
        limits = Size(28, 28, 27, 30, limit=1000, aggregates=6)
        self.assertEqual(
            EVERYTHING, find_room(near, limits, scripted.ask).ring
        )
        limits, scripted = size(28, 28, 27, 30, 6), Scripted(*[(9, 0)] * 3)
        found = find_room(near, limits, scripted.ask)
        self.assertEqual(5, len(found.aggregates))

    def test_places_of_hosts_that_may_be_down_do_not_count(self) -> None:
        apart = size(1, 1, first=12, apart=2)
        found = self.search(
            [4] * 9, [4] * 9, apart, spots=NINE, site0=4, site1=4
        )
        self.assertEqual(9, len(found.aggregates))

    def test_hosts_of_two_sites_count_once(self) -> None:
        # One answer of each ring has room, and it is the same three hosts.
        here = frozenset({'a', 'b', 'c'})
        near = [
            each._replace(hosts=here) if number in (0, 3) else each
            for number, each in enumerate(sites(*[3] * 15))
        ]
        found = find_room(
            near,
            size(4, 4, first=9, most=40),
            Scripted((3, 0), (3, 0), (3, 0)).ask,
        )
        self.assertEqual(15, len(found.aggregates))
        found = find_room(
            near, size(3, 3, first=9, most=40), Scripted((3, 0)).ask
        )
        self.assertEqual(3, len(found.aggregates))

    @given(st.data())
    def test_best_place_of_each_server_is_always_asked_for(
        self, data: st.DataObject
    ) -> None:
        """Each has the best with room that is apart from those before."""
        hosts = data.draw(
            st.lists(st.integers(1, 60), min_size=1, max_size=90)
        )
        room = [data.draw(st.integers(0, h) | st.just(0)) for h in hosts]
        marks = 'abcdefghijklmnopqrstuvwxyz'[: data.draw(st.integers(2, 26))]
        some = st.text(st.sampled_from(marks), min_size=1, max_size=2)
        spots = [data.draw(some) for _ in hosts]
        servers = data.draw(st.integers(1, 5))
        limits = size(
            servers,
            servers + data.draw(st.integers(0, 3)),
            data.draw(st.integers(1, 100)),
            apart=servers - 1,
        )
        cells = ''.join(data.draw(st.sampled_from('aaab')) for _ in hosts)
        found = self.search(
            hosts, room, limits, cells=cells, few=True, spots=spots
        )
        if not found.ring:
            return
        taken = set[str]()
        for _ in range(servers):
            best = [
                number
                for number, free in enumerate(room)
                if free and taken.isdisjoint(spots[number])
            ]
            if best:
                self.assertIn(f'uuid-{best[0]}', found.aggregates)
                taken.update(spots[best[0]])
