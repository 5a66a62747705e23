# SPDX-License-Identifier: Apache-2.0

"""How sites are asked for, and what is said where nobody tells."""

import json
from collections.abc import Collection, Sequence
from typing import Any
from unittest import mock

import fixtures
import nova.conf
from nova import objects
from oslo_config.fixture import Config
from oslo_utils.fixture import uuidsentinel as uuids
from oslotest import base

from edge_sched.auditing import room as module
from edge_sched.auditing.room import Room
from edge_sched.auditing.room import room_for
from edge_sched.scheduler import request_filter
from edge_sched.scheduler.narrowing import capacity
from edge_sched.scheduler.narrowing.placement import NoAnswerError
from edge_sched.scheduler.narrowing.placement import Offer
from edge_sched.scheduler.narrowing.placement import RefusedQueryError
from edge_sched.scheduler.nova_servers import Page
from edge_sched.scheduler.nova_servers import RequestRow
from edge_sched.scheduler.request_filter import edge_latency
from edge_sched.scheduler.topology.cell import CellAwayError
from edge_sched.scheduler.topology.membership import Aggregate
from edge_sched.scheduler.topology.topology import Topology
from tests.unit.scheduler.topology.test_topology import CELL1
from tests.unit.scheduler.topology.test_topology import SITE
from tests.unit.scheduler.topology.test_topology import topology

PAGE = Page(0, 1, 1)


class Placement:
    """Hosts with room by aggregate; the node of ``a`` is ``node-a``.

    Each shares the disk of another provider.
    """

    disk_gb = 20

    def __init__(self, limit: int, aggregates: int) -> None:
        self.limit = limit
        self.aggregates = aggregates
        self.hosts_in: dict[str, list[str]] = {}
        #: How many ways there are to use a host.
        self.ways = 1
        #: It refuses queries of more.
        self.most = 35
        self.asked: list[list[str]] = []

    def offer(self, aggregates: Sequence[str]) -> Offer:
        self.asked.append(list(aggregates))
        if len(aggregates) > self.most:
            raise RefusedQueryError('414 too long')
        among = aggregates or self.hosts_in
        hosts = [host for each in among for host in self.hosts_in[each]]
        some = hosts[: self.limit]
        return Offer(
            frozenset(frozenset({f'node-{host}', 'nfs'}) for host in some),
            len(hosts) * self.ways >= self.limit,
        )


