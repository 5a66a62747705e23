# SPDX-License-Identifier: Apache-2.0

"""Why no host is left, in words that the user reads.

They are part of a server's fault, so they name sites or zones only, never
hosts or cells, and are at most 180 bytes: Nova cuts a fault's message at 255
and puts its own words before ours.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from edge_sched.asking.intent import Intent
from edge_sched.judging.ages import duration
from edge_sched.judging.ages import future
from edge_sched.judging.decision import Decision
from edge_sched.judging.decision import HostVerdict
from edge_sched.judging.decision import Where
from edge_sched.judging.decision import acceptance
from edge_sched.judging.scoring import OVER
from edge_sched.judging.scoring import TOLERANCE
from edge_sched.judging.scoring import lower_bound
from edge_sched.judging.verdict import FUTURE
from edge_sched.judging.verdict import JITTER
from edge_sched.judging.verdict import LATENCY
from edge_sched.judging.verdict import LOSS
from edge_sched.judging.verdict import NEVER_MEASURED
from edge_sched.judging.verdict import NOT_CARRIED
from edge_sched.judging.verdict import NOT_PLACED
from edge_sched.judging.verdict import ONLY_DERIVED
from edge_sched.judging.verdict import STALE
from edge_sched.judging.verdict import TOO_FEW_SAMPLES
from edge_sched.judging.verdict import Verdict
from edge_sched.model.client import Client
from edge_sched.model.keys import NearClient
from edge_sched.model.latency import Percentile
from edge_sched.model.text import shorten

STORE_AWAY = 'latency data is temporarily unavailable'

MAX_BYTES = 180
_MAX_NAME = 32
_NAMED_SITES = 2

#: The unknown that is nearest to being usable speaks for the rest; but where
#: a server cannot be placed, nothing was looked for.
_WHY_ORDER = (
    NOT_PLACED,
    NOT_CARRIED,
    TOO_FEW_SAMPLES,
    FUTURE,
    STALE,
    ONLY_DERIVED,
    NEVER_MEASURED,
)

#: Those that a measurement would help.
_WANT_ROWS = (STALE, ONLY_DERIVED, NEVER_MEASURED)


def unmeasured(decision: Decision[Where]) -> Client | None:
    """For whose lack of rows no host is left, ``None`` if it is not that."""
    intent = decision.intent
    for target, at in _accepted_nowhere(decision):
        if _are_over(intent, at):
            return None
        whys = {verdict.why for _, verdict in at if verdict.why}
        if whys and min(whys, key=_WHY_ORDER.index) in _WANT_ROWS:
            return target.client
        return None
    return None


def refusal(
    decision: Decision[Where],
    labels: Mapping[Where, str],
    detail: str,
    more: Mapping[Client, str] = MappingProxyType({}),
) -> str:
    """The reason why no host of a decision is left.

    ``no site within 20 ms (p95) of 203.0.113.7: nearest is lyon at 31 ms,
    measured 40 s ago``, or ``no usable latency data for 203.0.113.7 (newest
    is 2 h old)``.

    :param labels: what a user is told of each place: a site or a zone, ``''``
        for nothing
    :param detail: ``figure``, ``site`` (no figures, no ages) or ``none``
    :param more: what there is to say besides of a client that is unmeasured,
        ``: 203.0.113.0/24 is being measured, try again in 15 s``
    """
    intent = decision.intent
    for target, at in _accepted_nowhere(decision):
        client = target.client
        if client in more and not _are_over(intent, at):
            return bounded(
                f'no usable latency data for {client}{more[client]}'
            )
        return bounded(_of_client(intent, target, at, labels, detail))
    return bounded(_of_all(intent, decision.verdicts, labels, detail))


def _accepted_nowhere(
    decision: Decision[Where],
) -> Iterator[tuple[NearClient, Sequence[tuple[Where, Verdict]]]]:
    """The clients that no place is near enough to, with what each has."""
    accepts = acceptance(decision.intent)
    for i, target in enumerate(decision.intent.targets):
        at = [(w, h.verdicts[i]) for w, h in decision.verdicts.items()]
        if not any(accepts(verdict) for _, verdict in at):
            yield target, at


def _are_over(intent: Intent, at: Sequence[tuple[Where, Verdict]]) -> bool:
    """Whether a place is refused for what was measured there."""
    over = any(verdict.standing is OVER for _, verdict in at)
    return over and intent.required and intent.has_budget


def full(
    decision: Decision[Where], labels: Mapping[Where, str], detail: str
) -> str:
    """That no host of the sites which are near enough takes the server.

    ``no host within 20 ms (p95) of 203.0.113.7 can take it: tried lyon, nice
    and 3 more``. They may be full, or never have had what the flavor asks for.

    :param detail: ``none`` names no site
    """
    said = f'no host {within(decision.intent, detail)} can take it'
    scores: dict[str, float] = {}
    for where, host in decision.verdicts.items():
        label = labels[where]
        if host.accepted and label:
            scores[label] = max(host.score, scores.get(label, 0.0))
    if detail == 'none' or not scores:
        return bounded(said)
    best = sorted(scores, key=lambda label: (-scores[label], label))
    named = [printable(label) for label in best[:_NAMED_SITES]]
    if more := len(best) - len(named):
        named.append(f'{more} more')
    *most, last = named
    sites = f'{", ".join(most)} and {last}' if most else last
    return bounded(f'{said}: tried {sites}')


def within(intent: Intent, detail: str) -> str:
    """Where a server must be, ``within 20 ms (p95) of 203.0.113.7``."""
    first, *others = intent.targets
    if not (intent.required and intent.has_budget):
        more = f' and {len(others)} more' if others else ''
        return f'where there is latency data for {first.client}{more}'
    if others:
        return f'within the budgets of {first.client} and {len(others)} more'
    if detail == 'none':
        return f'within the budget of {first.client}'
    set_ = {
        LATENCY: first.latency_budget_ms,
        JITTER: intent.jitter_budget_ms,
        LOSS: intent.loss_budget_pct,
    }
    budgets = [
        _budget(intent, first, m) for m, b in set_.items() if b is not None
    ]
    return f'within {" and ".join(budgets)} of {first.client}'


def bounded(text: str) -> str:
    """Cut to the bytes that there is room for, at a character's border."""
    raw = text.encode('utf-8', 'replace')
    if len(raw) <= MAX_BYTES:
        return text
    return raw[: MAX_BYTES - 3].decode('utf-8', 'ignore') + '...'


