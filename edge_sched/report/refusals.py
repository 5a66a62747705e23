# SPDX-License-Identifier: Apache-2.0

"""Requests that were refused, by the decision records of logs, and why.

A record says what came of a request; whether ``enforce`` refuses it for that,
and what stood in the way, is told here. Whoever writes to a log may write
anything, so nothing of a record is taken for granted.
"""

import collections
import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from edge_sched.replay.lines import Found

TOO_FAR = 'over a budget at every place'
TOO_FAR_OR_UNKNOWN = 'over a budget where measured, and not known elsewhere'
NOT_KNOWN = 'no usable measurement: too old, too few samples, or lacking'
NEVER_MEASURED = 'no measurement at all'
NO_ROOM = 'near enough, but no room, or a server of the group there'
TOO_FEW_PLACES = 'too few sites or zones to be apart'
BAD_HINT = 'a hint or extra spec that makes no sense'
UNKNOWN_CLIENT = 'a name that is no client'
STORE_AWAY = 'the latency store was away'

#: What a request that was not refused comes to.
_NOT_REFUSED = ('judged', 'relaxed', 'no_client', 'no_group')

#: Refused on create only: a move leaves them out.
_OF_CREATE = {'bad_hint': BAD_HINT, 'unknown_client': UNKNOWN_CLIENT}


class Reason(NamedTuple):
    """How many were refused for one reason.

    :param shadow: of either, that would have been refused
    """

    why: str
    create: int
    move: int
    shadow: int


@dataclasses.dataclass(frozen=True, slots=True)
class Refused:
    """All records.

    :param records: that could be read
    :param reasons: the most frequent first
    :param broken: how many could not be read
    """

    records: int
    reasons: Sequence[Reason]
    broken: int


class UnreadableError(ValueError):
    """What is in the place of a record is none."""


class Refusals:
    """Counts records.

    :ivar broken: how many could not be read
    """

    def __init__(self) -> None:
        self._records = self.broken = 0
        self._counts: collections.Counter[tuple[str, str]] = (
            collections.Counter()
        )

    def add(self, found: Found) -> str:
        """Count what is in a log; what is wrong with it, ``''`` if nothing."""
        record, problem, why = found.record, found.problem, ''
        if not problem:
            try:
                why = why_refused(record)
            except UnreadableError as error:
                problem = str(error)
        self._records += not problem
        self.broken += bool(problem)
        if why:
            self._count(record, why)
        return problem

    def _count(self, record: Mapping[str, Any], why: str) -> None:
        is_create = record.get('operation') == 'create'
        column = 'create' if is_create else 'move'
        if record.get('mode') == 'shadow':
            column = 'shadow'
        self._counts[why, column] += 1

    def refused(self) -> Refused:
        """What it came to."""
        counts = self._counts
        reasons = [
            Reason(why, *(counts[why, c] for c in Reason._fields[1:]))
            for why in {why for why, _ in counts}
        ]
        reasons.sort(key=lambda each: (-sum(each[1:]), each.why))
        return Refused(self._records, reasons, self.broken)


def why_refused(record: Mapping[str, Any]) -> str:
    """Why ``enforce`` refuses a request, ``''`` if it does not.

    :raises UnreadableError: if that cannot be told
    """
    outcome = record.get('outcome')
    if outcome in _NOT_REFUSED:
        return ''
    if outcome in ('bad_hint', 'unknown_client'):
        is_create = record.get('operation') == 'create'
        return _OF_CREATE[outcome] if is_create else ''
    if outcome not in ('store_failure', 'no_data', 'rejected'):
        raise UnreadableError('outcome is unknown')
    within, unknown, over = hosts = _hosts(record)
    budgets = record.get('budgets')
    if not isinstance(budgets, dict):
        raise UnreadableError('there are no budgets')
    takes_unknown = budgets.get('unknown') == 'allow'
    if outcome == 'store_failure':
        # Hosts are judged only if unknown ones may be used.
        return '' if any(hosts) else STORE_AWAY
    if outcome == 'no_data':
        return '' if takes_unknown else NEVER_MEASURED
    if record.get('short_of'):
        return TOO_FEW_PLACES
    takes_over = budgets.get('mode') == 'preferred'
    if within or (unknown and takes_unknown) or (over and takes_over):
        return NO_ROOM
    if over:
        return TOO_FAR_OR_UNKNOWN if unknown else TOO_FAR
    return NOT_KNOWN


def _hosts(record: Mapping[str, Any]) -> tuple[bool, bool, bool]:
    """Whether any were within, unknown and over."""
    hosts = record.get('hosts')
    if not isinstance(hosts, dict):
        raise UnreadableError('there are no hosts')
    within, unknown, over = (
        bool(hosts.get(name)) for name in ('within', 'unknown', 'over')
    )
    return within, unknown, over