class RoomTest(base.BaseTestCase):
    """Sites of two hosts; the first of each has room."""

    def setUp(self) -> None:
        super().setUp()
        self.patch(module, '_request').return_value = 'spec'
        self.hosts_of_nodes = self.patch(module, 'hosts_of_nodes')
        self.hosts_of_nodes.side_effect = self.host_of
        self.providers_in = self.patch(capacity, 'providers_in')
        self.providers_in.side_effect = lambda names: ['p'] * 2 * len(names)
        self.lends_disk = self.patch(capacity, 'lends_disk')
        self.lends_disk.return_value = False
        self.query = self.patch(module, 'Query')
        self.cell = mock.Mock(uuid=CELL1)
        self.cell.name = 'cell\x1b1'

    def patch(self, owner: Any, name: str) -> mock.Mock:
        patcher = mock.patch.object(owner, name)
        self.addCleanup(patcher.stop)
        return patcher.start()

    def host_of(
        self, cell: object, uuids: Collection[str], timeout_seconds: float
    ) -> dict[str, str]:
        self.assertIs(self.cell, cell)
        self.assertEqual(30, timeout_seconds)
        return {u: u.removeprefix('node-') for u in uuids if u != 'nfs'}

    def begin(
        self, sites: int, limit: int = 1000, aggregates: int = 35
    ) -> None:
        self.topology: Topology = topology(
            *(
                Aggregate(f'u{n}', {SITE: f's{n}'}, [f'{n}a', f'{n}b'])
                for n in range(sites)
            )
        )
        self.placement = Placement(limit, aggregates)
        self.placement.hosts_in = {f'u{n}': [f'{n}a'] for n in range(sites)}
        self.query.return_value = self.placement

    def room(self) -> Room:
        areas = list(self.topology.areas(frozenset()))
        return room_for(PAGE, self.cell, areas, self.topology)

    def hosts(self) -> dict[str, set[str]]:
        room = self.room()
        self.assertEqual('', room.problem)
        return {area.site: {*hosts} for area, hosts in room.hosts.items()}

    def test_cloud_that_one_answer_has(self) -> None:
        self.begin(3)
        self.placement.hosts_in['u1'] = []
        self.assertEqual(
            {'s0': {'0a'}, 's1': set(), 's2': {'2a'}}, self.hosts()
        )
        self.assertEqual([[]], self.placement.asked)
        self.providers_in.assert_not_called()

    def test_as_many_hosts_as_an_answer_has(self) -> None:
        self.begin(2, limit=4)
        self.hosts()
        self.assertEqual([[]], self.placement.asked)

    def test_nobody_is_asked_for_no_site(self) -> None:
        self.begin(2)
        self.assertEqual(
            ({}, ''), room_for(PAGE, self.cell, [], self.topology)
        )
        self.assertEqual([], self.placement.asked)

    def test_sites_are_asked_for_by_as_many_as_an_answer_has(self) -> None:
        self.begin(5, limit=5)
        self.assertEqual({f's{n}': {f'{n}a'} for n in range(5)}, self.hosts())
        self.assertEqual(
            [['u0', 'u1'], ['u2', 'u3'], ['u4']], self.placement.asked
        )
        # One of them stands for all.
        self.providers_in.assert_called_once_with(['u0', 'u1'])
        self.lends_disk.assert_called_once_with('p', 20, ['u0', 'u1'])

    def test_sites_with_just_as_many_hosts_are_one_query(self) -> None:
        self.begin(4, limit=4)
        self.assertEqual(4, len(self.hosts()))
        self.assertEqual([['u0', 'u1'], ['u2', 'u3']], self.placement.asked)

    def test_sites_are_asked_for_by_as_many_as_a_query_names(self) -> None:
        self.begin(5, limit=9, aggregates=3)
        self.assertEqual(5, len(self.hosts()))
        self.assertEqual(
            [['u0', 'u1', 'u2'], ['u3', 'u4']], self.placement.asked
        )

    def test_answers_that_were_cut_are_halved(self) -> None:
        self.begin(3)
        self.placement.ways = 500
        self.assertEqual(3, len(self.hosts()))
        self.assertEqual(
            [[], ['u0', 'u1', 'u2'], ['u0'], ['u1', 'u2'], ['u1'], ['u2']],
            self.placement.asked,
        )
        # Of one site what there is.
        self.begin(1, limit=1)
        self.assertEqual({'s0': {'0a'}}, self.hosts())
        self.assertEqual([['u0']], self.placement.asked)

    def test_queries_that_are_refused_are_halved(self) -> None:
        self.begin(3, limit=5)
        self.placement.most = 1
        self.assertEqual(3, len(self.hosts()))
        self.assertEqual(
            [['u0', 'u1'], ['u0'], ['u1'], ['u2']], self.placement.asked
        )
        self.placement.most = 0
        room = self.room()
        self.assertEqual({}, room.hosts)
        self.assertEqual(
            'Placement does not take the query: 414 too long', room.problem
        )

    def test_sites_with_room_on_all_hosts_are_not_compared(self) -> None:
        self.begin(2, limit=3)
        self.placement.hosts_in['u0'].append('0b')
        self.hosts()
        self.providers_in.assert_called_once_with(['u1'])

    def test_hosts_that_placement_does_not_have(self) -> None:
        self.begin(2, limit=3)
        self.providers_in.side_effect = None
        self.providers_in.return_value = ['p']
        room = self.room()
        self.assertEqual({}, room.hosts)
        self.assertIn(
            'cannot be asked for sites: Placement has 1 of 2 hosts',
            room.problem,
        )

    def test_hosts_of_no_site_in_a_large_cloud(self) -> None:
        self.begin(1, limit=3)
        self.topology = topology(
            Aggregate('u0', {SITE: 's0'}, ['0a', '0b']),
            Aggregate('zone', {'availability_zone': 'z'}, ['1a', '1b']),
        )
        areas = {a.site: a for a in self.topology.areas(frozenset())}
        room = room_for(
            PAGE, self.cell, [areas[''], areas['s0']], self.topology
        )
        self.assertEqual({areas['s0']: {'0a'}}, room.hosts)
        self.assertEqual(
            'hosts of no site are too many to ask for them', room.problem
        )

    def test_what_was_told_before_the_time_was_over(self) -> None:
        self.begin(2, limit=3)
        offer = self.placement.offer

        def slow(aggregates: Sequence[str]) -> Offer:
            if self.placement.asked:
                raise NoAnswerError('it took\n5 s')
            return offer(aggregates)

        with mock.patch.object(self.placement, 'offer', slow):
            room = self.room()
        (area,) = room.hosts
        self.assertEqual('s0', area.site)
        self.assertEqual(
            'Placement does not answer: it took 5 s', room.problem
        )

    def test_what_cannot_be_told(self) -> None:
        self.begin(2)
        for error, problem in (
            (CellAwayError('late'), 'cell cell\\x1b1 is away: late'),
            (
                KeyError('flavor'),
                'what a move would ask for cannot be told: KeyError: flavor',
            ),
        ):
            self.hosts_of_nodes.side_effect = error
            self.assertEqual(({}, problem), self.room())


class RequestTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        objects.register_all()
        self.conf = self.useFixture(Config(nova.conf.CONF))
        self.filters: list[Any] | None = []
        patcher = mock.patch.object(
            request_filter, 'request_filters', side_effect=lambda: self.filters
        )
        self.addCleanup(patcher.stop)
        patcher.start()

    def request(self, **fields: Any) -> objects.RequestSpec:
        """What is asked for a server that was created so."""
        spec = objects.RequestSpec(
            flavor=objects.Flavor(vcpus=2, extra_specs={}), **fields
        )
        text = json.dumps(spec.obj_to_primitive())
        row = RequestRow('server', 'mine', 1, text)
        with mock.patch.object(module, 'read_requests', return_value=[row]):
            return module._request(PAGE)

    def test_server_that_was_deleted_meanwhile(self) -> None:
        with mock.patch.object(module, 'read_requests', return_value=[]):
            room = room_for(PAGE, mock.Mock(), [], mock.Mock())
        self.assertEqual({}, room.hosts)
        self.assertIn('the server was deleted meanwhile', room.problem)

    def test_host_that_was_asked_for_is_of_no_account(self) -> None:
        spec = self.request(
            force_hosts=['lyon-1'],
            force_nodes=['node'],
            requested_destination=objects.Destination(host='lyon-1'),
        )
        self.assertEqual(
            [None, None, None],
            [spec.force_hosts, spec.force_nodes, spec.requested_destination],
        )
        self.assertEqual(2, spec.flavor.vcpus)

    def test_filters_of_nova_have_their_say_and_ours_has_none(self) -> None:
        other = mock.Mock()
        case = self.useFixture(
            fixtures.MockPatch(
                'edge_sched.scheduler.request_filter.make_case',
                return_value=None,
            )
        ).mock
        self.conf.config(
            group='filter_scheduler', enabled_filters=['EdgeLatencyFilter']
        )
        self.filters = [edge_latency, other]
        spec = self.request()
        other.assert_called_once_with(mock.ANY, spec)
        case.assert_not_called()
        # A Nova that has no such list.
        self.filters = None
        self.assertEqual(2, self.request().flavor.vcpus)

    def test_devices_are_asked_for(self) -> None:
        self.conf.config(group='filter_scheduler', pci_in_placement=True)
        wanted = objects.InstancePCIRequest(
            request_id=uuids.request,
            alias_name='gpu',
            count=1,
            spec=[{'resource_class': 'CUSTOM_GPU'}],
        )
        requests = objects.InstancePCIRequests(requests=[wanted])
        (group,) = self.request(pci_requests=requests).requested_resources
        self.assertEqual({'CUSTOM_GPU': 1}, group.resources)
