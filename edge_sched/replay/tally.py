# SPDX-License-Identifier: Apache-2.0

"""What became of many decisions, and what would by other settings."""

import dataclasses
import math

from edge_sched.judging.scoring import OVER
from edge_sched.replay.again import Again
from edge_sched.replay.again import judge_again
from edge_sched.replay.recorded import Recorded


def unlike(recorded: Recorded) -> str:
    """In what a decision made anew differs from the recorded one.

    By the same settings; ``''`` if in nothing. Places, scores and the host.
    """
    again = judge_again(recorded)
    for number, place in enumerate(recorded.places):
        verdict = again.decision.verdicts[number]
        standing = verdict.standing.word
        if (standing, verdict.accepted) != (place.standing, place.accepted):
            return f'{place.site} is {standing}, not {place.standing}'
        score = again.scores.get(number, verdict.score)
        if not math.isclose(score, place.score, abs_tol=1e-9):
            return f'{place.site} scores {score:g}, not {place.score:g}'
    if recorded.is_ranked:
        host = again.landing.host if again.landing else ''
        if host != recorded.first:
            return f'{host or "no host"} is first, not {recorded.first}'
    return ''


@dataclasses.dataclass(slots=True)
class Tally:
    """Sums over decisions: how many, where, how far.

    :param elsewhere: at another site than recorded
    :param unknown: placed where a client was not measured
    :param spread: asked for, and no other server of the group at the site
    """

    placed: int = 0
    refused: int = 0
    elsewhere: int = 0
    over: int = 0
    unknown: int = 0
    asked_to_spread: int = 0
    apart: int = 0
    _rtts_ms: list[float] = dataclasses.field(default_factory=list)

    def add(self, recorded: Recorded, again: Again, before: str) -> None:
        """Count one.

        :param before: the site where it was, ``''`` if it was refused
        """
        landing = again.landing
        if (landing.site if landing else '') != before:
            self.elsewhere += 1
        if landing is None:
            self.refused += 1
            return
        self.placed += 1
        self.over += landing.verdict.standing is OVER
        rtt_ms = landing.verdict.deciding.rank_ms
        if rtt_ms is None:
            self.unknown += 1
        else:
            self._rtts_ms.append(rtt_ms)
        if recorded.intent.spread:
            self.asked_to_spread += 1
            self.apart += not any(recorded.places[landing.place].members)

    def rows(self) -> dict[str, int | float | None]:
        """The sums by their names."""
        return {
            'placed': self.placed,
            'refused': self.refused,
            'at another site': self.elsewhere,
            'over budget': self.over,
            'not measured there': self.unknown,
            'rtt_median_ms': self._quantile(0.5),
            'rtt_p95_ms': self._quantile(0.95),
            'asked to be spread': self.asked_to_spread,
            'spread: none of the group there': self.apart,
        }

    def _quantile(self, quantile: float) -> float | None:
        """By nearest rank: the smallest that so many do not exceed."""
        if not self._rtts_ms:
            return None
        rank = math.ceil(quantile * len(self._rtts_ms))
        return sorted(self._rtts_ms)[rank - 1]
