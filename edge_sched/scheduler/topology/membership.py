# SPDX-License-Identifier: Apache-2.0

"""Which host is in which aggregate and cell, from Nova's API database.

Read by column queries: Nova's ``AggregateList`` takes 20 s for 100 000 hosts,
these take two, with what is made of them.
"""

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import nova.conf
import sqlalchemy as sa
from nova import context as nova_context
from nova import objects
from nova.db.api import api as api_db
from nova.db.api import models
from nova.objects.cell_mapping import CellMapping

from edge_sched.model.names import normal
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
    context = nova_context.get_admin_context()
    cells = objects.CellMappingList.get_all(context)
    uuid_of = {cell.id: cell.uuid for cell in cells}
    with api_db.context_manager.reader.using(context):
        metadata = _rows(context, _metadata())
        members = _rows(context, _members())
        mappings = _rows(context, _host_mappings())
    return Membership(
        aggregates=_aggregates(metadata, members),
        cells={cell.uuid: cell for cell in cells},
        cell_of={
            host: uuid_of[cell_id]
            for host, cell_id in mappings
            if cell_id in uuid_of
        },
        several_nodes=several_nodes(cells),
    )


def _rows(
    context: nova_context.RequestContext, query: sa.Select[Any]
) -> Sequence[Any]:
    rows: Sequence[Any] = context.session.execute(query).all()
    return rows


def _matters() -> sa.ColumnElement[bool]:
    """The metadata that says something here."""
    key = models.AggregateMetadata.key
    return sa.or_(
        key.in_([CONF.edge_sched.site_metadata_key, ZONE_KEY, MULTIPLIER_KEY]),
        key.startswith(TENANT_KEY, autoescape=True),
    )


def _metadata() -> sa.Select[Any]:
    aggregate, pair = models.Aggregate, models.AggregateMetadata
    return (
        sa.select(aggregate.id, aggregate.uuid, pair.key, pair.value)
        .join(pair, pair.aggregate_id == aggregate.id)
        .where(_matters())
    )


def _members() -> sa.Select[Any]:
    member = models.AggregateHost
    ids = sa.select(models.AggregateMetadata.aggregate_id).where(_matters())
    return sa.select(member.aggregate_id, member.host).where(
        member.aggregate_id.in_(ids)
    )


def _host_mappings() -> sa.Select[Any]:
    return sa.select(models.HostMapping.host, models.HostMapping.cell_id)


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
