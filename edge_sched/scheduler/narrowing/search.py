# SPDX-License-Identifier: Apache-2.0

"""The search for near sites that have room, ring by ring.

Where all hosts that a request may use are few they are asked for at once.
Else most searches end at the first ring. One whose sites are full is left
behind, and the next is asked.
"""

import dataclasses
import itertools
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from edge_sched.scheduler.narrowing.rings import EVERYTHING
from edge_sched.scheduler.narrowing.rings import Ring
from edge_sched.scheduler.narrowing.rings import SiteHosts
from edge_sched.scheduler.narrowing.rings import Size
from edge_sched.scheduler.narrowing.rings import aggregates_of
from edge_sched.scheduler.narrowing.rings import first_few
from edge_sched.scheduler.narrowing.rings import nodes_of
from edge_sched.scheduler.narrowing.rings import rings
from edge_sched.scheduler.narrowing.rings import sites_of


@dataclasses.dataclass(frozen=True, slots=True)
class Need:
    """How many hosts with room are looked for.

    :param least: with fewer the request fails
    :param enough: with so many who loses a race finds another
    """

    least: int
    enough: int


@dataclasses.dataclass(frozen=True, slots=True)
class Search:
    """What the search for room came to.

    :param ring: what to ask for; ``EVERYTHING`` is no narrowing
    :param probes: how many times it was asked where there is room
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
        return {
            'sites': 'all' if everything else sites_of(self.ring),
            'hosts': 'all' if everything else nodes_of(self.ring),
            'probes': self.probes,
        }


class Capacity(Protocol):
    """Who tells which hosts have room; what it raises ends the search."""

    def count(self, ring: Ring) -> int | None:
        """How many hosts of a ring have room.

        :return: ``None`` if it cannot be told, or not in time
        """

    def not_sure(self, ring: Ring) -> int:
        """How many of those the request may not be able to use."""

    def was_cut(self) -> bool:
        """Whether the last answer did not have all that has room.

        A host may be offered in several ways, and the limit counts ways.
        """


def find_room(
    near: Iterable[SiteHosts], size: Size, need: Need, capacity: Capacity
) -> Search:
    """Ask for all hosts if they are few, else outwards until enough have room.

    If it cannot be told where there is room, or no longer, the nearest that
    may have some are asked for.

    :param near: what the request may use, nearest first
    """
    near, ahead = itertools.tee(near)
    few, is_all = first_few(ahead, size.few, size.aggregates)
    found = _Found(size, need)
    if is_all and all(each.aggregate for each in few):
        count = capacity.count(few)
        if count is None:
            return found.with_untold(few)
        if not capacity.was_cut():
            # Whether they are up does not matter where there are no others.
            found.add(few, count, count)
            return found.search()
        found.probes += 1
    return _search_rings(rings(near, size), need, capacity, found)


def _search_rings(
    to_come: Iterator[Ring], need: Need, capacity: Capacity, found: '_Found'
) -> Search:
    while (ring := next(to_come, None)) is not None:
        if ring is EVERYTHING:
            if found.sure < need.least:
                return Search(EVERYTHING, found.probes)
            break
        if not (asked := found.not_full(ring)):
            continue
        count = capacity.count(asked)
        if count is None:
            known = itertools.takewhile(lambda r: r is not EVERYTHING, to_come)
            return found.with_untold(itertools.chain(asked, *known))
        if capacity.was_cut() and len(asked) > 1:
            # The nearer half may have enough, and no more than one answer.
            found.probes += 1
            middle = len(asked) // 2
            halves = asked[:middle], asked[middle:]
            to_come = itertools.chain(halves, to_come)
            continue
        found.add(asked, count, count and count - capacity.not_sure(asked))
        if found.sure >= need.enough:
            break
    return found.search()


class _Roomy(NamedTuple):
    """A ring with room, on so many hosts, so many of them for sure."""

    ring: Ring
    hosts: int
    sure: int


@dataclasses.dataclass
class _Found:
    """What is known so far."""

    size: Size
    need: Need
    probes: int = 0
    _roomy: list[_Roomy] = dataclasses.field(default_factory=list)
    _full: list[str] = dataclasses.field(default_factory=list)

    @property
    def sure(self) -> int:
        """How many hosts have room that the request can use."""
        return _sure(self._roomy)

    def not_full(self, ring: Ring) -> Ring:
        """Hosts of a site that was full at another distance are no use."""
        return [each for each in ring if each.aggregate not in self._full]

    def add(self, ring: Ring, hosts: int, sure: int) -> None:
        """That so many hosts of a ring have room, so many for sure."""
        self.probes += 1
        if hosts:
            self._roomy.append(_Roomy(ring, hosts, max(0, sure)))
        else:
            self._full += aggregates_of(ring)

    def with_untold(self, untold: Iterable[SiteHosts]) -> Search:
        """The nearest that have room, or may have."""
        sure = [each.ring for each in self._roomy if each.sure]
        unsure = [each.ring for each in self._roomy if not each.sure]
        first, _ = first_few(
            itertools.chain(*sure, untold, *unsure),
            self.size.most,
            self.size.aggregates,
        )
        return Search(first, self.probes)

    def search(self) -> Search:
        """The nearest with room, what is not sure last.

        If they are too little of what one answer has room for, more: Placement
        then hands out enough, but not always the nearest. And if they are all
        that a query can name, the roomiest.
        """
        if not self._roomy:
            return Search(EVERYTHING, self.probes, self._full)
        nearest = sorted(self._roomy, key=lambda each: not each.sure)
        roomiest = sorted(nearest, key=lambda each: -each.sure)
        choices = [
            self._cut(nearest, self.size.most),
            self._cut(nearest, sys.maxsize),
            self._cut(roomiest, sys.maxsize),
        ]
        # If none is enough: a host may take several of the servers.
        chosen = next(
            (each for each in choices if _sure(each) >= self.need.least),
            choices[0],
        )
        ring = [hosts for each in chosen for hosts in each.ring]
        return Search(ring, self.probes)

    def _cut(self, order: Sequence[_Roomy], most: int) -> list[_Roomy]:
        """As many rings as one query may ask for, and parts of others."""
        kept: list[_Roomy] = []
        left: list[SiteHosts] = []
        for each in order:
            if not kept or self._fit([*kept, each], most):
                kept.append(each)
            else:
                left += each.ring
        for hosts in left:
            part = _Roomy([hosts], hosts.nodes, 0)
            if self._fit([*kept, part], most):
                kept.append(part)
        return kept

    def _fit(self, roomy: Sequence[_Roomy], most: int) -> bool:
        """Whether one query names them, and one answer has them."""
        ring = [hosts for each in roomy for hosts in each.ring]
        return (
            len(aggregates_of(ring)) <= self.size.aggregates
            and sum(each.hosts for each in roomy) <= most
        )


def _sure(roomy: Iterable[_Roomy]) -> int:
    return sum(each.sure for each in roomy)
