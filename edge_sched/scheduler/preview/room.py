# SPDX-License-Identifier: Apache-2.0

"""Which hosts have room for a server that is not created yet."""

from collections.abc import Collection
from typing import NamedTuple

from nova import context as nova_context
from nova.objects.request_spec import RequestSpec

from edge_sched.scheduler.narrowing.placement import Query
from edge_sched.scheduler.topology.cell import hosts_up
from edge_sched.scheduler.topology.topology import Topology

YES, NO, UNKNOWN = 'yes', 'no', 'unknown'


class Room(NamedTuple):
    """What Placement tells, by the query that Nova makes of it.

    :param hosts: with room, and up
    :param asked: all that were asked for, ``None`` if they are all there are
    :param is_cut: whether there may be more
    """

    hosts: frozenset[str]
    asked: frozenset[str] | None
    is_cut: bool

    def among(self, hosts: Collection[str]) -> str:
        """Whether there is room on any of some hosts: a word."""
        if not self.hosts.isdisjoint(hosts):
            return YES
        was_asked = self.asked is None or self.asked.issuperset(hosts)
        return NO if was_asked and not self.is_cut else UNKNOWN


def room_for(
    context: nova_context.RequestContext,
    spec: RequestSpec,
    aggregates: Collection[str],
    topology: Topology,
) -> Room:
    """Ask Placement, and the cells who is up.

    :param spec: as the request filters have left it, ours included
    :param aggregates: that ours has it asked for, none if for all
    :raises NoAnswerError: if Placement does not answer, or not in time
    :raises RefusedQueryError: if it does not take the query
    """
    offered, is_cut = Query(context, spec).offer(())
    nodes = sorted(frozenset[str]().union(*offered))
    cells = [c for c in topology.cells.values() if not c.is_cell0()]
    asked = None
    if aggregates:
        hosts_in = topology.hosts_in
        asked = frozenset[str]().union(*(hosts_in[a] for a in aggregates))
    return Room(hosts_up(cells, nodes), asked, is_cut)
