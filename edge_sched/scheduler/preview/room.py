# SPDX-License-Identifier: Apache-2.0

"""Which hosts have room for a server that is not created yet."""

import concurrent.futures
import threading
import time
from collections.abc import Callable, Collection, Hashable
from typing import NamedTuple

import cachetools
from nova import context as nova_context
from nova.objects.request_spec import RequestSpec

from edge_sched.scheduler.narrowing.placement import Query
from edge_sched.scheduler.topology.cell import hosts_up
from edge_sched.scheduler.topology.topology import Topology

#: How long an answer of Placement is shared, and how many are. Chosen: room
#: may be gone by the create anyway; 100 kB each at 1000 hosts.
_KEPT_SECONDS, _KEPT = 1.0, 32

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


class _Offered(NamedTuple):
    """What Placement offers.

    :param hosts: with room, and up
    :param is_cut: whether there may be more
    """

    hosts: frozenset[str]
    is_cut: bool


class _Shared:
    """What was asked last, for all who ask the same within a second.

    Tenants who ask at once have Placement asked once. Safe in threads; a
    failure is for those alone who waited for it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.Lock()
        self._known: cachetools.TTLCache[
            Hashable, concurrent.futures.Future[_Offered]
        ] = cachetools.TTLCache(_KEPT, _KEPT_SECONDS, clock)

    def get(self, question: Hashable, ask: Callable[[], _Offered]) -> _Offered:
        with self._lock:
            found = self._known.get(question)
            if is_mine := found is None:
                found = self._known[question] = concurrent.futures.Future()
        if is_mine:
            try:
                found.set_result(ask())
            except BaseException as error:
                with self._lock:
                    self._known.pop(question, None)
                found.set_exception(error)
        return found.result()

    def forget(self) -> None:
        """Ask anew."""
        with self._lock:
            self._known.clear()


SHARED = _Shared()


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
    query = Query(context, spec)

    def ask() -> _Offered:
        offered, is_cut = query.offer(())
        nodes = sorted(frozenset[str]().union(*offered))
        cells = [c for c in topology.cells.values() if not c.is_cell0()]
        return _Offered(hosts_up(cells, nodes), is_cut)

    hosts, is_cut = SHARED.get(tuple(query.texts), ask)
    asked = None
    if aggregates:
        hosts_in = topology.hosts_in
        asked = frozenset[str]().union(*(hosts_in[a] for a in aggregates))
    return Room(hosts, asked, is_cut)
