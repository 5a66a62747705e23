# SPDX-License-Identifier: Apache-2.0

"""What is asked about rings, and how often."""

from collections.abc import Collection, Mapping
from typing import Any
from unittest import mock

import fixtures
from nova import objects
from oslotest import base

from edge_sched.scheduler.narrowing import capacity
from edge_sched.scheduler.narrowing.capacity import Capacity
from edge_sched.scheduler.narrowing.eligible import Eligible
from edge_sched.scheduler.narrowing.placement import CutAnswerError
from edge_sched.scheduler.narrowing.placement import RefusedQueryError
from edge_sched.scheduler.narrowing.rings import Ring
from edge_sched.scheduler.narrowing.rings import SiteHosts
from edge_sched.scheduler.narrowing.rings import Size
from edge_sched.scheduler.narrowing.search import Room
from edge_sched.scheduler.topology import cell
from edge_sched.scheduler.topology.membership import Aggregate
from tests.unit.scheduler.topology.test_topology import CELL1
from tests.unit.scheduler.topology.test_topology import SITE
from tests.unit.scheduler.topology.test_topology import topology

RING = [
    SiteHosts(f'u{n}', f's{n}', frozenset({f'{n}a', f'{n}b', f'{n}c'}), 3)
    for n in range(2)
]


