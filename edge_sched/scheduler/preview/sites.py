# SPDX-License-Identifier: Apache-2.0

"""The sites of a preview, as far as a project may know of them."""

import collections
import dataclasses
from collections.abc import Iterable, Sequence

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


@dataclasses.dataclass(frozen=True, slots=True)
class Usable:
    """The hosts of an area that a request may use: one at least."""

    area: Area
    hosts: frozenset[str]


@dataclasses.dataclass(frozen=True, slots=True)
class Site:
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
    weights = _weights(usable, judged, room, topology)
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
    return dataclasses.replace(best, room=room)


def _order(site: Site) -> tuple[bool, float, str]:
    return not site.accepted, -site.weight, site.name


def _weights(
    usable: Sequence[Usable],
    judged: Judged,
    room: Room | None,
    topology: Topology,
) -> list[float]:
    """What our weighers give the best host of each, as in a create.

    Of hosts without room only where none has any: they are not weighed then.
    """
    verdicts = judged.decision.verdicts
    default = CONF.edge_sched.latency_weight_multiplier
    multipliers = topology.multipliers
    worth = _worth_of_cells(usable, judged, room)
    of_cell = CONF.edge_sched.cell_latency_weight_multiplier
    weights = []
    for each in usable:
        hosts = (room.hosts & each.hosts if room else None) or each.hosts
        multiplier = default
        if not multipliers.keys().isdisjoint(hosts):
            multiplier = max(multipliers.get(h, default) for h in hosts)
        score = verdicts[each.area.location].score
        cell = of_cell * worth.get(each.area.cell, 0.0)
        weights.append(multiplier * score + cell)
    return weights


def _worth_of_cells(
    usable: Iterable[Usable], judged: Judged, room: Room | None
) -> dict[str, float]:
    """The worth of each cell that has hosts which would be weighed."""
    verdicts = judged.decision.verdicts
    scores = collections.defaultdict[str, list[float]](list)
    most = CONF.scheduler.max_attempts
    for each in usable:
        verdict = verdicts[each.area.location]
        hosts = room.hosts & each.hosts if room else each.hosts
        if verdict.accepted:
            # More than that many of one place make no difference.
            scores[each.area.cell] += [verdict.score] * min(len(hosts), most)
    return {
        cell: worth_of_cells([cell] * len(some), some, most)[0]
        for cell, some in scores.items()
        if some
    }
