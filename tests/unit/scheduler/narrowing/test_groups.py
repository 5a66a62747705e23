# SPDX-License-Identifier: Apache-2.0

"""Narrowing loses no host that a server of a group would have got.

Random clouds through all stages, asked for near sites only and for all. Each
server has to land where a plain search of the whole cloud puts it, and what is
refused has to be refused both ways.
"""

import collections
import dataclasses
import itertools
import logging
import random
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from unittest import mock

import fixtures
from nova import context
from nova import exception
from nova import objects
from nova.objects.cell_mapping import CellMapping
from nova.scheduler import filters
from nova.scheduler import weights

from edge_sched.model.latency import Answer
from edge_sched.model.latency import Latency
from edge_sched.scheduler import prepare
from edge_sched.scheduler.filters import EdgeLatencyFilter
from edge_sched.scheduler.narrowing import capacity
from edge_sched.scheduler.narrowing import narrow
from edge_sched.scheduler.narrowing.rings import MAX_AGGREGATES
from edge_sched.scheduler.request_filter import edge_latency
from edge_sched.scheduler.topology import cell
from edge_sched.scheduler.topology.membership import Aggregate
from edge_sched.scheduler.topology.topology import Topology
from edge_sched.scheduler.weights import EdgeLatencyWeigher
from edge_sched.store.reader import LookUp
from tests.unit.scheduler.base import ALICE
from tests.unit.scheduler.base import CELLS
from tests.unit.scheduler.base import PROJECT
from tests.unit.scheduler.base import StagesTestCase

CASES = 200

ONE_LEVEL = (('site',), ('zone',))

#: Over, unknown and within.
_OVER, _UNKNOWN, _WITHIN = range(3)

#: How good a host is, the larger the better.
Worth = tuple[int, tuple[int, ...], int]


@dataclasses.dataclass
class Cloud:
    """Some sites, with what each host has room for.

    :param rtt_ms: of sites that were measured, each in a tie band of its own
    :param kept_for: the project of a site that is kept for one
    """

    sites: dict[str, list[str]]
    zones: dict[str, str]
    cells: dict[str, str]
    room: dict[str, int]
    rtt_ms: dict[str, int]
    kept_for: dict[str, str]
    down: set[str]

    def add(
        self, host: str, zone: str, in_cell: str, room: int, down: bool = False
    ) -> None:
        self.zones[host] = zone
        self.cells[host] = in_cell
        self.room[host] = room
        if down:
            self.down.add(host)

    def topology(self) -> Topology:
        in_zone = collections.defaultdict(list)
        for host, zone in self.zones.items():
            in_zone[zone].append(host)
        kept = {s: {'filter_tenant_id': p} for s, p in self.kept_for.items()}
        sites = [
            Aggregate(site, {'edge:site': site, **kept.get(site, {})}, hosts)
            for site, hosts in self.sites.items()
        ]
        zones = [
            Aggregate(zone, {'availability_zone': zone}, hosts)
            for zone, hosts in in_zone.items()
        ]
        return Topology([*sites, *zones], CELLS, self.cells, {})

    def sites_of(self, host: str) -> list[str]:
        return sorted(s for s, hosts in self.sites.items() if host in hosts)

    def may_use(self, host: str) -> bool:
        kept = {self.kept_for.get(site, '') for site in self.sites_of(host)}
        return host not in self.down and (kept <= {''} or PROJECT in kept)

    def marks(self, host: str, level: str) -> set[str]:
        if level == 'site' and (sites := self.sites_of(host)):
            return set(sites)
        return {f'zone {self.zones[host]}'}


def make_cloud(pick: random.Random, *, doubles: bool, no_site: bool) -> Cloud:
    """A cloud of up to nine sites.

    :param doubles: whether some hosts are in two sites
    :param no_site: whether some may be in none
    """
    cloud = Cloud({}, {}, {}, {}, {}, {}, set())
    names = [f's{number}' for number in range(pick.randint(2, 9))]
    rtts_ms = pick.sample(range(10, 100, 10), len(names))
    for name, rtt_ms in zip(names, rtts_ms, strict=True):
        cloud.sites[name] = [f'{name}-{n}' for n in range(pick.randint(1, 4))]
        zone, in_cell = pick.choice('xy'), pick.choice([*CELLS])
        has_room = pick.random() < 0.75
        for host in cloud.sites[name]:
            room = has_room * pick.choice((0, 1, 1, 2, 3))
            cloud.add(host, zone, in_cell, room, pick.random() < 0.1)
        if pick.random() < 0.85:
            cloud.rtt_ms[name] = rtt_ms
        if pick.random() < 0.1:
            cloud.kept_for[name] = pick.choice(('theirs', PROJECT))
    for name, other in itertools.pairwise(names):
        if doubles and pick.random() < 0.7:
            cloud.sites[name].append(cloud.sites[other][0])
    if no_site and pick.random() < 0.5:
        cloud.add('none-1', pick.choice('xy'), pick.choice([*CELLS]), 2)
    return cloud


