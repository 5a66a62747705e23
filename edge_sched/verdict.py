# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""The verdict on one vantage (or chain of vantages) for one client."""

import dataclasses
import math
from collections.abc import Mapping, Sequence

from edge_sched.intent import Intent
from edge_sched.keys import NearClient
from edge_sched.latency import CLOCK_SKEW_SECONDS
from edge_sched.latency import Answer
from edge_sched.latency import Latency
from edge_sched.latency import Percentile
from edge_sched.scoring import Standing
from edge_sched.scoring import check_budget
from edge_sched.scoring import check_loss
from edge_sched.scoring import enough_samples
from edge_sched.scoring import keeps_headroom

#: The places a host measures from, most specific first, e.g.
#: ``('lyon-1', 'lyon', 'eu-west', 'cell1')``.
Chain = tuple[str, ...]

LATENCY, JITTER, LOSS = 'latency', 'jitter', 'loss'

NEVER_MEASURED = 'never measured'
STALE = 'stale'
TOO_FEW_SAMPLES = 'too few samples'
NOT_CARRIED = 'not carried'


@dataclasses.dataclass(frozen=True, slots=True)
class Policy:
    """The operator's settings that a judgement depends on.

    See the options of the same names in group ``[edge_sched]``.
    """

    max_age_seconds: float = 900.0
    rank_percentile: Percentile = 'p50'
    reference_latency_ms: float = 20.0
    tie_band_ms: float = 1.0
    fit_headroom: float = 0.1


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """How one client stands at one host or vantage.

    :param latency: the row that decided, ``None`` if never measured
    :param age_seconds: its age
    :param over: the metrics over their budgets, ``('latency', 'loss')``
    :param why: of unknown: one of the words above; else ``''``
    :param rank_ms: what it is ranked by, ``inf`` if lost; ``None`` unless
        the row is usable
    """

    standing: Standing
    latency: Latency | None = None
    age_seconds: float | None = None
    over: tuple[str, ...] = ()
    why: str = ''
    rank_ms: float | None = None

    def judged_ms(self, percentile: Percentile) -> float | None:
        """The figure that a latency budget is judged by."""
        return self.latency.rtt_ms(percentile) if self.latency else None


UNMEASURED = Verdict(Standing.UNKNOWN, why=NEVER_MEASURED)


def judge(
    chain: Sequence[str],
    answer: Answer,
    target: NearClient,
    intent: Intent,
    policy: Policy,
    now: float,
) -> Verdict:
    """Judge one client at a host.

    The first vantage of the chain with any row decides, usable or not: a
    cell-wide row must not certify a site whose own row went dark. A named
    client's prefixes are judged each, and the worst verdict is the name's.
    """
    verdicts = [
        judge_row(_first_row(chain, rows), target, intent, policy, now)
        for rows in answer.parts
    ]
    return min(
        verdicts,
        key=lambda verdict: _goodness(verdict, target, intent, policy),
        default=UNMEASURED,
    )


def judge_row(
    row: Latency | None,
    target: NearClient,
    intent: Intent,
    policy: Policy,
    now: float,
) -> Verdict:
    """Judge one row against the budgets that hold for a client."""
    if row is None:
        return UNMEASURED
    age_seconds = row.age_seconds(now)
    ahead_seconds = row.measured_at - now
    if (
        age_seconds > policy.max_age_seconds
        or ahead_seconds > CLOCK_SKEW_SECONDS
    ):
        return Verdict(Standing.UNKNOWN, row, age_seconds, why=STALE)

    standings = dict(_standings(row, target, intent, policy))
    worst = min(standings.values())
    rank_ms = row.rtt_ms(policy.rank_percentile)
    over = tuple(m for m, s in standings.items() if s is Standing.OVER)
    why = ''
    if worst is Standing.UNKNOWN:
        asked = _asked_percentile(target, intent, policy)
        few = not enough_samples(row.samples, asked) or (
            intent.jitter_budget_ms is not None
            and not enough_samples(row.samples, 'p95')
        )
        why = TOO_FEW_SAMPLES if few else NOT_CARRIED
    elif worst is Standing.WITHIN and rank_ms is None:
        worst, why = Standing.UNKNOWN, NOT_CARRIED
    if worst is Standing.UNKNOWN:
        rank_ms = None
    return Verdict(worst, row, age_seconds, over, why, rank_ms)


def _standings(
    row: Latency, target: NearClient, intent: Intent, policy: Policy
) -> list[tuple[str, Standing]]:
    """Each metric that is asked for, and how it stands to its budget."""
    asked = _asked_percentile(target, intent, policy)
    enough = enough_samples(row.samples, asked)
    rtt_ms = row.rtt_ms(asked)
    if target.latency_budget_ms is not None:
        latency = check_budget(rtt_ms, target.latency_budget_ms, enough)
    elif rtt_ms == math.inf and intent.has_budget:
        # Over no budget of this client's; its score is the least within.
        latency = Standing.WITHIN
    else:
        latency = check_budget(rtt_ms, math.inf, enough)
    standings = [(LATENCY, latency)]
    if intent.jitter_budget_ms is not None:
        standings.append(
            (
                JITTER,
                check_budget(
                    row.variation_ms(),
                    intent.jitter_budget_ms,
                    enough_samples(row.samples, 'p95'),
                ),
            )
        )
    if intent.loss_budget_pct is not None:
        standings.append(
            (LOSS, check_loss(row.loss_ratio, intent.loss_budget_pct))
        )
    return standings


def _asked_percentile(
    target: NearClient, intent: Intent, policy: Policy
) -> Percentile:
    """The judged percentile, without a latency budget the ranking one."""
    if target.latency_budget_ms is None:
        return policy.rank_percentile
    return intent.percentile


def _first_row(
    chain: Sequence[str], rows: Mapping[str, Latency]
) -> Latency | None:
    for vantage in chain:
        row = rows.get(vantage)
        if row is not None:
            return row
    return None


def _goodness(
    verdict: Verdict, target: NearClient, intent: Intent, policy: Policy
) -> tuple[Standing, bool, float]:
    """The larger, the better: of the same order as the score."""
    rank_ms = math.inf if verdict.rank_ms is None else verdict.rank_ms
    judged_ms = verdict.judged_ms(intent.percentile)
    budget_ms = target.latency_budget_ms
    in_strip = (
        verdict.standing is Standing.WITHIN
        and intent.objective == 'fit'
        and budget_ms is not None
        and judged_ms is not None
        and not keeps_headroom(judged_ms, budget_ms, policy.fit_headroom)
    )
    return verdict.standing, not in_strip, -rank_ms
