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

#: An aggregate takes 37 bytes of a query, and servers take requests of 4 to
#: 8 kB by default; 100 made 3.8 kB (measured with Placement 16).
MAX_AGGREGATES = 100

#: Chosen: a site may be down as a whole while Placement still offers it.
MIN_SITES = 3

#: Chosen: a cloud of 100 000 hosts is searched in ten steps.
GROWTH = 2


class Offer(NamedTuple):
    """Hosts that a query can ask for by one aggregate.

    :param aggregate: its UUID; ``''`` for hosts of no site, which can only
        be asked for together with all others
    :param hosts: how many of them the request may use
    """

    aggregate: str
    site: str
    hosts: int


Ring = Sequence[Offer]

#: All hosts there are: a query that is not narrowed.
EVERYTHING: Ring = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Size:
    """How large rings are, in hosts.

    :param first: the smallest number of hosts of the first ring
    :param most: what a ring does not exceed but by a single aggregate, as
        Placement would cut off some hosts, near or far
    """

    first: int
    most: int


@dataclasses.dataclass(frozen=True, slots=True)
class Search:
    """What the search for a ring with room came to.

    :param ring: what to ask for; ``EVERYTHING`` is no narrowing
    :param probes: how many rings were asked for room
    :param full: whether all were, and none had any
    """

    ring: Ring
    probes: int = 0
    full: bool = False

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
        return _sites(self.ring)


def rings(offers: Iterable[Offer], size: Size) -> Iterator[Ring]:
    """Cut offers, nearest first, into rings of growing size.

    No offer is in two of them. Where hosts of no site are due, everything
    is, and nothing follows.
    """
    wanted = size.first
    ring: list[Offer] = []
    hosts = 0
    for offer in offers:
        if ring and (
            not offer.aggregate
            or len(ring) == MAX_AGGREGATES
            or hosts + offer.hosts > size.most
            or (hosts >= wanted and _sites(ring) >= MIN_SITES)
        ):
            yield ring
            wanted *= GROWTH
            ring, hosts = [], 0
        if not offer.aggregate:
            yield EVERYTHING
            return
        ring.append(offer)
        hosts += offer.hosts
    if ring:
        yield ring


def find_room(
    nearest_first: Iterable[Ring],
    size: Size,
    wanted: int,
    count_room: Callable[[Ring], int | None],
) -> Search:
    """Go outwards until enough hosts have room.

    A ring without any room is left behind; those with some are asked for
    together, so that who loses the race for the last place finds the next.

    :param wanted: how many hosts with room are enough
    :param count_room: how many hosts of a ring have room, as far as it
        matters; ``None`` if that cannot be told, or not in time: then the
        ring is taken together with the next ones
    """
    roomy: list[Offer] = []
    found = probes = 0
    to_come = iter(nearest_first)
    for ring in to_come:
        if ring is EVERYTHING:
            return Search(roomy or EVERYTHING, probes)
        count = count_room(ring)
        if count is None:
            rest = itertools.takewhile(lambda r: r is not EVERYTHING, to_come)
            untold = itertools.chain.from_iterable([roomy, ring, *rest])
            return Search(_at_most(untold, size), probes)
        probes += 1
        if count:
            roomy += ring
            found += count
        if found >= wanted:
            break
    return Search(_at_most(roomy, size), probes, full=not roomy)


def _at_most(offers: Iterable[Offer], size: Size) -> Ring:
    """The nearest offers, as many as one query may ask for."""
    return next(rings(offers, Size(size.most, size.most)), EVERYTHING)


def _sites(ring: Ring) -> int:
    return len({offer.site for offer in ring})
