# SPDX-License-Identifier: Apache-2.0

"""Judge how good the picks of edge_sched are, on measured round trips.

A data set is a file of numpy's (.npz): one matrix of round trips, or one for
each time at which all was measured again. Some nodes become sites and all
others clients; what is known goes through the latency store, our request
filter, filter and weighers, and those of Nova.
"""

import argparse
import os
import pathlib
from collections.abc import Iterator, Sequence

import nova.conf
import numpy as np

from bench import quality_load
from bench import quality_models as models
from bench.configuration import configured
from bench.quality_cloud import Request
from bench.quality_cloud import Sites
from bench.quality_cloud import within
from bench.result import Check
from bench.result import Section
from bench.result import table
from demo.matrix import BadDatasetError
from demo.matrix import read_frames
from demo.matrix import read_matrix

CONF = nova.conf.CONF

FOLDER = 'EDGE_SCHED_DATASETS'

#: So many there must be at least, half of them clients.
NODES = 2 * models.SITES

#: Ways to choose the sites. The share of good picks differs by three points
#: from one to the next where paths are noisy.
SPLITS = 5

#: At so many times of frames picks are made, by what was measured so far.
INSTANTS = 6

#: p95 budgets, one a client by turns (chosen: the next hour of the nearest
#: site keeps the least of them for nobody, the largest for almost all).
BUDGETS_MS = tuple(100.0 * number for number in range(1, 11))

#: Of picks with full knowledge.
IN_BAND = 0.99
WITHIN_1_MS = 0.97

#: Of picks for the next hour, as either end measures.
WITHIN_TENTH = {'clients': 0.85, 'sites': 0.79}

#: Of servers over their budgets in the next hour, to those where the newest
#: window alone is known; and of those that are within, likewise.
VIOLATED_RATIO = 0.6
KEPT_RATIO = 0.95

MATRIX = """\
. A path has one figure, which is its p50 and its p95, and does not change."""

FRAMES = f"""\
, at {INSTANTS} instants each. Picks are judged by the {models.HOUR} frames, an
hour, after an instant. The store of `edge_sched` has what a prober of default
settings publishes: p50 and p95 of the 80 s before it ({models.WINDOW_FRAMES}
frames), and of all such windows of the hour the median p50 and the 90th
percentile of p95. That of `{models.NEWEST}` has the 80 s alone, those
of `edge_sched, 17 min` and `edge_sched, 1 h` take {models.WINDOW} and
{models.HOUR} frames for one window. The other choosers know the hour before.
A client is left out at an instant if there is a site to which nothing was
measured in one of the two hours.

Each path was measured by both ends, and these differ: personal devices probe
each other. The prober of edge_sched measures as the sites do."""

KEPT = f"""\
As many with a required p95 budget, {BUDGETS_MS[0]:g} to {BUDGETS_MS[-1]:g} ms
by turns. Only edge_sched and the oracle refuse what they think cannot be kept.
Shares are of all requests."""


