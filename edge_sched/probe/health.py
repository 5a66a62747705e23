# SPDX-License-Identifier: Apache-2.0

"""How well the prober itself does: late timers, and a clock that is set."""

import asyncio
import collections

from edge_sched.probe import clock

PERIOD_SECONDS = 1.0

#: The lag is the worst of this many periods. Chosen: a minute, so that two
#: scrapes half a minute apart miss none.
PERIODS = 60


class Health:
    """Looks once a period how late the loop is, and at both clocks."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        #: Steps of the wall clock since the start.
        self.clock_steps = 0
        self._loop = loop
        self._lags = collections.deque([0.0], PERIODS)
        self._clocks = clock.read()
        self._look_again()

    @property
    def lag_seconds(self) -> float:
        """How late a timer was at the worst in the last minute."""
        return max(self._lags)

    def close(self) -> None:
        self._timer.cancel()

    def _look_again(self) -> None:
        due_at = self._loop.time() + PERIOD_SECONDS
        self._timer = self._loop.call_at(due_at, self._look, due_at)

    def _look(self, due_at: float) -> None:
        self._lags.append(max(0.0, self._loop.time() - due_at))
        clocks = clock.read()
        if clock.trip(self._clocks, clocks.wall_ns, clocks).stepped:
            self.clock_steps += 1
        self._clocks = clocks
        self._look_again()
