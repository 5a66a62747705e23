# SPDX-License-Identifier: Apache-2.0

from typing import Any

import nova.conf
from nova import objects
from oslo_config import fixture as config_fixture
from oslo_utils.fixture import uuidsentinel as uuids
from oslotest import base

from edge_sched.scheduler.narrowing.eligible import Eligible
from edge_sched.scheduler.narrowing.eligible import is_bound
from edge_sched.scheduler.narrowing.rings import SiteHosts
from edge_sched.scheduler.topology.membership import Aggregate
from tests.unit.scheduler.topology.test_topology import CELL1
from tests.unit.scheduler.topology.test_topology import CELL2
from tests.unit.scheduler.topology.test_topology import SITE
from tests.unit.scheduler.topology.test_topology import topology

HOSTS = frozenset({'a', 'b', 'c', 'd'})


def spec(**fields: Any) -> objects.RequestSpec:
    return objects.RequestSpec(project_id='mine', **fields)


def to(**fields: Any) -> objects.RequestSpec:
    return spec(requested_destination=objects.Destination(**fields))


def group(policy: str, *hosts: str) -> objects.RequestSpec:
    return spec(
        instance_group=objects.InstanceGroup(policy=policy, hosts=list(hosts))
    )


class EligibleTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.conf = self.useFixture(config_fixture.Config(nova.conf.CONF))
        self.topology = topology(
            Aggregate('u1', {SITE: 'one'}, ['a', 'b']),
            Aggregate('u2', {SITE: 'two'}, ['c', 'd']),
            Aggregate('u3', {'filter_tenant_id': 'theirs'}, ['a', 'c']),
            Aggregate('u4', {'filter_tenant_id': 'mine'}, ['c']),
            cell_of={'a': CELL1, 'b': CELL1, 'c': CELL1, 'd': CELL2},
            several_nodes={'b': 3},
        )

    def usable(self, request: objects.RequestSpec) -> str:
        return ''.join(sorted(Eligible(request, self.topology).of(HOSTS)))

    def test_new_server_goes_to_enabled_cells(self) -> None:
        self.assertEqual('abc', self.usable(spec()))

    def test_server_that_lives_stays_in_its_cell(self) -> None:
        cell = objects.CellMapping(uuid=CELL2)
        self.assertEqual('d', self.usable(to(cell=cell)))
        crossing = to(cell=cell, allow_cross_cell_move=True)
        self.assertEqual('abc', self.usable(crossing))
        self.assertEqual(
            '', self.usable(to(cell=objects.CellMapping(uuid=uuids.other)))
        )

    def test_aggregates_of_the_request(self) -> None:
        self.assertEqual('ab', self.usable(to(aggregates=['u1'])))
        self.assertEqual('ac', self.usable(to(aggregates=['u1,u2', 'u3'])))
        self.topology.hosts_in = {'u1': frozenset('a'), 'u2': frozenset('c')}
        self.assertEqual('ac', self.usable(to(aggregates=['u1,u2'])))

    def test_aggregates_that_the_request_keeps_off(self) -> None:
        self.assertEqual('c', self.usable(to(forbidden_aggregates={'u1'})))

    def test_aggregate_that_is_not_known_is_left_to_placement(self) -> None:
        self.assertEqual('ab', self.usable(to(aggregates=['u1', 'segment'])))
        self.assertEqual('abc', self.usable(to(aggregates=['u1,segment'])))
        self.assertEqual('abc', self.usable(to(forbidden_aggregates={'x'})))

    def test_tenants_count_if_nova_isolates_them(self) -> None:
        self.conf.config(
            group='filter_scheduler',
            enabled_filters=['AggregateMultiTenancyIsolation'],
        )
        self.assertEqual('bc', self.usable(spec()))

    def test_hosts_to_keep_off(self) -> None:
        self.assertEqual('ac', self.usable(spec(ignore_hosts=['b'])))
        hinted = spec(scheduler_hints={'different_host': ['s1', 's2']})
        self.assertEqual(2, Eligible(hinted, self.topology).servers_to_avoid)

    def test_hosts_of_its_group_may_be_usable(self) -> None:
        # By max_server_per_host, or on a resize to the same host.
        apart = group('anti-affinity', 'a', 'b')
        self.assertEqual('abc', self.usable(apart))
        self.assertEqual({'a', 'b'}, Eligible(apart, self.topology).perhaps)
        soft = group('soft-anti-affinity', 'a')
        self.assertEqual(set(), Eligible(soft, self.topology).perhaps)

    def test_hosts_of_sites_in_the_order_of_their_areas(self) -> None:
        areas = [*self.topology.areas(frozenset())]
        eligible = Eligible(spec(ignore_hosts=['a']), self.topology)
        self.assertEqual(
            [
                # Of the second site d is in a cell that is disabled.
                SiteHosts('u2', 'two', frozenset('c'), 1, CELL1),
                SiteHosts('u1', 'one', frozenset('b'), 3, CELL1),
            ],
            eligible.at_sites(reversed(areas), {}),
        )


class BoundTest(base.BaseTestCase):
    def test_requests_that_choose_their_host_otherwise(self) -> None:
        for request in (
            to(host='a'),
            to(node='a'),
            group('affinity', 'a'),
            spec(scheduler_hints={'same_host': ['s1']}),
            spec(scheduler_hints={'query': ['[]']}),
            spec(scheduler_hints={'build_near_host_ip': ['192.0.2.1']}),
        ):
            self.assertTrue(is_bound(request), request)

    def test_all_others(self) -> None:
        for request in (
            spec(),
            spec(requested_destination=None, instance_group=None),
            spec(scheduler_hints=None),
            to(cell=objects.CellMapping(uuid=CELL1)),
            to(allow_cross_cell_move=False),
            group('affinity'),
            group('anti-affinity', 'a'),
            group('soft-affinity', 'a'),
            spec(scheduler_hints={'edge:client': ['192.0.2.1']}),
        ):
            self.assertFalse(is_bound(request), request)