class Trial:
    """The picks of everyone at several instants.

    :param budgets_ms: if there are requests with budgets besides
    """

    def __init__(self, sites: Sites, budgets_ms: Sequence[float] = ()) -> None:
        self._sites = sites
        self._budgets_ms = budgets_ms
        self._best_ms: list[models.Array] = []
        self._picked_ms: dict[str, list[models.Array]] = {}
        #: By chooser, of each instant and budget.
        self._kept: dict[str, list[models.Kept]] = {}

    def judge(
        self, instant: models.Instant, chance: np.random.Generator
    ) -> None:
        """Let everyone pick by what is known, and judge by what came."""
        truth, sites = instant.next, self._sites
        count = truth.p50_ms.shape[1]
        asked_ms = np.resize(self._budgets_ms, count)
        nearest: list[Request] = [(client, {}) for client in range(count)]
        with_budget = [
            (client, within(budget_ms))
            for client, budget_ms in enumerate(asked_ms)
        ]
        picks = {
            models.RANDOM: models.by_chance(count, chance),
            models.STOCK: sites.place(count, nearest, with_ours=False),
        }
        for name, guess_ms in instant.guesses_ms.items():
            picks[name] = models.by_least(guess_ms)
        kept_picks = dict(picks)
        for name, known in instant.remembered.items():
            sites.measure(known)
            picks[name] = sites.place(count, nearest)
            if self._budgets_ms:
                kept_picks[name] = sites.place(count, with_budget)
        picks[models.ORACLE] = models.by_least(truth.p50_ms)
        self._best_ms.append(truth.p50_ms.min(axis=0))
        for name, found in picks.items():
            picked_ms = models.at(truth.p50_ms, found)
            self._picked_ms.setdefault(name, []).append(picked_ms)
        best = models.by_least(truth.p95_ms)
        can_be_kept = models.at(truth.p95_ms, best) <= asked_ms
        kept_picks[models.ORACLE] = np.where(can_be_kept, best, models.NOWHERE)
        for budget_ms in self._budgets_ms:
            asked = asked_ms == budget_ms
            of_asked_ms = truth.p95_ms[:, asked]
            for name, found in kept_picks.items():
                kept = models.Kept.of(found[asked], of_asked_ms, budget_ms)
                self._kept.setdefault(name, []).append(kept)

    def qualities(self) -> dict[str, models.Quality]:
        """Of all picks of each chooser."""
        best_ms = np.concatenate(self._best_ms)
        return {
            name: models.Quality.of(
                np.concatenate(picked), best_ms, CONF.edge_sched.tie_band_ms
            )
            for name, picked in self._picked_ms.items()
        }

    def quality_table(self) -> str:
        """A row for each chooser."""
        head = 'less than a tie band from the best', 'within 1 ms'
        more = 'within 5 ms', 'within 10 %', 'mean penalty', 'p95 penalty'
        rows = [['picked by', *head, *more]]
        for name, (*shares, mean_ms, p95_ms) in self.qualities().items():
            cells = [f'{share:.1%}' for share in shares]
            rows.append(
                [name, *cells, f'{mean_ms:.2f} ms', f'{p95_ms:.2f} ms']
            )
        requests = sum(map(len, self._best_ms))
        return f'{requests} requests without a budget:\n\n{table(rows)}'

    def kept(self) -> dict[str, models.Kept]:
        """Of all requests with a budget, by chooser."""
        return {
            name: models.Kept(*map(sum, zip(*found, strict=True)))
            for name, found in self._kept.items()
        }

    def kept_table(self) -> str:
        """A row for each chooser."""
        rows = [['picked by', 'placed', 'kept', 'violated']]
        for name, (asked, placed, violated) in self.kept().items():
            counts = placed, placed - violated, violated
            rows.append([name, *(f'{each / asked:.1%}' for each in counts)])
        return f'{KEPT}\n\n{table(rows)}'


def sections(options: argparse.Namespace) -> list[Section]:
    """What there is to say of each data set.

    :raises BadDatasetError: for a file that cannot be used
    """
    paths = options.dataset or find_datasets()
    if not paths:
        skipped = (
            f'Skipped: no `--dataset`, and no folder of them in `{FOLDER}`.'
        )
        return [Section('Decision quality', skipped)]
    datasets = [(path.stem, read(path)) for path in paths]
    found: list[Section] = []
    # Measurements change from one request to the next.
    with configured(cache_ttl=0) as folder:
        sites = Sites(folder)
        for name, dataset in datasets:
            about = (
                f'{models.SITES} of {dataset.shape[-1]} nodes are sites, all '
                f'others clients; {SPLITS} splits by chance'
            )
            if dataset.ndim == 3:
                found.append(_for_the_next_hour(name, about, dataset, sites))
            else:
                found += [
                    _with_full_knowledge(name, about, dataset, sites),
                    quality_load.section(name, about, dataset, sites, SPLITS),
                ]
    return found


