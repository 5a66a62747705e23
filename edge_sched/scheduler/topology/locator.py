# SPDX-License-Identifier: Apache-2.0

"""Where hosts are: sites, availability zones and cells."""

import dataclasses
import functools
from collections.abc import Iterable, Mapping, Sequence

import nova.conf
from nova.scheduler.host_manager import HostState

from edge_sched.judging.spread import Mark
from edge_sched.judging.spread import spot
from edge_sched.judging.verdict import Chain
from edge_sched.model import keys
from edge_sched.model.names import normal
from edge_sched.scheduler.topology.membership import Aggregate

CONF = nova.conf.CONF

VantageNames = Mapping[str, tuple[str, ...]]

#: By name, with the projects that each is kept for, ``None`` if for all.
Sites = tuple[tuple[str, frozenset[str] | None], ...]


@dataclasses.dataclass(frozen=True, eq=False)
class Location:
    """Hosts that the same vantages speak for; compared by identity.

    :param sites: ``(('lyon', None), ('lyon-metro', {'4f2e...'}))``; mostly
        one
    :param cell: its name, ``''`` if it has none
    :param host: its name, of one that was measured by it
    """

    sites: Sites
    zone: str
    cell: str
    host: str = ''

    @property
    def names(self) -> VantageNames:
        """What its vantages are called, whatever the order."""
        return {
            'host': (self.host,),
            'site': tuple(site for site, _ in self.sites),
            'zone': (self.zone,),
            'cell': (self.cell,),
        }

    @functools.cached_property
    def chain(self) -> Chain:
        """The vantages, most specific first."""
        names = self.names
        order = CONF.edge_sched.vantage_order
        return tuple(name for kind in order for name in names[kind] if name)

    @functools.cached_property
    def marks(self) -> frozenset[Mark]:
        """Where it is on all levels that servers can be spread over."""
        levels = keys.SPREAD.choices
        return frozenset(
            mark
            for marks in spot(levels, self.names['site'], self.zone)
            for mark in marks
        )

    def name_for_project(
        self, project_id: str | None, vantage: str = ''
    ) -> str:
        """What a project may be told of the location, ``''`` for nothing.

        :param vantage: the one that decided; if it is a site, that or nothing
        """
        sites = dict(self.sites)
        if vantage in sites:
            sites = {vantage: sites[vantage]}
        for site, tenants in sites.items():
            if tenants is None or project_id in tenants:
                return site
        return '' if sites else self.zone

    def name_for_operator(self, vantage: str = '') -> str:
        """What the operator calls it.

        :param vantage: the one that decided
        """
        sites = self.names['site']
        return vantage if vantage in sites else (*sites, self.zone)[0]


def where_in(aggregates: Sequence[Aggregate]) -> tuple[Sites, str]:
    """The sites and the zone of hosts that are in some aggregates."""
    sites: dict[str, frozenset[str] | None] = {}
    zone = normal(CONF.default_availability_zone)
    for aggregate in aggregates:
        if site := aggregate.site:
            sites[site] = sites.get(site) or aggregate.tenants
        zone = aggregate.zone or zone
    return tuple((site, sites[site]) for site in sorted(sites)), zone


def _tenants_of_sites(
    locations: Iterable[Location],
) -> dict[str, frozenset[str] | None]:
    """The projects that may know of each site, ``None`` for all."""
    found: dict[str, frozenset[str] | None] = {}
    for location in locations:
        for site, tenants in location.sites:
            known = found.get(site, tenants)
            found[site] = known and tenants and known | tenants
    return found


class Locator:
    """Where every host is, at one time.

    :param location_of: ``{'lyon-1': Location(...)}``
    :param nowhere_in: of hosts that are newer, by the UUID of their cell
    """

    def __init__(
        self,
        location_of: Mapping[str, Location],
        nowhere_in: Mapping[str, Location],
    ) -> None:
        self._location_of = location_of
        self._nowhere_in = nowhere_in
        self._nowhere = Location(*where_in([]), '')
        self._own_location_of: dict[str, Location] = {}
        self._hosts_measure = 'host' in CONF.edge_sched.vantage_order
        places = {*location_of.values(), *nowhere_in.values()}
        self._shared = frozenset[str]().union(*(each.chain for each in places))
        self._tenants_of_site = _tenants_of_sites(places)
        #: Hosts that can be measured by their own names: a vantage that is
        #: called like one is the vantage.
        self.own_names = frozenset[str]()
        if self._hosts_measure:
            self.own_names = frozenset(location_of) - self._shared

    def locate(
        self, hosts: Sequence[HostState], measured: frozenset[str]
    ) -> list[Location]:
        """The location of each host.

        :param measured: vantages with any row for this request; a host whose
            own name is among them has a location of its own
        """
        location_of = self._location_of
        try:
            locations = [location_of[host.host] for host in hosts]
        except KeyError:
            locations = [
                location_of.get(host.host) or self._newer(host, measured)
                for host in hosts
            ]
        if own := self.own_names & measured:
            for number, host in enumerate(hosts):
                if host.host in own:
                    locations[number] = self.own_location(host.host)
        return locations

    def of_name(self, host: str) -> Location:
        """Where a host is; of one that is newer the cell is not known."""
        return self._location_of.get(host, self._nowhere)

    def location(self, host: str, cell: str) -> Location:
        """Where a host is, as if it were measured by its own name.

        :param cell: its UUID
        """
        location = self._location_of.get(host) or self._nowhere_in.get(
            cell, self._nowhere
        )
        if self._hosts_measure and host not in self._shared:
            return self._own(host, location)
        return location

    def has_site(self, site: str) -> bool:
        """Whether there is such a site."""
        return site in self._tenants_of_site

    def knows_site(self, site: str, project_id: str) -> bool:
        """Whether there is such a site, and a project may know of it."""
        if site not in self._tenants_of_site:
            return False
        tenants = self._tenants_of_site[site]
        return tenants is None or project_id in tenants

    def own_location(self, host: str) -> Location:
        """Where a host is that was measured by its own name."""
        return self._own(host, self._location_of[host])

    def _own(self, host: str, location: Location) -> Location:
        if host not in self._own_location_of:
            own = dataclasses.replace(location, host=host)
            self._own_location_of.setdefault(host, own)
        return self._own_location_of[host]

    def _newer(self, host: HostState, measured: frozenset[str]) -> Location:
        """Where a host is that came after all this was read."""
        location = self._nowhere_in.get(host.cell_uuid, self._nowhere)
        if self._hosts_measure and host.host in measured - self._shared:
            return self._own(host.host, location)
        return location
