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


"""What is asked about rings, and how often."""

import math
import time
from collections.abc import Collection, Mapping
from typing import Any
from unittest import mock

from nova import objects
from oslotest import base

from edge_sched.rings import Offer
from edge_sched.scheduler import cell
from edge_sched.scheduler import lookout
from edge_sched.scheduler.membership import Aggregate
from edge_sched.scheduler.terms import Terms
from edge_sched.search import Need
from edge_sched.search import Size
from edge_sched.search import Told
from tests.unit.scheduler.test_atlas import CELL1
from tests.unit.scheduler.test_atlas import SITE
from tests.unit.scheduler.test_atlas import atlas

OFFERS = [Offer(f'u{n}', f's{n}', 3) for n in range(2)]


class LookoutTest(base.BaseTestCase):
    """Two sites of three hosts in one cell."""

    def setUp(self) -> None:
        super().setUp()
        self.room = mock.Mock(disk_gb=20)
        self.room.count.return_value = 2
        self.count_down = self.patch(cell, 'count_down')
        self.count_down.side_effect = self.all_up
        self.hosts_in = self.patch(lookout, 'hosts_in')
        self.hosts_in.return_value = ['a', 'b', 'c']
        self.lends_disk = self.patch(lookout, 'lends_disk')
        self.lends_disk.return_value = False

    def patch(self, owner: Any, name: str) -> mock.Mock:
        patcher = mock.patch.object(owner, name)
        self.addCleanup(patcher.stop)
        return patcher.start()

    def all_up(
        self, cells: Any, hosts: Mapping[str, Collection[str]]
    ) -> cell.Down:
        return cell.Down(0, frozenset())

    def look(
        self, enough: int = 2, most: int = 1000, **nodes: int
    ) -> lookout.Lookout:
        terms = Terms.of(
            objects.RequestSpec(),
            atlas(
                *(
                    Aggregate(
                        f'u{n}', {SITE: f's{n}'}, [f'{n}a', f'{n}b', f'{n}c']
                    )
                    for n in range(2)
                ),
                several_nodes=nodes,
            ),
        )
        return lookout.Lookout(
            self.room,
            terms,
            Size(1, most),
            Need(1, enough),
            time.monotonic() + 60,
        )

    def test_slow_cell_is_asked_once(self) -> None:
        slow = cell.Down(0, frozenset([CELL1]))
        self.count_down.side_effect = [slow, cell.Down(0, frozenset())]
        self.room.count.return_value = 5
        look = self.look()
        for offer in OFFERS:
            self.assertEqual(Told(5, 0, 3), look.look_into([offer]))
        # Two that are enough, and three that may be down.
        self.room.count.assert_called_with(['u1'], 5)
        asked = [call.args[0] for call in self.count_down.mock_calls]
        self.assertEqual([1, 0], [len(cells) for cells in asked])

    def test_ring_with_room_enough_is_believed(self) -> None:
        self.assertEqual(Told(2), self.look().look_into(OFFERS[:1]))
        self.hosts_in.assert_not_called()

    def test_ring_that_is_short_of_room_is_compared_once(self) -> None:
        self.room.count.return_value = 1
        look = self.look()
        for offer in OFFERS:
            self.assertEqual(Told(1), look.look_into([offer]))
        self.hosts_in.assert_called_once_with(['u0'])
        self.lends_disk.assert_called_once_with('a', 20, ['u0'])

    def test_hosts_that_placement_does_not_have(self) -> None:
        self.room.count.return_value = 0
        self.hosts_in.return_value = ['a', 'b']
        self.assertRaisesRegex(
            lookout.UnseenHostsError,
            'Placement has 2 of 3 hosts',
            self.look().look_into,
            OFFERS[:1],
        )

    def test_hosts_of_several_nodes_are_compared_at_once(self) -> None:
        look = self.look(**{'1b': 4})
        self.assertEqual(Told(2), look.look_into(OFFERS[:1]))
        self.assertRaisesRegex(
            lookout.UnseenHostsError,
            'Placement has 3 of 6 hosts',
            look.look_into,
            OFFERS[1:],
        )

    def test_disk_of_a_provider_that_is_in_no_site(self) -> None:
        self.room.count.return_value = 0
        self.lends_disk.return_value = True
        self.assertRaisesRegex(
            lookout.UnseenHostsError,
            'their disk is of a provider',
            self.look().look_into,
            OFFERS[:1],
        )
        self.room.disk_gb = 0
        self.assertEqual(Told(0), self.look().look_into(OFFERS[:1]))

    def test_comparison_that_is_not_answered_says_nothing(self) -> None:
        self.room.count.return_value = 0
        self.hosts_in.return_value = None
        self.assertEqual(Told(0), self.look().look_into(OFFERS[:1]))
        self.lends_disk.assert_not_called()

    def test_ring_of_more_than_one_answer_is_only_asked_for_any(self) -> None:
        self.room.count.return_value = 1
        self.assertEqual(Told(1), self.look(most=5).look_into(OFFERS))
        self.room.count.assert_called_once_with(['u0', 'u1'], 1)
        self.count_down.assert_not_called()
        self.hosts_in.assert_not_called()

    def test_ring_of_just_one_answer_is_counted(self) -> None:
        self.assertEqual(Told(2), self.look(most=6).look_into(OFFERS))
        self.room.count.assert_called_once_with(['u0', 'u1'], 2)
        self.count_down.assert_called_once()

    def test_one_site_cannot_be_looked_into_part_by_part(self) -> None:
        self.assertEqual(Told(2), self.look(most=2).look_into(OFFERS[:1]))
        self.room.count.assert_called_once_with(['u0'], 2)

    def test_what_may_be_offered_in_vain_is_asked_for_besides(self) -> None:
        self.room.count.return_value = 9
        self.count_down.side_effect = [cell.Down(4, frozenset())]
        offer = Offer('u0', 's0', 3, lesser=1, doubtful=2)
        self.assertEqual(Told(9, 4), self.look().look_into([offer]))
        self.room.count.assert_called_once_with(['u0'], 2 + 1 + 2 + 4)

    def test_hosts_of_the_cell_are_asked_for(self) -> None:
        self.look().look_into(OFFERS[:1])
        hosts = {'0a', '0b', '0c'}
        (of_cell,) = self.count_down.call_args.args[1].values()
        self.assertEqual(hosts, set(of_cell))

    def test_room_that_is_not_told(self) -> None:
        self.room.count.return_value = None
        self.assertIsNone(self.look().look_into(OFFERS[:1]))
        self.hosts_in.assert_not_called()

    def test_nothing_is_asked_after_the_deadline(self) -> None:
        look = self.look()
        with mock.patch.object(time, 'monotonic', return_value=math.inf):
            self.assertIsNone(look.look_into(OFFERS[:1]))
        self.room.count.assert_not_called()
        self.count_down.assert_not_called()

    def test_ring_of_more_than_one_answer_without_any_is_compared(
        self,
    ) -> None:
        self.room.count.return_value = 0
        self.assertRaisesRegex(
            lookout.UnseenHostsError,
            'Placement has 3 of 6 hosts',
            self.look(most=5).look_into,
            OFFERS,
        )
