# SPDX-License-Identifier: Apache-2.0

"""The newest probes of a target, and what they amount to.

A lost probe is infinitely late (RFC 2681), and so part of every quantile: of
20 probes with 2 lost, p95 is the 19th shortest, which is a lost one.
"""

import array
import dataclasses
import math
import operator
from collections.abc import MutableSequence, Sequence
from typing import Any

from edge_sched.probe import residence
from edge_sched.probe.outcome import Outcome

#: p99 is not stated of fewer probes: by the rule of three, 300 are needed for
#: 1 in 100 to be seen with 95 % confidence (Hanley and Lippman-Hand 1983).
P99_SAMPLES = 300


@dataclasses.dataclass(frozen=True, slots=True)
class Statistics:
    """What a window of probes amounts to.

    :param samples: probes that were sent and have ended, lost ones included
    :param loss_ratio: 0 to 1 (RFC 6673); ``None`` of connections, as nobody
        knows of those that were not made
    :param rtt_p50_ms: the median, by the nearest rank; ``inf`` if that probe
        was lost
    :param rtt_p95_ms: the 95th percentile, likewise
    :param rtt_p99_ms: the 99th; ``None`` of fewer than ``P99_SAMPLES``
    :param rtt_min_ms: the shortest; ``None`` if every probe was lost
    :param raw_min_ms: the shortest on the clock, likewise; ``None`` where
        nothing is credited, as of connections
    :param pdv_ms: p95 minus min (RFC 5481); ``None`` if p95 was lost, and of
        connections
    :param refused_ratio: of the probes, 0 to 1: those whose reflector claimed
        a residence that was not credited; ``None`` where none can be claimed
    """

    samples: int
    loss_ratio: float | None
    rtt_p50_ms: float
    rtt_p95_ms: float
    rtt_p99_ms: float | None
    rtt_min_ms: float | None
    raw_min_ms: float | None
    pdv_ms: float | None
    refused_ratio: float | None


class Window:
    """The newest probes of a target, in the order in which they ended.

    After a pause longer than ``max_pause_seconds`` it starts empty: what was
    measured before the pause tells of another time.

    :param size: of how many probes at the most
    """

    __slots__ = (
        '_added_at',
        '_max_pause_seconds',
        '_raw',
        '_refused',
        '_rtt',
        '_size',
    )

    def __init__(self, size: int, max_pause_seconds: float) -> None:
        # Not NamedTuples: at 17 bytes a probe, 2 000 windows of 64 are 2 MB.
        self._rtt = array.array('d')
        self._raw = array.array('d')
        self._refused = array.array('b')
        self._added_at = -math.inf
        self.resize(size, max_pause_seconds)

    def resize(self, size: int, max_pause_seconds: float) -> None:
        """Keep the newest ``size`` of those that are there."""
        self._size = size
        self._max_pause_seconds = max_pause_seconds
        for each in self._arrays():
            del each[:-size]

    def add(self, outcome: Outcome, at_seconds: float) -> None:
        """Take in a probe that ended; the oldest makes way.

        :param at_seconds: now, by a clock that is never set
        """
        if at_seconds - self._added_at > self._max_pause_seconds:
            for each in self._arrays():
                del each[:]
        self._added_at = at_seconds
        self._rtt.append(outcome.rtt_ms)
        self._raw.append(outcome.raw_rtt_ms)
        self._refused.append(outcome.refused)
        if len(self._rtt) > self._size:
            for each in self._arrays():
                del each[0]

    @property
    def is_full(self) -> bool:
        """Whether it has as many as it takes."""
        return len(self._rtt) == self._size

    def statistics(self) -> Statistics | None:
        """What the probes amount to; ``None`` while there are none."""
        if not self._rtt:
            return None
        likely = residence.likely(self._rtt, self._raw)
        refused = sum(self._refused)
        if likely is not self._rtt:
            refused += sum(map(operator.ne, likely, self._rtt))
        ranked = sorted(likely)
        samples = len(ranked)
        p95_ms = nearest_rank(ranked, 95)
        return Statistics(
            samples=samples,
            loss_ratio=ranked.count(math.inf) / samples,
            rtt_p50_ms=nearest_rank(ranked, 50),
            rtt_p95_ms=p95_ms,
            rtt_p99_ms=(
                nearest_rank(ranked, 99) if samples >= P99_SAMPLES else None
            ),
            rtt_min_ms=_finite(ranked[0]),
            raw_min_ms=_finite(min(self._raw)),
            pdv_ms=_finite(p95_ms - ranked[0]),
            refused_ratio=refused / samples,
        )

    def _arrays(self) -> tuple[MutableSequence[Any], ...]:
        return self._rtt, self._raw, self._refused


def nearest_rank(ranked: Sequence[float], percent: int) -> float:
    """The k-th shortest, k the least number that is ``percent`` of all."""
    return ranked[-(-percent * len(ranked) // 100) - 1]


def _finite(rtt_ms: float) -> float | None:
    return rtt_ms if math.isfinite(rtt_ms) else None
