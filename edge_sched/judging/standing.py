# SPDX-License-Identifier: Apache-2.0

"""How a server stands where it is, and what it would gain elsewhere."""

import math
from collections.abc import Iterable, Mapping
from typing import Generic, NamedTuple

from edge_sched.asking.intent import Intent
from edge_sched.judging.decision import Decision
from edge_sched.judging.decision import HostVerdict
from edge_sched.judging.decision import Where
from edge_sched.judging.scoring import OVER
from edge_sched.judging.scoring import UNKNOWN
from edge_sched.judging.scoring import Standing
from edge_sched.judging.scoring import lower_bound
from edge_sched.judging.verdict import Verdict
from edge_sched.model.client import Client
from edge_sched.model.keys import NearClient


class Comparison(NamedTuple, Generic[Where]):
    """A server at its place, and at the best of the others.

    :param client: the one that is worst off here; ``None`` if nobody must be
        near. All figures are of this one
    :param judged_ms: what its latency budget is judged by, ``inf`` if lost;
        ``None`` if that is unknown
    :param budget_ms: its latency budget, ``None`` if it has none
    :param best: ``None`` if there is none
    :param gain_ms: by how much it is nearer there, below 0 if it is farther;
        ``None`` if either figure is lost or unknown
    """

    standing: Standing
    client: Client | None
    judged_ms: float | None
    budget_ms: float | None
    best: Where | None
    best_ms: float | None
    gain_ms: float | None


def best_first(
    verdicts: Mapping[Where, HostVerdict],
    places: Iterable[Where],
    scores: Mapping[Where, float] | None = None,
) -> list[Where]:
    """The places that would be accepted and were measured, the best first.

    Of those that score alike the nearer comes first, whatever its tie band:
    there is no load to be spread here.

    :param scores: if they are others than those of the verdicts
    """

    def order(place: Where) -> tuple[float, float]:
        verdict = verdicts[place]
        score = verdict.score if scores is None else scores[place]
        rank_ms = verdict.deciding.rank_ms
        return -score, math.inf if rank_ms is None else rank_ms

    return sorted(
        (
            place
            for place in places
            if verdicts[place].accepted
            and verdicts[place].standing is not UNKNOWN
        ),
        key=order,
    )


def compare(
    decision: Decision[Where],
    here: Where,
    best: Where | None,
) -> Comparison[Where]:
    """What there is to say of a server.

    :param best: of the other places
    """
    intent, verdict = decision.intent, decision.verdicts[here]
    if not intent.targets:
        return Comparison(verdict.standing, None, None, None, best, None, None)
    number = verdict.verdicts.index(verdict.deciding)
    target = intent.targets[number]
    judged_ms = figure_ms(verdict.deciding, target, intent)
    best_ms = None
    if best is not None:
        there = decision.verdicts[best].verdicts[number]
        best_ms = figure_ms(there, target, intent)
    return Comparison(
        verdict.standing,
        target.client,
        judged_ms,
        target.latency_budget_ms,
        best,
        best_ms,
        _gain_ms(judged_ms, best_ms),
    )


def figure_ms(
    verdict: Verdict, target: NearClient, intent: Intent
) -> float | None:
    """What the latency of a client is judged by.

    Of what is over at a lower percentile already it is the figure at that
    one: the other is no less. Without a budget it is what hosts are ranked by.

    :return: ``None`` of what is unknown
    """
    row = verdict.latency
    if row is None or verdict.standing is UNKNOWN:
        return None
    if target.latency_budget_ms is None:
        return verdict.rank_ms
    if verdict.standing is OVER:
        bound = lower_bound(row, intent.percentile)
        return bound and bound[0]
    return row.held_ms(intent.percentile)


def _gain_ms(judged_ms: float | None, best_ms: float | None) -> float | None:
    if judged_ms is None or best_ms is None:
        return None
    gain_ms = judged_ms - best_ms
    return gain_ms if math.isfinite(gain_ms) else None
