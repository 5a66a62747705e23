# SPDX-License-Identifier: Apache-2.0

"""What of Nova is promised to nobody: all that an upgrade may take away.

The rest of the plug-in uses what Nova documents for plug-ins, and its objects
as its own services do. What is here leans on more, and each of its tests says
on what.
"""

import contextlib
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from keystoneauth1.adapter import Adapter
from nova import context as nova_context
from nova.db.api import api as api_db
from nova.db.api import models as api_models
from nova.db.main import api as main_db
from nova.db.main import models as main_models
from nova.scheduler import request_filter
from nova.scheduler.client.report import SchedulerReportClient
from nova.scheduler.utils import ResourceRequest

#: Below 1000 the databases look each up in the index.
SERVERS_A_QUERY = 500


class MembershipRows(NamedTuple):
    """Rows of Nova's API database, all of one time.

    :param metadata: ``[(1, 'f3c0...', 'edge:site', 'lyon')]``: id and UUID of
        the aggregate, key and value
    :param members: ``[(1, 'lyon-1')]``: id of the aggregate, and a host
    :param mappings: ``[('lyon-1', 2)]``: a host, and the id of its cell
    """

    metadata: Sequence[tuple[int, str, str, str]]
    members: Sequence[tuple[int, str]]
    mappings: Sequence[tuple[str, int]]


class PeerRow(NamedTuple):
    """That a server, or a server group, is one of a project.

    :param group: its UUID, if it is that or one of its servers; else ``''``
    :param server: UUID of the server; ``''`` for a group by itself
    :param cell_id: of the server, ``None`` while it has none
    """

    group: str
    server: str
    cell_id: int | None


def request_filters() -> list[Any] | None:
    """The list that Nova goes through for each request, as it is.

    Nova has no setting for request filters: it reads a list of its module at
    each call.

    :return: ``None`` if it is no list, or Nova does not read it
    """
    known = getattr(request_filter, 'ALL_REQUEST_FILTERS', None)
    code = getattr(request_filter.process_reqspec, '__code__', None)
    is_read = code is not None and 'ALL_REQUEST_FILTERS' in code.co_names
    return known if is_read and isinstance(known, list) else None


def limit_of(request: ResourceRequest) -> int:
    """How many hosts Nova has Placement hand out for a request.

    All there are for server groups, and wherever Nova sets no limit.
    """
    limit: int | None = request._limit
    return sys.maxsize if limit is None else limit


def report_client(adapter: Adapter) -> SchedulerReportClient:
    """Nova's client of Placement, by a connection of our own.

    Its constructor takes one, though nobody in Nova gives it any: Nova's own
    has no bound on how long it waits.
    """
    return SchedulerReportClient(adapter)


def read_membership(keys: Collection[str], prefix: str) -> MembershipRows:
    """Read aggregates that have metadata of some keys, and all hosts.

    By column queries: Nova's ``AggregateList`` takes 20 s for 100 000 hosts,
    these take two, with what is made of them.

    :param prefix: of other keys
    """
    aggregate, pair = api_models.Aggregate, api_models.AggregateMetadata
    member, mapping = api_models.AggregateHost, api_models.HostMapping
    matters = sa.or_(
        pair.key.in_(keys), pair.key.startswith(prefix, autoescape=True)
    )
    context = nova_context.get_admin_context()
    with api_db.context_manager.reader.using(context):
        execute = context.session.execute
        return MembershipRows(
            execute(
                sa.select(aggregate.id, aggregate.uuid, pair.key, pair.value)
                .join(pair, pair.aggregate_id == aggregate.id)
                .where(matters)
            ).all(),
            execute(
                sa.select(member.aggregate_id, member.host).where(
                    member.aggregate_id.in_(
                        sa.select(pair.aggregate_id).where(matters)
                    )
                )
            ).all(),
            execute(sa.select(mapping.host, mapping.cell_id)).all(),
        )


