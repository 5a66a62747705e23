# SPDX-License-Identifier: Apache-2.0

"""Which sites probe a client that nobody has measured yet. Pure.

A guided descent: a few sites that are spread over the mesh are asked first,
then those whose round trips to them are most like the client's. It takes what
sites have measured of each other, and nobody's place.
"""

import hashlib
import math
import operator
from collections.abc import Collection, Mapping, Sequence

#: The share of the sites asked that may be believed near; the others are left
#: to the descent, as who believes may be wrong. Chosen: of 12 sites 8, among
#: which is the best for 92 of 100 clients where geography is the belief.
NEAR_SHARE = 2 / 3

#: So many sites that heard the client say where it is, those that are nearest
#: to it. All would find the best of 40 sites as often; but where each site has
#: measured 64 of 300 others, 3 find it for 7 clients in 10 and all for little
#: more than half of them (PlanetLab's round trips, 12 asked).
_WITNESSES = 3

#: What a line of the client's own counts, to an error as long (chosen: a tenth
#: tells sites apart where it could as well be far from all witnesses, and
#: costs little where it does have a line).
_LINE_DOUBT = 0.1

#: Spread sites are picked among so many, drawn by lot, so that it takes no
#: longer where there are thousands.
_POOL = 64

#: No site counts as nearer, or what it says would outweigh all others (chosen:
#: a round trip within a town).
_LEAST_MS = 0.1


def next_sites(
    sites: Collection[str],
    mesh_ms: Mapping[tuple[str, str], float],
    measured_ms: Mapping[str, float],
    near: Sequence[str] = (),
    most: int = 12,
    at_once: int = 4,
) -> tuple[str, ...]:
    """The sites to ask next; ``()`` when all are asked that are to be.

    All at once where there are no more than ``most``. The caller waits until
    those of a round have measured, or are given up, before it asks for others.

    :param sites: those that can probe
    :param mesh_ms: medians from site to site, of either direction; pairs may
        be missing
    :param measured_ms: medians of all sites asked so far, ``inf`` of those
        that heard nothing: ``{'lyon': 11.4, 'oslo': math.inf}``
    :param near: those that are believed near, the best first
    :param most: as many in all, at least 1
    :param at_once: as many a round, at least 1. Each round takes as long as a
        window of probes. Of the sizes measured on PlanetLab's round trips
        (``bench/wanted.py``) 4 needs the fewest rounds and finds the best of
        40 sites for three clients in four by 8 of them.
    """
    left = most - len(measured_ms)
    rest = sorted(set(sites).difference(measured_ms), key=_lot)
    if len(sites) <= most:
        return tuple(rest[: max(left, 0)])
    places = max(min(left, at_once), 0)
    believed = list(dict.fromkeys(near))[: int(most * NEAR_SHARE)]
    chosen = [site for site in believed if site in rest][:places]
    rest = [site for site in rest if site not in chosen]
    places -= len(chosen)
    mesh = _Mesh(mesh_ms)
    if witnesses := _witnesses(measured_ms):
        rest.sort(key=lambda site: _unlike(site, witnesses, mesh))
        return (*chosen, *rest[:places])
    asked = [*measured_ms, *chosen]
    return (*chosen, *_spread(rest[:_POOL], asked, places, mesh))


class _Mesh:
    """Round trips between sites, whichever end has measured them."""

    def __init__(self, mesh_ms: Mapping[tuple[str, str], float]) -> None:
        self._mesh_ms = mesh_ms

    def between_ms(self, one: str, other: str) -> float:
        """The shorter of the two; ``inf`` if there is none."""
        if one == other:
            return 0.0
        return min(
            self._mesh_ms.get((one, other), math.inf),
            self._mesh_ms.get((other, one), math.inf),
        )


def _witnesses(measured_ms: Mapping[str, float]) -> dict[str, float]:
    """The nearest of those that heard the client, the nearest first."""
    heard = sorted(
        (max(rtt_ms, _LEAST_MS), site)
        for site, rtt_ms in measured_ms.items()
        if math.isfinite(rtt_ms)
    )
    return {site: rtt_ms for rtt_ms, site in heard[:_WITNESSES]}


def _unlike(
    site: str, witnesses: Mapping[str, float], mesh: _Mesh
) -> tuple[float, float]:
    """How unlike the client a site is, seen from those that heard it.

    The client has a line of its own, which makes all its round trips longer
    and none between sites. That is taken to be what they are longer by on the
    average. The nearer a witness the more it says; what was not measured is
    an error of the whole round trip. Of sites that are as like that goes first
    which is nearest to the nearest witness.

    :param witnesses: their round trips to it, the nearest first
    """
    longer_ms = {
        witness: rtt_ms - between_ms
        for witness, rtt_ms in witnesses.items()
        if math.isfinite(between_ms := mesh.between_ms(site, witness))
    }
    weights = [1 / witnesses[witness] for witness in longer_ms]
    line_ms = 0.0
    if weights:
        weighed = map(operator.mul, weights, longer_ms.values())
        line_ms = sum(weighed) / sum(weights)
        line_ms = min(max(line_ms, 0.0), min(witnesses.values()))
    error = sum(
        weight * abs(ms - line_ms)
        for weight, ms in zip(weights, longer_ms.values(), strict=True)
    )
    nearest = next(iter(witnesses))
    error += len(witnesses) - len(longer_ms)
    error += _LINE_DOUBT * line_ms / witnesses[nearest]
    return error, mesh.between_ms(site, nearest)


def _spread(
    sites: Sequence[str], asked: Sequence[str], count: int, mesh: _Mesh
) -> list[str]:
    """Sites such that all are near one of them, or one of those asked.

    One by one that is taken which brings all others nearest in sum. As far as
    the farthest is what was not measured.

    :param asked: some of them, or others
    """
    rows = {
        site: [mesh.between_ms(site, other) for other in sites]
        for site in (*asked, *sites)
    }
    known = [ms for row in rows.values() for ms in row if math.isfinite(ms)]
    farthest_ms = [max(known, default=0.0)] * len(sites)

    def closer(to_ms: Sequence[float], site: str) -> list[float]:
        return list(map(min, to_ms, rows[site]))

    nearest_ms = farthest_ms
    for site in asked:
        nearest_ms = closer(nearest_ms, site)
    chosen: list[str] = []
    for _ in range(min(count, len(sites))):
        best = min(
            (site for site in sites if site not in chosen),
            key=lambda site: sum(closer(nearest_ms, site)),
        )
        nearest_ms = closer(nearest_ms, best)
        chosen.append(best)
    return chosen


def _lot(site: str) -> bytes:
    """An order that neighbours in the alphabet do not share."""
    return hashlib.sha256(site.encode()).digest()
