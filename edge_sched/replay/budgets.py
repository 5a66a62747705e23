# SPDX-License-Identifier: Apache-2.0

"""What a recorded decision would have been without one of its budgets."""

import dataclasses
from collections.abc import Iterator

from edge_sched.asking.intent import Intent
from edge_sched.replay.again import judge_again
from edge_sched.replay.recorded import Recorded


def without_budgets(recorded: Recorded) -> dict[str, str]:
    """Where the server would have gone without each, if that is elsewhere.

    ``{'latency of client 1': 'lille', 'loss': ''}``: clients are counted as
    the record has them, and a site that is ``''`` is none. Only the site: what
    other weighers make of hosts that were rejected nobody knows.
    """
    before = judge_again(recorded).landing
    found = {}
    for name, intent in _intents(recorded.intent):
        after = judge_again(recorded, intent=intent).landing
        if (after and after.place) != (before and before.place):
            found[name] = after.site if after else ''
    return found


def _intents(intent: Intent) -> Iterator[tuple[str, Intent]]:
    """The intent without each of its budgets."""
    for number, target in enumerate(intent.targets):
        if target.latency_budget_ms is not None:
            targets = list(intent.targets)
            targets[number] = dataclasses.replace(
                target, latency_budget_ms=None
            )
            name = f'latency of client {number + 1}'
            yield name, _less(intent, targets=tuple(targets))
    if intent.jitter_budget_ms is not None:
        yield 'jitter', _less(intent, jitter_budget_ms=None)
    if intent.loss_budget_pct is not None:
        yield 'loss', _less(intent, loss_budget_pct=None)


def _less(intent: Intent, **changes: object) -> Intent:
    """Without any budget unknown hosts are not rejected, by default."""
    left = dataclasses.replace(intent, **changes)  # type: ignore[arg-type]
    if not left.has_budget:
        left = dataclasses.replace(left, reject_unknown=False)
    return left
