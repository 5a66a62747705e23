# SPDX-License-Identifier: Apache-2.0

"""The servers of a whole cloud, as Nova's tables have them.

As in ``nova_internals``: what is here is promised to nobody, an upgrade may
take it away, and each of its tests says what it leans on. Nova's objects are
made for one server at a time; of 20 000 they would take minutes.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from nova import context as nova_context
from nova.db.api import api as api_db
from nova.db.api import models as api_models
from nova.db.main import api as main_db
from nova.db.main import models as main_models

from edge_sched.scheduler.nova_internals import SERVERS_A_QUERY
from edge_sched.scheduler.nova_internals import PeerRow

#: What the text of a request has that has any of our keys.
_OURS = '%"edge:%'

#: Hints by which Nova itself chooses hosts.
_CHOOSES_HOSTS = frozenset(('same_host', 'query', 'build_near_host_ip'))


class Page(NamedTuple):
    """Some requests, by their ids.

    :param after: the last one before them
    :param size: how many they are
    """

    after: int
    last: int
    size: int


class RequestRow(NamedTuple):
    """A server that is not deleted, and what was asked for it.

    :param cell_id: ``None`` while it is being scheduled
    :param spec: the request, see ``stored_request``
    """

    server: str
    project_id: str
    cell_id: int | None
    spec: str


class ServerRow(NamedTuple):
    """A server as its cell has it.

    :param host: ``None`` of one that was never built, or is shelved
    :param task_state: what is being done to it, ``None`` for nothing
    """

    host: str | None
    vm_state: str | None
    task_state: str | None
    locked: bool


class OwnedPeerRow(NamedTuple):
    """A server or a server group, and whose it is."""

    project_id: str
    row: PeerRow


class StoredRequest(NamedTuple):
    """What a stored request asks for, as far as it matters here.

    :param extra_specs: of its flavor, ``{'edge:percentile': 'p99'}``
    :param hints: ``{'edge:client': ['203.0.113.7']}``
    :param zone: that was asked for, ``''`` for none: every move stays there
    :param group: UUID of its server group, or ``''``
    :param chooses_hosts: whether Nova's own rules leave it few hosts: it has
        to be with its group, or a hint says where
    """

    extra_specs: Mapping[str, str]
    hints: Mapping[str, Sequence[str]]
    zone: str = ''
    group: str = ''
    chooses_hosts: bool = False


class UnreadableRequestError(Exception):
    """A stored request that is none; the message says why."""


def next_page(after: int, size: int) -> Page | None:
    """The requests that come next, ``None`` if there are none.

    By their ids, which have gaps.

    :param size: how many they are at the most
    """
    request = api_models.RequestSpec
    following = (
        sa.select(request.id)
        .where(request.id > after)
        .order_by(request.id)
        .limit(size)
    ).subquery()
    context = nova_context.get_admin_context()
    with api_db.context_manager.reader.using(context):
        last, count = context.session.execute(
            sa.select(sa.func.max(following.c.id), sa.func.count())
        ).one()
        return Page(after, last, count) if count else None


def newest_request() -> int:
    """The id of the request that was made last, 0 if there is none."""
    context = nova_context.get_admin_context()
    with api_db.context_manager.reader.using(context):
        newest = sa.select(sa.func.max(api_models.RequestSpec.id))
        return context.session.execute(newest).scalar() or 0


def page_of(server: str) -> Page | None:
    """The request of one server, ``None`` if there is none."""
    request = api_models.RequestSpec
    context = nova_context.get_admin_context()
    with api_db.context_manager.reader.using(context):
        own = context.session.execute(
            sa.select(request.id).where(request.instance_uuid == server)
        ).scalar()
        return None if own is None else Page(own - 1, own, 1)


def read_requests(
    page: Page, project_id: str | None = None
) -> list[RequestRow]:
    """The requests of a page that have a key of ours, in their order.

    The text is looked at by the database, so that the others are never sent.
    Those of servers that are deleted, or about to be, are left out.

    :param project_id: only of its servers
    """
    request, mapping = api_models.RequestSpec, api_models.InstanceMapping
    matters = [
        request.id > page.after,
        request.id <= page.last,
        request.spec.like(_OURS),
        sa.or_(
            mapping.queued_for_delete == sa.false(),
            mapping.queued_for_delete.is_(None),
        ),
    ]
    if project_id is not None:
        matters.append(mapping.project_id == project_id)
    context = nova_context.get_admin_context()
    with api_db.context_manager.reader.using(context):
        rows = context.session.execute(
            sa.select(
                request.instance_uuid,
                mapping.project_id,
                mapping.cell_id,
                request.spec,
            )
            .join(mapping, mapping.instance_uuid == request.instance_uuid)
            .where(*matters)
            .order_by(request.id)
        )
        return [RequestRow(*row) for row in rows]


def stored_request(text: str) -> StoredRequest:
    """Read the text of a request, which is a versioned object in JSON.

    :raises UnreadableRequestError: if it is none
    """
    try:
        spec = _fields(json.loads(text))
        flavor = _fields(spec.get('flavor'))
        group = _fields(spec.get('instance_group'))
    except (ValueError, RecursionError) as error:
        raise UnreadableRequestError(f'it is no JSON: {error}') from None
    extra_specs = flavor.get('extra_specs') or {}
    hints = spec.get('scheduler_hints') or {}
    _check('extra specs', extra_specs, lambda value: isinstance(value, str))
    _check('hints', hints, _is_list_of_texts)
    zone, uuid = spec.get('availability_zone'), group.get('uuid')
    return StoredRequest(
        extra_specs,
        hints,
        zone if isinstance(zone, str) else '',
        uuid if isinstance(uuid, str) else '',
        group.get('policy') == 'affinity'
        or not _CHOOSES_HOSTS.isdisjoint(hints),
    )


def _fields(stored: Any) -> Mapping[str, Any]:
    """Of a versioned object; none of what is not there."""
    if stored is None:
        return {}
    fields = isinstance(stored, dict) and stored.get('nova_object.data')
    if not isinstance(fields, dict):
        raise UnreadableRequestError('it is no object of Nova')
    return fields


def _is_list_of_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(v, str) for v in value)


def _check(what: str, values: Any, is_one: Any) -> None:
    if not isinstance(values, dict) or not all(map(is_one, values.values())):
        raise UnreadableRequestError(f'its {what} are none')


def read_peers_of_all(
    servers: Collection[str], groups: Collection[str]
) -> Iterator[OwnedPeerRow]:
    """Which of some servers and groups there are, whoever has them.

    As ``read_peers`` tells of one project: of a group those servers that are
    of its project as well, in the order in which they came.
    """
    mapping, group = api_models.InstanceMapping, api_models.InstanceGroup
    member = api_models.InstanceGroupMember
    is_alive = sa.or_(
        mapping.queued_for_delete == sa.false(),
        mapping.queued_for_delete.is_(None),
    )
    context = nova_context.get_admin_context()
    with api_db.context_manager.reader.using(context):
        execute = context.session.execute
        for some in _some(servers):
            rows = execute(
                sa.select(
                    mapping.project_id, mapping.instance_uuid, mapping.cell_id
                ).where(mapping.instance_uuid.in_(some), is_alive)
            )
            for project_id, server, cell_id in rows:
                yield OwnedPeerRow(project_id, PeerRow('', server, cell_id))
        for some in _some(groups):
            rows = execute(
                sa.select(
                    group.project_id,
                    group.uuid,
                    mapping.instance_uuid,
                    mapping.cell_id,
                )
                .select_from(group)
                .outerjoin(member, member.group_id == group.id)
                .outerjoin(
                    mapping,
                    sa.and_(
                        mapping.instance_uuid == member.instance_uuid,
                        mapping.project_id == group.project_id,
                        is_alive,
                    ),
                )
                .where(group.uuid.in_(some))
                .order_by(member.id)
            )
            for project_id, uuid, server, cell_id in rows:
                row = PeerRow(uuid, server or '', cell_id)
                yield OwnedPeerRow(project_id, row)


@main_db.pick_context_manager_reader  # type: ignore[untyped-decorator]
def servers_of_cell(
    context: nova_context.RequestContext,
    uuids_in: Mapping[str, Collection[str]],
) -> dict[str, ServerRow]:
    """Some servers of a cell, without those that are deleted.

    :param uuids_in: of each cell, by its UUID
    """
    server = main_models.Instance
    found: dict[str, ServerRow] = {}
    for some in _some(uuids_in[context.cell_uuid]):
        rows = context.session.execute(
            sa.select(
                server.uuid,
                server.host,
                server.vm_state,
                server.task_state,
                server.locked,
            ).where(server.uuid.in_(some), server.deleted == 0)
        )
        for uuid, host, vm_state, task_state, locked in rows:
            found[uuid] = ServerRow(host, vm_state, task_state, bool(locked))
    return found


def _some(uuids: Collection[str]) -> Iterator[list[str]]:
    """So many at a time as databases look up by an index."""
    every = sorted(uuids)
    for first in range(0, len(every), SERVERS_A_QUERY):
        yield every[first : first + SERVERS_A_QUERY]
