# SPDX-License-Identifier: Apache-2.0

"""The search for near sites that have room, ring by ring.

Most searches end at the first. One whose sites are full is left behind, and
the next is asked.
"""

import dataclasses
import functools
import itertools
import sys
from collections.abc import Callable, Mapping, Sequence

from edge_sched.scheduler.narrowing.rings import EVERYTHING
from edge_sched.scheduler.narrowing.rings import GROWTH
from edge_sched.scheduler.narrowing.rings import Ring
from edge_sched.scheduler.narrowing.rings import SiteHosts
from edge_sched.scheduler.narrowing.rings import Size
from edge_sched.scheduler.narrowing.rings import aggregates_of
from edge_sched.scheduler.narrowing.rings import first_ring
from edge_sched.scheduler.narrowing.rings import nodes_beside

_NOBODY: frozenset[str] = frozenset()


@dataclasses.dataclass(frozen=True)
class Room:
    """What a ring has.

    :param ring: that was asked, or the nearer part of it
    :param hosts: so many with room
    :param count_unsure: how many of those the request may not be able to use;
        asked only where that matters
    """

    ring: Ring
    hosts: int
    count_unsure: Callable[[], int] = lambda: 0

    @functools.cached_property
    def sure(self) -> int:
        """How many hosts have room that the request can use."""
        return max(0, self.hosts - self.count_unsure())


@dataclasses.dataclass(frozen=True, slots=True)
class Search:
    """What the search for room came to.

    :param ring: what to ask for; ``EVERYTHING`` is no narrowing
    :param probes: how many rings were looked at for room
    :param full: if there is none, the aggregates that were asked
    """

    ring: Ring
    probes: int = 0
    full: Sequence[str] = ()

    @property
    def aggregates(self) -> list[str]:
        """The aggregates to ask for."""
        return aggregates_of(self.ring)

    @property
    def for_record(self) -> Mapping[str, int | str]:
        """``{'sites': 3, 'hosts': 60, 'probes': 1}``.

        Sites and hosts are 0 if there is no room, and ``all`` if everything
        is asked for.
        """
        everything = not self.ring and not self.full
        sites = len({each.site for each in self.ring})
        nodes = sum(each.nodes for each in self.ring)
        return {
            'sites': 'all' if everything else sites,
            'hosts': 'all' if everything else nodes,
            'probes': self.probes,
        }


def find_room(
    near: Ring, size: Size, ask: Callable[[Ring], Room | None]
) -> Search:
    """Ask for rings, from the nearest outwards, until enough hosts have room.

    If it cannot be told where there is room, or no longer, the nearest that
    may have some are asked for.

    :param near: what the request may use, nearest first
    :param ask: for the room of a ring, or of the nearer part of one that is
        too much to ask for; ``None`` if that cannot be told, or not in time.
        What it raises ends the search
    """
    found: list[Room] = []
    full: list[str] = []
    probes = 0
    wanted = size.first
    while near:
        ring = first_ring(near, size, wanted)
        # Not before: what is not sure does not matter where nothing follows.
        least = size.least if ring is EVERYTHING else size.enough
        if _count_sure(found, size) >= least:
            break
        if ring is EVERYTHING:
            return Search(EVERYTHING, probes)
        room = ask(ring)
        if room is None:
            # Servers that are to be spread may need what is farther.
            untold = EVERYTHING if size.apart else _untold(found, near, size)
            return Search(untold, probes)
        probes += 1
        if room.ring == ring:
            wanted *= GROWTH
        near = near[len(room.ring) :]
        if room.hosts:
            found.append(room)
        else:
            full += aggregates_of(room.ring)
            # Their hosts at another distance are no use.
            near = [each for each in near if each.aggregate not in full]
    if not found:
        return Search(EVERYTHING, probes, full)
    return Search(_choose(found, size), probes)


def _untold(found: Sequence[Room], near: Ring, size: Size) -> Ring:
    """The nearest that have room, or may have: as many as one answer has."""
    untold = itertools.takewhile(lambda each: each.aggregate, near)
    order: list[tuple[Ring, int]] = [
        *((room.ring, room.hosts) for room in found if room.sure),
        *(([each], each.nodes) for each in untold),
        *(
            ([each], min(each.nodes, room.hosts))
            for room in found
            if not room.sure
            for each in room.ring
        ),
    ]
    taken: list[SiteHosts] = []
    named: set[str] = set()
    hosts_taken = 0
    for ring, hosts in order:
        named.update(each.aggregate for each in ring)
        hosts_taken += hosts
        if taken and (
            hosts_taken > size.limit or len(named) > size.aggregates
        ):
            break
        taken += ring
    return taken


def _choose(found: Sequence[Room], size: Size) -> Ring:
    """The nearest with room, what is not sure last.

    If they are too little of what one answer has room for, more: Placement
    then hands out enough, but not always the nearest. And if they are all
    that a query can name, the roomiest. For servers that are to be apart
    nothing with room is left out.
    """
    if size.apart or len(found) == 1:
        everywhere = _everywhere(found)
        can_be_named = len(aggregates_of(everywhere)) <= size.aggregates
        return everywhere if can_be_named else EVERYTHING
    nearest = sorted(found, key=lambda room: not room.sure)
    roomiest = sorted(nearest, key=lambda room: -room.sure)
    choices = [
        _first_of(nearest, size.aggregates, size.limit),
        _first_of(nearest, size.aggregates),
        _first_of(roomiest, size.aggregates),
    ]
    enough = (ring for ring, sure in choices if sure >= size.least)
    # If none is enough: Nova sets no limit where there is a group. Else a host
    # may take several of the servers.
    has_limit = size.limit <= size.most
    return next(enough, choices[0][0] if has_limit else EVERYTHING)


def _count_sure(found: Sequence[Room], size: Size) -> int:
    """How many hosts are left for the last server, wherever others may be."""
    return _sure_of(found) - nodes_beside(_everywhere(found), size.apart)


def _sure_of(rooms: Sequence[Room]) -> int:
    """How many hosts have room, those that are in several of them once."""
    hosts = [
        _NOBODY.union(*(each.hosts for each in room.ring)) for room in rooms
    ]
    again = sum(map(len, hosts)) - len(_NOBODY.union(*hosts))
    return sum(room.sure for room in rooms) - again


def _everywhere(rooms: Sequence[Room]) -> Ring:
    return [each for room in rooms for each in room.ring]


def _first_of(
    rooms: Sequence[Room], aggregates: int, most: int = sys.maxsize
) -> tuple[Ring, int]:
    """As much as a query names and an answer has; how many hosts are sure.

    Of a ring that does not fit in those sites that do.
    """
    whole = [(room.ring, room.hosts, [room]) for room in rooms]
    parts: list[tuple[Ring, int, list[Room]]] = [
        ([each], min(each.nodes, room.hosts), [])
        for room in rooms
        for each in room.ring
    ]
    taken: dict[SiteHosts, None] = {}
    named: set[str] = set()
    sure: list[Room] = []
    for ring, hosts, complete in [*whole, *parts]:
        with_these = named.union(each.aggregate for each in ring)
        fits = hosts <= most and len(with_these) <= aggregates
        if ring[0] not in taken and (fits or not taken):
            taken |= dict.fromkeys(ring)
            named = with_these
            most -= hosts
            sure += complete
    return list(taken), _sure_of(sure)
