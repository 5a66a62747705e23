# SPDX-License-Identifier: Apache-2.0

"""What is known of one target: its window, its counts, its next packet."""

import time
from collections.abc import Callable
from typing import NamedTuple, Protocol

from edge_sched.probe.memory import Hour
from edge_sched.probe.memory import Memory
from edge_sched.probe.outcome import LOST
from edge_sched.probe.outcome import Outcome
from edge_sched.probe.target import Rates
from edge_sched.probe.target import Target
from edge_sched.probe.window import Statistics
from edge_sched.probe.window import Window

#: Pauses, in spans of a window, after which it starts anew. Chosen: two, so
#: that one probe that was left out does not empty a window of one probe.
MAX_PAUSE_SPANS = 2

Uniform = Callable[[float, float], float]


class Subject(Protocol):
    """Whom figures are of: a target, or a prefix that connections are from.

    See ``Target``.
    """

    @property
    def key(self) -> tuple[str, str]: ...
    @property
    def source(self) -> str: ...
    @property
    def access_ms(self) -> float: ...
    @property
    def address(self) -> object: ...


class Figures(NamedTuple):
    """A target with what was measured.

    :param sent: probes since the target was first seen; ``None`` if it is not
        probed
    :param lost: those of them that were lost, likewise
    :param newest_at: UTC epoch seconds when the newest probe ended
    :param hour: ``None`` while no window was full in the last hour
    """

    target: Subject
    statistics: Statistics
    sent: int | None
    lost: int | None
    newest_at: float
    hour: Hour | None = None


class Series:
    """The probes of one target, each somewhere in a slot of its own.

    Slots follow one another, each as long as the others, and a probe is sent
    at any time of its slot. So probes are spread evenly over a window; those
    of a burst meet the same queue. Of a path that is late 2 % of the time,
    half a second at a time, 5 % of the windows have a late p95, and in bursts
    of 8 it was 17 % (simulated). Nor do probes keep step with what is periodic
    on the way (RFC 3432, section 4), or targets with one another.

    A probe counts once it has ended. A lost one ends later than one that was
    answered, so the window knows more of the latter for the time-out.

    :param clock: seconds, never set, and going on while the machine sleeps
    :param uniform: ``random.uniform``
    """

    __slots__ = (
        '_clock',
        '_lost',
        '_memory',
        '_newest_at',
        '_sent',
        '_slot_at',
        '_uniform',
        '_window',
        'answered',
        'due_at',
        'target',
    )

    def __init__(
        self,
        target: Target,
        now: float,
        clock: Callable[[], float],
        uniform: Uniform,
    ) -> None:
        self.target = target
        #: When the next packet is to be sent, by the clock of the loop.
        self.due_at = 0.0
        self._sent = 0
        self._lost = 0
        self.answered = False
        self._window = Window(target.rates.window, _max_pause(target.rates))
        self._memory = Memory(_span(target.rates), clock())
        self._clock = clock
        self._uniform = uniform
        self._newest_at = 0.0
        self._begin(now)

    def change(self, target: Target, now: float) -> None:
        """Go on with other rates, or another ``access_ms``."""
        changed = target.rates != self.target.rates
        self.target = target
        if changed:
            self._window.resize(target.rates.window, _max_pause(target.rates))
            self._memory.resize(_span(target.rates), self._clock())
            self._begin(now)

    def ended(self, outcome: Outcome) -> None:
        """Take in the outcome of a probe."""
        if outcome == LOST:
            self._lost += 1
        else:
            self.answered = True
        self._newest_at = self._clock()
        self._window.add(outcome, self._newest_at)
        if self._memory.is_due(self._newest_at) and self._window.is_full:
            statistics = self._window.statistics()
            if statistics is not None:
                self._memory.add(statistics, self._newest_at)

    def figures(self) -> Figures | None:
        """What was measured; ``None`` while no probe has ended.

        The time is the wall clock less an age, so that one that was set since
        does not make a figure old or put it into the future.
        """
        statistics = self._window.statistics()
        if statistics is None:
            return None
        now = self._clock()
        return Figures(
            self.target,
            statistics,
            self._sent,
            self._lost,
            time.time() - (now - self._newest_at),
            self._memory.hour(now),
        )

    @property
    def sent(self) -> int:
        """Probes since the target was first seen."""
        return self._sent

    def take_turn(self, now: float) -> int:
        """Count a packet as sent now and make the next one due.

        :return: how many were sent before
        """
        turn = self._sent
        self._sent += 1
        self.wait(now)
        return turn

    def wait(self, now: float) -> None:
        """Make a packet due in the next slot that is not over.

        Those of slots that are over are left out: sent now, they would be a
        burst.
        """
        slot_seconds = self._slot_seconds()
        slots = (now - self._slot_at) // slot_seconds
        self._begin(self._slot_at + max(1.0, slots) * slot_seconds)

    def _begin(self, slot_at: float) -> None:
        self._slot_at = slot_at
        self.due_at = slot_at + self._uniform(0, self._slot_seconds())

    def _slot_seconds(self) -> float:
        return self.target.rates.slot_seconds_after(self._sent)


def _max_pause(rates: Rates) -> float:
    return MAX_PAUSE_SPANS * _span(rates)


def _span(rates: Rates) -> float:
    """The seconds that a window is full in."""
    return rates.window * rates.slot_seconds
