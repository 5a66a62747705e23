# SPDX-License-Identifier: Apache-2.0

"""The hints of a server that lives, in Nova's API database.

Nova keeps them with the rest of the request in one JSON text, which every
move reads, and no API of Nova's changes them. Nova's ``configuration`` has to
be read first.
"""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from nova import context as nova_context
from nova import exception
from nova.objects.instance import Instance
from nova.objects.instance_mapping import InstanceMapping
from nova.objects.request_spec import RequestSpec

from edge_sched.cmd.nova import databases
from edge_sched.model.client import Client
from edge_sched.scheduler.nova_internals import locked_request
from edge_sched.scheduler.places import find_places
from edge_sched.scheduler.spec import field_of

#: ``{'edge:client': ['203.0.113.7'], 'group': ['5f7a...']}``
Hints: TypeAlias = dict[str, list[str]]


class HintsError(Exception):
    """Why hints cannot be had or changed, in one line for an operator."""


@dataclasses.dataclass(frozen=True, slots=True)
class Server:
    """A server, as far as its hints go."""

    project_id: str
    hints: Hints


def read_server(uuid: str) -> Server:
    """Read the hints of a server.

    :raises HintsError: if there is no such server, or Nova cannot be asked
    """
    context = nova_context.get_admin_context()
    with _explained(uuid):
        _mapping(context, uuid)
        spec = RequestSpec.get_by_instance_uuid(context, uuid)
        return Server(field_of(spec, 'project_id') or '', _hints(spec))


def task_of(uuid: str) -> str:
    """What Nova does with a server just now: ``migrating``; ``''`` if nothing.

    Asks the database of its cell, which the others do not.

    :raises HintsError: if there is no such server, or Nova cannot be asked
    """
    context = nova_context.get_admin_context()
    with _explained(uuid):
        cell = _mapping(context, uuid).cell_mapping
        if cell is None:
            return 'scheduling'
        with nova_context.target_cell(context, cell) as in_cell:
            instance = Instance.get_by_uuid(in_cell, uuid, expected_attrs=[])
            return instance.task_state or ''


def check_places(
    clients: Sequence[Client], project_id: str, server: str
) -> None:
    """Look sites, servers and groups up, as is done on create.

    :param server: the UUID of the one that is to be near
    :raises HintsError: if one is none of the project, or has no host yet, or
        that cannot be told now
    """
    for client, where in find_places(
        clients, project_id, server
    ).where.items():
        if where.problem:
            raise HintsError(str(where.problem))
        if where.unplaced:
            raise HintsError(
                f'where {client} is cannot be told now: try again, or use '
                '--force'
            )


def change_hints(uuid: str, change: Callable[[Hints], Hints]) -> Hints:
    """Change the hints of a server, and nothing else of its request.

    The row is locked meanwhile, so that nothing is lost that Nova writes.
    What Nova has read before, and writes after, does take the change back.

    :param change: from the hints that are there to those that shall be
    :returns: those that were there
    :raises HintsError: if there is no such server, or Nova cannot be asked
    """
    context = nova_context.get_admin_context()
    with _explained(uuid), locked_request(context, uuid):
        spec = RequestSpec.get_by_instance_uuid(context, uuid)
        before = _hints(spec)
        # A change within the old mapping would not be noticed.
        spec.scheduler_hints = change(before)
        spec.save()
        return before


def _hints(spec: RequestSpec) -> Hints:
    return dict(field_of(spec, 'scheduler_hints') or {})


def _mapping(
    context: nova_context.RequestContext, uuid: str
) -> InstanceMapping:
    mapping = InstanceMapping.get_by_instance_uuid(context, uuid)
    if mapping.queued_for_delete:
        raise HintsError(f'server {uuid} is deleted')
    return mapping


@contextlib.contextmanager
def _explained(uuid: str) -> Iterator[None]:
    """Turn what Nova and its databases raise into ``HintsError``."""
    try:
        with databases.explained():
            yield
    except (
        exception.InstanceMappingNotFound,
        exception.InstanceNotFound,
        exception.RequestSpecNotFound,
    ):
        raise HintsError(f'there is no server {uuid}') from None
    except databases.NovaDatabaseError as error:
        raise HintsError(str(error)) from error
