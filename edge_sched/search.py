# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""The search for near sites that have room, ring by ring.

Most requests end at the first ring. One whose sites are full is left behind,
and the next is asked.
"""

import dataclasses
import itertools
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from edge_sched.rings import EVERYTHING
from edge_sched.rings import MAX_AGGREGATES
from edge_sched.rings import Offer
from edge_sched.rings import Ring
from edge_sched.rings import first_part
from edge_sched.rings import hosts_of
from edge_sched.rings import of_one_cell
from edge_sched.rings import parts
from edge_sched.rings import rings
from edge_sched.rings import sites_of


@dataclasses.dataclass(frozen=True, slots=True)
class Size:
    """How large rings are, in hosts.

    :param first: the smallest number of hosts of the first ring
    :param most: how many are asked for at most, but for a single aggregate
        with more, as Placement would cut off some, near or far
    :param aggregates: how many one query may name
    """

    first: int
    most: int
    aggregates: int = MAX_AGGREGATES


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
    """What the search for a ring with room came to.

    :param ring: what to ask for; ``EVERYTHING`` is no narrowing
    :param probes: how many times it was asked for room
    :param full: if all rings were, and none had any, their aggregates
    """

    ring: Ring
    probes: int = 0
    full: Sequence[str] = ()

    @property
    def aggregates(self) -> list[str]:
        """The aggregates to ask for."""
        return [offer.aggregate for offer in self.ring]

    @property
    def hosts(self) -> int:
        """How many hosts they have for this request."""
        return hosts_of(self.ring)

    @property
    def sites(self) -> int:
        """At how many sites."""
        return sites_of(self.ring)


class Told(NamedTuple):
    """What is known of the hosts of a ring.

    :param roomy: how many have room, as far as it matters
    :param down: how many are offered in vain, as nobody starts a server there
    :param untold: of how many that is not known
    """

    roomy: int
    down: int = 0
    untold: int = 0


#: Looks into a ring; ``None`` if it cannot be told, or not in time.
LookInto = Callable[[Ring], Told | None]


def find_room(
    offers: Iterable[Offer], size: Size, need: Need, look_into: LookInto
) -> Search:
    """Go outwards until enough hosts have room.

    A ring without any room is left behind; those with some are asked for
    together. If it cannot be told where there is room, or no longer, the
    nearest that may have some are asked for. What ``look_into`` raises ends
    the search.

    A query for one cell spares Nova all others. So where the first ring would
    have sites of two, the nearest ones of one cell are asked first. With room
    enough they are asked for, and others of their cell that are not much
    farther fill the ring up.
    """
    found = _Found(size, need, look_into)
    offers = iter(offers)
    near = list(itertools.islice(offers, size.aggregates))
    nearest: Ring = ()
    one_cell = of_one_cell(near, size.first)
    if (
        one_cell
        and one_cell.hosts <= size.most
        and hosts_of(one_cell.nearest) >= need.enough
    ):
        nearest = one_cell.nearest
    others = itertools.chain(near[len(nearest) :], offers)
    to_come = itertools.chain(
        [nearest] if nearest else [],
        rings(others, size.first, size.aggregates),
    )
    for ring in to_come:
        if ring is EVERYTHING:
            return found.or_everything()
        if not found.add(ring):
            known = itertools.takewhile(lambda r: r is not EVERYTHING, to_come)
            return found.with_untold([ring, *known])
        if found.is_enough:
            if one_cell and ring is nearest:
                found.add_untold(one_cell.others)
            break
    return found.all_told()


#: A ring with room, and what is known of it.
_Roomy = tuple[Ring, Told]


def _likely(roomy: _Roomy) -> int:
    """How many hosts have room that the request can use, for all we know."""
    ring, told = roomy
    doubtful = sum(offer.doubtful for offer in ring)
    return max(0, told.roomy - told.down - doubtful)


def _likely_near(roomy: _Roomy) -> int:
    """How many of those are as near as their ring is ranked."""
    return max(0, _likely(roomy) - sum(offer.lesser for offer in roomy[0]))


class _Found:
    """The rings with room so far."""

    def __init__(self, size: Size, need: Need, look_into: LookInto) -> None:
        self._size = size
        self._need = need
        self._look_into = look_into
        self._roomy: list[_Roomy] = []
        self._full: list[str] = []
        self._probes = 0

    @property
    def is_enough(self) -> bool:
        """Whether to end the search.

        What may be down is not enough, but is asked for like the rest. For
        hosts that are farther than their ring is ranked, it goes on by one
        ring: a better site comes in that, or far out.
        """
        sure = [
            (ring, told._replace(down=told.down + told.untold))
            for ring, told in self._roomy
        ]
        return (
            sum(map(_likely_near, sure)) >= self._need.enough
            or sum(map(_likely, sure[:-1])) >= self._need.enough
        )

    def add(self, ring: Ring) -> bool:
        """Look into a ring; whether that could be told.

        Into one that is too large for one answer, part by part.
        """
        told = self._look_into(ring)
        if told is None:
            return False
        self._probes += 1
        if not told.roomy:
            self._full += [offer.aggregate for offer in ring]
            return True
        if hosts_of(ring) <= self._size.most or len(ring) == 1:
            self._roomy.append((ring, told))
            return True
        return all(
            self.is_enough or self.add(part)
            for part in parts(ring, self._size.most)
        )

    def add_untold(self, ring: Ring) -> None:
        """Have more asked for, whether they have room or not."""
        if ring:
            self._roomy.append((ring, Told(0)))

    def or_everything(self) -> Search:
        """The rest cannot be asked for apart: is it needed?"""
        if self._are_too_few(self._roomy):
            return Search(EVERYTHING, self._probes)
        return self.all_told()

    def with_untold(self, untold: Iterable[Ring]) -> Search:
        """The nearest that have room, or may have.

        Where all that has room may be down, that goes last.
        """
        sure = [ring for ring, told in self._roomy if _likely((ring, told))]
        unsure = [ring for ring, told in self._roomy if ring not in sure]
        # Of a ring that was looked into by parts, some are told.
        offers = dict.fromkeys(
            itertools.chain.from_iterable([*sure, *untold, *unsure])
        )
        full = set(self._full)
        left = [offer for offer in offers if offer.aggregate not in full]
        ring = first_part(left, self._size.most, self._size.aggregates)
        return Search(ring, self._probes)

    def all_told(self) -> Search:
        """The nearest with room; if they have too little, the roomiest too.

        Where that is too little as well, more than one answer has room for:
        Placement then hands out enough of them, but not always the nearest.
        And where the nearest are too many for others to be named besides, the
        roomiest, and of the nearest what is left to be named.
        """
        if not self._roomy:
            return Search(EVERYTHING, self._probes, self._full)
        nearest = sorted(self._roomy, key=lambda each: not _likely_near(each))
        first, *others = nearest
        others.sort(key=_likely, reverse=True)
        orders = [nearest, [first, *others]]
        if any(map(_likely, others)) and not _likely(first):
            orders.append([*others, first])
        choices = [self._cut(order, self._size.most) for order in orders]
        # If none is enough: a host may take several of the servers.
        chosen = next(
            (
                each
                for each in [
                    *choices,
                    self._cut(nearest, sys.maxsize),
                    self._cut([*others, first], self._size.most),
                ]
                if not self._are_too_few(each)
            ),
            choices[-1],
        )
        ring = [offer for ring, _ in chosen for offer in ring]
        return Search(ring, self._probes)

    def _are_too_few(self, roomy: Iterable[_Roomy]) -> bool:
        return sum(map(_likely, roomy)) < self._need.least

    def _cut(self, roomy: Sequence[_Roomy], most: int) -> list[_Roomy]:
        """As many rings as one query may ask for, and parts of others."""
        kept = [roomy[0]]
        offers = list(roomy[0][0])

        def has_place_for(more: Ring) -> bool:
            return (
                len(offers) + len(more) <= self._size.aggregates
                and hosts_of(offers) + hosts_of(more) <= most
            )

        too_large = []
        for ring, told in roomy[1:]:
            if has_place_for(ring):
                kept.append((ring, told))
                offers += ring
            else:
                too_large.append(ring)
        for offer in itertools.chain.from_iterable(too_large):
            if has_place_for([offer]):
                kept.append(([offer], Told(0)))
                offers.append(offer)
        return kept
