# SPDX-License-Identifier: Apache-2.0

"""Probes all targets, and keeps what comes of them.

One heap of series, ordered by their next packet, and one timer: a target
costs a place in the heap and no task of its own.
"""

import asyncio
import heapq
import random
import time
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from edge_sched.probe.health import Health
from edge_sched.probe.outcome import Probe
from edge_sched.probe.series import Figures
from edge_sched.probe.series import Series
from edge_sched.probe.series import Uniform
from edge_sched.probe.target import Kind
from edge_sched.probe.target import Target

#: A packet that is later than this is left out: after a pause of the process
#: the targets then go on each at its own time rather than all at once, and a
#: prober with too much to do measures less often, not worse.
LATE_SECONDS = 1.0

#: Series that are summed up before the loop has another turn. Chosen: at 10
#: us each, 0.5 ms, which no probe notices.
BATCH = 50

#: When a probe is sent is no secret, and once a probe is often: a number of
#: the system's takes 4 us.
_RANDOM = random.Random()  # noqa: S311


def seconds_since_boot() -> float:
    """A clock that is never set and goes on while the machine sleeps.

    By ``time.monotonic`` the figures would look fresh after a night's sleep.
    """
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Report(NamedTuple):
    """What the prober knows, at one time.

    :param figures: of each target of which a probe has ended
    :param targets: all of them
    :param lag_seconds: the latest that a timer was in the last minute
    :param clock_steps: of the wall clock, since the start
    :param send_errors: since the start
    :param time_seconds: UTC epoch, by the clock here
    :param served: targets that the control plane has served, of all
    :param waiting: targets that it has served and that are none of them yet
    """

    figures: list[Figures]
    targets: int
    lag_seconds: float
    clock_steps: int
    send_errors: int
    time_seconds: float
    served: int = 0
    waiting: int = 0


class Prober:
    """Probes targets from the thread of an asyncio loop.

    :param probes: by kind; those that no target needs are not opened
    :param uniform: ``random.uniform``
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        probes: Mapping[Kind, Probe],
        clock: Callable[[], float] = seconds_since_boot,
        uniform: Uniform = _RANDOM.uniform,
    ) -> None:
        self._loop = loop
        self._probes = probes
        self._clock = clock
        self._uniform = uniform
        self._open: dict[Kind, Probe] = {}
        self._series: dict[tuple[str, str], Series] = {}
        self._heap: list[tuple[float, int, Series]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._health = Health(loop)

    async def follow(self, targets: Iterable[Target]) -> None:
        """Probe these from now on, and no others.

        A target that is probed at the same place as before keeps its window
        and its counts.

        :raises OSError: if a probe that they need cannot be opened; all is
            then as it was
        """
        targets = tuple(targets)
        for kind in {target.probe for target in targets}:
            await self._need(kind)
        self._series = {
            target.key: self._carried(target) for target in targets
        }
        self._heap = [
            (series.due_at, number, series)
            for number, series in enumerate(self._series.values())
        ]
        heapq.heapify(self._heap)
        self._arm()

    def has_answered(self, key: tuple[str, str]) -> bool:
        """Whether any probe of a target came back since it is one."""
        return key in self._series and self._series[key].answered

    def rate(self, target: Target) -> float:
        """Packets a second that a target is sent now, or would be at first."""
        series = self._series.get(target.key)
        known = series is not None and series.target.place == target.place
        sent = series.sent if series is not None and known else 0
        return 1 / target.rates.slot_seconds_after(sent)

    async def report(self) -> Report:
        """What is known now, summed up in small portions."""
        figures = []
        for number, series in enumerate(tuple(self._series.values()), start=1):
            figures.append(series.figures())
            if number % BATCH == 0:
                await asyncio.sleep(0)
        return Report(
            [each for each in figures if each is not None],
            len(self._series),
            self._health.lag_seconds,
            self._health.clock_steps,
            sum(probe.send_errors for probe in self._open.values()),
            time.time(),
        )

    def close(self) -> None:
        """Send no more; what is under way is lost."""
        self._health.close()
        if self._timer is not None:
            self._timer.cancel()
        for probe in self._open.values():
            probe.close()

    async def _need(self, kind: Kind) -> None:
        if kind not in self._open:
            await self._probes[kind].open()
            self._open[kind] = self._probes[kind]

    def _carried(self, target: Target) -> Series:
        now = self._loop.time()
        series = self._series.get(target.key)
        if series is not None and series.target is target:
            # Most are, where a few others come and go.
            return series
        if series is None or series.target.place != target.place:
            return Series(target, now, self._clock, self._uniform)
        series.change(target, now)
        return series

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._heap:
            self._timer = self._loop.call_at(self._heap[0][0], self._fire)

    def _fire(self) -> None:
        while self._heap:
            due_at, number, series = self._heap[0]
            now = self._loop.time()
            if due_at > now:
                break
            if now - due_at > LATE_SECONDS:
                series.wait(now)
            else:
                self._send(series, now)
            entry = series.due_at, number, series
            heapq.heapreplace(self._heap, entry)
        self._arm()

    def _send(self, series: Series, now: float) -> None:
        turn = series.take_turn(now)
        target = series.target
        probe = self._open[target.probe]
        probe.send(target.address, target.port, turn, series.ended)
