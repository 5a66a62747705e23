# SPDX-License-Identifier: Apache-2.0

"""Count what an hour of memory refuses on wired paths, though it would do.

The paths are made up, so that they have the figures that were published of 50
paths between probes of RIPE Atlas over 23 days: of the least of three pings
every four minutes, what a p95 budget is worth that is held against the past.
What our own prober sees of such paths Atlas does not tell, so it is tried in
several ways. The rows are those of ``probe/memory.py``, and each is judged by
``judging/judge.py``.
"""

import argparse
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from bench import quality_models as models
from bench.result import Check
from bench.result import Section
from bench.result import table
from edge_sched.asking.intent import Intent
from edge_sched.judging.judge import Judge
from edge_sched.judging.scoring import WITHIN
from edge_sched.judging.verdict import Policy
from edge_sched.model.client import parse_client
from edge_sched.model.keys import NearClient
from edge_sched.model.latency import Answer
from edge_sched.model.latency import Latency
from edge_sched.model.latency import Memory as Remembered
from edge_sched.probe.memory import HOUR_SECONDS
from edge_sched.probe.memory import PAUSE_SECONDS
from edge_sched.probe.memory import Memory
from edge_sched.probe.window import Statistics
from edge_sched.probe.window import nearest_rank

#: What was fitted, all as shares of the best round trip that a path ever has,
#: by which its budget goes: how much longer the present route is, at the mean;
#: the noise of the least of three pings, the median of paths, and how much
#: these differ (of the logarithm); how many changes an hour has and how long
#: they last; how much of the time a path is late, and by how much it is then,
#: or changes.
ROUTE = 0.1
NOISE, NOISE_SIGMA = 0.01, 1.0
CHANGES, CHANGE_SECONDS = 0.04, 3600.0
LATE = 0.008
LATER = 0.3

#: Budgets, of the best round trip.
BUDGETS = 1.0, 2.0

#: Published, in percent: kept, violated, and refused though it would be kept.
PUBLISHED = {
    'newest': (79.2, 8.0, 0.2),
    'worst of the hour': (75.4, 5.1, 4.1),
    'q90 of the hour': (78.1, 6.1, 1.4),
}
#: Figures of an hour.
ATLAS_FIGURES = 15
ATLAS_PATHS = 60_000

#: How long a path is late at a time, in seconds; it is more than the burst of
#: three pings takes, and less than the time between two. Noise of one packet
#: to that of the least of three: the same, or as much as it is if they are
#: independent and exponential.
SPELLS_SECONDS = 10.0, 80.0, 240.0
NOISES = {'that of an Atlas figure': 1.0, 'three times that': 3.0}
PATHS = 4000

#: Refused though they would have been kept.
MOST_REFUSED = 0.02

_WINDOWS = int(HOUR_SECONDS / PAUSE_SECONDS)
_NOW = 1e9
_CLIENT = parse_client('203.0.113.0/24')


class Outcome(NamedTuple):
    """What became of requests, in shares of all."""

    kept: float
    violated: float
    refused: float

    @classmethod
    def of(cls, accepted: models.Array, would_keep: models.Array) -> 'Outcome':
        """Of requests, whether they were accepted and whether it does."""
        return cls(
            float(np.mean(accepted & would_keep)),
            float(np.mean(accepted & ~would_keep)),
            float(np.mean(~accepted & would_keep)),
        )

    def cells(self) -> list[str]:
        """Of a row of a table."""
        return [f'{share:.1%}' for share in self]


def sections(options: argparse.Namespace) -> list[Section]:
    """Compare the paths with those published, and judge them."""
    atlas = as_atlas(np.random.default_rng(1))
    rows = [['held against', 'kept', 'violated', 'refused, would be kept']]
    for name, found in atlas.items():
        cells = zip(found.cells(), PUBLISHED[name], strict=True)
        rows.append([name, *(f'{cell} ({each} %)' for cell, each in cells)])
    judged = [['noise of a packet', 'late at a time', 'memory', *rows[0][1:]]]
    checks = []
    for noise, times in NOISES.items():
        for seconds in SPELLS_SECONDS:
            outcomes = as_prober(np.random.default_rng(1), times, seconds)
            for memory, found in outcomes.items():
                which = [noise, f'{seconds:g} s', memory]
                judged.append([*which, *found.cells()])
            checks.append(
                Check(
                    f'refused by the hour, late for {seconds:g} s, {noise}',
                    outcomes['hour'].refused,
                    MOST_REFUSED if times == 1 else None,
                )
            )
    text = f"""\
Paths are made up: a route that is longer than the best that a path ever had,
noise, rare changes, and spells in which it is late. Their sizes were fitted to
what was published of 50 paths between probes of RIPE Atlas: of requests with a
p95 budget of one to two times the best round trip, how many are kept in the
next hour, violated, or refused though they would be kept, by the least of
three pings every four minutes (published in brackets):

{table(rows)}

Of the same paths a prober of default settings has 64 packets in each 80 s, and
`edge_sched` goes by its newest window or by the hour. Atlas does not tell how
noisy single packets are, nor how long a path is late at a time. As budgets are
spread evenly, as many percent are refused as what is held is above what comes,
at the mean and in percent of the best round trip: 3 % are 0.6 of 20 ms.

{table(judged)}"""
    return [Section('An hour of memory on wired paths', text, checks)]


