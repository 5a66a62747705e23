# SPDX-License-Identifier: Apache-2.0

"""Where all hosts of Nova's region are, renewed every ``membership_ttl``."""

import collections
import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

import nova.conf

from edge_sched.scheduler.topology.locator import Location
from edge_sched.scheduler.topology.locator import make_locator
from edge_sched.scheduler.topology.membership import Membership
from edge_sched.scheduler.topology.membership import read_membership
from edge_sched.scheduler.topology.multiplier import multipliers_of
from edge_sched.scheduler.topology.renewed import Renewed

CONF = nova.conf.CONF

T = TypeVar('T')

_NOBODY: frozenset[str] = frozenset()


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Area:
    """Hosts at one location that a query can name together.

    :param aggregate: UUID of the aggregate of a site, ``''`` for hosts of
        no site
    :param cell: UUID of the one that they are in
    """

    aggregate: str
    site: str
    cell: str
    location: Location
    hosts: frozenset[str]


class Topology:
    """Every host that Nova knows of, as it was read at one time.

    To narrow a request it is asked by area, never host by host: a cloud of
    100 000 hosts has a thousand sites.
    """

    def __init__(self, membership: Membership) -> None:
        self.locator = make_locator(membership)
        #: Of hosts whose aggregates say one, ``{'lyon-1': 30.0}``.
        self.multipliers = multipliers_of(membership.aggregates)
        self._cell_of = membership.cell_of
        self.count_nodes = membership.count_nodes
        #: Placement has mostly one of the nodes of each in an aggregate.
        self.hosts_of_several_nodes = membership.several_nodes.keys()
        self.cells = membership.cells
        #: Of aggregates with metadata that matters, sites and others.
        self.hosts_in: Mapping[str, frozenset[str]] = {
            aggregate.uuid: frozenset(aggregate.hosts) & self._cell_of.keys()
            for aggregate in membership.aggregates
        }
        self.hosts_in_cell = _inverted(membership.cell_of)
        self.tenants_of = _tenants_of(membership)
        self._areas = [*self._sites(membership), *self._outside()]

    @property
    def node_count(self) -> int:
        """How many nodes there are, which Placement hands out."""
        return self.count_nodes(self._cell_of.keys())

    def areas(self, measured: frozenset[str]) -> Iterator[Area]:
        """All hosts by area.

        :param measured: vantages; a host that was measured by its own name
            has an area of its own
        """
        own = self.locator.own_names(measured) & self._cell_of.keys()
        for area in self._areas:
            if not (apart := area.hosts & own):
                yield area
                continue
            for host in apart:
                location = self.locator.own_location(host, area.cell)
                yield dataclasses.replace(
                    area, location=location, hosts=frozenset({host})
                )
            if others := area.hosts - own:
                yield dataclasses.replace(area, hosts=others)

    def by_cell(self, hosts: Iterable[str]) -> dict[str, frozenset[str]]:
        """Hosts by the UUID of their cell."""
        return _inverted({host: self._cell_of[host] for host in hosts})

    def _sites(self, membership: Membership) -> Iterator[Area]:
        for aggregate in membership.aggregates:
            if aggregate.site:
                yield from self._at_locations(
                    aggregate.uuid,
                    aggregate.site,
                    self.hosts_in[aggregate.uuid],
                )

    def _outside(self) -> Iterator[Area]:
        """The hosts of no site."""
        for area in self._at_locations('', '', self._cell_of.keys()):
            if not area.location.place.sites:
                yield area

    def _at_locations(
        self, aggregate: str, site: str, hosts: Iterable[str]
    ) -> Iterator[Area]:
        location_of = {
            h: self.locator.location(h, self._cell_of[h]) for h in hosts
        }
        for location, at_location in _inverted(location_of).items():
            cell = self._cell_of[next(iter(at_location))]
            yield Area(aggregate, site, cell, location, at_location)


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


TOPOLOGY: Renewed[Topology] = Renewed(
    lambda: Topology(read_membership()),
    lambda: CONF.edge_sched.membership_ttl,
)
