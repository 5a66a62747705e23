# SPDX-License-Identifier: Apache-2.0

"""Where there is room for a server that lives, as Placement has it by now.

It is asked what nova-scheduler would ask for a move: for what flavor and image
need, within what Nova's own request filters allow. What ports and accelerators
of the server need is not asked for: that is in Neutron and Cyborg.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from nova import context as nova_context
from nova import objects
from nova.objects.cell_mapping import CellMapping
from nova.objects.request_spec import RequestSpec

from edge_sched.auditing.pace import PATIENCE_SECONDS
from edge_sched.model.text import readable
from edge_sched.scheduler.narrowing.capacity import UnseenHostsError
from edge_sched.scheduler.narrowing.capacity import check_mirror
from edge_sched.scheduler.narrowing.placement import NoAnswerError
from edge_sched.scheduler.narrowing.placement import Query
from edge_sched.scheduler.narrowing.placement import RefusedQueryError
from edge_sched.scheduler.nova_servers import Page
from edge_sched.scheduler.nova_servers import read_requests
from edge_sched.scheduler.request_filter import filter_by_nova
from edge_sched.scheduler.topology.cell import CellAwayError
from edge_sched.scheduler.topology.cell import hosts_of_nodes
from edge_sched.scheduler.topology.topology import Area
from edge_sched.scheduler.topology.topology import Topology
from edge_sched.store.reasons import reason

#: What Placement offers, the providers of each host.
_Offered = frozenset[frozenset[str]]


class Room(NamedTuple):
    """What was told.

    :param hosts: those with room in each area that was told of
    :param problem: why others were not told of, ``''`` if all were
    """

    hosts: Mapping[Area, frozenset[str]]
    problem: str


def room_for(
    page: Page,
    cell: CellMapping,
    areas: Sequence[Area],
    topology: Topology,
) -> Room:
    """Which hosts of a cell have room for a server.

    In a cloud that Placement hands out whole that is one query, else one for
    dozens of sites. They take ``ring_timeout`` together, and the last as long
    again.

    :param page: what was asked for the server
    :param areas: which are asked for in this order
    """
    found: dict[Area, frozenset[str]] = {}
    try:
        query = Query(nova_context.get_admin_context(), _request(page))
        for some, offered in _Asking(query, topology).all(areas):
            nodes = sorted(frozenset[str]().union(*offered))
            host_of = hosts_of_nodes(cell, nodes, PATIENCE_SECONDS)
            hosts = frozenset(host_of.values())
            found |= {area: area.hosts & hosts for area in some}
    except Exception as error:
        # Whatever Nova's internals say to it, the rest is to be answered.
        return Room(found, readable(_words(error, cell)))
    if len(found) < len(areas):
        return Room(found, 'hosts of no site are too many to ask for them')
    return Room(found, '')


def _words(error: Exception, cell: CellMapping) -> str:
    if isinstance(error, NoAnswerError):
        return f'Placement does not answer: {error}'
    if isinstance(error, RefusedQueryError):
        return f'Placement does not take the query: {error}'
    if isinstance(error, UnseenHostsError):
        return f'Placement cannot be asked for sites: {error}'
    if isinstance(error, CellAwayError):
        return f'cell {cell.name or cell.uuid} is away: {error}'
    return f'what a move would ask for cannot be told: {reason(error)}'


def _request(page: Page) -> RequestSpec:
    """What a move would ask for, as Nova's own request filters leave it."""
    row = next(iter(read_requests(page)), None)
    if row is None:
        raise LookupError('the server was deleted meanwhile')
    context = nova_context.get_admin_context()
    spec = RequestSpec.obj_from_primitive(json.loads(row.spec), context)
    # As the conductor does, which finds the place of each server anew.
    spec.reset_forced_destinations()
    spec.requested_destination = None
    spec.requested_networks = objects.NetworkRequestList(objects=[])
    spec.requested_resources = []
    spec.request_level_params = objects.RequestLevelParams()
    spec.generate_request_groups_from_pci_requests()
    # Ours would ask for near sites alone.
    filter_by_nova(context, spec)
    return spec


class _Asking:
    """Asks for areas, as many at a time as an answer has."""

    def __init__(self, query: Query, topology: Topology) -> None:
        self._query = query
        self._topology = topology
        self._sees_all = False

    def all(
        self, areas: Sequence[Area]
    ) -> Iterator[tuple[Sequence[Area], _Offered]]:
        """Some areas at a time, and what is offered of them.

        :raises NoAnswerError: if Placement does not answer, or not in time
        :raises RefusedQueryError: if it does not take even a short query
        :raises UnseenHostsError: if the aggregates do not tell all
        """
        if not areas:
            return
        if self._topology.node_count <= self._query.limit:
            offer = self._query.offer(())
            if not offer.is_cut:
                yield areas, offer.hosts
                return
        for some in self._batches([a for a in areas if a.aggregate]):
            yield from self._ask(some)

    def _batches(self, areas: Sequence[Area]) -> Iterator[list[Area]]:
        """Such as one query may name, with no more nodes than an answer."""
        batch: list[Area] = []
        for area in areas:
            aggregates = _aggregates([*batch, area])
            is_too_much = (
                len(aggregates) > self._query.aggregates
                or self._nodes(aggregates) > self._query.limit
            )
            if batch and is_too_much:
                yield batch
                batch = []
            batch.append(area)
        if batch:
            yield batch

    def _ask(
        self, areas: Sequence[Area]
    ) -> Iterator[tuple[Sequence[Area], _Offered]]:
        """Of what is too much for a query, or for an answer, the halves."""
        aggregates = _aggregates(areas)
        offered: _Offered = frozenset()
        is_cut = True
        try:
            offered, is_cut = self._query.offer(aggregates)
        except RefusedQueryError:
            if len(aggregates) == 1:
                raise
        if is_cut and len(aggregates) > 1:
            middle = len(aggregates) // 2
            for half in aggregates[:middle], aggregates[middle:]:
                yield from self._ask([a for a in areas if a.aggregate in half])
            return
        nodes = self._nodes(aggregates)
        if not self._sees_all and len(offered) < nodes:
            check_mirror(aggregates, nodes, self._query.disk_gb)
            self._sees_all = True
        yield areas, offered

    def _nodes(self, aggregates: Sequence[str]) -> int:
        hosts_in = self._topology.hosts_in
        hosts = frozenset[str]().union(*(hosts_in[a] for a in aggregates))
        return self._topology.count_nodes(hosts)


def _aggregates(areas: Sequence[Area]) -> list[str]:
    return list(dict.fromkeys(area.aggregate for area in areas))