@dataclasses.dataclass(frozen=True)
class Asked:
    """What is asked for."""

    levels: tuple[str, ...]
    required: bool
    budget_ms: int | None
    may_be_over: bool
    unknown: str
    policy: str
    members: tuple[str, ...]
    servers: int

    @property
    def hints(self) -> Mapping[str, Any]:
        hints = {
            'edge:client': ALICE,
            'edge:unknown': self.unknown,
            'edge:spread': self.levels[-1],
            'edge:spread_mode': 'required' if self.required else 'preferred',
        }
        if self.budget_ms:
            mode = 'preferred' if self.may_be_over else 'required'
            hints['edge:budget_mode'] = mode
            hints['edge:latency_budget_ms'] = str(self.budget_ms)
        return {key: [value] for key, value in hints.items()}

    def worth(
        self, cloud: Cloud, host: str, members: Collection[str]
    ) -> Worth | None:
        """How good a host is for the next server, ``None`` if it will not do.

        :param members: the hosts of all servers of the group by now
        """
        if self.policy == 'anti-affinity' and host in members:
            return None
        there = tuple(
            sum(
                not marks.isdisjoint(cloud.marks(member, level))
                for member in members
            )
            for level in self.levels
            for marks in [cloud.marks(host, level)]
        )
        if self.required and any(there):
            return None
        rtts_ms = [cloud.rtt_ms.get(site) for site in cloud.sites_of(host)]
        rtt_ms = next((ms for ms in rtts_ms if ms is not None), None)
        fewer = tuple(-count for count in there)
        if rtt_ms is None:
            none = self.unknown == 'reject'
            return None if none else (_UNKNOWN, fewer, 0)
        if self.budget_ms is None or rtt_ms <= self.budget_ms:
            return _WITHIN, fewer, -rtt_ms
        return (_OVER, fewer, -rtt_ms) if self.may_be_over else None


def make_asked(
    pick: random.Random, cloud: Cloud, levels: Sequence[tuple[str, ...]]
) -> Asked:
    hosts = sorted(cloud.zones)
    return Asked(
        pick.choice(levels),
        required=pick.random() < 0.5,
        budget_ms=pick.choice((None, None, 45, 75)),
        may_be_over=pick.random() < 0.4,
        unknown=pick.choice(('allow', 'allow', 'reject')),
        policy=pick.choice(('anti-affinity', 'soft-anti-affinity')),
        members=tuple(pick.sample(hosts, min(len(hosts), pick.randint(0, 3)))),
        servers=pick.choice((1, 2, 3, 5)),
    )


