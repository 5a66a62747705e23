# SPDX-License-Identifier: Apache-2.0

"""Which hosts a request may use but for the distance, as Placement sees it.

A ring is counted in such hosts. What is not known here,
e.g. an aggregate of a routed network, is left to Placement: the ring then has
fewer hosts than it seems, and a wider one is tried sooner.
"""

from collections.abc import Collection, Iterable, Iterator

import nova.conf
from nova.objects.request_spec import RequestSpec

from edge_sched.scheduler.narrowing.rings import SiteHosts
from edge_sched.scheduler.spec import field_of
from edge_sched.scheduler.spec import source_cell
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
    if destination and (
        field_of(destination, 'host') or field_of(destination, 'node')
    ):
        return True
    group = field_of(spec, 'instance_group')
    if (
        group
        and field_of(group, 'policy') == 'affinity'
        and field_of(group, 'hosts')
    ):
        return True
    hints = field_of(spec, 'scheduler_hints') or {}
    return any(hint in hints for hint in _CHOOSES_HOSTS)


class Eligible:
    """The hosts of the region that a request may use."""

    def __init__(self, spec: RequestSpec, topology: Topology) -> None:
        self.topology = topology
        #: By name, those that an anti-affinity group stands on: its rules may
        #: allow another server.
        self.perhaps = _taken_by_group(spec)
        hints = field_of(spec, 'scheduler_hints') or {}
        #: How many servers it must not share a host with, whose hosts are not
        #: known here.
        self.servers_to_avoid = len(hints.get('different_host', ()))
        self._project_id = field_of(spec, 'project_id') or ''
        #: In each of these, and in none of those.
        self._within: list[Collection[str]] = []
        self._without = [frozenset(field_of(spec, 'ignore_hosts') or ())]
        destination = field_of(spec, 'requested_destination')
        cell = source_cell(spec)
        if cell and not field_of(destination, 'allow_cross_cell_move'):
            self._within.append(topology.hosts_in_cell.get(cell.uuid, _NOBODY))
        else:
            self._without += [
                topology.hosts_in_cell.get(uuid, _NOBODY)
                for uuid, each in topology.cells.items()
                if each.disabled
            ]
        if destination:
            for ored in field_of(destination, 'aggregates') or ():
                self._require_any(ored.split(','))
            self._without += [
                topology.hosts_in.get(aggregate, _NOBODY)
                for aggregate in field_of(destination, 'forbidden_aggregates')
                or ()
            ]

    def of(self, hosts: frozenset[str]) -> frozenset[str]:
        """Those of some hosts that the request may use."""
        hosts = hosts.intersection(*self._within).difference(*self._without)
        if _TENANT_FILTER not in CONF.filter_scheduler.enabled_filters:
            return hosts
        tenants_of = self.topology.tenants_of
        return frozenset(
            host
            for host in hosts
            if host not in tenants_of or self._project_id in tenants_of[host]
        )

    def at_sites(self, areas: Iterable[Area]) -> Iterator[SiteHosts]:
        """Those of each area, in its order."""
        for area in areas:
            if hosts := self.of(area.hosts):
                yield SiteHosts(
                    area.aggregate,
                    area.site,
                    hosts,
                    self.topology.count_nodes(hosts),
                    area.cell,
                )

    def _require_any(self, aggregates: Collection[str]) -> None:
        """Keep to hosts of these, unless Placement alone knows some."""
        hosts_in = self.topology.hosts_in
        if hosts_in.keys() >= set(aggregates):
            known = (hosts_in[aggregate] for aggregate in aggregates)
            self._within.append(_NOBODY.union(*known))


def _taken_by_group(spec: RequestSpec) -> frozenset[str]:
    """The hosts that a server group with anti-affinity stands on."""
    group = field_of(spec, 'instance_group')
    if not group or field_of(group, 'policy') != 'anti-affinity':
        return _NOBODY
    return frozenset(field_of(group, 'hosts') or ())
