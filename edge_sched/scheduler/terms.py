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

"""What else a request demands of its hosts, as far as Placement will see it.

A ring is counted in hosts that the request may use. What is not known here,
e.g. an aggregate of a routed network, is left to Placement: the ring then has
fewer hosts than it seems, and a wider one is tried sooner.
"""

import dataclasses
from collections.abc import Collection, Mapping

import nova.conf
from nova.objects.request_spec import RequestSpec

from edge_sched.scheduler.atlas import Atlas
from edge_sched.scheduler.request import field_of
from edge_sched.scheduler.request import source_cell

CONF = nova.conf.CONF

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


@dataclasses.dataclass(frozen=True, slots=True)
class Terms:
    """Which hosts of the region a request may use.

    :param cells: the only one of a server that lives, else all enabled ones
    :param required: a host must be in one aggregate of each
    :param forbidden: aggregates that it must not be in
    :param excluded: hosts by name that a move leaves
    :param perhaps: hosts by name that an anti-affinity group stands on: its
        rules may allow another server
    :param servers_to_avoid: how many servers it must not share a host with,
        whose hosts are not known here
    """

    atlas: Atlas
    project_id: str
    cell: str | None
    required: Collection[Collection[str]]
    forbidden: Collection[str]
    excluded: frozenset[str]
    perhaps: frozenset[str]
    servers_to_avoid: int

    @classmethod
    def of(cls, spec: RequestSpec, atlas: Atlas) -> 'Terms':
        """Read a request that Nova's own request filters have seen."""
        destination = field_of(spec, 'requested_destination')
        cell = source_cell(spec)
        free = destination and field_of(destination, 'allow_cross_cell_move')
        aggregates = destination and field_of(destination, 'aggregates')
        forbidden = destination and field_of(
            destination, 'forbidden_aggregates'
        )
        hints = field_of(spec, 'scheduler_hints') or {}
        return cls(
            atlas=atlas,
            project_id=field_of(spec, 'project_id') or '',
            cell=None if cell is None or free else cell.uuid,
            required=[ored.split(',') for ored in aggregates or ()],
            forbidden=forbidden or (),
            excluded=frozenset(field_of(spec, 'ignore_hosts') or ()),
            perhaps=_taken_by_group(spec),
            servers_to_avoid=len(hints.get('different_host', ())),
        )

    def usable(self, hosts: frozenset[str]) -> frozenset[str]:
        """Those of some hosts that the request may use."""
        atlas = self.atlas
        if self.cell is not None:
            hosts &= atlas.hosts_in_cell.get(self.cell, frozenset())
        else:
            for uuid, cell in atlas.cells.items():
                if cell.disabled:
                    hosts -= atlas.hosts_in_cell.get(uuid, frozenset())
        for aggregates in self.required:
            hosts = _in_any(hosts, aggregates, atlas.hosts_in)
        for aggregate in self.forbidden:
            hosts -= atlas.hosts_in.get(aggregate, frozenset())
        if _TENANT_FILTER in CONF.filter_scheduler.enabled_filters:
            tenants_of = atlas.tenants_of
            hosts = frozenset(
                host
                for host in hosts
                if host not in tenants_of
                or self.project_id in tenants_of[host]
            )
        return hosts - self.excluded

    def enabled(self, cells: frozenset[str]) -> frozenset[str]:
        """Those of some cells, by UUID, that take new servers."""
        return frozenset(
            uuid for uuid in cells if not self.atlas.cells[uuid].disabled
        )


def _taken_by_group(spec: RequestSpec) -> frozenset[str]:
    """The hosts that a server group with anti-affinity stands on."""
    group = field_of(spec, 'instance_group')
    if not group or field_of(group, 'policy') != 'anti-affinity':
        return frozenset()
    return frozenset(field_of(group, 'hosts') or ())


def _in_any(
    hosts: frozenset[str],
    aggregates: Collection[str],
    hosts_in: Mapping[str, frozenset[str]],
) -> frozenset[str]:
    if any(aggregate not in hosts_in for aggregate in aggregates):
        return hosts
    return frozenset[str]().union(
        *(hosts & hosts_in[aggregate] for aggregate in aggregates)
    )
