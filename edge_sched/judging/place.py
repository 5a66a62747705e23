# SPDX-License-Identifier: Apache-2.0

"""What was measured of a place: of a site, and of where servers are.

A vantage is measured as a client is (``site:lyon``), so what is known of a
server is what was measured of the vantages that speak for its host.
"""

import dataclasses
from collections.abc import Iterable, Mapping

from edge_sched.judging.verdict import Chain
from edge_sched.model.latency import ASSUMED
from edge_sched.model.latency import Answer
from edge_sched.model.latency import Latency

#: The vantages of a place that anything is known of, and which are sites.
_Known = tuple[tuple[str, bool], ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """Where one or more servers are, or a site.

    :param chain: the vantages that speak for it, most specific first,
        ``('lyon-1', 'lyon', 'eu-west', 'cell1')``
    :param sites: those of them that are sites
    """

    chain: Chain
    sites: Chain


def answer_of(
    places: Iterable[Place],
    measured: Mapping[str, Answer],
    same_site_rtt_ms: float,
    now: float,
    unplaced: bool = False,
) -> Answer:
    """What is known of whoever is at all of some places, a part for each.

    Seen from each vantage, the most specific vantage of the place that was
    measured from there decides. Places that are the same but for what nobody
    measured are one.

    :param measured: what the store has of each vantage of the places
    :param same_site_rtt_ms: what is assumed at a site that was not measured
        to itself
    :param now: when that is so, UTC epoch seconds
    :param unplaced: whether there is more of them, nobody knows where
    """
    rows_of = {name: answer.parts[0] for name, answer in measured.items()}
    parts = []
    for known in dict.fromkeys(_known(place, rows_of) for place in places):
        part: dict[str, Latency] = {}
        at_own_site = {
            site: rows_of[site].get(site)
            or _assumed(site, same_site_rtt_ms, now)
            for site, is_site in known
            if is_site
        }
        for name, is_site in reversed(known):
            part |= rows_of[name]
            # Whoever is in two sites is as near in either.
            if is_site:
                part |= at_own_site
        parts.append(part)
    heartbeats_at = [
        answer.heartbeat_at
        for answer in measured.values()
        if answer.heartbeat_at is not None
    ]
    return Answer(
        True,
        tuple(parts),
        max(heartbeats_at, default=None),
        unplaced,
    )


def _known(
    place: Place, rows_of: Mapping[str, Mapping[str, Latency]]
) -> _Known:
    return tuple(
        (name, name in place.sites)
        for name in place.chain
        if name in place.sites or rows_of[name]
    )


def _assumed(site: str, rtt_ms: float, now: float) -> Latency:
    return Latency(
        vantage=site,
        client=f'site:{site}',
        rtt_min_ms=rtt_ms,
        rtt_p50_ms=rtt_ms,
        rtt_p95_ms=rtt_ms,
        rtt_p99_ms=rtt_ms,
        pdv_ms=0.0,
        loss_ratio=0.0,
        measured_at=now,
        source=ASSUMED,
    )
