# SPDX-License-Identifier: Apache-2.0

"""Which servers are worth a move: over their budget now, and for long.

A move costs what it saves if the path was bad for a minute only, and a server
that follows each change of a noisy path is moved for nothing. So it must have
been over for a share of the last hour, another place must be better by a share
of its budget, and it stays for a while where it was brought. Nor is it moved
back to where it was moved from: the paths go up and down there. One that was
moved there and back by others is left to them.

Worked example, budget 20 ms, by the default rule::

    over at 31 ms, in 50 % of the hour, best 27 ms:  4 >= 0.2 * 20    moved
    over at 31 ms, in 50 % of the hour, best 28 ms:  3 <  0.2 * 20    kept
    over at 31 ms, in 20 % of the hour, best  8 ms:  0.2 < 0.3        kept
"""

import collections
import dataclasses
import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from edge_sched.judging.scoring import TOLERANCE
from edge_sched.model.latency import age_seconds
from edge_sched.model.latency import is_fresh
from edge_sched.model.standing import OVER
from edge_sched.model.standing import ServerStanding

#: Why a server that is over its budget is not moved.
TOO_OLD = 'audited too long ago'
TOO_SHORT = 'not over for long enough'
NO_BETTER = 'no site is enough better'
COOLING_DOWN = 'moved lately'
CAME_BACK = 'came straight back before'
WOULD_GO_BACK = 'would go straight back'
NEXT_TIME = 'left for the next audit'


class PastMove(NamedTuple):
    """A server went, is on its way or was to go from one site to another.

    :param at: when that was last known, UTC epoch seconds
    :param arrived: whether it went
    """

    from_site: str
    to_site: str
    at: float
    arrived: bool = True


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    """When a server is moved.

    :param max_moves: how many at a time. Chosen: what an operator reads
        before he approves
    :param cooldown_seconds: how long one stays where it was moved, or was to
        be: a move that fails is not tried in each audit
    :param min_over_ratio: share of the last hour that it was over; this one
        and the next are measured (``bench/moves.py``)
    :param min_gain_ratio: by what share of its budget the best site is nearer
    :param max_age_seconds: what was audited longer ago moves nothing. Chosen:
        three rounds of the auditor
    """

    max_moves: int = 10
    cooldown_seconds: float = 3600.0
    min_over_ratio: float = 0.3
    min_gain_ratio: float = 0.2
    max_age_seconds: float = 900.0


class Choice(NamedTuple):
    """Who is to be moved, the worst first.

    :param kept: how many others are over, by why they are not moved
    """

    moves: tuple[ServerStanding, ...]
    kept: Mapping[str, int]


def choose_moves(
    standings: Iterable[ServerStanding],
    past: Mapping[str, Sequence[PastMove]],
    now: float,
    rule: Rule,
) -> Choice:
    """Choose among servers that may be moved; each is there once.

    The worst is the one that is over by the largest share of its budget; of
    those alike, the one that gains most.

    :param past: moves by server, in any order; others did not move
    :param now: UTC epoch seconds
    """
    kept: collections.Counter[str] = collections.Counter()
    worth_it = []
    for standing in standings:
        if standing.verdict != OVER:
            continue
        if why := _why_not(standing, past.get(standing.server, ()), now, rule):
            kept[why] += 1
        else:
            worth_it.append(standing)
    worth_it.sort(key=_worst_first)
    if left := worth_it[rule.max_moves :]:
        kept[NEXT_TIME] = len(left)
    return Choice(tuple(worth_it[: rule.max_moves]), kept)


def _why_not(
    standing: ServerStanding,
    past: Sequence[PastMove],
    now: float,
    rule: Rule,
) -> str:
    """The first reason to leave a server where it is, or ``''``."""
    age = age_seconds(standing.hour.audited_at, now)
    if not is_fresh(age, rule.max_age_seconds):
        return TOO_OLD
    if standing.hour.over_ratio < rule.min_over_ratio - TOLERANCE:
        return TOO_SHORT
    if standing.gain_ratio < rule.min_gain_ratio - TOLERANCE:
        return NO_BETTER
    if any(now - move.at < rule.cooldown_seconds for move in past):
        return COOLING_DOWN
    moves = _from_site_to_site(past)
    if any(map(_is_return, itertools.pairwise(moves))):
        return CAME_BACK
    if moves and moves[-1].from_site == standing.best_site:
        return WOULD_GO_BACK
    return ''


def _from_site_to_site(past: Iterable[PastMove]) -> list[PastMove]:
    """In their order; those from host to host of one site count for none."""
    return sorted(
        (
            move
            for move in past
            if move.arrived and move.from_site != move.to_site
        ),
        key=lambda move: move.at,
    )


def _is_return(pair: tuple[PastMove, PastMove]) -> bool:
    """Whether a move ended at the site that the move before it had left."""
    before, after = pair
    return before.from_site == after.to_site


def _worst_first(standing: ServerStanding) -> tuple[float, float, str]:
    return -standing.excess_ratio, -standing.gain_ratio, standing.server
