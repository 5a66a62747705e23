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

"""Picks of many requests, and the tables that are made of them."""

import collections
from collections.abc import Mapping

import nova.conf
import numpy as np

from bench import report
from bench.quality_measures import Array
from bench.quality_measures import Indices
from bench.quality_measures import Kept
from bench.quality_measures import Quality
from bench.quality_measures import at

CONF = nova.conf.CONF


class Tally:
    """The round trips to what was picked, chooser by chooser."""

    def __init__(self) -> None:
        self._picked_ms: dict[str, list[Array]] = collections.defaultdict(list)
        self._best_ms: list[Array] = []

    def add(self, truth_ms: Array, picks: Mapping[str, Indices]) -> None:
        """Take picks by what the round trips turned out to be.

        :param picks: ``{'random': array([3, 0, ...])}``
        """
        self._best_ms.append(truth_ms.min(axis=0))
        for chooser, sites in picks.items():
            self._picked_ms[chooser].append(at(truth_ms, sites))

    @property
    def requests(self) -> int:
        """How many there were."""
        return sum(map(len, self._best_ms))

    def qualities(self) -> dict[str, Quality]:
        """Of all picks of each chooser."""
        best_ms = np.concatenate(self._best_ms)
        return {
            chooser: Quality.of(
                np.concatenate(picked), best_ms, CONF.edge_sched.tie_band_ms
            )
            for chooser, picked in self._picked_ms.items()
        }


def quality_table(qualities: Mapping[str, Quality]) -> str:
    """A row for each chooser."""
    rows = [
        [
            'picked by',
            'less than a tie band from the best',
            'within 1 ms',
            'within 5 ms',
            'within 10 %',
            'mean penalty',
            'p95 penalty',
        ]
    ]
    for chooser, quality in qualities.items():
        shares = (
            quality.in_band,
            quality.within_1_ms,
            quality.within_5_ms,
            quality.within_tenth,
        )
        rows.append(
            [
                chooser,
                *map(percent, shares),
                f'{quality.mean_penalty_ms:.2f} ms',
                f'{quality.p95_penalty_ms:.2f} ms',
            ]
        )
    return report.table(rows)


def kept_table(kept: Mapping[str, Mapping[float, Kept]]) -> str:
    """A row for each chooser, with two columns for each budget.

    :param kept: ``{'random': {300.0: Kept(...), ...}}``
    """
    budgets_ms = next(iter(kept.values()))
    rows = [['picked by']]
    for budget_ms in budgets_ms:
        rows[0] += [f'placed, {budget_ms:g} ms', 'of these violated']
    for chooser, by_budget in kept.items():
        rows.append([chooser])
        for found in by_budget.values():
            rows[-1].append(percent(found.placed / found.asked))
            rows[-1].append(
                percent(found.violated / found.placed) if found.placed else '-'
            )
    return report.table(rows)


def percent(share: float) -> str:
    """``0.9761`` is ``97.6 %``."""
    return f'{100 * share:.1f} %'
