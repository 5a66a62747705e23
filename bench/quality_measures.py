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

"""What is known of round trips, and how good picks are that were made by it.

Matrices are ``matrix[site, client]``, in ms. nan is what was not measured.
"""

import dataclasses
from typing import Self, TypeAlias

import numpy as np
import numpy.typing as npt

from edge_sched.scoring import TIE_BAND_RATIO
from edge_sched.scoring import TOLERANCE

Array: TypeAlias = npt.NDArray[np.float64]
Indices: TypeAlias = npt.NDArray[np.intp]

#: So many nodes of a data set are sites, all others are clients.
SITES = 40

#: The pick of a chooser that refuses a request.
NOWHERE = -1


@dataclasses.dataclass(frozen=True)
class Statistics:
    """What a window of probes says, each a matrix.

    :param samples: probes in the window, ``None`` if unstated
    """

    p50_ms: Array
    p95_ms: Array
    samples: Array | None = None

    @classmethod
    def of(cls, window: Array, probes: float = 1.0) -> Self:
        """Of the frames of a window, ``window[time, site, client]``.

        :param probes: how many each figure of a frame stands for
        """
        samples = (~np.isnan(window)).sum(axis=0)
        ranked = np.sort(window, axis=0)
        return cls(
            _nearest_rank(ranked, samples, 50),
            _nearest_rank(ranked, samples, 95),
            samples * probes,
        )

    def between(self, sites: Indices, clients: Indices) -> 'Statistics':
        """Of a matrix of all nodes the part that has these."""
        part = np.ix_(sites, clients)
        return Statistics(
            self.p50_ms[part],
            self.p95_ms[part],
            None if self.samples is None else self.samples[part],
        )


def _nearest_rank(ranked: Array, samples: Indices, percent: int) -> Array:
    """A percentile, as the prober takes it; nan of no sample.

    :param ranked: sorted along the first axis, nan last
    """
    ranks = np.maximum(0, -(-percent * samples // 100) - 1)
    found: Array = np.take_along_axis(ranked, ranks[np.newaxis], axis=0)[0]
    return found


def split_nodes(count: int, seed: int) -> tuple[Indices, Indices]:
    """The nodes that are sites, by chance, and those that are clients."""
    nodes = np.random.default_rng(seed).permutation(count)
    return nodes[:SITES], nodes[SITES:]


def split_matrix(matrix: Array, seed: int) -> Array:
    """Round trips from sites to clients, some way to choose the sites.

    Clients that were not measured from all of them are left out.

    :param matrix: of all nodes, ``matrix[from, to]``
    """
    rtt_ms: Array = matrix[np.ix_(*split_nodes(len(matrix), seed))]
    return rtt_ms[:, np.isfinite(rtt_ms).all(axis=0)]


def at(matrix: Array, sites: Indices) -> Array:
    """The figure of each client at the site that was picked for it."""
    figures: Array = matrix[sites, np.arange(matrix.shape[1])]
    return figures


@dataclasses.dataclass(frozen=True)
class Quality:
    """How good picks are: shares of the requests, and penalties in ms.

    The penalty of a pick is the round trip to it less that to the best site.

    :param in_band: less than one tie band from the best
    :param within_tenth: at most 10 % farther than the best
    """

    in_band: float
    within_1_ms: float
    within_5_ms: float
    within_tenth: float
    mean_penalty_ms: float
    p95_penalty_ms: float

    @classmethod
    def of(cls, picked_ms: Array, best_ms: Array, band_ms: float) -> Self:
        """Of the round trips to what was picked and to the best.

        :param band_ms: a tie band, or 5 % of the best if that is more
        """
        penalty_ms = picked_ms - best_ms
        bands_ms = np.maximum(band_ms, TIE_BAND_RATIO * best_ms)
        return cls(
            in_band=float(np.mean(penalty_ms < bands_ms)),
            within_1_ms=_share(penalty_ms, 1.0),
            within_5_ms=_share(penalty_ms, 5.0),
            within_tenth=_share(penalty_ms, best_ms / 10),
            mean_penalty_ms=float(np.mean(penalty_ms)),
            p95_penalty_ms=float(np.percentile(penalty_ms, 95)),
        )


def _share(figures: Array, most: Array | float) -> float:
    """How many are at most so much, but for the last bits of both."""
    return float(np.mean(figures <= most + TOLERANCE))


@dataclasses.dataclass(frozen=True)
class Kept:
    """How many requests with a budget were placed, and how many in vain.

    :param violated: of the placed, those that turned out to be over it
    """

    asked: int = 0
    placed: int = 0
    violated: int = 0

    @classmethod
    def of(cls, picks: Indices, truth_ms: Array, budget_ms: float) -> Self:
        """Of picks, and the matrix of what the round trips turned out to be.

        :param picks: with ``NOWHERE`` for what was refused
        """
        placed = picks != NOWHERE
        over = at(truth_ms, picks) > budget_ms + TOLERANCE
        return cls(len(picks), int(placed.sum()), int((placed & over).sum()))

    def __add__(self, other: 'Kept') -> 'Kept':
        return Kept(
            self.asked + other.asked,
            self.placed + other.placed,
            self.violated + other.violated,
        )
