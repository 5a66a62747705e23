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

"""What ``fit`` is for: near capacity left for those who need it.

Servers with tight and with loose budgets are asked for until the cloud is
full. ``nearest`` puts all of them at their nearest sites, and those whose
budget is tight find these full; ``fit`` has Nova spread the loose ones.
"""

import collections
import dataclasses
import statistics
from collections.abc import Mapping, Sequence
from typing import Self, TypeAlias

import numpy as np

from bench import report
from bench.quality_cloud import Cloud
from bench.quality_cloud import Sites
from bench.quality_cloud import near
from bench.quality_measures import SITES
from bench.quality_measures import Array
from bench.quality_measures import Statistics
from bench.quality_measures import split_matrix
from bench.quality_report import percent
from bench.result import Check
from bench.result import Section

#: Servers that have room at each site.
SLOTS = 20

TIGHT_MS = 20.0
LOOSE_MS = 200.0
TIGHT_SHARE = 0.3

#: Requests by what there is room for.
LOADS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
JUDGED_LOAD = 0.9
TIGHT_RATIO = 1.2

NEAREST, FIT = 'nearest', 'fit'

TEXT = """\
{sites} of {nodes} nodes are sites with room for {slots} servers each, all
others clients; {splits} splits by chance, seeds 0 to {last}.
Of the requests {tight} have a required p95 budget of {tight_ms:g} ms, the
others one of {loose_ms:g} ms, in random order, each of a client, any, whose
budget an empty cloud could keep. Every flavor has the same objective.

Shares are of the requests so far, and of their budgets; the round trip is the
mean of all who were served. Of these {over} were over their budget.

{table}"""


@dataclasses.dataclass(frozen=True)
class Ask:
    """A request for a server near a client."""

    client: int
    budget_ms: float


@dataclasses.dataclass(frozen=True)
class Served:
    """What became of some requests.

    :param tight: the share of those with a tight budget that were served
    :param loose: of those with a loose one
    :param all: of all
    :param mean_rtt_ms: of all that were served
    :param over: how many of these were not within their budget
    """

    tight: float
    loose: float
    all: float
    mean_rtt_ms: float
    over: int

    @classmethod
    def of(
        cls,
        asks: Sequence[Ask],
        picks: Sequence[int | None],
        rtt_ms: Array,
    ) -> Self:
        """Of requests, and the sites that they were given."""
        served = [
            (ask, float(rtt_ms[site, ask.client]))
            for ask, site in zip(asks, picks, strict=True)
            if site is not None
        ]
        asked, got = (
            collections.Counter(ask.budget_ms for ask in some)
            for some in (asks, [ask for ask, _ in served])
        )
        return cls(
            tight=got[TIGHT_MS] / asked[TIGHT_MS],
            loose=got[LOOSE_MS] / asked[LOOSE_MS],
            all=len(served) / len(asks),
            mean_rtt_ms=statistics.fmean(rtt for _, rtt in served),
            over=sum(rtt > ask.budget_ms for ask, rtt in served),
        )


def make_asks(rtt_ms: Array, count: int, seed: int) -> list[Ask]:
    """Requests in random order, each of which an empty cloud could serve.

    :param rtt_ms: ``rtt_ms[site, client]``
    """
    chance = np.random.default_rng(seed)
    best_ms = rtt_ms.min(axis=0)
    tight = round(TIGHT_SHARE * count)
    budgets_ms = np.repeat([TIGHT_MS, LOOSE_MS], [tight, count - tight])
    return [
        Ask(
            int(chance.choice(np.flatnonzero(best_ms <= budget_ms))), budget_ms
        )
        for budget_ms in chance.permutation(budgets_ms).tolist()
    ]


#: By objective, for each split what was served up to each load.
Results: TypeAlias = Mapping[str, Sequence[Sequence[Served]]]


def section(title: str, matrix: Array, sites: Sites, splits: int) -> Section:
    """Fill the same clouds by the same requests, with either objective."""
    served: dict[str, list[list[Served]]] = {NEAREST: [], FIT: []}
    for seed in range(splits):
        rtt_ms = split_matrix(matrix, seed)
        sites.measure(Statistics(rtt_ms, rtt_ms))
        asks = make_asks(rtt_ms, SITES * SLOTS, seed)
        for objective, by_split in served.items():
            picks = _place(sites.cloud(SLOTS), asks, objective)
            counts = [round(load * len(asks)) for load in LOADS]
            by_split.append(
                [Served.of(asks[:n], picks[:n], rtt_ms) for n in counts]
            )
    text = TEXT.format(
        sites=SITES,
        nodes=len(matrix),
        slots=SLOTS,
        splits=splits,
        last=splits - 1,
        tight=percent(TIGHT_SHARE),
        tight_ms=TIGHT_MS,
        loose_ms=LOOSE_MS,
        over=sum(
            loads[-1].over
            for by_split in served.values()
            for loads in by_split
        ),
        table=_table(served),
    )
    return Section(
        f'fit against nearest, {title}', text, [_check_judged_load(served)]
    )


def _place(
    cloud: Cloud, asks: Sequence[Ask], objective: str
) -> list[int | None]:
    """The site of each server, ``None`` for those that are refused."""
    return [
        cloud.place(
            {
                'edge:latency_budget_ms': f'{ask.budget_ms:g}',
                'edge:objective': objective,
            },
            near(ask.client),
        )
        for ask in asks
    ]


def _table(served: Results) -> str:
    rows = [
        [
            'offered load',
            'objective',
            'tight served',
            'loose served',
            'all served',
            'mean round trip',
            'tight / nearest',
        ]
    ]
    for number, load in enumerate(LOADS):
        for objective in served:
            mean = _mean(served, objective, number)
            rows.append(
                [
                    f'{load:.0%}',
                    objective,
                    percent(mean.tight),
                    percent(mean.loose),
                    percent(mean.all),
                    f'{mean.mean_rtt_ms:.1f} ms',
                    f'{tight_ratio(served, objective, number):.2f}',
                ]
            )
    return report.table(rows)


def _check_judged_load(served: Results) -> Check:
    number = LOADS.index(JUDGED_LOAD)
    fit_ms, nearest_ms = (
        _mean(served, objective, number).mean_rtt_ms
        for objective in (FIT, NEAREST)
    )
    return Check(
        f'tight budgets served at {JUDGED_LOAD:.0%} load, fit / nearest',
        tight_ratio(served, FIT, number),
        TIGHT_RATIO,
        at_most=False,
        beside=f'mean round trip of all served {fit_ms:.1f} ms, '
        f'{nearest_ms:.1f} ms with nearest',
    )


def _mean(served: Results, objective: str, number: int) -> Served:
    """The mean of all splits at a load."""
    at_load = [loads[number] for loads in served[objective]]
    return Served(
        tight=statistics.fmean(each.tight for each in at_load),
        loose=statistics.fmean(each.loose for each in at_load),
        all=statistics.fmean(each.all for each in at_load),
        mean_rtt_ms=statistics.fmean(each.mean_rtt_ms for each in at_load),
        over=sum(each.over for each in at_load),
    )


def tight_ratio(served: Results, objective: str, number: int) -> float:
    """How many more tight budgets are served; the mean of all splits."""
    return statistics.fmean(
        ours[number].tight / nearest[number].tight
        for ours, nearest in zip(
            served[objective], served[NEAREST], strict=True
        )
    )
