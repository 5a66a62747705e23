# SPDX-License-Identifier: Apache-2.0

"""Why no host is left, in words that the user reads.

They are part of a server's fault, so they name sites or zones only, never
hosts or cells, and are at most 180 bytes: Nova cuts a fault's message at 255
and puts its own words before ours.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Generic, NamedTuple

from edge_sched.asking.intent import Intent
from edge_sched.judging import over
from edge_sched.judging.ages import duration
from edge_sched.judging.ages import future
from edge_sched.judging.decision import Decision
from edge_sched.judging.decision import HostVerdict
from edge_sched.judging.decision import Where
from edge_sched.judging.decision import acceptance
from edge_sched.judging.scoring import OVER
from edge_sched.judging.scoring import TOLERANCE
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


class _Nowhere(NamedTuple, Generic[Where]):
    """A client that no place is near enough to, and what it has at each."""

    target: NearClient
    at: Sequence[tuple[Where, Verdict]]


def unmeasured(decision: Decision[Where]) -> Client | None:
    """For whose lack of rows no host is left, ``None`` if it is not that."""
    found = _accepted_nowhere(decision)
    if found is None or _are_over(decision.intent, found.at):
        return None
    why = _why(verdict for _, verdict in found.at)
    return found.target.client if why in _WANT_ROWS else None


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
    found = _accepted_nowhere(decision)
    if found is None:
        return bounded(_of_all(intent, decision.verdicts, labels, detail))
    target, at = found
    client = target.client
    if client in more and not _are_over(intent, at):
        return bounded(f'no usable latency data for {client}{more[client]}')
    return bounded(_of_client(intent, target, at, labels, detail))


def _accepted_nowhere(decision: Decision[Where]) -> _Nowhere[Where] | None:
    """The first client that no place is near enough to, if there is one."""
    accepts = acceptance(decision.intent)
    for i, target in enumerate(decision.intent.targets):
        at = [(w, h.verdicts[i]) for w, h in decision.verdicts.items()]
        if not any(accepts(verdict) for _, verdict in at):
            return _Nowhere(target, at)
    return None


def _why(verdicts: Iterable[Verdict]) -> str:
    """The unknown that speaks for the rest, ``''`` if there is none."""
    whys = {verdict.why for verdict in verdicts if verdict.why}
    return min(whys, key=_WHY_ORDER.index, default='')


def _are_over(intent: Intent, at: Sequence[tuple[Where, Verdict]]) -> bool:
    """Whether a place is refused for what was measured there."""
    any_over = any(verdict.standing is OVER for _, verdict in at)
    return any_over and intent.required and intent.has_budget


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
        over.budget(intent, first, m) for m, b in set_.items() if b is not None
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
    if not _are_over(intent, at):
        return _unusable(intent, target, [v for _, v in at], detail)
    if detail == 'none':
        return f'no site within the budget of {target.client}'
    are_over = [(w, v) for w, v in at if v.standing is OVER]
    metrics = over.metrics_over([v for _, v in are_over])
    budgets = ' and '.join(over.budget(intent, target, m) for m in metrics)
    said = f'no site within {budgets} of {target.client}'
    figure = over.figures(intent)[metrics[0]]
    named = [(figure(v), labels[w], v) for w, v in are_over if labels[w]]
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
    said += over.by_what(intent, metrics[0], verdict)
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
    any_over = any(h.standing is OVER for h in verdicts.values())
    if not (any_over and intent.required and intent.has_budget):
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
    why = _why(verdicts)
    if detail == 'none' or not why:
        return said
    if why == STALE and detail == 'figure':
        ages = [v.age_seconds or 0.0 for v in verdicts if v.why == STALE]
        return f'{said} (newest is {duration(min(ages))} old)'
    if why == FUTURE and detail == 'figure':
        ages = [v.age_seconds or 0.0 for v in verdicts if v.why == FUTURE]
        return f'{said} ({future(max(ages))})'
    if why == NOT_CARRIED:
        return f'{said} (not all that is asked for was measured)'
    return f'{said} ({why})'
