# SPDX-License-Identifier: Apache-2.0

"""Rings of sites, nearest first: what Placement is asked for at a time.

Placement knows no distance and hands out a limited number of hosts, so it is
asked for those of the nearest sites alone, and then for the next ones, in
growing steps.
"""

import collections
import dataclasses
import heapq
import itertools
from collections.abc import Sequence
from typing import NamedTuple

from edge_sched.judging.spread import Mark
from edge_sched.judging.spread import Spot

#: As many as a short query may name, 39 bytes each: see ``placement``.
MAX_AGGREGATES = 35

#: Chosen: a site may be down as a whole while Placement still offers it.
MIN_SITES = 3

#: Chosen: most of a cloud is asked after few steps, and each costs as much.
GROWTH = 2

#: How much of a ring is enough where that spares Nova the other cells. Chosen:
#: they take it as long as 150 hosts do.
ONE_CELL_RATIO = 0.5


class SiteHosts(NamedTuple):
    """Equally near hosts of a site that a request may use.

    Hosts of one site that are not equally near are several of these.

    :param aggregate: its UUID, which a query names; ``''`` for hosts of no
        site, which can only be asked for together with all others
    :param hosts: by name
    :param nodes: how many Placement may hand out: of a host with several
        nodes each
    :param cell: UUID of the one that they are all in
    :param spot: what servers of a group are not to share with others there,
        if they are to be spread
    """

    aggregate: str
    site: str
    hosts: frozenset[str]
    nodes: int
    cell: str = ''
    spot: Spot = ()


Ring = Sequence[SiteHosts]

#: All hosts there are: a query that is not narrowed.
EVERYTHING: Ring = ()


@dataclasses.dataclass(slots=True)
class Size:
    """How many hosts are looked for, and how many are asked for at a time.

    :param least: with fewer hosts with room the request fails
    :param enough: with so many who loses a race finds another
    :param first: the smallest number of nodes of the first ring
    :param most: nodes are asked for at first if there are no more
    :param limit: how many hosts with room one answer has; Placement cuts off
        the others, near or far
    :param aggregates: how many one query may name; fewer once that many were
        refused
    :param apart: how many servers the next is to be apart from
    """

    least: int
    enough: int
    first: int
    most: int
    limit: int
    aggregates: int = MAX_AGGREGATES
    apart: int = 0


def first_ring(near: Ring, size: Size, wanted: int) -> Ring:
    """The nearest of some hosts: so many nodes, at several sites.

    At first all, if they are few and one query can name them. Else the first
    ring ends where another cell begins, if it has nodes enough by then:
    a query for one cell spares Nova all others.

    :param near: nearest first
    :param wanted: how many nodes, those of the first ring or more
    :return: ``EVERYTHING`` where hosts of no site are due
    """
    is_first = wanted == size.first
    if (
        is_first
        and all(hosts.aggregate for hosts in near)
        and len(aggregates_of(near)) <= size.aggregates
        and sum(hosts.nodes for hosts in near) <= size.most
    ):
        return near
    of_one_cell = max(wanted * ONE_CELL_RATIO, size.enough)
    ring: list[SiteHosts] = []
    nodes = 0
    sites, cells, named = set[str](), set[str](), set[str]()
    spots = set[Spot]()
    for hosts in near:
        named.add(hosts.aggregate)
        is_enough = nodes >= wanted and len(sites) >= MIN_SITES
        is_cell = is_first and cells == {near[0].cell} != {hosts.cell}
        if not hosts.aggregate or (
            ring
            and (
                (
                    (is_enough or (is_cell and nodes >= of_one_cell))
                    and len(spots) > size.apart
                )
                or len(named) > size.aggregates
            )
        ):
            break
        ring.append(hosts)
        nodes += hosts.nodes
        sites.add(hosts.site)
        cells.add(hosts.cell)
        spots.add(hosts.spot)
    return ring or EVERYTHING


def aggregates_of(ring: Ring) -> list[str]:
    """What a query for a ring names."""
    return list(dict.fromkeys(hosts.aggregate for hosts in ring))


def nodes_beside(ring: Ring, servers: int) -> int:
    """How many nodes are no place for one to be apart from some servers.

    At the most: those that share a site or zone with one of the servers, if
    these are where that is the most. None if nothing is to be spread.
    """
    nodes_at = collections.Counter[Mark]()
    for each in ring:
        for mark in itertools.chain(*each.spot):
            nodes_at[mark] += each.nodes
    beside = {
        each.spot: sum(nodes_at[mark] for mark in itertools.chain(*each.spot))
        for each in ring
    }
    return sum(heapq.nlargest(servers, beside.values()))
