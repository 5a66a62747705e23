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

"""Rings of sites, nearest first: what Placement is asked for, and how wide.

Placement knows no distance and hands out a limited number of hosts, so it is
asked for those of the nearest sites alone. If they have no room it is asked
for the next ones, in growing steps.
"""

import dataclasses
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

#: An aggregate takes 39 bytes of a query, and uWSGI takes requests of 4 kB
#: with their headers by default (measured with Placement 16).
MAX_AGGREGATES = 80

#: Chosen: a site may be down as a whole while Placement still offers it.
MIN_SITES = 3

#: Chosen: a cloud of 100 000 hosts at 1 000 sites is searched in 16 steps.
GROWTH = 2


class Offer(NamedTuple):
    """Hosts that a query can ask for by one aggregate.

    :param aggregate: its UUID; ``''`` for hosts of no site, which can only
        be asked for together with all others
    :param hosts: how many of them the request may use
    :param doubtful: how many Placement may offer in vain: the others, and
        those that it can use perhaps
    """

    aggregate: str
    site: str
    hosts: int
    doubtful: int = 0


Ring = Sequence[Offer]

#: All hosts there are: a query that is not narrowed.
EVERYTHING: Ring = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Size:
    """How large rings are, in hosts.

    :param first: the smallest number of hosts of the first ring
    :param most: how many are asked for at most, but for a single aggregate
        with more, as Placement would cut off some, near or far
    """

    first: int
    most: int


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
        return sum(offer.hosts for offer in self.ring)

    @property
    def sites(self) -> int:
        """At how many sites."""
        return len({offer.site for offer in self.ring})


#: How many hosts of a ring have room, as far as it matters; ``None`` if that
#: cannot be told, or not in time.
CountRoom = Callable[[Ring], int | None]


def rings(offers: Iterable[Offer], first: int) -> Iterator[Ring]:
    """Cut offers, nearest first, into rings of growing size.

    No offer is in two of them. Where hosts of no site are due, everything
    is, and nothing follows.

    :param first: the smallest number of hosts of the first ring
    """
    wanted = first
    ring: list[Offer] = []
    for offer in offers:
        if ring and (
            not offer.aggregate
            or len(ring) == MAX_AGGREGATES
            or (_hosts(ring) >= wanted and _sites(ring) >= MIN_SITES)
        ):
            yield ring
            wanted *= GROWTH
            ring = []
        if not offer.aggregate:
            yield EVERYTHING
            return
        ring.append(offer)
    if ring:
        yield ring


def find_room(
    offers: Iterable[Offer], size: Size, need: Need, count_room: CountRoom
) -> Search:
    """Go outwards until enough hosts have room.

    A ring without any room is left behind; those with some are asked for
    together. If it cannot be told where there is room, or no longer, the
    nearest that may have some are asked for.
    """
    found = _Found(size, need, count_room)
    to_come = rings(offers, size.first)
    for ring in to_come:
        if ring is EVERYTHING:
            return found.or_everything()
        if not found.look_into(ring):
            known = itertools.takewhile(lambda r: r is not EVERYTHING, to_come)
            return found.with_untold([ring, *known])
        if found.is_enough:
            break
    return found.all_told()


class _Found:
    """The rings with room so far."""

    def __init__(self, size: Size, need: Need, count_room: CountRoom) -> None:
        self._size = size
        self._need = need
        self._count_room = count_room
        self._roomy: list[tuple[Ring, int]] = []
        self._full: list[str] = []
        self._probes = 0

    @property
    def is_enough(self) -> bool:
        return self._certain(self._roomy) >= self._need.enough

    def look_into(self, ring: Ring) -> bool:
        """Ask for the room of a ring; whether it was told.

        Of a ring that is too large for one answer, part by part.
        """
        count = self._count_room(ring)
        if count is None:
            return False
        self._probes += 1
        if not count:
            self._full += [offer.aggregate for offer in ring]
            return True
        if _hosts(ring) <= self._size.most or len(ring) == 1:
            self._roomy.append((ring, count))
            return True
        return all(
            self.is_enough or self.look_into(part)
            for part in _parts(ring, self._size.most)
        )

    def or_everything(self) -> Search:
        """The rest cannot be asked for apart: is it needed?"""
        if self._certain(self._roomy) < self._need.least:
            return Search(EVERYTHING, self._probes)
        return self.all_told()

    def with_untold(self, untold: Iterable[Ring]) -> Search:
        """The nearest that have room, or may have."""
        told = [ring for ring, _ in self._roomy]
        offers = itertools.chain.from_iterable([*told, *untold])
        return Search(_first_part(offers, self._size.most), self._probes)

    def all_told(self) -> Search:
        """The nearest with room; if they have too little, the roomiest."""
        if not self._roomy:
            return Search(EVERYTHING, self._probes, self._full)
        nearest = self._cut(self._roomy)
        if self._certain(nearest) < self._need.least:
            by_room = sorted(
                self._roomy, key=lambda told: self._certain([told])
            )
            nearest = self._cut(by_room[::-1])
        ring = [offer for ring, _ in nearest for offer in ring]
        return Search(ring, self._probes)

    def _cut(
        self, roomy: Sequence[tuple[Ring, int]]
    ) -> list[tuple[Ring, int]]:
        """As many whole rings as one query may ask for."""
        kept = [roomy[0]]
        for ring, count in roomy[1:]:
            offers = [offer for each, _ in kept for offer in each]
            offers += ring
            if len(offers) <= MAX_AGGREGATES and (
                _hosts(offers) <= self._size.most
            ):
                kept.append((ring, count))
        return kept

    @staticmethod
    def _certain(roomy: Iterable[tuple[Ring, int]]) -> int:
        """How many hosts have room that the request can surely use."""
        return sum(
            max(0, count - sum(offer.doubtful for offer in ring))
            for ring, count in roomy
        )


def _parts(offers: Iterable[Offer], most: int) -> Iterator[Ring]:
    """As many offers at a time as one answer has room for."""
    part: list[Offer] = []
    for offer in offers:
        if part and (
            len(part) == MAX_AGGREGATES or _hosts(part) + offer.hosts > most
        ):
            yield part
            part = []
        part.append(offer)
    if part:
        yield part


def _first_part(offers: Iterable[Offer], most: int) -> Ring:
    return next(_parts(offers, most), EVERYTHING)


def _hosts(ring: Ring) -> int:
    return sum(offer.hosts for offer in ring)


def _sites(ring: Ring) -> int:
    return len({offer.site for offer in ring})
