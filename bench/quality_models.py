# SPDX-License-Identifier: Apache-2.0

"""What is known of round trips, who picks by it, and how good picks are.

Matrices are ``matrix[site, client]``, in ms. nan is what was not measured.
Picks are the numbers of sites, one a client.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from bench.country import DETOUR
from bench.country import KM_PER_MS
from bench.country import LAST_MILE_MS
from edge_sched.judging.scoring import TIE_BAND_RATIO
from edge_sched.judging.scoring import TOLERANCE
from edge_sched.probe.memory import ENOUGH

Array: TypeAlias = npt.NDArray[np.float64]
Indices: TypeAlias = npt.NDArray[np.intp]

#: So many nodes of a data set are sites, all others are clients.
SITES = 40

#: The pick of a chooser that refuses a request.
NOWHERE = -1

#: How much of a new sample goes into the smoothed round trip (RFC 6298).
EWMA_GAIN = 1 / 8

#: Frames of an hour: those of the data set are 15.7 s apart.
HOUR = 229

#: The window of a prober, in probes, by default: sent in 80 s.
WINDOW = 64

#: Across the world of ``make_matrix``. Chosen: most of 40 sites are too far
#: from each other for 30 ms.
WORLD_KM = 10_000

RANDOM = 'random'
STOCK = 'stock Nova'
LATEST = 'latest sample'
EWMA = 'EWMA 1/8'
LOWEST_P50 = 'lowest p50'
OURS = 'edge_sched'
NEWEST = f'{OURS}, newest window'
ORACLE = 'oracle'

#: Frames of a window of a default prober.
WINDOW_FRAMES = 5

#: What is remembered as one window, in frames. The first is what a default
#: prober has as such; the others take another ``window`` and ``interval``, or
#: a Prometheus that is asked for such a time.
WINDOWS = {
    NEWEST: WINDOW_FRAMES,
    f'{OURS}, 17 min': WINDOW,
    f'{OURS}, 1 h': HOUR,
}


@dataclasses.dataclass(frozen=True)
class Statistics:
    """What a window of probes says, each a matrix.

    :param samples: probes in the window, ``None`` if unstated
    :param hour: of the windows of the last hour, the median of their p50 and
        what nine in ten of their p95 did not exceed, if it is known
    """

    p50_ms: Array
    p95_ms: Array
    samples: Array | None = None
    hour: tuple[Array, Array] | None = None

    def remembering(self, hour: Array) -> Self:
        """The same with what a prober remembers of an hour of frames."""
        windows = [
            self.of(hour[end - WINDOW_FRAMES : end])
            for end in range(len(hour), WINDOW_FRAMES - 1, -WINDOW_FRAMES)
        ]
        p50s, p95s = (
            np.sort([getattr(each, name) for each in windows], axis=0)
            for name in ('p50_ms', 'p95_ms')
        )
        count = (~np.isnan(p95s)).sum(axis=0)
        p95_ms = np.where(
            count >= ENOUGH,
            _nearest_rank(p95s, count, 90),
            _nearest_rank(p95s, count, 100),
        )
        p50_ms = _nearest_rank(p50s, count, 50)
        return dataclasses.replace(self, hour=(p50_ms, p95_ms))

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


def _nearest_rank(ranked: Array, samples: Indices, percent: int) -> Array:
    """A percentile, as the prober takes it; nan of no sample.

    :param ranked: sorted along the first axis, nan last
    """
    ranks = np.maximum(0, -(-percent * samples // 100) - 1)
    found: Array = np.take_along_axis(ranked, ranks[np.newaxis], axis=0)[0]
    return found


def by_chance(clients: int, chance: np.random.Generator) -> Indices:
    """Any site."""
    return chance.integers(SITES, size=clients)


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


@dataclasses.dataclass(frozen=True)
class Instant:
    """What was known at one time, and what came.

    :param remembered: what edge_sched knows, by what it remembers
    :param guesses_ms: matrices that others go by, ``{'latest sample': ...}``
    :param next: what the round trips turned out to be
    """

    remembered: Mapping[str, Statistics]
    guesses_ms: Mapping[str, Array]
    next: Statistics

    @classmethod
    def of(cls, frames: Array, time: int) -> Self:
        """Between two hours of ``frames[time, site, client]``.

        Clients that some site did not measure in both are left out. A window
        has ``WINDOW`` probes at least.
        """
        hour, after = frames[time - HOUR : time], frames[time : time + HOUR]
        measured = [~np.isnan(each).all(axis=0) for each in (hour, after)]
        in_both = np.logical_and(*measured).all(axis=0)
        hour, after = hour[..., in_both], after[..., in_both]
        remembered = {
            name: Statistics.of(hour[-count:], max(1.0, WINDOW / count))
            for name, count in WINDOWS.items()
        }
        return cls(
            {OURS: remembered[NEWEST].remembering(hour), **remembered},
            {
                LATEST: latest(hour),
                EWMA: ewma(hour),
                LOWEST_P50: Statistics.of(hour).p50_ms,
            },
            Statistics.of(after),
        )


def split_nodes(
    count: int, seed: int, sites: int = SITES
) -> tuple[Indices, Indices]:
    """The nodes that are sites, by chance, and those that are clients."""
    nodes = np.random.default_rng(seed).permutation(count)
    return nodes[:sites], nodes[sites:]


def split_matrix(matrix: Array, seed: int) -> Array:
    """Round trips from sites to clients, some way to choose the sites.

    Clients that were not measured from all of them are left out.

    :param matrix: of all nodes, ``matrix[from, to]``
    """
    rtt_ms: Array = matrix[np.ix_(*split_nodes(len(matrix), seed))]
    return rtt_ms[:, np.isfinite(rtt_ms).all(axis=0)]


def make_matrix(nodes: int) -> Array:
    """Round trips of nodes anywhere in a world, ``matrix[from, to]``.

    They follow the distance, with detours of their own.
    """
    chance = np.random.default_rng(1)
    places = chance.uniform(0, WORLD_KM, (nodes, 2))
    km = np.linalg.norm(places[:, np.newaxis] - places, axis=2)
    detours = np.triu(chance.uniform(*DETOUR, km.shape))
    matrix: Array = LAST_MILE_MS + km * (detours + detours.T) / KM_PER_MS
    return matrix


class Split(NamedTuple):
    """Round trips by some way to choose the sites, and who asks.

    :param rtt_ms: from sites to clients, ``rtt_ms[site, client]``
    :param mesh_ms: between sites, ``mesh_ms[site, site]``; inf where nothing
        was measured, and of a site to itself
    :param clients: who ask, one after the other; some ask again
    """

    rtt_ms: Array
    mesh_ms: Array
    clients: Sequence[int]

    @classmethod
    def of(
        cls, matrix: Array, seed: int, budget_ms: float, count: int
    ) -> Self:
        """Clients that have a site within a budget ask so often.

        :param matrix: of all nodes, ``matrix[from, to]``
        """
        sites, _ = split_nodes(len(matrix), seed)
        mesh_ms = matrix[np.ix_(sites, sites)]
        np.fill_diagonal(mesh_ms, np.inf)
        rtt_ms = split_matrix(matrix, seed)
        near = np.flatnonzero(rtt_ms.min(axis=0) <= budget_ms)
        clients = np.random.default_rng(seed).choice(near, count)
        return cls(rtt_ms, mesh_ms, clients.tolist())


def at(matrix: Array, sites: Indices) -> Array:
    """The figure of each client at the site that was picked for it."""
    figures: Array = matrix[sites, np.arange(matrix.shape[1])]
    return figures


class Quality(NamedTuple):
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
        # At most so much, but for the last bits of both.
        shares = [
            penalty_ms <= most_ms + TOLERANCE
            for most_ms in (1.0, 5.0, best_ms / 10)
        ]
        return cls(
            *(float(np.mean(s)) for s in (penalty_ms < bands_ms, *shares)),
            float(np.mean(penalty_ms)),
            float(np.percentile(penalty_ms, 95)),
        )


class Kept(NamedTuple):
    """How many requests with a budget were placed, and how many in vain.

    :param violated: of the placed, those that turned out to be over it
    """

    asked: int
    placed: int
    violated: int

    @classmethod
    def of(cls, picks: Indices, truth_ms: Array, budget_ms: float) -> Self:
        """Of picks, and the matrix of what the round trips turned out to be.

        :param picks: with ``NOWHERE`` for what was refused
        """
        placed = picks != NOWHERE
        over = at(truth_ms, picks) > budget_ms + TOLERANCE
        return cls(len(picks), int(placed.sum()), int((placed & over).sum()))
