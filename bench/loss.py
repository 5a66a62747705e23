# SPDX-License-Identifier: Apache-2.0

"""What a loss budget is worth that is held against the hour.

Paths are made up: the share of packets that each loses is anything from 0.05
to 10 %, the logarithm even, and they are lost in bursts. Each is judged by
``Latency.held_loss_ratio``, and by what it loses in the hour after.
"""

import argparse
from collections.abc import Callable

import numpy as np

from bench import quality_models as models
from bench.result import Check
from bench.result import Section
from bench.result import table
from bench.wired import Outcome
from edge_sched.judging.scoring import WITHIN
from edge_sched.judging.scoring import check_loss
from edge_sched.model.latency import Latency
from edge_sched.probe.memory import HOUR_SECONDS
from edge_sched.probe.memory import PAUSE_SECONDS

PATHS = 4000
_WINDOWS = int(HOUR_SECONDS / PAUSE_SECONDS)

#: Of all packets, the least and the most.
LOST = 5e-4, 0.1
#: Packets of a burst, at the mean.
BURST = 3
#: By how much hours differ, of the logarithm; and how much of that stays in
#: the next hour and how much is new, so that it differs by as much.
DRIFTS = 0.0, 0.5, 1.0
_STAYS, _COMES = 0.8, 0.6

BUDGETS_PCT = 0.1, 0.5, 1.0, 2.0, 5.0

#: Of those violated, to as many by the newest window (chosen).
VIOLATED_RATIO = 0.5

Memories = dict[str, Callable[[Latency], Latency]]
MEMORIES: Memories = {'window': Latency.of_window, 'hour': lambda row: row}


def sections(options: argparse.Namespace) -> list[Section]:
    """Kept, violated, and refused though it would be kept, by memory."""
    rows = [['hours differ by', 'memory', 'kept', 'violated', 'refused']]
    checks = []
    for drift in DRIFTS:
        found = {memory: outcome(drift, memory) for memory in MEMORIES}
        for memory, each in found.items():
            rows.append([f'{drift:g}', memory, *each.cells()])
        checks.append(
            Check(
                f'violated by the hour / by the window, drift {drift:g}',
                found['hour'].violated / found['window'].violated,
                VIOLATED_RATIO,
            )
        )
    text = (
        f'{PATHS} paths that lose {LOST[0]:.2%} to {LOST[1]:.0%} in bursts of '
        f'{BURST}, each with budgets of {BUDGETS_PCT[0]:g} to '
        f'{BUDGETS_PCT[-1]:g} %. *Refused* are those that the next hour would '
        f'have kept.\n\n{table(rows)}'
    )
    return [Section('An hour of memory and loss', text, checks)]


def outcome(drift: float, memory: str) -> Outcome:
    """Of all paths with all budgets.

    :param drift: by how much the logarithm of what hours lose differs
    """
    chance = np.random.default_rng(7)
    usual = np.exp(chance.uniform(*np.log(LOST), PATHS))
    now = chance.normal(0, drift, PATHS)
    then = _STAYS * now + chance.normal(0, _COMES * drift, PATHS)
    before, after = (
        lost(chance, np.minimum(usual * np.exp(each), 0.5))
        for each in (now, then)
    )
    rows = [MEMORIES[memory](row_of(windows)) for windows in before]
    accepted = [
        check_loss(row.held_loss_ratio, budget) is WITHIN
        for budget in BUDGETS_PCT
        for row in rows
    ]
    would_keep = [
        100 * windows.mean() <= budget
        for budget in BUDGETS_PCT
        for windows in after
    ]
    return Outcome.of(np.array(accepted), np.array(would_keep))


def lost(chance: np.random.Generator, ratios: models.Array) -> models.Array:
    """What each path loses in each window of an hour, ``lost[path, window]``.

    :param ratios: of each path at the mean
    """
    size = len(ratios), _WINDOWS
    bursts = chance.poisson(
        ratios[:, np.newaxis] * models.WINDOW / BURST, size
    )
    packets = np.zeros(size)
    for number in range(bursts.max(initial=0)):
        packets += (bursts > number) * chance.geometric(1 / BURST, size)
    found: models.Array = np.minimum(packets / models.WINDOW, 1.0)
    return found


def row_of(windows: models.Array) -> Latency:
    """What the store has of a path after an hour.

    :param windows: loss of each window, the newest last
    """
    p50_ms = np.inf if windows[-1] > 0.5 else 10.0
    return Latency(
        'site',
        'client',
        p50_ms,
        p50_ms,
        0.0,
        loss_ratio=float(windows[-1]),
        loss_hour_ratio=float(windows.mean()),
    )
