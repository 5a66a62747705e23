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

"""The hosts of each site, for a request that is to be narrowed to some.

Requests ask it by site, never host by host: a cloud of 100 000 hosts has a
thousand sites.
"""

import collections
import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from edge_sched.scheduler.membership import Membership
from edge_sched.scheduler.places import Spot
from edge_sched.scheduler.places import World

T = TypeVar('T')

_NOBODY: frozenset[str] = frozenset()


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Area:
    """Hosts that a query can name together; compared by identity.

    :param aggregate: UUID of the aggregate of a site, ``''`` for hosts of
        no site
    :param spots: of its hosts, mostly one
    :param cells: of its hosts, mostly one
    """

    aggregate: str
    site: str
    hosts: frozenset[str]
    spots: frozenset[Spot]
    cells: frozenset[str]


class Atlas:
    """Every host that Nova knows of, by area, at one time."""

    def __init__(self, world: World, membership: Membership) -> None:
        self._cell_of = membership.cell_of
        self.count_nodes = membership.count_nodes
        #: Placement has mostly one of the nodes of each in an aggregate.
        self.hosts_of_several_nodes = membership.several_nodes.keys()
        self._world = world
        self.cells = membership.cells
        spot_of = {
            host: world.spot(host, cell_uuid)
            for host, cell_uuid in membership.cell_of.items()
        }
        self._spot_of = spot_of
        #: Of aggregates with metadata that matters, sites and others.
        self.hosts_in: Mapping[str, frozenset[str]] = {
            aggregate.uuid: frozenset(aggregate.hosts) & spot_of.keys()
            for aggregate in membership.aggregates
        }
        self.hosts_in_cell = _inverted(membership.cell_of)
        self.tenants_of = _tenants_of(membership)
        self.areas: Sequence[Area] = [
            *self._sites(membership),
            *self._outside(),
        ]
        self._areas_at: dict[Spot, list[Area]] = collections.defaultdict(list)
        for area in self.areas:
            for spot in area.spots:
                self._areas_at[spot].append(area)
        self._spots_seen_from: dict[str, list[Spot]] = collections.defaultdict(
            list
        )
        for spot in self._areas_at:
            for vantage in spot.chain:
                self._spots_seen_from[vantage].append(spot)

    @property
    def node_count(self) -> int:
        """How many nodes there are, which Placement hands out."""
        return self.count_nodes(self._spot_of.keys())

    def measured(
        self, vantages: frozenset[str]
    ) -> Mapping[Spot, Sequence[Area]]:
        """The spots that any of the vantages speaks for, and their areas.

        A host that was measured by its own name has a spot of its own.
        """
        found: dict[Spot, Sequence[Area]] = {}
        for vantage in vantages:
            for spot in self._spots_seen_from.get(vantage, ()):
                found[spot] = self._areas_at[spot]
        for host in self._world.own_names(vantages):
            if host in self._spot_of:
                spot = self._world.own_spot(host, self._cell_of[host])
                found[spot] = [
                    area
                    for area in self._areas_at[self._spot_of[host]]
                    if host in area.hosts
                ]
        return found

    def by_cell(self, hosts: Iterable[str]) -> dict[str, frozenset[str]]:
        """Hosts by the UUID of their cell."""
        return _inverted({host: self._cell_of[host] for host in hosts})

    def spots(
        self, hosts: Iterable[str], vantages: frozenset[str]
    ) -> list[Spot]:
        """The spot of each host."""
        own = self._world.own_names(vantages)
        return [
            self._world.own_spot(host, self._cell_of[host])
            if host in own
            else self._spot_of[host]
            for host in hosts
        ]

    def _sites(self, membership: Membership) -> Iterable[Area]:
        for aggregate in membership.aggregates:
            hosts = self.hosts_in[aggregate.uuid]
            if aggregate.site and hosts:
                yield self._area(aggregate.uuid, aggregate.site, hosts)

    def _outside(self) -> Iterable[Area]:
        """The hosts of no site, one area a spot."""
        hosts_at = _inverted(
            {h: s for h, s in self._spot_of.items() if not s.place.sites}
        )
        for hosts in hosts_at.values():
            yield self._area('', '', hosts)

    def _area(self, aggregate: str, site: str, hosts: frozenset[str]) -> Area:
        return Area(
            aggregate,
            site,
            hosts,
            spots=frozenset(self._spot_of[host] for host in hosts),
            cells=frozenset(self._cell_of[host] for host in hosts),
        )


def _inverted(of_host: Mapping[str, T]) -> dict[T, frozenset[str]]:
    """``{'h': 1, 'i': 1}`` to ``{1: frozenset({'h', 'i'})}``."""
    hosts: dict[T, set[str]] = collections.defaultdict(set)
    for host, value in of_host.items():
        hosts[value].add(host)
    return {value: frozenset(found) for value, found in hosts.items()}


def _tenants_of(membership: Membership) -> dict[str, frozenset[str]]:
    """The projects of hosts that are kept for some; equal sets are one."""
    tenants: dict[str, frozenset[str]] = {}
    made: dict[frozenset[str], frozenset[str]] = {}
    for aggregate in membership.aggregates:
        projects = aggregate.tenants
        if projects is None:
            continue
        for host in aggregate.hosts:
            both = tenants.get(host, _NOBODY) | projects
            tenants[host] = made.setdefault(both, both)
    return tenants
