# SPDX-License-Identifier: Apache-2.0

"""Judges a recorded decision anew: by the same settings, or by others.

It is first order. What Nova's own weighers give is as recorded, and 0 for a
place that was rejected then; a server that goes elsewhere changes what is
left for the next, which no record has.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from edge_sched.asking.intent import Intent
from edge_sched.judging.decision import Decision
from edge_sched.judging.decision import HostVerdict
from edge_sched.judging.decision import decide
from edge_sched.judging.decision import worth_of_cells
from edge_sched.judging.spread import spread_scores
from edge_sched.replay.recorded import Recorded
from edge_sched.replay.settings import Settings

#: Totals that differ by less are equal: they are added up in another order
#: than Nova's.
_TOLERANCE = 1e-9


class Landing(NamedTuple):
    """Where the server would go.

    :param place: its number in the record
    :param host: ``''`` if the record does not have it
    """

    place: int
    site: str
    host: str
    verdict: HostVerdict


@dataclasses.dataclass(frozen=True, slots=True)
class Again:
    """A decision made anew.

    :param landing: ``None`` if no host is left
    """

    decision: Decision[int]
    scores: Mapping[int, float]
    landing: Landing | None


def judge_again(
    recorded: Recorded,
    options: Mapping[str, Any] | None = None,
    intent: Intent | None = None,
) -> Again:
    """Judge a decision as it was, or by other settings.

    :param options: of ``[edge_sched]``, by name; those of the record if none
    :param intent: what is asked for instead
    """
    options = options or {}
    settings = recorded.settings.changed(options)
    decision = decide(
        intent or recorded.intent,
        recorded.answers,
        {n: (str(n),) for n in range(len(recorded.places))},
        settings.policy,
        recorded.judged_at,
        [n for n, place in enumerate(recorded.places) if place.crowded],
    )
    enforce = options.get('mode', recorded.mode) == 'enforce'
    left = [
        number
        for number, verdict in decision.verdicts.items()
        if verdict.accepted or not enforce
    ]
    scores = {n: decision.verdicts[n].score for n in left}
    weights = {n: _weight_of_others(recorded, n) for n in left}
    if enforce:
        scores = _spread(recorded, decision, scores)
        anew = bool(options or intent)
        cells = _cell_weights(recorded, settings, left, scores, anew)
        for number in left:
            multiplier = _multiplier(recorded, settings, number)
            weights[number] += multiplier * scores[number] + cells[number]
    nothing_left = recorded.nothing_left and enforce
    first = None if nothing_left else _first(recorded, weights)
    return Again(
        decision,
        scores,
        None if first is None else _landing(recorded, decision, first),
    )


def _spread(
    recorded: Recorded, decision: Decision[int], scores: dict[int, float]
) -> dict[int, float]:
    """The scores with the servers of the group there.

    Where those are not to be with others none is left that has any.
    """
    members = {
        number: recorded.places[number].members
        for number in scores
        if recorded.places[number].members
    }
    verdicts = {number: decision.verdicts[number] for number in scores}
    return spread_scores(verdicts, members, decision.intent.objective)


def _weight_of_others(recorded: Recorded, number: int) -> float:
    best = recorded.places[number].best
    return best.weight if best else 0.0


def _multiplier(recorded: Recorded, settings: Settings, number: int) -> float:
    """The option, or what aggregates said of the host at a place."""
    best = recorded.places[number].best
    default = recorded.settings.latency_weight_multiplier
    if best and recorded.mode == 'enforce' and best.multiplier != default:
        return best.multiplier
    return settings.latency_weight_multiplier


def _cell_weights(
    recorded: Recorded,
    settings: Settings,
    left: Sequence[int],
    scores: Mapping[int, float],
    anew: bool,
) -> dict[int, float]:
    """What each place has by its cell.

    :param anew: by the places of the record; else as it was
    """
    if not anew:
        return {
            number: best.cell_weight if best else 0.0
            for number in left
            for best in (recorded.places[number].best,)
        }
    # More than these of one place make no difference to its cell.
    most = settings.max_attempts
    hosts = [
        n for n in left for _ in range(min(recorded.places[n].hosts, most))
    ]
    worth = worth_of_cells(
        [recorded.places[number].cell for number in hosts],
        [scores[number] for number in hosts],
        settings.max_attempts,
    )
    by_place = dict(zip(hosts, worth, strict=True))
    multiplier = settings.cell_latency_weight_multiplier
    return {n: multiplier * by_place.get(n, 0.0) for n in left}


def _first(recorded: Recorded, weights: Mapping[int, float]) -> int | None:
    """The place with most; of equal ones where the first host was then."""
    if not weights:
        return None
    most = max(weights.values())
    equal = [
        number
        for number, weight in weights.items()
        if weight >= most - _TOLERANCE * max(1.0, abs(most))
    ]
    return min(equal, key=lambda n: (not _has_first(recorded, n), n))


def _has_first(recorded: Recorded, number: int) -> bool:
    best = recorded.places[number].best
    return best is not None and best.host == recorded.first


def _landing(
    recorded: Recorded, decision: Decision[int], number: int
) -> Landing:
    place = recorded.places[number]
    host = place.best.host if place.best else ''
    return Landing(number, place.site, host, decision.verdicts[number])