def read_peers(
    project_id: str,
    servers: Collection[str],
    groups: Collection[str],
    members_a_group: int,
) -> list[PeerRow]:
    """Which of some servers and groups a project has, in one query.

    Servers that are being deleted are none any more, of groups too: Nova
    never takes them out of these.

    :param members_a_group: at most, those that came first
    """
    mapping, group = api_models.InstanceMapping, api_models.InstanceGroup
    member = api_models.InstanceGroupMember
    of_project = (
        mapping.project_id == project_id,
        sa.or_(
            mapping.queued_for_delete == sa.false(),
            mapping.queued_for_delete.is_(None),
        ),
    )
    branches: list[sa.Select[Any]] = []
    if servers:
        branches.append(
            sa.select(
                sa.literal(''), mapping.instance_uuid, mapping.cell_id
            ).where(mapping.instance_uuid.in_(servers), *of_project)
        )
    for uuid in groups:
        of_uuid = (group.uuid == uuid, group.project_id == project_id)
        branches.append(
            sa.select(
                group.uuid, sa.literal(''), sa.null().label('cell_id')
            ).where(*of_uuid)
        )
        members = (
            sa.select(group.uuid, mapping.instance_uuid, mapping.cell_id)
            .select_from(group)
            .join(member, member.group_id == group.id)
            .join(mapping, mapping.instance_uuid == member.instance_uuid)
            .where(*of_uuid, *of_project)
            .order_by(member.id)
            .limit(members_a_group)
        )
        # Not every database bounds a branch of a union.
        branches.append(sa.select(*members.subquery().c))
    if not branches:
        return []
    context = nova_context.get_admin_context()
    with api_db.context_manager.reader.using(context):
        rows = context.session.execute(sa.union_all(*branches))
        return [PeerRow(*row) for row in rows]


@contextlib.contextmanager
def locked_request(
    context: nova_context.RequestContext, instance_uuid: str
) -> Iterator[None]:
    """Have nobody else write what was asked for a server meanwhile."""
    request = api_models.RequestSpec
    with api_db.context_manager.writer.using(context):
        context.session.execute(
            sa.select(request.id)
            .where(request.instance_uuid == instance_uuid)
            .with_for_update()
        )
        yield


@main_db.pick_context_manager_reader  # type: ignore[untyped-decorator]
def compute_services(
    context: nova_context.RequestContext, hosts: Collection[str]
) -> list[Mapping[str, Any]]:
    """Of some hosts of a cell, what Nova's drivers tell by who is up."""
    service = main_models.Service
    rows = context.session.execute(
        sa.select(
            service.host,
            service.binary,
            service.topic,
            service.created_at,
            service.last_seen_up,
            service.forced_down,
        ).where(
            service.host.in_(hosts),
            service.binary == 'nova-compute',
            service.deleted == 0,
        )
    )
    return [row._mapping for row in rows]


@main_db.pick_context_manager_reader  # type: ignore[untyped-decorator]
def hosts_of_servers(
    context: nova_context.RequestContext, uuids: Sequence[str]
) -> dict[str, str | None]:
    """The hosts of some servers of a cell, ``None`` of one that has none.

    Those that are deleted are left out.
    """
    server = main_models.Instance
    hosts: dict[str, str | None] = {}
    for first in range(0, len(uuids), SERVERS_A_QUERY):
        some = uuids[first : first + SERVERS_A_QUERY]
        rows = context.session.execute(
            sa.select(server.uuid, server.host).where(
                server.uuid.in_(some), server.deleted == 0
            )
        )
        hosts |= dict(rows.all())
    return hosts


@main_db.pick_context_manager_reader  # type: ignore[untyped-decorator]
def hosts_of_nodes(
    context: nova_context.RequestContext, uuids: Sequence[str]
) -> dict[str, str]:
    """The hosts of some nodes that are of the cell, by their UUIDs."""
    node = main_models.ComputeNode
    hosts: dict[str, str] = {}
    for first in range(0, len(uuids), SERVERS_A_QUERY):
        some = uuids[first : first + SERVERS_A_QUERY]
        rows = context.session.execute(
            sa.select(node.uuid, node.host).where(
                node.uuid.in_(some),
                node.deleted == 0,
                node.host.is_not(None),
            )
        )
        hosts |= dict(rows.all())
    return hosts


@main_db.pick_context_manager_reader  # type: ignore[untyped-decorator]
def hosts_of_several_nodes(
    context: nova_context.RequestContext,
) -> dict[str, int]:
    """The hosts of a cell with several nodes, ``{'ironic-1': 40}``."""
    node = main_models.ComputeNode
    rows = context.session.execute(
        sa.select(node.host, sa.func.count())
        .where(node.deleted == 0)
        .group_by(node.host)
        .having(sa.func.count() > 1)
    )
    return {host: count for host, count in rows if host}
