# SPDX-License-Identifier: Apache-2.0

"""Which host is in which aggregate and cell, from Nova's API database."""

import dataclasses
from collections.abc import Collection, Mapping, Sequence

import nova.conf
from nova import context as nova_context
from nova import objects
from nova.objects.cell_mapping import CellMapping

from edge_sched.model.names import normal
from edge_sched.scheduler import nova_internals
from edge_sched.scheduler.topology.cell import several_nodes

CONF = nova.conf.CONF

ZONE_KEY = 'availability_zone'
TENANT_KEY = 'filter_tenant_id'
MULTIPLIER_KEY = 'edge_latency_weight_multiplier'


@dataclasses.dataclass(frozen=True, slots=True)
class Aggregate:
    """A host aggregate with metadata that matters here.

    It is a site, a zone, kept for some projects, or has a multiplier.

    :param metadata: only the keys that say so
    """

    uuid: str
    metadata: Mapping[str, str]
    hosts: Sequence[str]

    @property
    def site(self) -> str:
        """The name of the site that it is, or ``''``."""
        key = CONF.edge_sched.site_metadata_key
        return normal(self.metadata.get(key, ''))

    @property
    def zone(self) -> str:
        """The availability zone that it is, or ``''``."""
        return normal(self.metadata.get(ZONE_KEY, ''))

    @property
    def tenants(self) -> frozenset[str] | None:
        """The projects that it is kept for, ``None`` if for all."""
        kept = [
            value
            for key, value in self.metadata.items()
            if key.startswith(TENANT_KEY)
        ]
        if not kept:
            return None
        return frozenset(
            tenant.strip() for value in kept for tenant in value.split(',')
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Membership:
    """What was read, all at one time.

    :param cells: by UUID
    :param cell_of: of each host, ``{'lyon-1': '5c9f...'}``
    :param several_nodes: how many nodes the hosts have that have several,
        each of which Placement hands out, ``{'ironic-1': 40}``
    """

    aggregates: Sequence[Aggregate]
    cells: Mapping[str, CellMapping]
    cell_of: Mapping[str, str]
    several_nodes: Mapping[str, int] = dataclasses.field(default_factory=dict)

    def count_nodes(self, hosts: Collection[str]) -> int:
        """How many nodes some hosts have: mostly as many as there are."""
        several = self.several_nodes.keys() & hosts
        more = sum(self.several_nodes[host] - 1 for host in several)
        return len(hosts) + more


def read_membership() -> Membership:
    """Ask for all of it: four queries, and one of each cell."""
    cells = objects.CellMappingList.get_all(nova_context.get_admin_context())
    uuid_of = {cell.id: cell.uuid for cell in cells}
    rows = nova_internals.read_membership(
        [CONF.edge_sched.site_metadata_key, ZONE_KEY, MULTIPLIER_KEY],
        prefix=TENANT_KEY,
    )
    return Membership(
        aggregates=_aggregates(rows.metadata, rows.members),
        cells={cell.uuid: cell for cell in cells},
        cell_of={
            host: uuid_of[cell_id]
            for host, cell_id in rows.mappings
            if cell_id in uuid_of
        },
        several_nodes=several_nodes(cells),
    )


def _aggregates(
    metadata: Sequence[tuple[int, str, str, str]],
    members: Sequence[tuple[int, str]],
) -> list[Aggregate]:
    """Put the rows of both queries together, in the order of the ids."""
    found: dict[int, tuple[str, dict[str, str], list[str]]] = {}
    for aggregate_id, uuid, key, value in sorted(metadata):
        found.setdefault(aggregate_id, (uuid, {}, []))[1][key] = value
    for aggregate_id, host in members:
        # It may have come between the two queries.
        if aggregate_id in found:
            found[aggregate_id][2].append(host)
    return [Aggregate(*fields) for fields in found.values()]
