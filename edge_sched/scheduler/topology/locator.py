# SPDX-License-Identifier: Apache-2.0

"""Where hosts are: sites, availability zones and cells.

Made of what ``membership`` reads from Nova's API database, not of
``HostState.aggregates``: a worker that is forked again, as on SIGHUP, has the
aggregates of the day the service was started.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

import nova.conf
from nova.scheduler.host_manager import HostState

from edge_sched.judging.verdict import Chain
from edge_sched.model.names import normal
from edge_sched.scheduler.topology.membership import Aggregate
from edge_sched.scheduler.topology.membership import Membership

CONF = nova.conf.CONF

VantageNames = Mapping[str, tuple[str, ...]]


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Place:
    """What hosts at one place share; one object a place, compared by it.

    :param sites: by name, ``('lyon', 'lyon-metro')``; mostly one
    :param tenants: of the sites that are kept for some projects, whose,
        ``{'lyon': frozenset({'4f2e...'})}``
    """

    sites: tuple[str, ...]
    zone: str
    tenants: Mapping[str, frozenset[str]]

    def label(self, project_id: str | None, vantage: str = '') -> str:
        """What a project may be told of the place, ``''`` for nothing.

        :param vantage: the one that decided; if it is a site, that or nothing
        """
        sites = (vantage,) if vantage in self.sites else self.sites
        for site in sites:
            tenants = self.tenants.get(site)
            if tenants is None or project_id in tenants:
                return site
        return '' if self.sites else self.zone

    def name(self, vantage: str = '') -> str:
        """What the operator calls it.

        :param vantage: the one that decided
        """
        if vantage in self.sites:
            return vantage
        return self.sites[0] if self.sites else self.zone


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Location:
    """Hosts that the same vantages speak for; compared by identity.

    :param chain: the vantages, most specific first
    """

    chain: Chain
    place: Place


class Locator:
    """Where every host is, at one time.

    :param places: ``{'lyon-1': Place(...)}``
    :param cells: ``{'5c9f...': 'cell1'}``
    :param nowhere: the place of hosts in no aggregate of either kind
    :param order: ``['host', 'site', 'zone', 'cell']``
    """

    def __init__(
        self,
        places: Mapping[str, Place],
        cells: Mapping[str, str],
        nowhere: Place,
        order: Sequence[str],
    ) -> None:
        self._places = places
        self._cells = cells
        self._nowhere = nowhere
        self._order = order
        self._by_host: dict[str, Location] = {}
        self._by_own_name: dict[str, Location] = {}
        self._by_place: dict[tuple[Place, str], Location] = {}
        #: What a vantage can be called that is not a host.
        self._shared = frozenset(cells.values()).union(
            *((*place.sites, place.zone) for place in places.values()),
            [nowhere.zone],
        )

    def locate(
        self, hosts: Sequence[HostState], measured: frozenset[str]
    ) -> list[Location]:
        """The location of each host.

        :param measured: vantages with any row for this request; a host whose
            own name is among them has a location of its own
        """
        location_of = self._by_host
        try:
            locations = [location_of[host.host] for host in hosts]
        except KeyError:
            locations = [
                self.location(host.host, host.cell_uuid) for host in hosts
            ]
        if not self.own_names(measured):
            return locations
        return [
            self.own_location(host.host, host.cell_uuid)
            if host.host in measured
            else location
            for host, location in zip(hosts, locations, strict=True)
        ]

    def own_names(self, measured: frozenset[str]) -> frozenset[str]:
        """Those of the vantages that can only be hosts."""
        if 'host' not in self._order:
            return frozenset()
        return measured - self._shared

    def location(self, host: str, cell_uuid: str) -> Location:
        """Found once for each host; hosts at one place share it."""
        place = self._places.get(host, self._nowhere)
        key = (place, cell_uuid)
        if key not in self._by_place:
            self._by_place[key] = Location(self._chain('', *key), place)
        location = self._by_host[host] = self._by_place[key]
        return location

    def own_location(self, host: str, cell_uuid: str) -> Location:
        """Where a host is that was measured by its own name."""
        if host not in self._by_own_name:
            place = self._places.get(host, self._nowhere)
            chain = self._chain(host, place, cell_uuid)
            self._by_own_name[host] = Location(chain, place)
        return self._by_own_name[host]

    def vantage_names(self, host: str, cell_uuid: str) -> VantageNames:
        """What the vantages of a host are called, whatever the order."""
        place = self._places.get(host, self._nowhere)
        return self._names(host, place, cell_uuid)

    def _names(self, host: str, place: Place, cell_uuid: str) -> VantageNames:
        return {
            'host': (host,),
            'site': place.sites,
            'zone': (place.zone,),
            'cell': (self._cells.get(cell_uuid, ''),),
        }

    def _chain(self, host: str, place: Place, cell_uuid: str) -> Chain:
        names = self._names(host, place, cell_uuid)
        return tuple(
            name for kind in self._order for name in names[kind] if name
        )


def make_locator(membership: Membership) -> Locator:
    """Put together what was read."""
    return Locator(
        places=_places(membership.aggregates),
        cells={
            cell.uuid: normal(cell.name or '')
            for cell in membership.cells.values()
        },
        nowhere=Place((), _default_zone(), {}),
        order=CONF.edge_sched.vantage_order,
    )


def _places(aggregates: Iterable[Aggregate]) -> dict[str, Place]:
    """Put what the aggregates say together, one Place object a place."""
    sites: dict[str, dict[str, frozenset[str] | None]] = {}
    zones: dict[str, str] = {}
    for aggregate in aggregates:
        site, zone = aggregate.site, aggregate.zone
        tenants = aggregate.tenants
        for host in aggregate.hosts:
            if site:
                known = sites.setdefault(host, {})
                known[site] = known.get(site) or tenants
            if zone:
                zones[host] = zone
    default_zone = _default_zone()
    made: dict[tuple[object, ...], Place] = {}
    places = {}
    for host in sites.keys() | zones.keys():
        zone = zones.get(host, default_zone)
        of_host = tuple(sorted(sites.get(host, {}).items(), key=_site_name))
        key = (of_host, zone)
        if key not in made:
            made[key] = Place(
                tuple(site for site, _ in of_host),
                zone,
                {site: who for site, who in of_host if who is not None},
            )
        places[host] = made[key]
    return places


def _default_zone() -> str:
    return normal(CONF.default_availability_zone)


def _site_name(item: tuple[str, object]) -> str:
    return item[0]
