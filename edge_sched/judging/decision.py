# SPDX-License-Identifier: Apache-2.0

"""One frozen decision for a request: intent and rows in, a verdict per host.

Made once, when the hosts of the request are known, and shared by the filter,
the weighers, the reason that the user reads and the decision record. The
command line makes the same from the vantages of one client.
"""

import collections
import dataclasses
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from edge_sched.asking.intent import Intent
from edge_sched.judging import scoring
from edge_sched.judging.judge import Column
from edge_sched.judging.judge import judge_all
from edge_sched.judging.scoring import OVER
from edge_sched.judging.scoring import UNKNOWN
from edge_sched.judging.scoring import WITHIN
from edge_sched.judging.scoring import Standing
from edge_sched.judging.verdict import UNMEASURED
from edge_sched.judging.verdict import Chain
from edge_sched.judging.verdict import Policy
from edge_sched.judging.verdict import Verdict
from edge_sched.model.client import Client
from edge_sched.model.latency import Answer

_NO_ANSWER = Answer(known=True)

#: What tells where hosts are: whatever the caller knows a place by.
Where = TypeVar('Where', bound=Hashable)


class HostVerdict(NamedTuple):
    """How a host stands to all clients of the request.

    :param accepted: whether ``mode = enforce`` keeps it
    :param score: in [0, 1], see :mod:`edge_sched.judging.scoring`
    :param verdicts: one a client, in the order of the request's
    :param deciding: that of the client who is worst off here; unmeasured if
        nobody must be near
    """

    standing: Standing
    accepted: bool
    score: float
    verdicts: tuple[Verdict, ...]
    deciding: Verdict

    @property
    def why_rejected(self) -> str:
        """Why it is, if it is: ``over latency``, ``unknown: stale``."""
        if self.deciding.over:
            return f'over {", ".join(self.deciding.over)}'
        return f'unknown: {self.deciding.why}'


#: Of every host where nobody must be near.
_NOBODY_NEAR = HostVerdict(WITHIN, True, 0.0, (), UNMEASURED)


@dataclasses.dataclass(frozen=True, slots=True)
class Decision(Generic[Where]):
    """What was decided of a request.

    :param verdicts: of the hosts at each place
    :param outage: whether measuring is down, so that older rows are used
    :param crowded: places that are rejected for the servers which are there,
        and for nothing else
    :ivar any_accepted: whether a host is left
    """

    intent: Intent
    verdicts: Mapping[Where, HostVerdict]
    outage: bool = False
    crowded: frozenset[Where] = frozenset()
    any_accepted: bool = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        any_accepted = any(v.accepted for v in self.verdicts.values())
        object.__setattr__(self, 'any_accepted', any_accepted)


def decide(
    intent: Intent,
    answers: Mapping[Client, Answer],
    chains: Mapping[Where, Chain],
    policy: Policy,
    now: float,
    crowded: Iterable[Where] = (),
) -> Decision[Where]:
    """Judge every host of a request.

    :param answers: what the store has of each client; one that is missing
        is unknown at every host
    :param chains: the vantages that speak for each place, most specific
        first, ``{'rack 7': ('lyon', 'eu-west', 'cell1')}``
    :param now: UTC epoch seconds
    :param crowded: places that are rejected for the servers which are there
    """
    asked_for = [answers.get(c, _NO_ANSWER) for c in intent.clients]
    outage = is_outage(answers.values(), policy, now)
    columns = judge_all(
        intent, asked_for, list(chains.values()), policy, now, outage
    )
    hosts = (
        _host_verdicts(columns, intent.combine, acceptance(intent))
        if columns
        else [_NOBODY_NEAR] * len(chains)
    )
    verdicts = dict(zip(chains, hosts, strict=True))
    only_crowded = frozenset(w for w in crowded if verdicts[w].accepted)
    for where in only_crowded:
        verdicts[where] = verdicts[where]._replace(accepted=False)
    return Decision(intent, verdicts, outage, only_crowded)


def is_outage(answers: Iterable[Answer], policy: Policy, now: float) -> bool:
    """Whether measuring itself is down.

    That is while any collector has not been at work for longer than a row is
    used, until it has been away for so long that it is taken for one that is
    no more. Without any heartbeat there is no collector, and rows are as old
    as they are. A prober that is silent is no outage: its collector goes on.

    While the store is away the heartbeat is as last read, so that what is
    kept of it can outlast ``max_age`` as if measuring were down, which nobody
    can tell.

    :param answers: which may be kept, and of different times: the last counts
    """
    heartbeats_at = [
        a.heartbeat_at for a in answers if a.heartbeat_at is not None
    ]
    if not heartbeats_at:
        return False
    silent_seconds = now - max(heartbeats_at)
    return (
        policy.max_age_seconds
        < silent_seconds
        <= policy.outage_max_age_seconds
    )


def _host_verdicts(
    columns: Sequence[Column],
    combine: str,
    accepts: Callable[[Verdict], bool],
) -> list[HostVerdict]:
    """All clients at each place.

    :param columns: verdicts and scores at all places, of each client
    """
    by_client = [zip(*column, strict=True) for column in columns]
    if len(by_client) == 1:
        return [
            HostVerdict(
                verdict.standing, accepts(verdict), score, (verdict,), verdict
            )
            for verdict, score in by_client[0]
        ]
    return [
        _host_verdict(judged, combine, accepts)
        for judged in zip(*by_client, strict=True)
    ]


def _host_verdict(
    judged: Sequence[tuple[Verdict, float]],
    combine: str,
    accepts: Callable[[Verdict], bool],
) -> HostVerdict:
    """Several clients at one place."""
    standing, score = scoring.combined(
        [(verdict.standing, score) for verdict, score in judged], combine
    )
    verdicts = tuple(verdict for verdict, _ in judged)
    accepted = all(map(accepts, verdicts))
    deciding = min(verdicts, key=_goodness)
    return HostVerdict(standing, accepted, score, verdicts, deciding)


def _goodness(verdict: Verdict) -> tuple[Standing, bool, float]:
    """The larger, the better; what was derived before nothing at all."""
    is_ranked = verdict.rank_ms is not None
    derived = is_ranked and verdict.standing is UNKNOWN
    return verdict.standing, derived, -(verdict.rank_ms or 0.0)


def worth_of_cells(
    cells: Sequence[str], scores: Sequence[float], kth: int
) -> list[float]:
    """The k-th best score in the cell of each host, 0 if it has fewer.

    :param cells: of each host, e.g. by UUID
    """
    in_cell: dict[str, list[float]] = collections.defaultdict(list)
    for cell, score in zip(cells, scores, strict=True):
        in_cell[cell].append(score)
    worth = {
        cell: sorted(found)[-kth] if len(found) >= kth else 0.0
        for cell, found in in_cell.items()
    }
    return [worth[cell] for cell in cells]


def acceptance(intent: Intent) -> Callable[[Verdict], bool]:
    """Whether a host with some verdict for one client may be used.

    What is over in one metric and unknown in another is both: a smaller
    budget, which makes one of the other, must not let it in.
    """
    reject_unknown = intent.reject_unknown
    reject_over = intent.required and intent.has_budget

    def accepts(verdict: Verdict) -> bool:
        if verdict.why and reject_unknown:
            return False
        return not (reject_over and verdict.standing is OVER)

    return accepts
