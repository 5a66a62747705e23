# SPDX-License-Identifier: Apache-2.0

"""The relay's loop: waits for packets, and for the time they are due."""

import heapq
import itertools
import select
import time
from collections.abc import Callable
from typing import Any

from tests.emulation.path import Lane
from tests.emulation.stamped import Received

#: The last of a wait is spent in a loop, as a process that sleeps wakes up
#: late: by 0.04 ms in the median, by 0.08 ms at the 95th percentile (measured
#: with real-time scheduling on a virtual machine of two processors).
SPIN_NS = 100_000
#: From the moment at which a packet is due until the kernel has it at the
#: other end (half of what echo requests took too long, measured there).
HAND_OVER_NS = 15_000

Deliver = Callable[[bytes], Any]


class Carrier:
    """Carries packets, whatever they come from and go to."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._readable: dict[int, Callable[[], None]] = {}
        # The number keeps packets of one instant in their order.
        self._under_way: list[tuple[int, int, Deliver, bytes]] = []
        self._numbers = itertools.count()
        self._running = True

    def watch(self, fd: int, readable: Callable[[], None]) -> None:
        """Call this whenever there is something to read."""
        self._readable[fd] = readable
        self._epoll.register(fd, select.EPOLLIN)

    def carry(self, received: Received, lane: Lane, deliver: Deliver) -> None:
        """Hand a packet over when it is due, unless the lane loses it."""
        sent_ns = time.monotonic_ns() - received.age_ns
        due_ns = lane.arrival_ns(sent_ns - HAND_OVER_NS)
        if due_ns is not None:
            number = next(self._numbers)
            entry = (due_ns, number, deliver, received.packet)
            heapq.heappush(self._under_way, entry)

    def run(self) -> None:
        """Carry packets until ``stop`` is called."""
        while self._running:
            # epoll alone would wait for whole milliseconds.
            select.select([self._epoll], [], [], self._wait_seconds())
            for fd, _ in self._epoll.poll(0):
                self._readable[fd]()
            self._deliver()

    def stop(self) -> None:
        self._running = False

    def _wait_seconds(self) -> float | None:
        if not self._under_way:
            return None
        wait_ns = self._under_way[0][0] - time.monotonic_ns() - SPIN_NS
        return max(wait_ns, 0) / 1e9

    def _deliver(self) -> None:
        under_way = self._under_way
        while under_way and under_way[0][0] <= time.monotonic_ns():
            _, _, deliver, packet = heapq.heappop(under_way)
            try:
                deliver(packet)
            except OSError:
                # A full queue or nobody there: lost, as on any network.
                continue
