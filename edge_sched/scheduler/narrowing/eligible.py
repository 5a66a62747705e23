# SPDX-License-Identifier: Apache-2.0

"""Which hosts a request may use but for the distance, as Placement sees it.

What is not known here, e.g. an aggregate of a routed network, is left to
Placement: a ring then has fewer hosts than it seems, and a wider one is tried
sooner.
"""

from collections.abc import Collection, Iterable, Mapping

import nova.conf
from nova.objects.request_spec import RequestSpec

from edge_sched.judging.spread import Spot
from edge_sched.scheduler.narrowing.rings import SiteHosts
from edge_sched.scheduler.spec import field_of
from edge_sched.scheduler.spec import source_cell
from edge_sched.scheduler.topology.locator import Location
from edge_sched.scheduler.topology.topology import Area
from edge_sched.scheduler.topology.topology import Topology

CONF = nova.conf.CONF

_NOBODY: frozenset[str] = frozenset()

_TENANT_FILTER = 'AggregateMultiTenancyIsolation'

#: Hints by which a host is chosen in other ways than a query can say.
_CHOOSES_HOSTS = ('same_host', 'query', 'build_near_host_ip')


def is_bound(spec: RequestSpec) -> bool:
    """Whether hosts are so few or so special that a ring would lose them.

    A named destination, a server group with affinity whose first server
    stands, and hints that choose hosts by other means.
    """
    destination = field_of(spec, 'requested_destination')
    hints = field_of(spec, 'scheduler_hints') or {}
    return (
        bool(_taken_by_group(spec, 'affinity'))
        or any(hint in hints for hint in _CHOOSES_HOSTS)
        or bool(
            destination
            and (
                field_of(destination, 'host') or field_of(destination, 'node')
            )
        )
    )


class Eligible:
    """The hosts of the region that a request may use."""

    def __init__(self, spec: RequestSpec, topology: Topology) -> None:
        self.topology = topology
        filters = CONF.filter_scheduler.enabled_filters
        #: The projects of hosts that are kept for some.
        self._tenants_of = (
            topology.tenants_of if _TENANT_FILTER in filters else {}
        )
        #: By name, those that an anti-affinity group stands on: its rules may
        #: allow another server.
        self.perhaps = _taken_by_group(spec, 'anti-affinity')
        hints = field_of(spec, 'scheduler_hints') or {}
        #: How many servers it must not share a host with, whose hosts are not
        #: known here.
        self.servers_to_avoid = len(hints.get('different_host', ()))
        self._project_id = field_of(spec, 'project_id') or ''
        #: In each of these, and in none of those.
        self._within: list[Collection[str]] = []
        self._without = [frozenset(field_of(spec, 'ignore_hosts') or ())]
        hosts_in, in_cell = topology.hosts_in, topology.hosts_in_cell
        destination = field_of(spec, 'requested_destination')
        cell = source_cell(spec)
        if cell and not field_of(destination, 'allow_cross_cell_move'):
            self._within.append(in_cell.get(cell.uuid, _NOBODY))
        else:
            self._without += [
                in_cell.get(uuid, _NOBODY)
                for uuid, each in topology.cells.items()
                if each.disabled
            ]
        if not destination:
            return
        for ored in field_of(destination, 'aggregates') or ():
            aggregates = ored.split(',')
            # Unless Placement alone knows some.
            if hosts_in.keys() >= set(aggregates):
                known = (hosts_in[aggregate] for aggregate in aggregates)
                self._within.append(_NOBODY.union(*known))
        for each in field_of(destination, 'forbidden_aggregates') or ():
            self._without.append(hosts_in.get(each, _NOBODY))

    def of(self, hosts: frozenset[str]) -> frozenset[str]:
        """Those of some hosts that the request may use."""
        hosts = hosts.intersection(*self._within).difference(*self._without)
        tenants_of = self._tenants_of
        if tenants_of.keys().isdisjoint(hosts):
            return hosts
        return frozenset(
            host
            for host in hosts
            if host not in tenants_of or self._project_id in tenants_of[host]
        )

    def at_sites(
        self, areas: Iterable[Area], spots: Mapping[Location, Spot]
    ) -> list[SiteHosts]:
        """Those of each area, in its order.

        :param spots: of each location, if servers are to be spread
        """
        count_nodes = self.topology.count_nodes
        return [
            SiteHosts(
                area.aggregate,
                area.site,
                hosts,
                count_nodes(hosts),
                area.cell,
                spots.get(area.location, ()),
            )
            for area in areas
            if (hosts := self.of(area.hosts))
        ]


def _taken_by_group(spec: RequestSpec, policy: str) -> frozenset[str]:
    """The hosts of a server group, if that is its policy."""
    group = field_of(spec, 'instance_group')
    if not group or field_of(group, 'policy') != policy:
        return _NOBODY
    return frozenset(field_of(group, 'hosts') or ())