def as_atlas(chance: np.random.Generator) -> Mapping[str, Outcome]:
    """Paths as Atlas measures them, by what a budget is held against."""
    times = np.arange(2 * ATLAS_FIGURES) * HOUR_SECONDS / ATLAS_FIGURES
    figures = np.array(
        [
            make_path(chance, times, 1.0, SPELLS_SECONDS[1])
            for _ in range(ATLAS_PATHS)
        ]
    )
    budgets = chance.uniform(*BUDGETS, ATLAS_PATHS)
    past = np.sort(figures[:, :ATLAS_FIGURES], axis=1)
    would_keep = figures[:, ATLAS_FIGURES:].max(axis=1) <= budgets
    newest = figures[:, ATLAS_FIGURES - 1]
    q90 = past[:, -(-90 * ATLAS_FIGURES // 100) - 1]
    held = newest, past[:, -1], np.maximum(newest, q90)
    return {
        name: Outcome.of(each <= budgets, would_keep)
        for name, each in zip(PUBLISHED, held, strict=True)
    }


def make_path(
    chance: np.random.Generator,
    times: models.Array,
    noise: float,
    spell_seconds: float,
) -> models.Array:
    """Round trips at some seconds of two hours, to the best one.

    :param noise: times that of the least of three pings
    :param spell_seconds: how long it is late at a time, at the mean
    """
    rtts: models.Array = 1 + chance.exponential(ROUTE) * np.ones(len(times))
    mean_noise = noise * NOISE * chance.lognormal(0, NOISE_SIGMA)
    rtts += chance.exponential(mean_noise, len(times))
    for an_hour, seconds in (
        (CHANGES, CHANGE_SECONDS),
        (LATE * HOUR_SECONDS / spell_seconds, spell_seconds),
    ):
        # Those that began some time before may last until now.
        first = -5 * seconds
        span = 2 * HOUR_SECONDS - first
        for _ in range(chance.poisson(an_hour * span / HOUR_SECONDS)):
            start = first + span * chance.random()
            end = start + chance.exponential(seconds)
            during = slice(*np.searchsorted(times, (start, end)))
            rtts[during] += chance.exponential(LATER)
    return rtts


def as_prober(
    chance: np.random.Generator, noise: float, spell_seconds: float
) -> Mapping[Remembered, Outcome]:
    """Paths as our prober measures and the scheduler judges them."""
    count = 2 * _WINDOWS * models.WINDOW
    times = np.arange(count) * 2 * HOUR_SECONDS / count
    accepted: dict[Remembered, list[bool]] = {'window': [], 'hour': []}
    would_keep = []
    for _ in range(PATHS):
        rtts = make_path(chance, times, noise, spell_seconds)
        budget = chance.uniform(*BUDGETS)
        # At 20 ms, the reference.
        before, after = np.split(20.0 * rtts, 2)
        row = row_of(before.reshape(_WINDOWS, models.WINDOW))
        for memory, verdicts in accepted.items():
            verdicts.append(is_within(row, 20.0 * budget, memory))
        would_keep.append(nearest_rank(np.sort(after), 95) <= 20.0 * budget)
    return {
        memory: Outcome.of(np.array(verdicts), np.array(would_keep))
        for memory, verdicts in accepted.items()
    }


def row_of(windows: models.Array) -> Latency:
    """What the store has after an hour.

    :param windows: round trips, one window a row, the newest last
    """
    memory = Memory(PAUSE_SECONDS, 0.0)
    for number, window in enumerate(np.sort(windows, axis=1), start=1):
        newest = _statistics(window)
        memory.add(newest, number * PAUSE_SECONDS)
    hour = memory.hour(len(windows) * PAUSE_SECONDS)
    if hour is None:
        raise ValueError('no window')
    return Latency(
        'site',
        _CLIENT.canonical,
        newest.rtt_p50_ms,
        newest.rtt_p95_ms,
        _NOW,
        samples=newest.samples,
        rtt_p50_hour_ms=hour.rtt_p50_ms,
        rtt_p95_hour_ms=hour.rtt_p95_ms,
    )


def is_within(row: Latency, budget_ms: float, memory: Remembered) -> bool:
    """Whether the scheduler accepts a site for a p95 budget."""
    target = NearClient(_CLIENT, budget_ms)
    judge = Judge(
        target, Intent((target,)), Policy(memory=memory), _NOW, outage=False
    )
    (verdict,), _ = judge.judged([('site',)], Answer(True, ({'site': row},)))
    return verdict.standing == WITHIN


def _statistics(ranked: models.Array) -> Statistics:
    return Statistics(
        samples=len(ranked),
        loss_ratio=0.0,
        rtt_p50_ms=float(nearest_rank(ranked, 50)),
        rtt_p95_ms=float(nearest_rank(ranked, 95)),
        rtt_p99_ms=None,
        rtt_min_ms=float(ranked[0]),
        raw_min_ms=float(ranked[0]),
        pdv_ms=None,
        refused_ratio=0.0,
    )