class CapacityTest(base.BaseTestCase):
    """Two sites of three hosts in one cell."""

    def setUp(self) -> None:
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger())
        self.query = mock.Mock(disk_gb=20, limit=1000)
        self.query.count.return_value = 2
        # Hosts are found one by one only where a test says so.
        self.patch_large(0)
        self.find_some = self.patch(capacity, 'find_some')
        self.find_some.return_value = []
        self.count_down = self.patch(cell, 'count_down')
        self.count_down.side_effect = self.all_up
        self.providers_in = self.patch(capacity, 'providers_in')
        self.providers_in.return_value = ['a', 'b', 'c']
        self.lends_disk = self.patch(capacity, 'lends_disk')
        self.lends_disk.return_value = False

    def patch(self, owner: Any, name: str) -> mock.Mock:
        patcher = mock.patch.object(owner, name)
        self.addCleanup(patcher.stop)
        return patcher.start()

    def all_up(
        self, cells: Any, hosts: Mapping[str, Collection[str]]
    ) -> cell.Down:
        return cell.Down(0, frozenset())

    def patch_large(self, nodes: int) -> None:
        """Have a cloud of so many nodes be a large one."""
        patcher = mock.patch.object(capacity, 'LARGE_CLOUD_NODES', nodes)
        patcher.start()
        self.addCleanup(patcher.stop)

    def capacity(
        self, taken: str = '', enough: int = 2, **nodes: int
    ) -> Capacity:
        """What a request is told for which two hosts are enough.

        :param taken: the host that its anti-affinity group stands on
        :param nodes: of hosts with several
        """
        region = topology(
            *(
                Aggregate(
                    f'u{n}', {SITE: f's{n}'}, [f'{n}a', f'{n}b', f'{n}c']
                )
                for n in range(2)
            ),
            several_nodes=nodes,
        )
        self.size = Size(1, enough, 100, 1000, 1000, 35)
        group = objects.InstanceGroup(policy='anti-affinity', hosts=[taken])
        return Capacity(
            self.query,
            Eligible(objects.RequestSpec(instance_group=group), region),
            self.size,
        )

    def room(self, told: Capacity, ring: Ring) -> Room:
        room = told.ask(ring)
        assert room is not None
        return room

    def test_slow_cell_is_asked_once(self) -> None:
        slow = cell.Down(0, frozenset([CELL1]))
        self.count_down.side_effect = [slow, cell.Down(0, frozenset())]
        told = self.capacity()
        for each in RING:
            self.assertEqual(3, self.room(told, [each]).count_unsure())
        asked = [call.args[0] for call in self.count_down.mock_calls]
        self.assertEqual([1, 0], [len(cells) for cells in asked])

    def test_ring_with_room_enough_is_believed(self) -> None:
        room = self.room(self.capacity(), RING[:1])
        self.assertEqual((RING[:1], 2), (room.ring, room.hosts))
        self.query.count.assert_called_once_with(['u0'], 3)
        self.providers_in.assert_not_called()
        # What cells tell is asked for only where it matters.
        self.count_down.assert_not_called()

    def test_ring_that_is_short_of_room_is_compared_once(self) -> None:
        self.query.count.return_value = 1
        told = self.capacity()
        for each in RING:
            self.assertEqual(1, self.room(told, [each]).hosts)
        self.providers_in.assert_called_once_with(['u0'])
        self.lends_disk.assert_called_once_with('a', 20, ['u0'])

    def test_hosts_that_placement_does_not_have(self) -> None:
        self.query.count.return_value = 0
        self.providers_in.return_value = ['a', 'b']
        self.assertRaisesRegex(
            capacity.UnseenHostsError,
            'Placement has 2 of 3 hosts',
            self.capacity().ask,
            RING[:1],
        )

    def test_hosts_of_several_nodes_are_compared_at_once(self) -> None:
        told = self.capacity(**{'1b': 4})
        self.assertEqual(2, self.room(told, RING[:1]).hosts)
        self.assertRaisesRegex(
            capacity.UnseenHostsError,
            'Placement has 3 of 6 hosts',
            told.ask,
            RING[1:],
        )

    def test_disk_of_a_provider_that_is_in_no_site(self) -> None:
        self.query.count.return_value = 0
        self.lends_disk.return_value = True
        self.assertRaisesRegex(
            capacity.UnseenHostsError,
            'their disk is of a provider',
            self.capacity().ask,
            RING[:1],
        )
        self.query.disk_gb = 0
        self.assertEqual(0, self.room(self.capacity(), RING[:1]).hosts)

    def test_comparison_that_is_not_answered_says_nothing(self) -> None:
        self.query.count.return_value = 0
        self.providers_in.return_value = None
        self.assertEqual(0, self.room(self.capacity(), RING[:1]).hosts)
        self.lends_disk.assert_not_called()

    def test_what_may_be_offered_in_vain_is_not_sure(self) -> None:
        self.query.count.return_value = 6
        # One host is nearer than the others of its site.
        one = RING[0]._replace(hosts=frozenset({'0b'}), nodes=1)
        for taken, ring, unsure in (
            ('', [one], 2),
            # The group of the server stands on it.
            ('0b', [one], 3),
            ('0b', RING, 1),
        ):
            room = self.room(self.capacity(taken), ring)
            self.assertEqual(unsure, room.count_unsure())
        self.count_down.side_effect = [cell.Down(2, frozenset())]
        self.assertEqual(2, self.room(self.capacity(), RING).count_unsure())

    def test_ring_that_may_have_too_little_room_is_compared(self) -> None:
        one = RING[0]._replace(hosts=frozenset({'0b'}), nodes=1)
        self.query.count.return_value = 4
        self.capacity().ask([one])
        self.providers_in.assert_not_called()
        self.query.count.return_value = 3
        self.capacity().ask([one])
        self.providers_in.assert_called_once_with(['u0'])

    def test_hosts_of_the_ring_are_asked_of_their_cells(self) -> None:
        self.room(self.capacity(), RING[:1]).count_unsure()
        hosts = {'0a', '0b', '0c'}
        (of_cell,) = self.count_down.call_args.args[1].values()
        self.assertEqual(hosts, set(of_cell))

    def test_room_that_is_not_told(self) -> None:
        self.query.count.return_value = None
        self.assertIsNone(self.capacity().ask(RING[:1]))
        self.providers_in.assert_not_called()

    def test_half_of_a_ring_that_one_answer_does_not_have(self) -> None:
        self.query.count.side_effect = [CutAnswerError, 3]
        room = self.room(self.capacity(), RING)
        self.assertEqual((RING[:1], 3), (room.ring, room.hosts))
        self.assertEqual(35, self.size.aggregates)

    def test_half_of_a_query_that_is_refused(self) -> None:
        self.query.count.side_effect = [RefusedQueryError, 4]
        # The same two sites at two distances.
        room = self.room(self.capacity(), [*RING, *RING])
        self.assertEqual((RING[:1], 4), (room.ring, room.hosts))
        self.assertEqual(1, self.size.aggregates)
        self.assertIn('of 2 aggregates, but of 1', self.log.output)

    def test_none_is_too_long_while_nobody_answers(self) -> None:
        self.query.count.side_effect = [RefusedQueryError, None]
        self.assertIsNone(self.capacity().ask(RING))
        self.assertEqual(35, self.size.aggregates)
        self.assertEqual('', self.log.output)

    def test_query_for_one_site_that_is_refused(self) -> None:
        self.query.count.side_effect = RefusedQueryError
        told = self.capacity()
        self.assertRaises(RefusedQueryError, told.ask, RING)
        self.assertEqual(2, self.query.count.call_count)
        self.assertRaises(RefusedQueryError, told.ask, [RING[0], RING[0]])
        self.assertEqual(3, self.query.count.call_count)

    def test_hosts_that_are_found_one_by_one_are_enough(self) -> None:
        self.find_some.return_value = ['0a', '0b']
        room = self.room(self.capacity(taken='0c'), RING[:1])
        # The others may have room as well, and take that of an answer.
        self.assertEqual((3, 1), (room.hosts, room.count_unsure()))
        self.find_some.assert_called_once_with(
            self.query, ['u0'], {'0a', '0b'}, 2
        )
        self.query.count.assert_not_called()
        self.providers_in.assert_not_called()

    def test_nobody_is_asked_for_all_if_one_by_one_is_not_told(self) -> None:
        self.find_some.return_value = None
        self.assertIsNone(self.capacity().ask(RING[:1]))
        self.query.count.assert_not_called()

    def test_only_those_that_are_found_are_asked_of_their_cells(self) -> None:
        self.find_some.return_value = ['0a', '0b']
        self.count_down.side_effect = [cell.Down(1, frozenset())]
        room = self.room(self.capacity(), RING[:1])
        # One of those, and the third host of the site.
        self.assertEqual(2, room.count_unsure())
        (of_cell,) = self.count_down.call_args.args[1].values()
        self.assertEqual({'0a', '0b'}, set(of_cell))

    def test_all_are_asked_once_few_are_found(self) -> None:
        self.find_some.return_value = ['0a']
        told = self.capacity()
        self.query.count.return_value = 3
        for each in RING:
            room = self.room(told, [each])
            self.assertEqual((3, 0), (room.hosts, room.count_unsure()))
        self.find_some.assert_called_once()

    def test_hosts_are_looked_at_one_by_one_in_a_large_cloud(self) -> None:
        self.find_some.return_value = ['0a', '0b']
        self.query.count.return_value = 6
        self.patch_large(7)
        self.capacity().ask(RING)
        self.find_some.assert_not_called()
        self.patch_large(6)
        self.capacity().ask(RING)
        self.find_some.assert_called_once()

    def test_hosts_are_not_looked_at_one_by_one(self) -> None:
        self.find_some.return_value = ['0a', '0b', '1a', '1b', '1c']
        self.providers_in.return_value = ['a'] * 7
        # For more than few.
        self.capacity(enough=6).ask(RING)
        # Where one answer does not have them all.
        self.query.limit = 5
        self.capacity().ask(RING)
        self.query.limit = 6
        # Where they are not what has the resources.
        self.capacity(**{'1b': 2}).ask(RING)
        self.find_some.assert_not_called()
        self.capacity(enough=5).ask(RING)
        self.find_some.assert_called_once()
        self.assertEqual(3, self.query.count.call_count)
