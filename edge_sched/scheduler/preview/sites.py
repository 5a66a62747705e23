# SPDX-License-Identifier: Apache-2.0

"""The sites of a preview, as far as a project may know of them."""

import collections
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import nova.conf

from edge_sched.judging.decision import HostVerdict
from edge_sched.judging.decision import worth_of_cells
from edge_sched.scheduler.judged import Judged
from edge_sched.scheduler.preview.room import NO
from edge_sched.scheduler.preview.room import UNKNOWN
from edge_sched.scheduler.preview.room import YES
from edge_sched.scheduler.preview.room import Room
from edge_sched.scheduler.topology.topology import Area
from edge_sched.scheduler.topology.topology import Topology

CONF = nova.conf.CONF


class Usable(NamedTuple):
    """The hosts of an area that a request may use: one at least.

    :param left: those with room, all if nobody asked
    """

    area: Area
    hosts: frozenset[str]
    left: frozenset[str]


# A tuple, because a question makes one for each site.
class Site(NamedTuple):
    """A site, or the hosts of none in an availability zone.

    :param name: of a place that is reserved for others there is none, and it
        is left out
    :param is_zone: whether it is the name of a zone
    :param verdict: on the best of its hosts, with room if any has
    :param weight: what our weighers give that at the most
    :param room: ``yes``, ``no`` or ``unknown``, ``None`` if nobody asked
    """

    name: str
    is_zone: bool
    verdict: HostVerdict
    weight: float
    room: str | None

    @property
    def accepted(self) -> bool:
        """Whether it is near enough, whatever its room."""
        return self.verdict.accepted


def sites_of(
    usable: Sequence[Usable],
    judged: Judged,
    room: Room | None,
    topology: Topology,
    project_id: str,
) -> list[Site]:
    """Those that the project may know of, as our weighers would choose.

    :param usable: all that the request may use
    :param judged: where those are
    :param room: what is known of their room, ``None`` if nobody asked
    """
    weights = _weights(usable, judged, topology)
    found: dict[str, Site] = {}
    for each, weight in zip(usable, weights, strict=True):
        location = each.area.location
        name = judged.name_for_project(location, project_id)
        if not name:
            continue
        site = Site(
            name,
            not location.sites,
            judged.decision.verdicts[location],
            weight,
            room.among(each.hosts) if room else None,
        )
        known = found.get(name)
        found[name] = _merged(known, site) if known else site
    return sorted(found.values(), key=_order)


def _merged(one: Site, other: Site) -> Site:
    """One name of several places."""
    best = min(one, other, key=lambda site: (site.room == NO, *_order(site)))
    rooms = one.room, other.room
    room = next((r for r in (YES, UNKNOWN, NO) if r in rooms), None)
    return best._replace(room=room)


def _order(site: Site) -> tuple[bool, float, str]:
    return not site.accepted, -site.weight, site.name


def _weights(
    usable: Sequence[Usable], judged: Judged, topology: Topology
) -> list[float]:
    """What our weighers give the best host of each, as in a create.

    Of hosts without room only where none has any: they are not weighed then.
    """
    verdicts = judged.decision.verdicts
    default = CONF.edge_sched.latency_weight_multiplier
    multipliers = topology.multipliers
    worth = _worth_of_cells(usable, judged)
    of_cell = CONF.edge_sched.cell_latency_weight_multiplier
    weights = []
    for area, hosts, left in usable:
        multiplier = default
        if multipliers:
            of_hosts = [multipliers.get(h, default) for h in left or hosts]
            multiplier = max(of_hosts)
        score = verdicts[area.location].score
        weights.append(multiplier * score + of_cell * worth[area.cell])
    return weights


def _worth_of_cells(
    usable: Iterable[Usable], judged: Judged
) -> Mapping[str, float]:
    """The worth of each cell, 0 if it has no host that would be weighed."""
    verdicts = judged.decision.verdicts
    cells: list[str] = []
    scores: list[float] = []
    most = CONF.scheduler.max_attempts
    for area, _, left in usable:
        verdict = verdicts[area.location]
        if verdict.accepted:
            # More than that many of one place make no difference.
            hosts = min(len(left), most)
            cells += [area.cell] * hosts
            scores += [verdict.score] * hosts
    worth = worth_of_cells(cells, scores, most)
    return collections.defaultdict(float, zip(cells, worth, strict=True))
