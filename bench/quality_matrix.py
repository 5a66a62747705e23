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

"""Picks when everything is known: one matrix, the truth and the rows alike."""

import numpy as np

from bench import quality_choosers as choosers
from bench.quality_cloud import Sites
from bench.quality_measures import SITES
from bench.quality_measures import Array
from bench.quality_measures import Quality
from bench.quality_measures import Statistics
from bench.quality_measures import split_matrix
from bench.quality_report import Tally
from bench.quality_report import quality_table
from bench.result import Check
from bench.result import Section

IN_BAND = 0.99
WITHIN_1_MS = 0.97

TEXT = """\
{sites} of {nodes} nodes are sites, all others clients; {splits} splits by
chance, seeds 0 to {last}; {requests} requests without a budget.
A path has one figure, which is its p50 and its p95, and does not change: the
latest sample and EWMA are the oracle here, and there is no next hour.

{table}"""


def section(title: str, matrix: Array, sites: Sites, splits: int) -> Section:
    """Judge picks by the very matrix that they were made by."""
    tally = Tally()
    for seed in range(splits):
        rtt_ms = split_matrix(matrix, seed)
        sites.measure(Statistics(rtt_ms, rtt_ms))
        count = rtt_ms.shape[1]
        chance = np.random.default_rng(seed)
        picks = {
            choosers.RANDOM: choosers.by_chance(SITES, count, chance),
            choosers.STOCK: choosers.by_stock_nova(sites, count),
            choosers.OURS: choosers.by_edge_sched(sites, count),
            choosers.ORACLE: choosers.by_least(rtt_ms),
        }
        tally.add(rtt_ms, picks)
    qualities = tally.qualities()
    text = TEXT.format(
        sites=SITES,
        nodes=len(matrix),
        splits=splits,
        last=splits - 1,
        requests=tally.requests,
        table=quality_table(qualities),
    )
    return Section(
        f'Picks with full knowledge, {title}',
        text,
        checks(qualities[choosers.OURS]),
    )


def checks(ours: Quality) -> list[Check]:
    """The figures of edge_sched beside their targets."""
    return [
        Check(
            'picks less than a tie band from the best',
            ours.in_band,
            IN_BAND,
            at_most=False,
        ),
        Check(
            'picks within 1 ms of the best',
            ours.within_1_ms,
            WITHIN_1_MS,
            at_most=False,
        ),
    ]
