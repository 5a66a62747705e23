# SPDX-License-Identifier: Apache-2.0

"""``/v1/sites``: what a create would be told."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import nova.conf
import webob

from edge_sched.api import policies
from edge_sched.api.caller import Caller
from edge_sched.api.errors import AwayError
from edge_sched.api.errors import BadRequestError
from edge_sched.api.limits import Turns
from edge_sched.api.parsing import query_of
from edge_sched.asking.source import read_hints
from edge_sched.auditing.asks import Asks
from edge_sched.model import keys
from edge_sched.scheduler.preview.preview import Preview
from edge_sched.scheduler.preview.preview import is_on
from edge_sched.scheduler.preview.preview import preview
from edge_sched.scheduler.preview.room import NO
from edge_sched.scheduler.preview.sites import Site
from edge_sched.scheduler.preview.wish import BadWishError
from edge_sched.scheduler.preview.wish import ServerWish

CONF = nova.conf.CONF

_CLIENT = keys.CLIENT.name.removeprefix(keys.NAMESPACE)

#: The keys that mean something for one server, which is in no group.
_SINGLE = {
    key.removeprefix(keys.NAMESPACE)
    for key in keys.KEYS
    if key not in (keys.CLIENT.name, keys.SPREAD.name, keys.SPREAD_MODE.name)
}

NO_ROOM = 'no room'


class Sites:
    """Answers.

    :param placement_queries: so many at a time
    :param asks: where clients are wanted; asked for in the process that
        serves
    """

    def __init__(
        self, placement_queries: int, asks: Callable[[], Asks]
    ) -> None:
        self._turns = Turns(placement_queries)
        self._asks = asks

    def index(
        self, request: webob.Request, caller: Caller
    ) -> Mapping[str, Any]:
        """``GET /v1/sites``."""
        caller.check(policies.LIST_SITES)
        wish = wish_of(request)
        try:
            if wish.flavor is None:
                found = preview(caller.nova_context, wish)
            else:
                with self._turn(caller.project_id):
                    found = preview(caller.nova_context, wish)
        except BadWishError as error:
            raise BadRequestError(str(error)) from error
        if found.case and found.case.wanted:
            # As the auditor does once such a create was refused.
            self._asks().want(
                {(caller.project_id, each) for each in found.case.wanted},
                standing=False,
            )
        return answer_of(found)

    @contextmanager
    def _turn(self, project_id: str) -> Iterator[None]:
        if not self._turns.take(project_id, CONF.edge_sched.ring_timeout):
            raise AwayError('too many ask for room at a time')
        try:
            yield
        finally:
            self._turns.give_back(project_id)


def wish_of(request: webob.Request) -> ServerWish:
    """What is asked for.

    :raises BadRequestError: naming what makes no sense
    """
    asked = query_of(
        request, {'flavor', 'availability_zone', *_SINGLE}, {_CLIENT}
    )
    hints = {
        f'{keys.NAMESPACE}{name}': texts
        for name, texts in asked.items()
        if name == _CLIENT or name in _SINGLE
    }
    if problems := read_hints(hints).problems:
        raise BadRequestError(str(problems[0]))
    (flavor,) = asked.get('flavor', (None,))
    (zone,) = asked.get('availability_zone', (None,))
    return ServerWish(hints, flavor, zone)


def answer_of(found: Preview) -> Mapping[str, Any]:
    """A preview in JSON, as far as ``reason_detail`` lets users know."""
    detail = CONF.edge_sched.reason_detail
    case = found.case
    retry = case.told.values() if case else ()
    return {
        'accepted': not found.reason,
        'reason': found.reason or None,
        'retry_seconds': next(
            (s.retry_seconds for s in retry if s.retry_seconds), None
        ),
        'enforced': is_on() and CONF.edge_sched.mode == 'enforce',
        'detail': detail,
        'asks': case.intent.written() if case else {},
        'sites': [] if detail == 'none' else _sites(found, detail),
    }


def _sites(found: Preview, detail: str) -> Sequence[Mapping[str, Any]]:
    percentile = found.case.intent.percentile if found.case else 'p50'
    ranks: dict[float, int] = {}
    told: list[Mapping[str, Any]] = []
    for site in found.sites:
        rank = None
        if site.accepted:
            rank = ranks.setdefault(site.weight, len(told) + 1)
        deciding = site.verdict.deciding
        row = deciding.latency
        figures = row if detail == 'figure' else None
        told.append(
            {
                'name': site.name,
                'kind': 'zone' if site.is_zone else 'site',
                'rank': rank,
                'accepted': site.accepted,
                'verdict': site.verdict.standing.word,
                'judged_ms': figures and figure(figures.held_ms(percentile)),
                'rtt_p50_ms': figures and figure(figures.rtt_p50_ms),
                'age_seconds': figures and figure(deciding.age_seconds),
                'assumed': bool(row and row.assumed),
                'room': site.room,
                'why_not': _why_not(site),
            }
        )
    return told


def _why_not(site: Site) -> str | None:
    if not site.accepted:
        return site.verdict.why_rejected
    return NO_ROOM if site.room == NO else None


def figure(number: float | None) -> float | None:
    """To a thousandth; what was lost is no number."""
    if number is None or not math.isfinite(number):
        return None
    return round(number, 3)
