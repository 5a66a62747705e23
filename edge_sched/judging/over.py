# SPDX-License-Identifier: Apache-2.0

"""What is over a budget, by how much, and by which figure; for the reason."""

import math
from collections.abc import Callable, Sequence

from edge_sched.asking.intent import Intent
from edge_sched.judging.scoring import lower_bound
from edge_sched.judging.verdict import JITTER
from edge_sched.judging.verdict import LATENCY
from edge_sched.judging.verdict import LOSS
from edge_sched.judging.verdict import Verdict
from edge_sched.model.keys import NearClient
from edge_sched.model.latency import Percentile

_OF_HOUR = ' over the last hour'


def metrics_over(verdicts: Sequence[Verdict]) -> list[str]:
    """The one metric that is over at every host, else all that are at any."""
    metrics = [
        metric
        for metric in (LATENCY, JITTER, LOSS)
        if any(metric in verdict.over for verdict in verdicts)
    ]
    everywhere = [
        metric
        for metric in metrics
        if all(metric in verdict.over for verdict in verdicts)
    ]
    return everywhere[:1] or metrics


def budget(intent: Intent, target: NearClient, metric: str) -> str:
    match metric:
        case 'jitter':
            return f'{intent.jitter_budget_ms:.15g} ms jitter'
        case 'loss':
            return f'{intent.loss_budget_pct:.15g} % loss'
        case _:
            budget_ms = target.latency_budget_ms
            return f'{budget_ms:.15g} ms ({intent.percentile})'


def figures(intent: Intent) -> dict[str, Callable[[Verdict], float]]:
    """How to read each metric's judged figure off a verdict."""

    def latency_ms(verdict: Verdict) -> float:
        bound = _bound(intent, verdict)
        return bound[0] if bound else math.inf

    def jitter_ms(verdict: Verdict) -> float:
        row = verdict.latency
        return _or_inf(row.variation_ms() if row else None)

    def loss_pct(verdict: Verdict) -> float:
        row = verdict.latency
        ratio = row.held_loss_ratio if row else None
        return math.inf if ratio is None else ratio * 100

    return {LATENCY: latency_ms, JITTER: jitter_ms, LOSS: loss_pct}


def _bound(
    intent: Intent, verdict: Verdict
) -> tuple[float, Percentile] | None:
    row = verdict.latency
    return lower_bound(row, intent.percentile) if row else None


def by_what(intent: Intent, metric: str, verdict: Verdict) -> str:
    """What the figure is, unless it is that of the newest window.

    `` (p95)`` if that is over a budget at ``p99``, which is not known; `` in
    one of ten windows of the last hour``.
    """
    row = verdict.latency
    if row is None or metric == JITTER:
        return ''
    if metric == LOSS:
        hour_ratio = row.loss_hour_ratio
        is_of_hour = hour_ratio is not None
        is_of_hour &= row.held_loss_ratio == hour_ratio
        return _OF_HOUR if is_of_hour else ''
    bound = _bound(intent, verdict)
    if bound is None:
        return ''
    rtt_ms, percentile = bound
    said = '' if percentile == intent.percentile else f' ({percentile})'
    if percentile == 'p95' and row.rtt_p95_hour_ms is not None:
        if rtt_ms == row.rtt_p95_hour_ms:
            said += ' in one of ten windows of the last hour'
        else:
            said = ' (p50)'
    elif percentile == 'p50' and rtt_ms == row.rtt_p50_hour_ms:
        said += _OF_HOUR
    return said


def _or_inf(figure: float | None) -> float:
    return math.inf if figure is None else figure