def printable(name: str) -> str:
    """A name from aggregate metadata, short and without control characters."""
    return shorten(repr(name)[1:-1], _MAX_NAME)


def _of_client(
    intent: Intent,
    target: NearClient,
    at: Sequence[tuple[Where, Verdict]],
    labels: Mapping[Where, str],
    detail: str,
) -> str:
    over = [(w, v) for w, v in at if v.standing is OVER]
    if not _are_over(intent, at):
        return _unusable(intent, target, [v for _, v in at], detail)
    if detail == 'none':
        return f'no site within the budget of {target.client}'
    metrics = _metrics_over([v for _, v in over])
    budgets = ' and '.join(_budget(intent, target, m) for m in metrics)
    said = f'no site within {budgets} of {target.client}'
    figure = _figures(intent)[metrics[0]]
    named = [(figure(v), labels[w], v) for w, v in over if labels[w]]
    if not named:
        return said
    nearest_by, label, verdict = min(named, key=lambda n: n[:2])
    said += f': nearest is {printable(label)}'
    if detail == 'site':
        return said
    if math.isinf(nearest_by):
        return f'{said}, where probes are lost'
    unit = '%' if metrics[0] == LOSS else 'ms'
    # What is a whole number on paper is not rounded up to the next.
    said += f' at {math.ceil(nearest_by / (1 + TOLERANCE))} {unit}'
    if metrics[0] == LATENCY:
        said += _by_what(intent, verdict)
    elif metrics[0] == LOSS and _is_loss_of_hour(verdict):
        said += ' over the last hour'
    if verdict.latency and verdict.latency.assumed:
        return f'{said}, assumed'
    said += f', measured {duration(verdict.age_seconds or 0)} ago'
    return f'{said} (measuring is down)' if verdict.stale else said


def _of_all(
    intent: Intent,
    verdicts: Mapping[Where, HostVerdict],
    labels: Mapping[Where, str],
    detail: str,
) -> str:
    """For every client there is a site, but there is none for all."""
    first, *others = intent.targets
    all_ = f'{first.client} and {len(others)} more at once'
    over = any(h.standing is OVER for h in verdicts.values())
    if not (over and intent.required and intent.has_budget):
        return f'no usable latency data for {all_}'
    said = f'no site within the budgets of {all_}'
    named = [(-h.score, labels[w]) for w, h in verdicts.items() if labels[w]]
    if detail == 'none' or not named:
        return said
    return f'{said}: nearest is {printable(min(named)[1])}'


def _unusable(
    intent: Intent,
    target: NearClient,
    verdicts: Sequence[Verdict],
    detail: str,
) -> str:
    said = f'no usable latency data for {target.client}'
    whys = {verdict.why for verdict in verdicts if verdict.why}
    if detail == 'none' or not whys:
        return said
    why = min(whys, key=_WHY_ORDER.index)
    if why == STALE and detail == 'figure':
        ages = [v.age_seconds or 0.0 for v in verdicts if v.why == STALE]
        return f'{said} (newest is {duration(min(ages))} old)'
    if why == FUTURE and detail == 'figure':
        ages = [v.age_seconds or 0.0 for v in verdicts if v.why == FUTURE]
        return f'{said} ({future(max(ages))})'
    if why == NOT_CARRIED:
        return f'{said} (not all that is asked for was measured)'
    return f'{said} ({why})'


def _metrics_over(verdicts: Sequence[Verdict]) -> list[str]:
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


def _budget(intent: Intent, target: NearClient, metric: str) -> str:
    match metric:
        case 'jitter':
            return f'{intent.jitter_budget_ms:.15g} ms jitter'
        case 'loss':
            return f'{intent.loss_budget_pct:.15g} % loss'
        case _:
            budget_ms = target.latency_budget_ms
            return f'{budget_ms:.15g} ms ({intent.percentile})'


def _figures(intent: Intent) -> dict[str, Callable[[Verdict], float]]:
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


def _by_what(intent: Intent, verdict: Verdict) -> str:
    """What the figure is, unless it is that of the newest window.

    `` (p95)`` if that is over a budget at ``p99``, which is not known; `` in
    one of ten windows of the last hour``.
    """
    row, bound = verdict.latency, _bound(intent, verdict)
    if row is None or bound is None:
        return ''
    rtt_ms, percentile = bound
    said = '' if percentile == intent.percentile else f' ({percentile})'
    if percentile == 'p95' and row.rtt_p95_hour_ms is not None:
        if rtt_ms == row.rtt_p95_hour_ms:
            said += ' in one of ten windows of the last hour'
        else:
            said = ' (p50)'
    elif percentile == 'p50' and rtt_ms == row.rtt_p50_hour_ms:
        said += ' over the last hour'
    return said


def _is_loss_of_hour(verdict: Verdict) -> bool:
    row = verdict.latency
    return (
        row is not None
        and row.loss_hour_ratio is not None
        and row.held_loss_ratio == row.loss_hour_ratio
    )


def _or_inf(figure: float | None) -> float:
    return math.inf if figure is None else figure
