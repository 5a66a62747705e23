# SPDX-License-Identifier: Apache-2.0

"""Sites and clients somewhere in a country, and what clients ask for.

Round trips follow the distance, with detours of their own. Sites that follow
each other are neighbours, so that a cell is a region. Half of the clients are
measured from the sites near them only, as in a cloud of many sites.
"""

import dataclasses
import math
import random
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

#: Chosen: across the country and back takes no more than 45 ms.
COUNTRY_KM = 1500

#: Light in fibre takes 1 ms for 100 km, there and back; cables are longer
#: than the way of a crow.
KM_PER_MS = 100
DETOUR = (1.2, 2.0)
LAST_MILE_MS = 1.0
MEAN_JITTER_MS = 1.5

#: As many as the measuring side of a large cloud plans for each client.
NEAR_SITES = 16

#: Budgets as a share of the best p95 that the client can have. What is below
#: 1 cannot be met.
BUDGETS = (0.5, 1.05, 1.5, 2.5)

#: How many have a budget, of those how many require it, and how many ask for
#: an availability zone.
WITH_BUDGET = 0.75
WITH_REQUIRED = 0.7
WITH_ZONE = 0.25

Position: TypeAlias = tuple[float, float]


class Figures(NamedTuple):
    """What was measured between a client and a site."""

    p50_ms: float
    p95_ms: float


#: What a client has to each site.
ToSites: TypeAlias = Mapping[str, Figures]


class Country:
    """A map of the sites.

    :param sites: their names; neighbours are near each other
    """

    def __init__(self, sites: Sequence[str], seed: int = 1) -> None:
        self._chance = random.Random(seed)
        places = [self._anywhere() for _ in sites]
        self._places = dict(zip(sites, _in_strips(places), strict=True))

    def measure(self) -> ToSites:
        """What another client, somewhere, has to all sites."""
        here = self._anywhere()
        figures = {}
        for site, there in self._places.items():
            detour = self._chance.uniform(*DETOUR)
            p50_ms = LAST_MILE_MS + math.dist(here, there) / KM_PER_MS * detour
            jitter_ms = self._chance.expovariate(1 / MEAN_JITTER_MS)
            figures[site] = Figures(p50_ms, p50_ms + jitter_ms)
        return figures

    def _anywhere(self) -> Position:
        across = self._chance.uniform
        return across(0, COUNTRY_KM), across(0, COUNTRY_KM)


def _in_strips(places: Sequence[Position]) -> list[Position]:
    """Places from west to east in strips, and in each from south to north."""
    strips = max(1, round(math.sqrt(len(places)) / 3))
    per_strip = math.ceil(len(places) / strips)
    westward = sorted(places)
    return [
        place
        for start in range(0, len(places), per_strip)
        for place in sorted(
            westward[start : start + per_strip], key=lambda place: place[1]
        )
    ]


@dataclasses.dataclass(frozen=True, slots=True)
class Wish:
    """A request for one server.

    :param client: its number
    :param figures: of each site that the client was measured from
    :param budget_ms: of its p95, ``None`` for the nearest of all
    :param required: whether a site over budget is out of the question
    :param zone: that it must be in, ``''`` for any
    """

    client: int
    figures: ToSites
    budget_ms: float | None = None
    required: bool = False
    zone: str = ''

    @property
    def kind(self) -> str:
        """``required budget``, for a table."""
        if self.budget_ms is None:
            return 'no budget'
        return 'required budget' if self.required else 'preferred budget'


def make_wishes(
    zone_of: Mapping[str, str], count: int, seed: int = 1
) -> list[Wish]:
    """Requests of so many clients, each of one.

    :param zone_of: each site's, ``{'lyon': 'zone-1'}``
    """
    chance = random.Random(seed)
    country = Country(list(zone_of), seed)
    zones = sorted(zone_of.values())
    return [
        _wish(chance, client, country.measure(), zones)
        for client in range(count)
    ]


def nearest(figures: ToSites) -> ToSites:
    """What the nearest sites have measured."""
    near = sorted(figures, key=figures.__getitem__)[:NEAR_SITES]
    return {site: figures[site] for site in near}


def _wish(
    chance: random.Random, client: int, figures: ToSites, zones: list[str]
) -> Wish:
    if chance.random() < 0.5:
        figures = nearest(figures)
    budget_ms, required, zone = None, False, ''
    if chance.random() < WITH_BUDGET:
        best_ms = min(found.p95_ms for found in figures.values())
        budget_ms = round(best_ms * chance.choice(BUDGETS), 3)
        required = chance.random() < WITH_REQUIRED
    if chance.random() < WITH_ZONE:
        zone = chance.choice(zones)
    return Wish(client, figures, budget_ms, required, zone)
