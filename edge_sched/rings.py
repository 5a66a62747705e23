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

"""Rings of sites, nearest first: what Placement is asked for at a time.

Placement knows no distance and hands out a limited number of hosts, so it is
asked for those of the nearest sites alone, and then for the next ones, in
growing steps.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

#: As many as a short query may name, 39 bytes each: see ``room``.
MAX_AGGREGATES = 35

#: Chosen: a site may be down as a whole while Placement still offers it.
MIN_SITES = 3

#: Chosen: a ring of one cell is as good if its sites are among twice as many
#: of the nearest.
REACH = 2

#: Chosen: a cloud of 100 000 hosts at 1 000 sites is searched in 36 steps.
GROWTH = 2


class Offer(NamedTuple):
    """Hosts that a query can ask for by one aggregate.

    :param aggregate: its UUID; ``''`` for hosts of no site, which can only
        be asked for together with all others
    :param hosts: how many of them the request may use; those of several
        nodes count as many times
    :param lesser: how many of them are farther than what the offer is ranked
        by
    :param doubtful: how many Placement may offer in vain: the others, and
        those that it can use perhaps
    :param cells: of the hosts, mostly one; none if the cell must not matter
    """

    aggregate: str
    site: str
    hosts: int
    lesser: int = 0
    doubtful: int = 0
    cells: frozenset[str] = frozenset()


Ring = Sequence[Offer]

#: All hosts there are: a query that is not narrowed.
EVERYTHING: Ring = ()


def rings(
    offers: Iterable[Offer], first: int, aggregates: int = MAX_AGGREGATES
) -> Iterator[Ring]:
    """Cut offers, nearest first, into rings of growing size.

    No offer is in two of them. Where hosts of no site are due, everything
    is, and nothing follows.

    :param first: the smallest number of hosts of the first ring
    :param aggregates: how many one query may name
    """
    wanted = first
    ring: list[Offer] = []
    for offer in offers:
        if ring and (
            not offer.aggregate
            or len(ring) == aggregates
            or (hosts_of(ring) >= wanted and sites_of(ring) >= MIN_SITES)
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


class OneCell(NamedTuple):
    """Sites of one cell that can stand for a ring of several.

    :param nearest: those that no site of another cell is nearer than
    :param others: more of the cell, for a whole ring
    """

    nearest: Ring
    others: Ring

    @property
    def hosts(self) -> int:
        """How many hosts a request may use of both."""
        return hosts_of(self.nearest) + hosts_of(self.others)


def of_one_cell(near: Sequence[Offer], first: int) -> OneCell | None:
    """Find a ring of one cell among not much farther sites.

    :return: ``None`` if there is none, or if the first ring is of one cell
    """
    ring = next(rings(near, first), EVERYTHING)
    if not ring or len(ring[0].cells) != 1:
        return None
    cells = ring[0].cells
    nearest = list(itertools.takewhile(lambda o: o.cells == cells, ring))
    within_reach = near[: REACH * len(ring)]
    same = [offer for offer in within_reach if offer.cells == cells]
    whole = next(rings(same, first))
    if (
        len(nearest) == len(ring)
        or hosts_of(whole) < first
        or sites_of(whole) < MIN_SITES
    ):
        return None
    return OneCell(nearest, whole[len(nearest) :])


def parts(
    offers: Iterable[Offer], most: int, aggregates: int = MAX_AGGREGATES
) -> Iterator[Ring]:
    """As many offers at a time as one answer has room for.

    :param most: how many hosts that is; a single offer may have more
    """
    part: list[Offer] = []
    for offer in offers:
        if part and (
            len(part) == aggregates or hosts_of(part) + offer.hosts > most
        ):
            yield part
            part = []
        part.append(offer)
    if part:
        yield part


def first_part(
    offers: Iterable[Offer], most: int, aggregates: int = MAX_AGGREGATES
) -> Ring:
    """As many of the first as one answer has room for."""
    return next(parts(offers, most, aggregates), EVERYTHING)


def hosts_of(ring: Ring) -> int:
    """How many hosts a request may use of a ring."""
    return sum(offer.hosts for offer in ring)


def sites_of(ring: Ring) -> int:
    """At how many sites they are."""
    return len({offer.site for offer in ring})
