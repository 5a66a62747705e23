# SPDX-License-Identifier: Apache-2.0

"""How a server stands at its place, and for how much of an hour it was over.

A finding stands for the time until the next one. Of each minute of the last
hour one bit is kept, so that the hour of a server is one number::

    found over at 10:00, within at 10:05, over at 10:10

    at 10:05   0b0000011111   the five minutes before it      over_ratio 5/60
    at 10:10   0b1111100000   the same, and five within       over_ratio 5/60
    at 10:15   0b...0000011111                                over_ratio 10/60
"""

import math
from typing import NamedTuple, Self

#: Verdicts on a server, as they are written.
WITHIN, UNKNOWN, OVER = 'within', 'unknown', 'over'

#: What is kept of a server.
HOUR_SECONDS = 3600.0

_MINUTES = 60
_WHOLE_HOUR = (1 << _MINUTES) - 1

#: So long a finding stands if nobody looks again, in minutes. Chosen: three
#: rounds of the auditor.
_STANDS_MINUTES = 15


class Hour(NamedTuple):
    """What is remembered of a server from one audit to the next.

    :param audited_at: UTC epoch seconds
    :param over_since: when it was found over, and in each audit from then on;
        ``None`` unless it is over
    :param over_minutes: bit n is set if it was over in the minute that is n+1
        before that of ``audited_at``
    """

    audited_at: float
    over_since: float | None = None
    over_minutes: int = 0

    @property
    def over_ratio(self) -> float:
        """The share of the hour that it was known to be over, 0 to 1."""
        return self.over_minutes.bit_count() / _MINUTES

    def then(self, is_over: bool, now: float) -> Self:
        """After one audit more; one more than an hour later begins anew.

        :param now: UTC epoch seconds; a clock that was set back changes
            nothing of the minutes, and nothing is over since a time to come
        """
        if now - self.audited_at > HOUR_SECONDS:
            return type(self)(now, now if is_over else None)
        elapsed = max(0, int(now // 60) - int(self.audited_at // 60))
        minutes = self.over_minutes << elapsed
        if self.over_since is not None:
            stood = min(elapsed, _STANDS_MINUTES)
            minutes |= ((1 << stood) - 1) << (elapsed - stood)
        since = now if self.over_since is None else min(self.over_since, now)
        return type(self)(
            now, since if is_over else None, minutes & _WHOLE_HOUR
        )


class ServerStanding(NamedTuple):
    """How a server stood at its place when it was last audited.

    All figures are of the client that is worst off there, in ms, and ``inf``
    if lost.

    :param site: where its host is, as the operator calls it
    :param client: as it was asked for, ``None`` if nobody must be near
    :param verdict: ``within``, ``over`` or ``unknown``
    :param judged_ms: what the latency budget is judged by, ``None`` if unknown
    :param budget_ms: ``None`` if there is none for latency
    :param best_site: the best of the others in its cell that would accept it,
        ``None`` if there is none
    :param hour: its last one
    """

    server: str
    project_id: str
    host: str
    site: str
    client: str | None
    verdict: str
    judged_ms: float | None
    budget_ms: float | None
    best_site: str | None
    best_ms: float | None
    hour: Hour

    @property
    def excess_ratio(self) -> float:
        """By what share of its budget it is over: 0.55 at 31 of 20 ms."""
        return self._share_of_budget(self.judged_ms, self.budget_ms)

    @property
    def gain_ratio(self) -> float:
        """By what share of its budget the best site is nearer.

        ``-inf`` if that cannot be told.
        """
        if self.best_site is None:
            return -math.inf
        return self._share_of_budget(self.judged_ms, self.best_ms)

    def _share_of_budget(
        self, more: float | None, less: float | None
    ) -> float:
        if more is None or less is None or not self.budget_ms:
            return -math.inf
        # Of two that are lost neither is nearer.
        return (
            -math.inf if math.isinf(less) else (more - less) / self.budget_ms
        )
