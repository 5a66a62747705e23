# SPDX-License-Identifier: Apache-2.0

"""What the database of a cell is asked."""

import functools
import itertools
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import nova.conf
from nova import context as nova_context
from nova import objects
from nova import servicegroup
from nova.objects.cell_mapping import CellMapping

from edge_sched.scheduler import nova_internals
from edge_sched.scheduler import nova_servers
from edge_sched.scheduler.nova_servers import ServerRow
from edge_sched.store.reasons import reason

CONF = nova.conf.CONF

T = TypeVar('T')

#: Hosts in one query: below 1000 the databases look each up in the index.
_HOSTS_A_QUERY = 500

#: What each cell, by its UUID, told last of hosts with several nodes.
_SEVERAL_NODES: dict[str, dict[str, int]] = {}


class CellAwayError(Exception):
    """A cell did not answer, or not in time; the message says why."""


class Down(NamedTuple):
    """Of some compute hosts.

    :param hosts: how many are down
    :param slow: the cells, by UUID, of whose hosts that is not known
    """

    hosts: int
    slow: frozenset[str]


def task_state(cell: CellMapping, instance_uuid: str) -> str | None:
    """What is being done to a server of the cell.

    :raises CellAwayError: if that cannot be told
    """
    answer = _ask([cell], _task_state, instance_uuid)[cell.uuid]
    if isinstance(answer, Exception):
        raise CellAwayError(str(answer))
    return answer


def count_down(
    cells: Sequence[CellMapping], hosts: Mapping[str, Collection[str]]
) -> Down:
    """How many of some compute hosts are down.

    Whether they are disabled or not: Nova tells Placement of that only while
    they are up. All hosts of a cell whose database fails count as down, as
    Nova does without them too. Of a slow one it is not known.

    :param hosts: of each cell, by its UUID
    """
    every = sorted(itertools.chain.from_iterable(hosts.values()))
    down, slow = 0, set()
    for uuid, answer in _ask(cells, _down, every).items():
        if isinstance(answer, TimeoutError):
            slow.add(uuid)
        elif isinstance(answer, Exception):
            down += len(hosts[uuid])
        else:
            down += len(answer)
    return Down(down, frozenset(slow))


def hosts_of_servers(
    cells: Sequence[CellMapping], uuids: Sequence[str]
) -> tuple[dict[str, str | None], frozenset[str]]:
    """The hosts of some servers, ``None`` of one that has none.

    :return: and the cells, by UUID, that did not answer
    """
    hosts: dict[str, str | None] = {}
    away = set()
    answers = _ask(cells, nova_internals.hosts_of_servers, uuids)
    for cell, answer in answers.items():
        if isinstance(answer, Exception):
            away.add(cell)
        else:
            hosts |= answer
    return hosts, frozenset(away)


def servers_in(
    cells: Sequence[CellMapping],
    uuids_in: Mapping[str, Collection[str]],
    timeout_seconds: float,
) -> tuple[dict[str, ServerRow], dict[str, Exception]]:
    """Some servers of cells, without those that are deleted.

    :param uuids_in: of each of the cells, by its UUID
    :param timeout_seconds: how long they are waited for
    :return: and the cells, by UUID, that did not answer, with what was raised
    """
    servers: dict[str, ServerRow] = {}
    away: dict[str, Exception] = {}
    question = nova_servers.servers_of_cell
    answers = _ask(cells, question, uuids_in, timeout_seconds=timeout_seconds)
    for cell, answer in answers.items():
        if isinstance(answer, Exception):
            away[cell] = answer
        else:
            servers |= answer
    return servers, away


def hosts_of_nodes(
    cell: CellMapping, uuids: Sequence[str], timeout_seconds: float
) -> dict[str, str]:
    """The hosts of some nodes, of those that are of the cell.

    :param timeout_seconds: how long it is waited for
    :raises CellAwayError: if that cannot be told
    """
    answers: dict[str, dict[str, str] | Exception] = _ask(
        [cell],
        nova_internals.hosts_of_nodes,
        uuids,
        timeout_seconds=timeout_seconds,
    )
    answer = answers[cell.uuid]
    if isinstance(answer, Exception):
        raise CellAwayError(reason(answer))
    return answer


def hosts_up(
    cells: Sequence[CellMapping], nodes: Sequence[str]
) -> frozenset[str]:
    """The hosts of some nodes, by UUID, without those that are down.

    Those of a cell that does not answer are left out: Nova does without
    them as well.
    """
    answers = _ask(cells, _up, nodes).values()
    return frozenset[str]().union(
        *(hosts for hosts in answers if not isinstance(hosts, Exception))
    )


def several_nodes(cells: Sequence[CellMapping]) -> dict[str, int]:
    """The hosts with several compute nodes, and how many: those of Ironic.

    ``{'ironic-1': 40}``; of a cell that does not answer, what it told last.
    """
    question = nova_internals.hosts_of_several_nodes
    for uuid, answer in _ask(cells, question).items():
        if not isinstance(answer, Exception):
            _SEVERAL_NODES[uuid] = answer
    return {
        host: nodes
        for cell in cells
        for host, nodes in _SEVERAL_NODES.get(cell.uuid, {}).items()
    }


def _ask(
    cells: Sequence[CellMapping],
    question: Callable[..., T],
    *arguments: object,
    timeout_seconds: float | None = None,
) -> dict[str, T | Exception]:
    """The answer of each cell, waited for no longer than the store is.

    It is what was raised where there is none: ``TimeoutError`` of a slow one.

    :param timeout_seconds: if another time than that
    """
    try:
        answers: dict[str, Any] = nova_context.scatter_gather_cells(
            nova_context.get_admin_context(),
            cells,
            timeout_seconds or CONF.edge_sched.store_timeout,
            question,
            *arguments,
        )
    except Exception as error:
        return {cell.uuid: error for cell in cells}
    late = TimeoutError('its cell did not answer in time')
    silent = nova_context.did_not_respond_sentinel
    return {u: late if a is silent else a for u, a in answers.items()}


def _task_state(
    context: nova_context.RequestContext, instance_uuid: str
) -> str | None:
    server = objects.Instance.get_by_uuid(
        context, instance_uuid, expected_attrs=[]
    )
    return server.task_state  # type: ignore[no-any-return]


def _down(
    context: nova_context.RequestContext, hosts: Sequence[str]
) -> list[str]:
    return [
        service['host']
        for first in range(0, len(hosts), _HOSTS_A_QUERY)
        for service in nova_internals.compute_services(
            context, hosts[first : first + _HOSTS_A_QUERY]
        )
        if not _servicegroup().service_is_up(service)
    ]


def _up(
    context: nova_context.RequestContext, nodes: Sequence[str]
) -> frozenset[str]:
    hosts = nova_internals.hosts_of_nodes(context, nodes).values()
    return frozenset(hosts).difference(_down(context, sorted(set(hosts))))


@functools.cache
def _servicegroup() -> servicegroup.API:
    """Nova's own idea of what is up; made on first use, in a worker."""
    return servicegroup.API()
