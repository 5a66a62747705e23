# SPDX-License-Identifier: Apache-2.0

"""Which hosts have room for a server that is not created yet."""

import concurrent.futures
import math
import threading
import time
from collections.abc import Callable, Collection, Hashable
from typing import NamedTuple

import cachetools
from nova import context as nova_context
from nova import exception
from nova.objects.request_spec import RequestSpec

from edge_sched.scheduler.narrowing.placement import Query
from edge_sched.scheduler.preview.wish import BadWishError
from edge_sched.scheduler.topology.cell import hosts_up
from edge_sched.scheduler.topology.topology import Topology

#: How long after its question an answer of Placement is asked for anew, how
#: long after it came all others are given it meanwhile, and how many are kept.
#: Chosen: room may be gone by the create anyway; what many ask for is asked
#: for once a second; 100 kB each at 1000 hosts.
_RENEWED_SECONDS, _KEPT_SECONDS, _KEPT = 1.0, 5.0, 32

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


class _Answer:
    """What is asked for, and waited for until it comes.

    :ivar renewed_at: when somebody is to ask anew, once it has come
    """

    def __init__(self) -> None:
        self.renewed_at = math.inf
        self.offered = concurrent.futures.Future[_Offered]()


class _Shared:
    """What was asked last, for all who ask the same.

    Tenants who ask at once have Placement asked once: they wait for the first
    answer together, and later one asks anew while all others are given the
    old one. Safe in threads; a failure is for those alone who waited for it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._known: cachetools.TTLCache[Hashable, _Answer] = (
            cachetools.TTLCache(_KEPT, _KEPT_SECONDS, clock)
        )

    def get(self, question: Hashable, ask: Callable[[], _Offered]) -> _Offered:
        with self._lock:
            known = self._known.get(question)
            if known and self._clock() < known.renewed_at:
                found = known
            else:
                found = _Answer()
                if known:
                    # Nobody else needs to.
                    known.renewed_at = math.inf
                else:
                    self._known[question] = found
        if found is not known:
            self._ask(question, ask, found)
        return found.offered.result()

    def _ask(
        self,
        question: Hashable,
        ask: Callable[[], _Offered],
        answer: _Answer,
    ) -> None:
        """For those who wait for it, and for all from now on."""
        asked_at = self._clock()
        try:
            offered = ask()
        except BaseException as error:
            with self._lock:
                self._known.pop(question, None)
            answer.offered.set_exception(error)
        else:
            answer.offered.set_result(offered)
            answer.renewed_at = asked_at + _RENEWED_SECONDS
            with self._lock:
                self._known[question] = answer

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
    :raises BadWishError: if Nova makes no query of the flavor
    """
    try:
        query = Query(context, spec)
    except exception.NovaException as error:
        # Nova's API sees to that before any other does.
        raise BadWishError(str(error)) from error

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
