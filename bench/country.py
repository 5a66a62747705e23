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

"""Sites and clients somewhere in a country, and how near they are.

Round trips follow the distance, with detours of their own. Sites that follow
each other are neighbours, so that a cell is a region.
"""

import math
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from bench import store
from edge_sched.client import parse_client
from edge_sched.latency import Latency
from edge_sched.latency import NewLatency

#: Chosen: across the country and back takes no more than 45 ms.
COUNTRY_KM = 1500

#: Light in fibre takes 1 ms for 100 km, there and back; cables are longer
#: than the way of a crow.
KM_PER_MS = 100
DETOUR = (1.2, 2.0)
LAST_MILE_MS = 1.0
MEAN_JITTER_MS = 1.5

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


def rows(clients: Sequence[ToSites]) -> Iterator[NewLatency]:
    """What the store has of clients, by their numbers, measured just now."""
    measured_at = time.time()
    for number, figures in enumerate(clients):
        prefix = store.client_prefix(number)
        for site, (p50_ms, p95_ms) in figures.items():
            yield NewLatency(
                parse_client(prefix),
                Latency(
                    vantage=site,
                    client=prefix,
                    rtt_p50_ms=p50_ms,
                    rtt_p95_ms=p95_ms,
                    samples=300,
                    measured_at=measured_at,
                    source='stamp',
                ),
            )


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
