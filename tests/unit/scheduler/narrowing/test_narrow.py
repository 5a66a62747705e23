# SPDX-License-Identifier: Apache-2.0

"""What Placement is asked for, and what is left if it cannot be asked."""

from collections.abc import Mapping, Sequence
from typing import Any
from unittest import mock

import fixtures
from nova import context
from nova import objects
from oslo_utils.fixture import uuidsentinel as uuids

from edge_sched.scheduler.case import Case
from edge_sched.scheduler.narrowing import capacity
from edge_sched.scheduler.narrowing import narrow
from edge_sched.scheduler.narrowing.placement import RefusedQueryError
from edge_sched.scheduler.narrowing.rings import EVERYTHING
from edge_sched.scheduler.narrowing.rings import Size
from edge_sched.scheduler.narrowing.search import Search
from edge_sched.scheduler.prepare import make_case
from edge_sched.scheduler.topology import cell
from edge_sched.scheduler.topology.membership import Aggregate
from edge_sched.scheduler.topology.topology import Topology
from tests.unit.scheduler.base import ALICE
from tests.unit.scheduler.base import CELLS
from tests.unit.scheduler.base import StagesTestCase

NEAR = {'edge:client': [ALICE]}
SPREAD = {'edge:spread': ['site']}


class NarrowTestCase(StagesTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.conf.config(group='edge_sched', narrow_candidates='always')
        self.useFixture(
            fixtures.MockPatchObject(
                cell, 'count_down', return_value=cell.Down(0, frozenset())
            )
        )


class NarrowTest(NarrowTestCase):
    """Two hosts of Paris in cell1, one of Lyon in cell2, 5 ms farther."""

    def setUp(self) -> None:
        super().setUp()
        # It does not tell whether it knows them all.
        self.useFixture(
            fixtures.MockPatchObject(
                capacity, 'providers_in', return_value=None
            )
        )
        #: Of the aggregates that Placement is asked for, one by one.
        self.roomy: dict[str, int | None] = {uuids.paris: 2, uuids.lyon: 1}

    def narrow(self, spec: objects.RequestSpec) -> Case | narrow.Refused:
        self.asked: list[list[str]] = []

        def count(asked: Sequence[str], nodes: int) -> int | None:
            self.asked.append(list(asked))
            told = [self.roomy[uuid] for uuid in asked]
            return None if None in told else sum(map(int, told))

        query = mock.Mock(aggregates=35, limit=1000)
        query.count = count
        case = make_case(spec)
        assert case is not None
        with mock.patch.object(narrow, 'Query', return_value=query):
            return narrow.narrow(context.get_admin_context(), spec, case)

    def test_request_that_is_bound_is_left_as_it_is(self) -> None:
        spec = self.spec(NEAR | {'same_host': [uuids.other]})
        self.narrow(spec)
        self.assertEqual([], self.asked)
        self.assertNotIn('requested_destination', spec)

    def test_cell_is_named_if_the_ring_is_in_one(self) -> None:
        spec = self.spec(NEAR, ignore_hosts=['lyon-1'])
        self.narrow(spec)
        self.assertEqual([[uuids.paris]], self.asked)
        destination = spec.requested_destination
        self.assertEqual([uuids.paris], destination.aggregates)
        self.assertEqual(uuids.cell1, destination.cell.uuid)

    def test_no_cell_is_named_if_it_is_in_two(self) -> None:
        self.conf.config(group='scheduler', max_attempts=3)
        spec = self.spec(NEAR)
        self.narrow(spec)
        (asked_for,) = spec.requested_destination.aggregates
        self.assertCountEqual([uuids.paris, uuids.lyon], asked_for.split(','))
        self.assertNotIn('cell', spec.requested_destination)

    def test_full_sites_refuse_what_may_be_refused(self) -> None:
        self.roomy = {uuids.paris: 0, uuids.lyon: 0}
        budget = NEAR | {'edge:latency_budget_ms': ['20']}
        refused = self.narrow(self.spec(budget))
        assert isinstance(refused, narrow.Refused)
        self.assertIn('can take it: tried paris and lyon', refused.reason)
        # What only prefers near hosts is placed wherever there is room.
        spec = self.spec(NEAR)
        self.assertIsInstance(self.narrow(spec), Case)
        self.assertNotIn('requested_destination', spec)

    def test_sites_with_room_refuse_nothing(self) -> None:
        budget = NEAR | {'edge:latency_budget_ms': ['20']}
        self.assertIsInstance(self.narrow(self.spec(budget)), Case)

    def test_cloud_of_which_placement_hands_out_all_is_left(self) -> None:
        self.conf.config(group='edge_sched', narrow_candidates='auto')
        self.conf.config(group='scheduler', max_placement_results=3)
        self.narrow(self.spec(NEAR))
        self.assertEqual([], self.asked)
        self.conf.config(group='scheduler', max_placement_results=2)
        self.narrow(self.spec(NEAR))
        self.assertNotEqual([], self.asked)

    def test_hosts_that_are_all_over_the_budget_are_refused(self) -> None:
        budget = NEAR | {'edge:latency_budget_ms': ['5']}
        refused = self.narrow(self.spec(budget))
        assert isinstance(refused, narrow.Refused)
        self.assertIn('5 ms', refused.reason)
        self.assertEqual([], self.asked)

    def test_no_host_at_all_is_not_for_us_to_say(self) -> None:
        hosts = [host.host for host in self.hosts]
        case = self.narrow(self.spec(NEAR, ignore_hosts=hosts))
        assert isinstance(case, Case)
        self.assertIsNone(case.search)
        self.assertEqual([], self.asked)

    def sought(
        self,
        servers: int,
        group: objects.InstanceGroup | None = None,
        extra_specs: Mapping[str, str] | None = None,
        **hints: Any,
    ) -> Size:
        """How many hosts are looked for."""
        spec = self.spec(NEAR | hints, extra_specs, instance_group=group)
        spec.num_instances = servers
        with mock.patch.object(
            narrow, 'find_room', return_value=Search(EVERYTHING)
        ) as find_room:
            self.narrow(spec)
        _, size, _ = find_room.call_args.args
        assert isinstance(size, Size)
        return size

    def test_how_many_hosts_are_looked_for(self) -> None:
        self.conf.config(group='scheduler', max_attempts=3)
        # One, and as many as Nova tries again.
        self.assertEqual(Size(1, 3, 100, 1000, 1000), self.sought(1))
        # As many again, for another such request, but no more than ten.
        self.assertEqual(Size(4, 8, 100, 1000, 1000), self.sought(4))
        self.assertEqual(Size(25, 35, 100, 1000, 1000), self.sought(25))
        # Besides those that the servers may not share.
        self.assertEqual(
            Size(6, 10, 100, 1000, 1000),
            self.sought(4, different_host=[uuids.a, uuids.b]),
        )

    def test_servers_are_apart_from_those_before_and_tries_from_all(
        self,
    ) -> None:
        self.conf.config(group='scheduler', max_attempts=3)
        group = objects.InstanceGroup(policy='soft-anti-affinity', hosts=[])
        sites = ('lyon', 'nice', 'paris', 'rome')
        self.topology.return_value = Topology(
            [Aggregate(s, {'edge:site': s}, [f'{s}-1']) for s in sites],
            CELLS,
            {f'{site}-1': uuids.cell1 for site in sites},
            several_nodes={},
        )
        # Of four sites three are left for the last.
        for servers, apart in ((1, 0), (2, 2), (3, 3), (4, 3)):
            found = self.sought(servers, group, **SPREAD)
            self.assertEqual(apart, found.apart)
            self.assertEqual(0, self.sought(servers, group).apart)
            self.assertEqual(0, self.sought(servers, **SPREAD).apart)
        # Nothing is tried again.
        self.conf.config(group='scheduler', max_attempts=1)
        for servers, apart in ((1, 0), (2, 1), (4, 3)):
            found = self.sought(servers, group, **SPREAD)
            self.assertEqual(apart, found.apart)

    def test_of_two_levels_that_with_fewer_places_counts(self) -> None:
        group = objects.InstanceGroup(policy='soft-anti-affinity', hosts=[])
        sites = {'lyon': 'x', 'nice': 'x', 'paris': 'y', 'rome': 'y'}
        self.topology.return_value = Topology(
            [
                Aggregate(
                    site,
                    {'edge:site': site, 'availability_zone': zone},
                    [f'{site}-1'],
                )
                for site, zone in sites.items()
            ],
            CELLS,
            {f'{site}-1': uuids.cell1 for site in sites},
            several_nodes={},
        )
        zones = {'edge:spread': 'zone'}
        self.assertEqual(
            1, self.sought(2, group, extra_specs=zones, **SPREAD).apart
        )
        spec = self.spec(NEAR | SPREAD, zones, instance_group=group)
        spec.num_instances = 3
        self.narrow(spec)
        self.assertEqual([], self.asked)

    def test_more_servers_than_places_are_best_off_among_all(self) -> None:
        group = objects.InstanceGroup(policy='soft-anti-affinity', hosts=[])
        spec = self.spec(NEAR | SPREAD, instance_group=group)
        spec.num_instances = 3
        case = self.narrow(spec)
        assert isinstance(case, Case)
        self.assertIsNone(case.search)
        self.assertEqual([], self.asked)
        self.assertNotIn('requested_destination', spec)

    def test_first_ring_has_what_is_looked_for(self) -> None:
        self.conf.config(group='scheduler', max_attempts=3)
        self.conf.config(group='edge_sched', ring_hosts=2)
        self.assertEqual(Size(4, 8, 8, 1000, 1000), self.sought(4))

    def test_no_more_than_nova_is_handed_out_unless_it_needs_more(
        self,
    ) -> None:
        self.conf.config(group='scheduler', max_placement_results=6)
        self.assertEqual(Size(4, 6, 6, 6, 1000), self.sought(4))
        self.conf.config(group='scheduler', max_placement_results=5)
        self.assertEqual(Size(7, 7, 7, 7, 1000), self.sought(7))


class UnaskedTest(NarrowTestCase):
    def narrowed(
        self, aggregates: int, taken: int = 0, limit: int = 1000
    ) -> objects.RequestSpec:
        """A request, Placement taking queries of so many aggregates only."""
        self.asked: list[int] = []

        def count(asked: Sequence[str], nodes: int) -> int:
            self.asked.append(len(asked))
            if len(asked) > taken:
                raise RefusedQueryError('414 too long')
            return 1000

        self.conf.config(group='scheduler', max_placement_results=limit)
        query = mock.Mock(aggregates=aggregates, limit=1000)
        query.count = count
        spec = self.spec({'edge:client': [ALICE]})
        with mock.patch.object(narrow, 'Query', return_value=query):
            self.schedule(spec)
        return spec

    def asks_for_all(self, spec: objects.RequestSpec) -> bool:
        self.assertEqual([ALICE], spec.scheduler_hints['edge:client'])
        return spec.scheduler_hints.get('same_host') == []

    def test_all_hosts_are_asked_for_instead(self) -> None:
        spec = self.narrowed(35)
        # Of both sites, and of one.
        self.assertEqual([2, 1], self.asked)
        self.assertNotIn('requested_destination', spec)
        self.assertTrue(self.asks_for_all(spec))
        self.assertIn('asked for near sites: 414 too long', self.log.output)

    def test_not_if_they_are_very_many(self) -> None:
        with mock.patch.object(narrow, '_MAX_LIMITS', 3):
            self.assertTrue(self.asks_for_all(self.narrowed(2, limit=1)))
        with mock.patch.object(narrow, '_MAX_LIMITS', 2):
            self.assertFalse(self.asks_for_all(self.narrowed(2, limit=1)))

    def test_fewer_are_tried_first(self) -> None:
        spec = self.narrowed(4, taken=1)
        self.assertEqual([2, 1], self.asked)
        (asked_for,) = spec.requested_destination.aggregates
        self.assertEqual(1, len(asked_for.split(',')))
        self.assertFalse(self.asks_for_all(spec))
        self.assertIn('of 2 aggregates, but of 1', self.log.output)

    def test_query_that_is_taken_is_not_shortened(self) -> None:
        spec = self.narrowed(35, taken=2)
        self.assertEqual([2], self.asked)
        self.assertFalse(self.asks_for_all(spec))
        self.assertNotIn('does not take', self.log.output)
