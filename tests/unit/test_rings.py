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
from edge_sched.rings import MIN_SITES
from edge_sched.rings import Offer
from edge_sched.rings import Ring
from edge_sched.rings import of_one_cell
from edge_sched.rings import rings


def offers(*hosts: int) -> list[Offer]:
    """A site of so many hosts each; 0 for hosts of no site."""
    return [
        Offer(f'uuid-{number}' if count else '', f'site-{number}', count)
        for number, count in enumerate(hosts)
    ]


def counts(found: Sequence[Ring]) -> list[list[int]]:
    return [[offer.hosts for offer in ring] for ring in found]


class RingsTest(base.BaseTestCase):
    def test_rings_grow_in_hosts(self) -> None:
        found = list(rings(offers(*[4] * 20), 10))
        self.assertEqual([[4] * 3, [4] * 5, [4] * 10, [4] * 2], counts(found))

    def test_first_ring_has_several_sites_even_if_one_is_large(self) -> None:
        found = list(rings(offers(500, 3, 3, 3), 10))
        self.assertEqual([[500, 3, 3], [3]], counts(found))

    def test_site_of_two_aggregates_counts_once(self) -> None:
        twice = [Offer(f'uuid-{n}', 'lyon', 50) for n in range(2)]
        found = list(rings([*twice, *offers(1, 1, 1)], 10))
        self.assertEqual([[50, 50, 1, 1], [1]], counts(found))

    def test_query_has_a_bounded_number_of_aggregates(self) -> None:
        found = list(rings(offers(*[1] * 200), 1000))
        self.assertEqual(
            [35, 35, 35, 35, 35, 25], [len(ring) for ring in found]
        )

    def test_hosts_of_no_site_come_with_all_others(self) -> None:
        found = list(rings(offers(4, 0, 4), 10))
        self.assertEqual([[4], []], counts(found))
        self.assertIs(EVERYTHING, found[1])
        self.assertEqual([EVERYTHING], list(rings(offers(0, 4), 10)))

    def test_nothing_makes_no_ring(self) -> None:
        self.assertEqual([], list(rings([], 10)))

    @given(st.lists(st.integers(1, 300), max_size=300), st.integers(1, 200))
    def test_each_site_is_in_one_ring_in_its_order(
        self, hosts: list[int], first: int
    ) -> None:
        found = list(rings(offers(*hosts), first))
        self.assertEqual(
            offers(*hosts), [offer for ring in found for offer in ring]
        )
        for ring in found:
            self.assertLessEqual(len(ring), MAX_AGGREGATES)
        for ring in found[:-1]:
            self.assertGreaterEqual(len(ring), MIN_SITES)
            self.assertTrue(
                len(ring) == MAX_AGGREGATES
                or sum(offer.hosts for offer in ring) >= first
            )


class OneCellTest(base.BaseTestCase):
    """Sites of four hosts, for a first ring of 12."""

    def nearest_and_others(self, *cells: str) -> tuple[list[str], list[str]]:
        near = [
            offer._replace(cells=frozenset(of_site))
            for offer, of_site in zip(
                offers(*[4] * len(cells)), cells, strict=True
            )
        ]
        found = of_one_cell(near, 12)
        nearest, others = (found.nearest, found.others) if found else ([], [])
        return [o.site for o in nearest], [o.site for o in others]

    def test_just_enough_hosts_of_the_cell(self) -> None:
        self.assertEqual(
            (['site-0'], ['site-2', 'site-3']),
            self.nearest_and_others('a', 'b', 'a', 'a'),
        )

    def test_site_of_two_cells_begins_no_ring_of_one(self) -> None:
        self.assertEqual(
            ([], []), self.nearest_and_others('ab', 'ab', 'a', 'ab')
        )

    def test_nothing_is_near(self) -> None:
        self.assertEqual(([], []), self.nearest_and_others())
