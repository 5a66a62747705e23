# SPDX-License-Identifier: Apache-2.0

"""Where a server has to be, computed from the measurements alone."""

import dataclasses
import math
from collections.abc import Iterable

from demo.measured import Measured
from demo.measured import Rtt
from demo.story import End
from demo.story import Request

#: As edge_sched is configured by default: sites that are this close to one
#: another are equal, and ``fit`` leaves this share of the budget free.
TIE_BAND_MS = 1.0
TIE_BAND_RATIO = 0.05
FIT_HEADROOM = 0.1


@dataclasses.dataclass(frozen=True, slots=True)
class Expectation:
    """Any of these sites, or refused in words that have all of these parts.

    :param sites: empty if the request has to be refused; None if it has to
        be on the very host that stock Nova chooses
    """

    sites: frozenset[str] | None
    words: tuple[str, ...] = ()


def expect(
    request: Request, measured: Measured, sites: Iterable[str]
) -> Expectation:
    """What has to become of a request, with these sites to choose from."""
    if request.refused_with:
        return Expectation(frozenset(), request.refused_with)
    if not request.ends:
        return Expectation(None)
    sites = list(sites)
    within = [site for site in sites if is_within(request, measured, site)]
    if not within and not request.preferred:
        return Expectation(frozenset(), _refusal(request, measured, sites))
    if within and request.fit:
        return Expectation(
            frozenset(
                site
                for site in within
                if is_within(request, measured, site, 1 - FIT_HEADROOM)
            )
            or _nearest(request, measured, within, sites)
        )
    return Expectation(_nearest(request, measured, within or sites, sites))


def is_within(
    request: Request, measured: Measured, site: str, share: float = 1.0
) -> bool:
    """Whether a site keeps every budget, or a share of those of latency."""
    return all(
        _keeps(request, end, measured.at(site, end.client), share)
        for end in request.ends
    )


def _keeps(
    request: Request, end: End, rtt: Rtt | None, share: float = 1.0
) -> bool:
    if rtt is None:
        return False
    if end.budget_ms is not None and rtt.p95_ms > share * end.budget_ms:
        return False
    return request.jitter_ms is None or (
        rtt.jitter_ms is not None and rtt.jitter_ms <= request.jitter_ms
    )


def _nearest(
    request: Request, measured: Measured, among: list[str], sites: list[str]
) -> frozenset[str]:
    """The sites where the end that is worst off uses least of its budget.

    By the median round trip, rounded down to its tie band. Bands are counted
    from the nearest of all sites that keep the budgets of that end.

    :param among: the sites that may be taken
    """

    def used(end: End, site: str) -> float:
        rtts = [rtt for s in sites if (rtt := measured.at(s, end.client))]
        best_ms = min(
            [r.p50_ms for r in rtts if _keeps(request, end, r)]
            or [r.p50_ms for r in rtts]
        )
        here = measured.at(site, end.client)
        if here is None:
            return math.inf
        band_ms = max(TIE_BAND_MS, TIE_BAND_RATIO * best_ms)
        rounded_ms = best_ms + (here.p50_ms - best_ms) // band_ms * band_ms
        return rounded_ms / (end.budget_ms or 1.0)

    worst = {
        site: max(used(end, site) for end in request.ends) for site in among
    }
    return frozenset(s for s in among if worst[s] == min(worst.values()))


def _refusal(
    request: Request, measured: Measured, sites: list[str]
) -> tuple[str, ...]:
    """What the reason says; of requests with one client only."""
    (end,) = request.ends
    p95_ms, site = min(
        (rtt.p95_ms, site)
        for site in sites
        if (rtt := measured.at(site, end.client))
    )
    figure = f'{math.ceil(p95_ms)} ms' if measured.exact else ''
    return (
        f'no site within {end.budget_ms:g} ms (p95) of {end.client}',
        f'nearest is {site} at {figure}',
    )
