# SPDX-License-Identifier: Apache-2.0

"""What ``fit`` is for: near capacity left for those who need it.

Servers with tight and with loose budgets are asked for until the cloud is
full. ``nearest`` puts all of them at their nearest sites, and those whose
budget is tight find these full; ``fit`` has Nova spread the loose ones.
"""

from typing import NamedTuple

import numpy as np

from bench import quality_models as models
from bench.quality_cloud import Sites
from bench.quality_cloud import within
from bench.result import Check
from bench.result import Section
from bench.result import table

#: Servers that have room at each site.
SLOTS = 20

TIGHT_MS, LOOSE_MS = 20.0, 200.0
TIGHT_SHARE = 0.3

#: Requests by what there is room for.
LOADS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
JUDGED_LOAD = 0.9
TIGHT_RATIO = 1.2

NEAREST, FIT = 'nearest', 'fit'

TEXT = f"""\
, with room for {SLOTS} servers at each site. Of the requests {TIGHT_SHARE:.0%}
have a required p95 budget of {TIGHT_MS:g} ms, the others one of {LOOSE_MS:g}
ms, in random order, each of a client, any, whose budget an empty cloud could
keep. Shares are of the requests so far, and of their budgets; the round trip
is the mean of all who were served. Of these {{}} were over their budget."""


class Asks(NamedTuple):
    """Requests for servers: near whom, and within which budget."""

    clients: models.Indices
    budgets_ms: models.Array


class Served(NamedTuple):
    """What became of requests: the share of those that were served.

    :param tight: of those with a tight budget
    :param over: how many of the served were not within their budget
    """

    tight: float
    loose: float
    all: float
    mean_rtt_ms: float
    over: float


def make_asks(rtt_ms: models.Array, count: int, seed: int) -> Asks:
    """Requests in random order, each of which an empty cloud could serve."""
    chance = np.random.default_rng(seed)
    best_ms = rtt_ms.min(axis=0)
    tight = round(TIGHT_SHARE * count)
    budgets_ms = chance.permutation(
        np.repeat([TIGHT_MS, LOOSE_MS], [tight, count - tight])
    )
    clients = [
        chance.choice(np.flatnonzero(best_ms <= budget_ms))
        for budget_ms in budgets_ms
    ]
    return Asks(np.array(clients), budgets_ms)


def served(
    asks: Asks, picks: models.Indices, rtt_ms: models.Array
) -> list[Served]:
    """Of the first requests up to each load, by the sites of all."""
    got = picks != models.NOWHERE
    picked_ms = np.where(got, rtt_ms[picks, asks.clients], np.nan)
    found = []
    for load in LOADS:
        first = slice(round(load * len(picks)))
        budgets_ms, kept = asks.budgets_ms[first], got[first]
        found.append(
            Served(
                tight=kept[budgets_ms == TIGHT_MS].mean(),
                loose=kept[budgets_ms == LOOSE_MS].mean(),
                all=kept.mean(),
                mean_rtt_ms=np.nanmean(picked_ms[first]),
                over=(picked_ms[first] > budgets_ms).sum(),
            )
        )
    return found


def section(
    title: str, about: str, matrix: models.Array, sites: Sites, splits: int
) -> Section:
    """Fill the same clouds by the same requests, with either objective."""
    by_split: dict[str, list[list[Served]]] = {NEAREST: [], FIT: []}
    for seed in range(splits):
        rtt_ms = models.split_matrix(matrix, seed)
        sites.measure(models.Statistics(rtt_ms, rtt_ms))
        asks = make_asks(rtt_ms, models.SITES * SLOTS, seed)
        for objective, found in by_split.items():
            requests = [
                (client, {**within(budget_ms), 'edge:objective': objective})
                for client, budget_ms in zip(*asks, strict=True)
            ]
            picks = sites.place(SLOTS, requests)
            found.append(served(asks, picks, rtt_ms))
    # figures[split, load, figure]
    nearest, fit = map(np.array, by_split.values())
    rows = [['offered load', 'objective', *Served._fields[:3], 'mean ms']]
    rows[0].append('tight / nearest')
    for number, load in enumerate(LOADS):
        for objective, figures in ((NEAREST, nearest), (FIT, fit)):
            *shares, mean_ms, _ = figures[:, number].mean(axis=0)
            ratio = (figures[:, number, 0] / nearest[:, number, 0]).mean()
            cells = [f'{share:.1%}' for share in shares]
            cells += [f'{mean_ms:.1f}', f'{ratio:.2f}']
            rows.append([f'{load:.0%}', objective, *cells])
    judged = LOADS.index(JUDGED_LOAD)
    over = nearest[:, -1, -1].sum() + fit[:, -1, -1].sum()
    check = Check(
        f'tight budgets served at {JUDGED_LOAD:.0%} load, fit / nearest',
        float((fit[:, judged, 0] / nearest[:, judged, 0]).mean()),
        TIGHT_RATIO,
        at_most=False,
    )
    text = f'{about}{TEXT.format(int(over))}\n\n{table(rows)}'
    return Section(f'fit against nearest, {title}', text, [check])
