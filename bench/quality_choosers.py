# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""Who picks a site for each client, edge_sched and others.

All return the numbers of sites, one a client.
"""

from collections.abc import Iterable

import numpy as np

from bench.quality_cloud import Sites
from bench.quality_cloud import near
from bench.quality_measures import NOWHERE
from bench.quality_measures import Array
from bench.quality_measures import Indices

RANDOM = 'random'
STOCK = 'stock Nova'
LATEST = 'latest sample'
EWMA = 'EWMA 1/8'
LOWEST_P50 = 'lowest p50'
OURS = 'edge_sched'
ORACLE = 'oracle'

#: How much of a new sample goes into the smoothed round trip (RFC 6298).
EWMA_GAIN = 1 / 8


def by_edge_sched(sites: Sites, clients: int) -> Indices:
    """Nova with the plug-in, of requests that have no budget."""
    cloud = sites.cloud(clients)
    return _picks(cloud.place(hints=near(client)) for client in range(clients))


def by_edge_sched_within(sites: Sites, budgets_ms: Array) -> Indices:
    """The same, of requests with a p95 budget each, ``NOWHERE`` if refused."""
    cloud = sites.cloud(len(budgets_ms))
    return _picks(
        cloud.place(
            hints={**near(client), 'edge:latency_budget_ms': [f'{budget:g}']}
        )
        for client, budget in enumerate(budgets_ms)
    )


def by_stock_nova(sites: Sites, clients: int) -> Indices:
    """Nova without the plug-in, which does not know where anyone is."""
    cloud = sites.stock(clients)
    return _picks(cloud.place() for _ in range(clients))


def by_chance(
    sites: int, clients: int, chance: np.random.Generator
) -> Indices:
    """Any site."""
    return chance.integers(sites, size=clients)


def by_least(figures_ms: Array) -> Indices:
    """The site that each client is nearest to by a matrix; nan is farthest."""
    known = np.where(np.isnan(figures_ms), np.inf, figures_ms)
    sites: Indices = known.argmin(axis=0)
    return sites


def latest(window: Array) -> Array:
    """The newest sample of each path, ``window[time, site, client]``."""
    newest = np.full(window.shape[1:], np.nan)
    for frame in window:
        newest = np.where(np.isnan(frame), newest, frame)
    return newest


def ewma(window: Array) -> Array:
    """The smoothed round trip of each path, as TCP has it (RFC 6298)."""
    smoothed = np.full(window.shape[1:], np.nan)
    for frame in window:
        moved = smoothed + EWMA_GAIN * (frame - smoothed)
        moved = np.where(np.isnan(smoothed), frame, moved)
        smoothed = np.where(np.isnan(frame), smoothed, moved)
    return smoothed


def _picks(placed: Iterable[int | None]) -> Indices:
    return np.array([NOWHERE if site is None else site for site in placed])
