# SPDX-License-Identifier: Apache-2.0

"""Rings of sites, nearest first: what Placement is asked for at a time.

Placement knows no distance and hands out a limited number of hosts, so it is
asked for those of the nearest sites alone, and then for the next ones, in
growing steps.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

#: As many as a short query may name, 39 bytes each: see ``placement``.
MAX_AGGREGATES = 35

#: Chosen: a site may be down as a whole while Placement still offers it.
MIN_SITES = 3

#: Chosen: most of a cloud is asked after few steps, and each costs as much.
GROWTH = 2


class SiteHosts(NamedTuple):
    """Equally near hosts of a site that a request may use.

    Hosts of one site that are not equally near are several of these.

    :param aggregate: its UUID, which a query names; ``''`` for hosts of no
        site, which can only be asked for together with all others
    :param hosts: by name
    :param nodes: how many Placement may hand out: of a host with several
        nodes each
    :param cell: UUID of the one that they are all in
    """

    aggregate: str
    site: str
    hosts: frozenset[str]
    nodes: int
    cell: str = ''


Ring = Sequence[SiteHosts]

#: All hosts there are: a query that is not narrowed.
EVERYTHING: Ring = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Size:
    """How large rings are.

    :param first: the smallest number of nodes of the first
    :param one_cell: the same if it ends where its cell does
    :param few: so many nodes or fewer are asked for at once
    :param most: how many hosts with room one answer has; Placement cuts off
        the others, near or far
    :param aggregates: how many one query may name
    """

    first: int
    one_cell: int
    few: int
    most: int
    aggregates: int = MAX_AGGREGATES


def rings(near: Iterable[SiteHosts], size: Size) -> Iterator[Ring]:
    """Cut hosts, nearest first, into rings of growing size.

    A query for one cell spares Nova all others. So the first ring ends where
    another cell begins, if it has nodes enough by then. Where hosts of no site
    are due, everything is, and nothing follows.
    """
    wanted = size.first
    ring: list[SiteHosts] = []
    for hosts in near:
        nodes = nodes_of(ring)
        if ring and (
            not hosts.aggregate
            or len(aggregates_of([*ring, hosts])) > size.aggregates
            or (nodes >= wanted and sites_of(ring) >= MIN_SITES)
            or (
                wanted == size.first
                and nodes >= size.one_cell
                and cells_of(ring) == {ring[0].cell} != {hosts.cell}
            )
        ):
            yield ring
            wanted *= GROWTH
            ring = []
        if not hosts.aggregate:
            yield EVERYTHING
            return
        ring.append(hosts)
    if ring:
        yield ring


def first_few(
    near: Iterable[SiteHosts], most: int, aggregates: int
) -> tuple[Ring, bool]:
    """As much as one query and its answer have room for.

    :param most: how many nodes an answer has; those of one site may be more
    :param aggregates: how many a query may name
    :return: that, and whether it is all there is
    """
    taken: list[SiteHosts] = []
    named: set[str] = set()
    nodes = 0
    for hosts in near:
        named.add(hosts.aggregate)
        nodes += hosts.nodes
        if taken and (nodes > most or len(named) > aggregates):
            return taken, False
        taken.append(hosts)
    return taken, True


def aggregates_of(ring: Ring) -> list[str]:
    """What a query for a ring names."""
    return list(dict.fromkeys(hosts.aggregate for hosts in ring))


def nodes_of(ring: Ring) -> int:
    """How many a request may use of a ring."""
    return sum(hosts.nodes for hosts in ring)


def sites_of(ring: Ring) -> int:
    """At how many sites they are."""
    return len({hosts.site for hosts in ring})


def cells_of(ring: Ring) -> set[str]:
    """UUIDs of the cells that they are in."""
    return {hosts.cell for hosts in ring}
