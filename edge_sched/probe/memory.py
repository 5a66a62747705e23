# SPDX-License-Identifier: Apache-2.0

"""What a path was like in the last hour, window by window.

The newest window is a poor witness of the hour to come. Of 100 requests with
a p95 budget, on paths of personal devices, 50 kept it in the next hour and 48
did not where it was held against the newest window; 55 did and 16 did not
where against what nine in ten windows of the last hour kept.
"""

import array
import bisect
import math
from typing import NamedTuple

from edge_sched.probe.window import Statistics
from edge_sched.probe.window import nearest_rank

HOUR_SECONDS = 3600.0

#: Seconds from one window that is remembered to the next at the least. Chosen:
#: a window at the default rates, and 45 of them, at 32 bytes, are an hour.
PAUSE_SECONDS = 80.0

#: Windows of which it is known what nine in ten kept, by the rule of three;
#: of fewer it is what all of them kept.
ENOUGH = 30


class Hour(NamedTuple):
    """What the windows of the last hour amount to.

    :param rtt_p50_ms: the median of their medians; ``inf`` if it was lost
    :param rtt_p95_ms: what nine in ten of their p95 did not exceed, likewise
    :param loss_ratio: of all their probes, 0 to 1; ``None`` of connections
    """

    rtt_p50_ms: float
    rtt_p95_ms: float
    loss_ratio: float | None


class Memory:
    """The windows of the last hour, one after the other.

    :param now: seconds, by a clock that is never set
    """

    __slots__ = (
        '_due_at',
        '_ended_at',
        '_loss',
        '_p50',
        '_p95',
        '_pause_seconds',
    )

    def __init__(self, window_seconds: float, now: float) -> None:
        self._ended_at = array.array('d')
        self._p50 = array.array('d')
        self._p95 = array.array('d')
        self._loss = array.array('d')
        self.resize(window_seconds, now)

    def resize(self, window_seconds: float, now: float) -> None:
        """Go on with windows of another length."""
        self._pause_seconds = max(window_seconds, PAUSE_SECONDS)
        self._due_at = now + self._pause_seconds

    def is_due(self, now: float) -> bool:
        """Whether nothing of a window that ends now is remembered yet."""
        return now >= self._due_at

    def add(self, window: Statistics, now: float) -> None:
        """Remember a window that ends now."""
        self._due_at = now + self._pause_seconds
        self._forget(now)
        self._ended_at.append(now)
        self._p50.append(window.rtt_p50_ms)
        self._p95.append(window.rtt_p95_ms)
        loss_ratio = window.loss_ratio
        self._loss.append(math.nan if loss_ratio is None else loss_ratio)

    def hour(self, now: float) -> Hour | None:
        """What they amount to; ``None`` while there are none."""
        self._forget(now)
        count = len(self._ended_at)
        if not count:
            return None
        percent = 90 if count >= ENOUGH else 100
        # Each window is full, and the size of all is mostly the same.
        loss_ratio = math.fsum(self._loss) / count
        return Hour(
            nearest_rank(sorted(self._p50), 50),
            nearest_rank(sorted(self._p95), percent),
            None if math.isnan(loss_ratio) else loss_ratio,
        )

    def _forget(self, now: float) -> None:
        """Those that ended more than an hour ago."""
        gone = bisect.bisect_left(self._ended_at, now - HOUR_SECONDS)
        for each in (self._ended_at, self._p50, self._p95, self._loss):
            del each[:gone]