def find_datasets() -> list[pathlib.Path]:
    """The files in the folder that the environment names."""
    folder = os.environ.get(FOLDER)
    return sorted(pathlib.Path(folder).glob('*.npz')) if folder else []


def read(path: pathlib.Path) -> models.Array:
    """A matrix, or a row of them: ``frames[time, from, to]``.

    :raises BadDatasetError: for what is neither, or too small
    """
    frames = read_frames(path)
    if frames is None:
        return read_matrix(path, NODES)
    times, nodes, _ = frames.shape
    if nodes < NODES or times < 2 * models.HOUR:
        raise BadDatasetError(
            f'{path} has {times} times {nodes} nodes; needed are '
            f'{2 * models.HOUR} times {NODES} at least'
        )
    return frames


def _with_full_knowledge(
    title: str, about: str, matrix: models.Array, sites: Sites
) -> Section:
    """Judge picks by the very matrix that they were made by."""
    trial = Trial(sites)
    for seed in range(SPLITS):
        rtt_ms = models.split_matrix(matrix, seed)
        known = models.Statistics(rtt_ms, rtt_ms)
        instant = models.Instant({models.OURS: known}, {}, known)
        trial.judge(instant, np.random.default_rng(seed))
    ours = trial.qualities()[models.OURS]
    return Section(
        f'Picks with full knowledge, {title}',
        f'{about}{MATRIX}\n\n{trial.quality_table()}',
        [
            Check(f'picks {what} the best', share, target, at_most=False)
            for what, share, target in (
                ('less than a tie band from', ours.in_band, IN_BAND),
                ('within 1 ms of', ours.within_1_ms, WITHIN_1_MS),
            )
        ],
    )


def _for_the_next_hour(
    title: str, about: str, frames: models.Array, sites: Sites
) -> Section:
    """Judge picks by the hour after, as either end measures it.

    :param frames: ``frames[time, from, to]``
    """
    text = about + FRAMES
    checks = []
    ends = {'clients': frames.transpose(0, 2, 1), 'sites': frames}
    for end, seen in ends.items():
        trial = _run_frames(seen, sites)
        text += f'\n\nMeasured by the {end}, {trial.quality_table()}'
        text += f'\n\n{trial.kept_table()}'
        checks += _checks(trial, end)
    return Section(f'Picks for the next hour, {title}', text, checks)


def _checks(trial: Trial, end: str) -> Iterator[Check]:
    for name in (models.OURS, models.NEWEST):
        yield Check(
            f'within 10 % of the oracle, {name}, seen by the {end}',
            trial.qualities()[name].within_tenth,
            WITHIN_TENTH[end] if name == models.OURS else None,
            at_most=False,
        )
    kept = trial.kept()
    ours, newest = kept[models.OURS], kept[models.NEWEST]
    yield Check(
        f'budgets violated / with the newest window, seen by the {end}',
        ours.violated / newest.violated,
        VIOLATED_RATIO,
    )
    yield Check(
        f'budgets kept / with the newest window, seen by the {end}',
        (ours.placed - ours.violated) / (newest.placed - newest.violated),
        KEPT_RATIO,
        at_most=False,
    )


def _run_frames(frames: models.Array, cloud: Sites) -> Trial:
    """Pick and judge at even distances, with a whole hour around each.

    :param frames: ``frames[time, site, client]``; all nodes are both
    """
    trial = Trial(cloud, BUDGETS_MS)
    last = len(frames) - models.HOUR
    times = np.linspace(models.HOUR, last, INSTANTS).astype(int)
    for seed in range(SPLITS):
        sites, clients = models.split_nodes(frames.shape[1], seed)
        seen = frames[:, sites][:, :, clients]
        chance = np.random.default_rng(seed)
        for time in times:
            trial.judge(models.Instant.of(seen, time), chance)
    return trial
