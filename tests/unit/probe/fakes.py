# SPDX-License-Identifier: Apache-2.0

"""A loop, a probe and targets that do as a test says."""

import heapq
import ipaddress
import itertools
from collections.abc import Callable
from typing import Any

from edge_sched.probe.outcome import Done
from edge_sched.probe.outcome import Outcome
from edge_sched.probe.target import Rates
from edge_sched.probe.target import Target


class Timer:
    def __init__(self) -> None:
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class Loop:
    """The timers of an asyncio loop, and a clock that only tests move."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._number = itertools.count()
        self._timers: list[tuple[float, int, Timer, Callable[[], Any]]] = []

    def time(self) -> float:
        return self.now

    def call_at(
        self, when: float, callback: Callable[..., Any], *args: Any
    ) -> Timer:
        timer = Timer()
        entry = when, next(self._number), timer, lambda: callback(*args)
        heapq.heappush(self._timers, entry)
        return timer

    @property
    def waiting(self) -> list[float]:
        """When timers are due."""
        return sorted(
            when for when, _, timer, _ in self._timers if not timer.cancelled
        )

    def run(self, seconds: float) -> None:
        """Let time pass, and fire each timer when it is due."""
        until = self.now + seconds
        while self._timers and self._timers[0][0] <= until:
            when, _, timer, callback = heapq.heappop(self._timers)
            self.now = max(self.now, when)
            if not timer.cancelled:
                callback()
        self.now = max(self.now, until)

    def stall(self, seconds: float) -> None:
        """Let time pass in which nothing can be done."""
        self.now += seconds


class FakeProbe:
    """Keeps what is sent; answers at once if it has an outcome."""

    def __init__(
        self, loop: Loop | None = None, outcome: Outcome | None = None
    ) -> None:
        self.loop = loop
        self.outcome = outcome
        self.fails_to_open: OSError | None = None
        self.opened = 0
        self.closed = 0
        self.send_errors = 0
        self.sent: list[tuple[float, str, int, int]] = []
        self.done: list[Done] = []

    async def open(self) -> None:
        if self.fails_to_open:
            raise self.fails_to_open
        self.opened += 1

    def send(self, address: Any, port: int, turn: int, done: Done) -> None:
        now = self.loop.time() if self.loop else 0.0
        self.sent.append((now, str(address), port, turn))
        self.done.append(done)
        if self.outcome:
            done(self.outcome)

    def close(self) -> None:
        self.closed += 1

    def times(self, address: str) -> list[float]:
        """When packets were sent to an address."""
        return [now for now, to, _, _ in self.sent if to == address]


def a_target(address: str = '203.0.113.7', **figures: Any) -> Target:
    """A target, by default a client of its own address."""
    rates = {
        name: figures.pop(name)
        for name in ('packets', 'interval_seconds', 'window', 'fill_seconds')
        if name in figures
    }
    values: dict[str, Any] = {
        'client': address,
        'project': '',
        'probe': 'stamp',
        'port': 862,
        'access_ms': 0.0,
    }
    return Target(
        address=ipaddress.ip_address(address),
        rates=Rates(**rates),
        **values | figures,
    )
