# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from edge_sched.rings import EVERYTHING
from edge_sched.rings import MAX_AGGREGATES
from edge_sched.rings import Offer
from edge_sched.rings import Ring
from edge_sched.search import Need
from edge_sched.search import Search
from edge_sched.search import Size
from edge_sched.search import Told
from edge_sched.search import find_room
from tests.unit.test_rings import offers

SIZE = Size(first=10, most=1000)
ONE = Need(least=1, enough=1)


class FindRoomTest(base.BaseTestCase):
    def search(
        self,
        hosts: Sequence[int],
        room: Sequence[int | None],
        need: Need = ONE,
        size: Size = SIZE,
        doubtful: int = 0,
        cells: str = '',
        lesser: int = 0,
        down: int = 0,
        untold: int = 0,
    ) -> Search:
        """Search sites of so many hosts, with room for so many each.

        A ring with a site whose room is ``None`` cannot be asked.

        :param doubtful: hosts of each site
        :param cells: of each site, ``'aab'``; one for all by default
        :param lesser: hosts of the first site
        :param down: hosts of the first site
        :param untold: hosts of the first site
        """
        self.asked: list[Ring] = []
        found = [
            offer._replace(
                doubtful=doubtful,
                lesser=lesser if offer.site == 'site-0' else 0,
                cells=frozenset(cell if offer.aggregate else ''),
            )
            for offer, cell in zip(
                offers(*hosts), cells or 'a' * len(hosts), strict=True
            )
        ]
        of_site = dict(zip((o.site for o in found), room, strict=True))

        def look_into(ring: Ring) -> Told | None:
            self.asked.append(ring)
            counts = [of_site[offer.site] for offer in ring]
            told = [count for count in counts if count is not None]
            if len(told) < len(counts):
                return None
            is_first = any(offer.site == 'site-0' for offer in ring)
            return Told(sum(told), *(down, untold) if is_first else ())

        return find_room(found, size, need, look_into)

    def test_first_ring_with_room_is_enough(self) -> None:
        found = self.search([4] * 20, [0, 1, 0] + [4] * 17)
        self.assertEqual(['uuid-0', 'uuid-1', 'uuid-2'], found.aggregates)
        self.assertEqual((3, 12, 1), (found.sites, found.hosts, found.probes))
        self.assertFalse(found.full)

    def test_full_rings_are_left_behind(self) -> None:
        found = self.search([4] * 20, [0] * 3 + [4] * 17)
        self.assertEqual([f'uuid-{n}' for n in range(3, 8)], found.aggregates)
        self.assertEqual(2, found.probes)

    def test_ring_with_little_room_is_asked_for_with_the_next(self) -> None:
        found = self.search([4] * 20, [0, 1, 0] + [4] * 17, Need(1, 3))
        self.assertEqual(
            [f'uuid-{n}' for n in range(8)], sorted(found.aggregates)
        )

    def test_little_room_everywhere_is_room(self) -> None:
        found = self.search([4] * 6, [1, 0, 0, 0, 0, 0], Need(1, 3))
        self.assertEqual(['uuid-0', 'uuid-1', 'uuid-2'], found.aggregates)
        self.assertFalse(found.full)

    def test_no_room_at_all_is_told(self) -> None:
        found = self.search([4] * 20, [0] * 20)
        self.assertEqual(([], 4), (found.aggregates, found.probes))
        self.assertEqual([f'uuid-{n}' for n in range(20)], found.full)

    def test_doubtful_hosts_may_be_all_that_have_room(self) -> None:
        room = [1, 1, 1] + [2] * 17
        found = self.search([4] * 20, room, doubtful=1)
        self.assertEqual(
            [f'uuid-{n}' for n in range(8)], sorted(found.aggregates)
        )
        self.assertFalse(found.full)

    def test_large_site_is_asked_apart_from_near_ones(self) -> None:
        size = Size(100, 1000)
        found = self.search([4, 5000, 4], [1, 70, 1], Need(1, 1), size)
        self.assertEqual(['uuid-0'], found.aggregates)
        found = self.search([4, 5000, 4], [0, 70, 1], Need(1, 1), size)
        self.assertEqual(['uuid-1'], found.aggregates)

    def test_steps_to_the_end_of_a_large_cloud_are_few(self) -> None:
        size = Size(100, 1000)
        found = self.search([100] * 1000, [0] * 999 + [1], size=size)
        self.assertEqual('uuid-999', found.aggregates[-1])
        self.assertLess(found.probes, 40)
        self.assertLessEqual(found.hosts, 1000)

    def test_roomiest_rings_serve_if_the_nearest_have_too_little(self) -> None:
        size = Size(10, 24)
        room = [1, 0, 0] * 6 + [9, 9, 9]
        found = self.search([4] * 21, room, Need(20, 20), size)
        self.assertIn('uuid-20', found.aggregates)
        self.assertLessEqual(found.hosts, 24)

    def test_certain_room_goes_before_doubtful(self) -> None:
        # The servers of a group may stand on all that is near.
        found = find_room(
            [
                *(Offer(f'near-{n}', f'{n}', 4, doubtful=4) for n in range(3)),
                *(Offer(f'far-{n}', f'{n}', 4) for n in range(3)),
            ],
            Size(first=10, most=12),
            ONE,
            lambda ring: Told(12),
        )
        self.assertEqual(['far-0', 'far-1', 'far-2'], found.aggregates)

    def test_hosts_that_are_down_are_no_room(self) -> None:
        room = [2, 0, 0] + [4] * 17
        found = self.search([4] * 20, room, Need(1, 2), down=1)
        self.assertEqual(
            [f'uuid-{n}' for n in range(8)], sorted(found.aggregates)
        )
        found = self.search([4] * 20, room, Need(1, 2))
        self.assertEqual([f'uuid-{n}' for n in range(3)], found.aggregates)

    def test_hosts_that_may_be_down_are_asked_for_with_the_next(self) -> None:
        found = self.search([4] * 20, [4] * 20, untold=12)
        self.assertEqual([f'uuid-{n}' for n in range(8)], found.aggregates)
        # What one answer has room for is the nearest, for all that is known.
        size = Size(10, 12)
        found = self.search([4] * 20, [4] * 20, size=size, untold=12)
        self.assertEqual([f'uuid-{n}' for n in range(3)], found.aggregates)
        # Some of them are known to be up: enough.
        found = self.search([4] * 20, [4] * 20, untold=11)
        self.assertEqual([f'uuid-{n}' for n in range(3)], found.aggregates)

    def test_more_than_one_answer_where_less_is_too_little(self) -> None:
        size = Size(1, 12)
        found = self.search([1, 12], [1, 12], Need(13, 13), size)
        self.assertEqual(['uuid-0', 'uuid-1'], found.aggregates)
        # Room for less does not need it.
        found = self.search([1, 12], [1, 12], Need(1, 12), size)
        self.assertEqual(['uuid-0'], found.aggregates)
        # Nor does what is too little all the same.
        found = self.search([1, 12], [1, 12], Need(14, 14), size)
        self.assertEqual(['uuid-0'], found.aggregates)

    def test_roomiest_where_the_nearest_are_all_that_can_be_named(
        self,
    ) -> None:
        # The first ring is three sites of a host each, and there is one room.
        hosts, room = [1, 1, 1, 80], [1, 0, 0, 80]
        size = Size(10, 1000, aggregates=3)
        found = self.search(hosts, room, Need(5, 5), size)
        self.assertEqual(['uuid-3', 'uuid-0', 'uuid-1'], found.aggregates)
        # The nearest do where they are enough, or nothing is.
        nearest = ['uuid-0', 'uuid-1', 'uuid-2']
        found = self.search(hosts, room, Need(1, 5), size)
        self.assertEqual(nearest, found.aggregates)
        found = self.search(hosts, room, Need(81, 81), size)
        self.assertEqual(nearest, found.aggregates)

    def test_no_query_names_more_aggregates_than_it_may(self) -> None:
        for need in Need(1, 1), Need(1, 30), Need(40, 40):
            for room in [0] * 39 + [1], [1] * 40, [None] * 40:
                for cells in 'a' * 40, 'ab' * 20:
                    size = Size(10, 1000, aggregates=2)
                    found = self.search(
                        [4] * 40, room, need, size, cells=cells
                    )
                    asked = [*self.asked, found.ring]
                    self.assertEqual(2, max(map(len, asked)))

    def test_hosts_farther_than_the_rank_of_their_site_are_not_enough(
        self,
    ) -> None:
        # The near host of the first site is full, two farther ones are not.
        room = [2, 0, 0] + [4] * 17
        found = self.search([4] * 20, room, lesser=3)
        self.assertEqual(
            [f'uuid-{n}' for n in range(8)], sorted(found.aggregates)
        )
        found = self.search([4] * 3, room[:3], lesser=3)
        self.assertEqual(['uuid-0', 'uuid-1', 'uuid-2'], found.aggregates)
        # What is near goes first into what one answer has room for.
        size = Size(10, 12)
        found = self.search([4] * 6, [2, 0, 0, 0, 2, 0], size=size, lesser=3)
        self.assertEqual(['uuid-3', 'uuid-4', 'uuid-5'], found.aggregates)
        # They are room all the same, where that decides.
        found = self.search([4, 4, 0], [1, 0, 0], Need(1, 2), lesser=3)
        self.assertEqual(['uuid-0', 'uuid-1'], found.aggregates)

    def test_roomiest_ring_is_asked_for_instead_of_a_nearer_one(self) -> None:
        # One answer has hosts of the first and the last of three rings.
        size = Size(6, 30)
        room = [1, 0, 0] + [1, 0, 0, 0, 0, 0] + [1] * 9 + [0] * 3
        first_and_last = [f'uuid-{n}' for n in [*range(3), *range(9, 21)]]
        for least in (10, 50):
            found = self.search([2] * 21, room, Need(least, 50), size)
            self.assertEqual(first_and_last, found.aggregates)

    def test_one_query_names_no_more_aggregates_than_it_may(self) -> None:
        # In rings of 10, 20, 40 and 80 sites, each with one host that is free.
        room = [int(n in (0, 10, 30, 70)) for n in range(150)]
        found = self.search([1] * 150, room, Need(9, 9))
        self.assertEqual(
            [f'uuid-{n}' for n in range(MAX_AGGREGATES)], found.aggregates
        )

    def test_nearest_with_room_are_asked_for_whatever_else_is(self) -> None:
        # All that one answer has room for is less than the servers need,
        # unless a host takes several of them.
        size = Size(10, 24)
        room = [2, 0, 0] + [1, 0, 0] * 5 + [9, 9, 9]
        found = self.search([4] * 21, room, Need(50, 50), size)
        self.assertEqual(['uuid-0', 'uuid-1', 'uuid-2'], found.aggregates[:3])
        self.assertLessEqual(found.hosts, 24)

    def test_rings_with_room_go_before_those_that_cannot_be_asked(
        self,
    ) -> None:
        size = Size(10, 32)
        room = [1, 0, 0] + [None] * 17
        found = self.search([4] * 20, room, Need(1, 3), size)
        self.assertEqual(
            [f'uuid-{n}' for n in range(8)], sorted(found.aggregates)
        )

    def test_lesser_hosts_take_the_search_one_ring_farther(self) -> None:
        asked = []

        def look_into(ring: Ring) -> Told:
            asked.append(ring)
            return Told(1)

        by_host = [Offer(f'{n}', f'{n}', 4, lesser=3) for n in range(90)]
        find_room(by_host, SIZE, ONE, look_into)
        self.assertEqual(2, len(asked))

    def search_large_sites(
        self, hosts: int, sites: int, *told: Told | None
    ) -> list[str]:
        """The sites to ask for, given what each ring or part is told."""
        answers = iter(told)
        found = find_room(
            [Offer(f'{n}', f'{n}', hosts) for n in range(sites)],
            Size(100, 1000),
            Need(1, 30),
            lambda ring: next(answers),
        )
        return found.aggregates

    def test_ring_that_may_be_down_is_asked_for_in_part(self) -> None:
        found = self.search_large_sites(200, 6, Told(30, 30), Told(500))
        self.assertEqual(['3', '4', '5', '0', '1'], found)

    def test_nearest_are_asked_for_if_all_may_be_down(self) -> None:
        found = self.search_large_sites(200, 9, *[Told(600, 600)] * 3)
        self.assertEqual(['0', '1', '2'], found[:3])

    def test_rings_that_may_be_down_go_after_what_cannot_be_asked(
        self,
    ) -> None:
        found = self.search_large_sites(200, 9, Told(30, 30), None)
        self.assertEqual(['3', '4', '5', '6', '7'], found)
        found = self.search_large_sites(50, 6, Told(30, 30), None)
        self.assertEqual(['3', '4', '5', '0', '1', '2'], found)

    def test_part_of_a_ring_that_cannot_be_asked(self) -> None:
        # The whole ring is asked, its first part, and its second.
        found = self.search_large_sites(400, 3, Told(9), Told(0), None)
        self.assertEqual(['2'], found)
        found = self.search_large_sites(400, 3, Told(9), Told(9), None)
        self.assertEqual(['0', '1'], found)

    def test_farther_hosts_go_before_nearer_ones_that_may_be_down(
        self,
    ) -> None:
        # What may be down leaves no place for them in one answer. Of the
        # third ring, if it is asked, all may be down as well.
        places = [
            *(Offer(f'near-{n}', f'near-{n}', 4) for n in range(3)),
            *(Offer(f'far-{n}', f'far-{n}', 4, lesser=4) for n in range(5)),
            *(Offer(f'last-{n}', f'last-{n}', 4) for n in range(10)),
        ]
        for count, need in ((18, ONE), (8, ONE), (8, Need(30, 30))):
            answers = iter([Told(12, 12), Told(20), Told(40), Told(20, 20)])
            found = find_room(
                places[:count],
                Size(first=10, most=20),
                need,
                lambda ring, answers=answers: next(answers),
            )
            self.assertEqual([f'far-{n}' for n in range(5)], found.aggregates)

    def test_hosts_that_are_down_take_no_room_from_others(self) -> None:
        answers = iter([Told(1, 3), Told(1)])
        found = find_room(
            offers(*[4] * 8, 0),
            SIZE,
            Need(1, 2),
            lambda ring: next(answers),
        )
        self.assertEqual(8, len(found.aggregates))

    def test_ring_that_cannot_be_asked_is_taken_with_the_next(self) -> None:
        found = self.search([4] * 20, [0] * 3 + [None] * 17)
        self.assertEqual([f'uuid-{n}' for n in range(3, 20)], found.aggregates)
        self.assertEqual(1, found.probes)
        self.assertFalse(found.full)
        self.assertEqual(2, len(self.asked))

    def test_what_cannot_be_asked_stays_within_one_answer(self) -> None:
        size = Size(10, 40)
        found = self.search([4] * 20, [None] * 20, size=size)
        self.assertEqual([f'uuid-{n}' for n in range(10)], found.aggregates)

    def test_everything_is_asked_for_if_sites_have_too_little(self) -> None:
        found = self.search([4, 4, 0], [0, 0, 0])
        self.assertIs(EVERYTHING, found.ring)
        self.assertFalse(found.full)
        self.assertEqual(1, len(self.asked))
        found = self.search([4, 4, 0], [0, 1, 0], Need(1, 2))
        self.assertEqual(['uuid-0', 'uuid-1'], found.aggregates)
        found = self.search([4, 4, 0], [0, 1, 0], Need(2, 2))
        self.assertIs(EVERYTHING, found.ring)

    def test_nearest_of_one_cell_with_others_of_it(self) -> None:
        found = self.search([4] * 8, [1] + [4] * 7, cells='abbababa')
        self.assertEqual(['uuid-0', 'uuid-3', 'uuid-5'], found.aggregates)
        self.assertEqual([['site-0']], self.sites_asked())

    def test_nearest_of_one_cell_that_is_full(self) -> None:
        found = self.search([4] * 5, [0] + [4] * 4, cells='abbaa')
        self.assertEqual(['uuid-1', 'uuid-2', 'uuid-3'], found.aggregates)
        self.assertEqual(
            [['site-0'], ['site-1', 'site-2', 'site-3']], self.sites_asked()
        )

    def test_nearest_of_one_cell_with_too_little_room(self) -> None:
        room = [1] + [4] * 4
        found = self.search([4] * 5, room, Need(1, 3), cells='abbaa')
        self.assertEqual([f'uuid-{n}' for n in range(4)], found.aggregates)

    def test_nearest_of_one_cell_are_too_few_for_the_request(self) -> None:
        found = self.search([4] * 5, [4] * 5, Need(5, 7), cells='abbaa')
        self.assertEqual(1, found.probes)
        self.assertEqual(['uuid-0', 'uuid-1', 'uuid-2'], found.aggregates)

    def test_nearest_of_one_cell_are_just_enough(self) -> None:
        found = self.search([4] * 8, [4] * 8, Need(1, 4), cells='abbababa')
        self.assertEqual(['uuid-0', 'uuid-3', 'uuid-5'], found.aggregates)

    def test_nearest_of_one_cell_that_cannot_be_asked(self) -> None:
        found = self.search([4] * 4, [None, 4, 4, 4], cells='abaa')
        self.assertEqual([f'uuid-{n}' for n in range(4)], found.aggregates)
        self.assertEqual(0, found.probes)

    def test_ring_of_one_cell_is_asked_at_once(self) -> None:
        found = self.search([4] * 4, [0, 0, 1, 4], cells='aaab')
        self.assertEqual(['uuid-0', 'uuid-1', 'uuid-2'], found.aggregates)
        self.assertEqual(1, found.probes)

    def test_nearest_of_one_cell_of_which_too_few_are_up(self) -> None:
        found = self.search([4] * 8, [4] * 8, Need(1, 3), cells='abbababa')
        self.assertEqual(['uuid-0', 'uuid-3', 'uuid-5'], found.aggregates)
        found = self.search(
            [4] * 8, [4] * 8, Need(1, 3), cells='abbababa', down=2
        )
        self.assertEqual([f'uuid-{n}' for n in range(4)], found.aggregates)
        self.assertEqual(2, found.probes)

    def test_others_of_the_cell_that_are_much_farther(self) -> None:
        found = self.search([4] * 9, [4] * 9, cells='abbbbbaaa')
        self.assertEqual(['uuid-0', 'uuid-1', 'uuid-2'], found.aggregates)

    def test_others_of_the_cell_that_are_too_few(self) -> None:
        found = self.search([4, 4, 4, 4], [4] * 4, cells='abab')
        self.assertEqual(['uuid-0', 'uuid-1', 'uuid-2'], found.aggregates)
        found = self.search([4, 4, 0, 4], [1] * 4, cells='abaa')
        self.assertEqual(['uuid-0', 'uuid-1'], found.aggregates)
        found = self.search([2, 4, 4, 2, 2, 2], [1] * 6, cells='abbaaa')
        self.assertEqual(['uuid-0', 'uuid-1', 'uuid-2'], found.aggregates)

    def test_others_of_the_cell_that_are_too_many_for_one_answer(self) -> None:
        size = Size(10, 20)
        found = self.search([4, 4, 4, 17], [4] * 4, size=size, cells='abaa')
        self.assertEqual(['uuid-0', 'uuid-1', 'uuid-2'], found.aggregates)

    def test_others_of_the_cell_that_just_fit_into_one_answer(self) -> None:
        size = Size(10, 20)
        found = self.search([4, 4, 4, 12], [4] * 4, size=size, cells='abaa')
        self.assertEqual(['uuid-0', 'uuid-2', 'uuid-3'], found.aggregates)

    def test_site_of_two_cells_is_in_a_ring_with_others(self) -> None:
        both = [o._replace(cells=frozenset('ab')) for o in offers(4)]
        found = find_room(
            [*both, *offers(4, 4)], SIZE, ONE, lambda ring: Told(len(ring))
        )
        self.assertEqual(3, len(found.aggregates))

    def sites_asked(self) -> list[list[str]]:
        return [[offer.site for offer in ring] for ring in self.asked]

    @given(st.data())
    def test_best_site_with_room_is_always_asked_for(
        self, data: st.DataObject
    ) -> None:
        hosts = data.draw(
            st.lists(st.integers(1, 60), min_size=1, max_size=90)
        )
        room = [data.draw(st.integers(0, h) | st.just(0)) for h in hosts]
        size = Size(data.draw(st.integers(1, 100)), 1000)
        need = Need(1, data.draw(st.integers(1, 5)))
        cells = ''.join(data.draw(st.sampled_from('aaab')) for _ in hosts)
        found = self.search(hosts, room, need, size, cells=cells)
        with_room = [n for n, free in enumerate(room) if free]
        self.assertEqual(not with_room, bool(found.full))
        if with_room:
            self.assertIn(f'uuid-{with_room[0]}', found.aggregates)
        self.assertLessEqual(len(found.ring), MAX_AGGREGATES)
        self.assertTrue(found.hosts <= 1000 or len(found.ring) == 1)