class GroupsTest(StagesTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.useFixture(fixtures.FakeLogger(level=logging.CRITICAL))
        self.conf.config(
            group='filter_scheduler',
            enabled_filters=[
                'AggregateMultiTenancyIsolation',
                'ComputeFilter',
                'EdgeLatencyFilter',
            ],
        )
        # As for all groups Nova sets no limit.
        self.query = mock.Mock(limit=10**6, disk_gb=0, count=self._count)
        for target, name, new in (
            (narrow, 'Query', lambda *_: self.query),
            (capacity, 'providers_in', lambda _: None),
            (cell, 'count_down', self._count_down),
            (prepare, 'reader', lambda _: mock.Mock(look_up=self._look_up)),
        ):
            self.useFixture(fixtures.MockPatchObject(target, name, new))

    def _look_up(self, clients: Sequence[Any], _: str) -> LookUp:
        now = time.time()
        rows = {
            site: Latency(site, ALICE, rtt_ms, rtt_ms, now)
            for site, rtt_ms in self.cloud.rtt_ms.items()
        }
        answers = {client: Answer(True, (rows,)) for client in clients}
        return LookUp(answers, 'miss', 0.0, 'closed')

    def _count(self, aggregates: Sequence[str], _: int) -> int:
        return len(self._offered(aggregates))

    def _count_down(
        self,
        cells: Sequence[CellMapping],
        hosts: Mapping[str, Collection[str]],
    ) -> cell.Down:
        asked = [host for each in cells for host in hosts[each.uuid]]
        return cell.Down(sum(h in self.cloud.down for h in asked), frozenset())

    def _offered(self, aggregates: Sequence[str]) -> set[str]:
        """What Placement has in some aggregates: it knows who has room."""
        sites = self.cloud.sites
        return {h for a in aggregates for h in sites[a] if self.room[h]}

    def _hosts(self, spec: objects.RequestSpec) -> set[str]:
        """The hosts that Placement hands out, and Nova's filters leave."""
        destination = spec.requested_destination
        offered = {host for host, room in self.room.items() if room}
        if destination and destination.aggregates:
            (ored,) = destination.aggregates
            offered = self._offered(ored.split(','))
        if destination and 'cell' in destination and destination.cell:
            uuid = destination.cell.uuid
            offered = {h for h in offered if self.cloud.cells[h] == uuid}
        return {host for host in offered if self.cloud.may_use(host)}

    def _place(self, asked: Asked, narrowed: str) -> bool:
        """Place all servers as Nova does, each where it is best off.

        :return: whether each has got a host
        """
        self.conf.config(group='edge_sched', narrow_candidates=narrowed)
        self.room = dict(self.cloud.room)
        group = objects.InstanceGroup(
            policy=asked.policy, hosts=[*asked.members]
        )
        flavor = {'edge:spread': 'zone'} if len(asked.levels) > 1 else {}
        spec = self.spec(
            asked.hints,
            flavor,
            instance_group=group,
            requested_destination=None,
        )
        spec.num_instances = asked.servers
        try:
            edge_latency(context.get_admin_context(), spec)
            left = [
                self.host(h, self.cloud.cells[h]) for h in self._hosts(spec)
            ]
            for number in range(asked.servers):
                if asked.policy == 'anti-affinity':
                    left = [h for h in left if h.host not in group.hosts]
                left = filters.HostFilterHandler().get_filtered_objects(
                    [EdgeLatencyFilter()], left, spec, number
                )
                weighed = weights.HostWeightHandler().get_weighed_objects(
                    [EdgeLatencyWeigher()], left or [], spec
                )
                weighed.sort(key=lambda w: (-w.weight, w.obj.host))
                left = [w.obj for w in weighed]
                names = [h.host for h in left if self.room[h.host]]
                if not names:
                    return False
                self._check(asked, names[0], group.hosts)
                self.room[names[0]] -= 1
                group.hosts.append(names[0])
        except (exception.NoValidHost, exception.RequestFilterFailed):
            return False
        return True

    def _check(self, asked: Asked, host: str, members: Sequence[str]) -> None:
        worth = {
            each: known
            for each, room in self.room.items()
            if room
            and self.cloud.may_use(each)
            and (known := asked.worth(self.cloud, each, members)) is not None
        }
        best = max(worth, key=worth.__getitem__, default=host)
        if worth.get(host) != worth.get(best, ()):
            self.worse.append(f'{host}, not {best}')

    def _compare(
        self,
        levels: Sequence[tuple[str, ...]] = ONE_LEVEL,
        aggregates: int = MAX_AGGREGATES,
        modes: Sequence[str] = ('never', 'always'),
        *,
        doubles: bool = False,
        no_site: bool = True,
    ) -> None:
        self.query.aggregates = aggregates
        worse = {}
        for seed in range(CASES):
            pick = random.Random(seed)
            random.seed(seed)
            self.worse: list[str] = []
            self.cloud = make_cloud(pick, doubles=doubles, no_site=no_site)
            self.topology.return_value = self.cloud.topology()
            self.conf.config(
                group='scheduler',
                max_attempts=pick.randint(1, 3),
                max_placement_results=pick.choice((1, 3, 6, 1000)),
            )
            ring = pick.choice((1, 1, 5, 100))
            self.conf.config(group='edge_sched', ring_hosts=ring)
            asked = make_asked(pick, self.cloud, levels)
            all_placed = {self._place(asked, mode) for mode in modes}
            if len(all_placed) > 1:
                self.worse.append('not all are placed')
            if self.worse:
                worse[seed] = self.worse
        self.assertEqual({}, worse)

    def test_all_hosts(self) -> None:
        both = (*ONE_LEVEL, ('zone', 'site'))
        self._compare(both, modes=['never'], doubles=True)

    def test_near_sites(self) -> None:
        self._compare()

    def test_fewer_sites_than_there_are(self) -> None:
        self._compare(aggregates=3)

    def test_both_levels(self) -> None:
        self._compare([('zone', 'site')])

    def test_hosts_in_two_sites(self) -> None:
        self._compare(doubles=True)
