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

"""One frozen decision for a request: intent and rows in, a verdict per host.

Made once, when the hosts of the request are known, and shared by the filter,
the weighers, the reason that the user reads and the decision record. The
command line makes the same from the vantages of one client.
"""

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence

from edge_sched import scoring
from edge_sched.client import Client
from edge_sched.intent import Intent
from edge_sched.keys import NearClient
from edge_sched.latency import Answer
from edge_sched.scoring import Standing
from edge_sched.verdict import Chain
from edge_sched.verdict import Policy
from edge_sched.verdict import Verdict
from edge_sched.verdict import judge

_NO_ANSWER = Answer(known=True)


@dataclasses.dataclass(frozen=True, slots=True)
class HostVerdict:
    """How a host stands to all clients of the request.

    :param accepted: whether ``mode = enforce`` keeps it
    :param score: in [0, 1], see :mod:`edge_sched.scoring`
    :param verdicts: one a client, in the order of the request's
    """

    standing: Standing
    accepted: bool
    score: float
    verdicts: tuple[Verdict, ...]

    @property
    def deciding(self) -> Verdict:
        """The verdict of the client that is worst off here."""
        return min(
            self.verdicts,
            key=lambda v: (v.standing, -(v.rank_ms or 0.0)),
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Decision:
    """What was decided of a request.

    :param verdicts: by the places a host measures from,
        ``{('lyon', 'eu-west', 'cell1'): HostVerdict(...)}``; hosts with the
        same places share one
    :param any_row: whether any host has any row of any client, usable or not
    """

    intent: Intent
    verdicts: Mapping[Chain, HostVerdict]
    any_row: bool

    @property
    def any_accepted(self) -> bool:
        """Whether a host is left."""
        return any(v.accepted for v in self.verdicts.values())


def decide(
    intent: Intent,
    answers: Mapping[Client, Answer],
    chains: Iterable[Chain],
    policy: Policy,
    now: float,
) -> Decision:
    """Judge every host of a request.

    :param answers: what the store has of each client; one that is missing
        is unknown at every host
    :param chains: the places that the hosts measure from; repeats are free
    :param now: UTC epoch seconds
    """
    distinct = list(dict.fromkeys(chains))
    columns = [
        _judge_client(target, answers, distinct, intent, policy, now)
        for target in intent.targets
    ]
    verdicts = {
        chain: _host_verdict(intent, [column[i] for column in columns])
        for i, chain in enumerate(distinct)
    }
    measured = frozenset[str]().union(
        *(answers.get(c, _NO_ANSWER).vantages() for c in intent.clients)
    )
    any_row = any(not measured.isdisjoint(chain) for chain in distinct)
    return Decision(intent, verdicts, any_row)


def _judge_client(
    target: NearClient,
    answers: Mapping[Client, Answer],
    chains: Sequence[Chain],
    intent: Intent,
    policy: Policy,
    now: float,
) -> list[tuple[Verdict, float]]:
    """Verdict and score of one client at every place."""
    answer = answers.get(target.client, _NO_ANSWER)
    verdicts = [
        judge(chain, answer, target, intent, policy, now) for chain in chains
    ]
    best_ms = best_rank_ms(verdicts)
    return [
        (verdict, score(verdict, best_ms, target, intent, policy))
        for verdict in verdicts
    ]


def best_rank_ms(verdicts: Iterable[Verdict]) -> float:
    """The shortest round trip in the best class present, ``inf`` if none.

    Tie bands are counted from it.
    """
    usable = [
        (-verdict.standing, verdict.rank_ms)
        for verdict in verdicts
        if verdict.rank_ms is not None
    ]
    return min(usable, default=(None, math.inf))[1]


def score(
    verdict: Verdict,
    best_ms: float,
    target: NearClient,
    intent: Intent,
    policy: Policy,
) -> float:
    """The score of one client at one place, in [0, 1].

    Without any budget in the request a place that was not measured, or
    whose ranking quantile was lost, has 0.
    """
    standing = verdict.standing
    if not intent.has_budget and standing is not Standing.WITHIN:
        return 0.0
    if standing is Standing.UNKNOWN:
        return scoring.class_score(standing, 0.0)
    budget_ms = target.latency_budget_ms
    rank_ms = math.inf if verdict.rank_ms is None else verdict.rank_ms
    s = scoring.closeness(
        scoring.banded(rank_ms, best_ms, policy.tie_band_ms),
        policy.reference_latency_ms if budget_ms is None else budget_ms,
    )
    judged_ms = verdict.judged_ms(intent.percentile)
    if (
        standing is Standing.WITHIN
        and intent.objective == 'fit'
        and budget_ms is not None
        and judged_ms is not None
    ):
        return scoring.fit_score(s, judged_ms, budget_ms, policy.fit_headroom)
    return scoring.class_score(standing, s)


def _host_verdict(
    intent: Intent, judged: Sequence[tuple[Verdict, float]]
) -> HostVerdict:
    standing, combined = scoring.combined(
        [(verdict.standing, score) for verdict, score in judged],
        intent.combine,
    )
    return HostVerdict(
        standing=standing,
        accepted=all(accepts(intent, v.standing) for v, _ in judged),
        score=combined,
        verdicts=tuple(verdict for verdict, _ in judged),
    )


def accepts(intent: Intent, standing: Standing) -> bool:
    """Whether a host with this standing for one client may be used."""
    match standing:
        case Standing.OVER:
            return not (intent.required and intent.has_budget)
        case Standing.UNKNOWN:
            return not intent.reject_unknown
        case Standing.WITHIN:
            return True
