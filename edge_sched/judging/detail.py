# SPDX-License-Identifier: Apache-2.0

"""What a decision record has in full: enough to judge its places anew.

Figures are not rounded, so that whoever judges them comes to the same.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic

from edge_sched.asking.intent import Intent
from edge_sched.judging.decision import Decision
from edge_sched.judging.decision import Where
from edge_sched.judging.judge import first_row
from edge_sched.judging.verdict import Chain
from edge_sched.model.client import Client
from edge_sched.model.latency import Answer
from edge_sched.model.latency import Latency

#: How many places a record has, and how many rows they have together. Chosen:
#: a line then stays below some 48 kB, which journald takes as one.
MOST_PLACES = 32
MOST_ROWS = 128

#: What is left of a row: it says whose it is by where it stands.
_FIGURES = tuple(f.name for f in dataclasses.fields(Latency))

#: What stands in JSON, which has no infinity, for a quantile that was lost.
LOST = 'lost'


@dataclasses.dataclass(frozen=True, slots=True)
class Best:
    """The host at a place that goes before all others there.

    :param weight: what the weighers that are not ours gave it, together
    :param multiplier: of the latency weigher there
    :param cell_weight: what the cell weigher gave it
    """

    host: str
    weight: float
    multiplier: float
    cell_weight: float


@dataclasses.dataclass(frozen=True, slots=True)
class Scene(Generic[Where]):
    """What is known of the places beside the verdicts on them.

    :param answers: what the store had of each client
    :param chains: the vantages that speak for each place
    :param names: what a place is called, ``{'site': 'lyon', 'cell': 'cell1'}``
    :param hosts: how many there are at each place
    :param scores: by which they were weighed; those of the verdicts where
        there is none
    :param members: how many servers of the group are at each, on each level
    :param best: the host that goes first at each place that has any left
    """

    answers: Mapping[Client, Answer]
    chains: Mapping[Where, Chain]
    names: Callable[[Where], Mapping[str, str]]
    hosts: Mapping[Where, int]
    scores: Mapping[Where, float] = dataclasses.field(default_factory=dict)
    members: Mapping[Where, Sequence[int]] = dataclasses.field(
        default_factory=dict
    )
    best: Mapping[Where, Best] = dataclasses.field(default_factory=dict)


def asked(intent: Intent) -> dict[str, Any]:
    """What the record in short leaves out of what was asked."""
    return {'objective': intent.objective, 'combine': intent.combine}


def places(
    decision: Decision[Where], scene: Scene[Where], now: float
) -> dict[str, Any]:
    """The places of a decision, best first, and when they were judged.

    ``{'judged_at': 1767139200.0, 'heartbeat_at': None, 'unplaced': [False],
    'places': [{'site': 'lyon', 'cell': 'cell1', 'hosts': 4, 'class':
    'within', 'accepted': True, 'score': 0.93, 'rows': [[{...}]]}],
    'places_left_out': 0}``. The rows are a list for each client, and in it one
    for each part of the answer, ``None`` where nobody measured. Lists of
    places are cut where ``MOST_PLACES`` or ``MOST_ROWS`` is reached.
    """
    answers = [scene.answers.get(c) for c in decision.intent.clients]
    parts = [answer.parts if answer else () for answer in answers]
    rows_a_place = max(1, sum(map(len, parts)))
    most = max(1, min(MOST_PLACES, MOST_ROWS // rows_a_place))

    def goodness(where: Where) -> tuple[bool, bool, float]:
        host = decision.verdicts[where]
        score = scene.scores.get(where, host.score)
        return where in scene.best, host.accepted, score

    ranked = sorted(decision.verdicts, key=goodness, reverse=True)
    heartbeats_at = [
        answer.heartbeat_at
        for answer in scene.answers.values()
        if answer.heartbeat_at is not None
    ]
    return {
        'judged_at': now,
        'heartbeat_at': max(heartbeats_at, default=None),
        'unplaced': [bool(answer and answer.unplaced) for answer in answers],
        'places': [
            _place(decision, scene, where, parts) for where in ranked[:most]
        ],
        'places_left_out': max(0, len(ranked) - most),
    }


def _place(
    decision: Decision[Where],
    scene: Scene[Where],
    where: Where,
    parts: Sequence[Sequence[Mapping[str, Latency]]],
) -> dict[str, Any]:
    host = decision.verdicts[where]
    chain = scene.chains[where]
    best = scene.best.get(where)
    members = scene.members.get(where)
    crowded = where in decision.crowded
    return {
        **scene.names(where),
        'hosts': scene.hosts[where],
        'class': host.standing.word,
        'accepted': host.accepted,
        **({'crowded': True} if crowded else {}),
        'score': scene.scores.get(where, host.score),
        **({'members': list(members)} if members else {}),
        'rows': [
            [_row(first_row(chain, rows)) for rows in of_client]
            for of_client in parts
        ],
        **({'best': dataclasses.asdict(best)} if best else {}),
    }


def _row(row: Latency | None) -> dict[str, Any] | None:
    """A row for JSON, without what it does not carry."""
    if row is None:
        return None
    figures = {name: getattr(row, name) for name in _FIGURES}
    return {
        name: LOST if value == math.inf else value
        for name, value in figures.items()
        if value not in (None, '')
    }
