# SPDX-License-Identifier: Apache-2.0

"""Probes under way: answered once, or lost once."""

import asyncio
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar('K', bound=Hashable)
E = TypeVar('E')

#: Lost probes are looked for this often at the most. Chosen: 50 ms later is
#: soon enough to call a probe lost, and any number of silent targets costs
#: twenty wake-ups a second.
SWEEP_SECONDS = 0.05


class InFlight(Generic[K, E]):
    """Entries by key, each of which leaves once: taken, or lost.

    The time-out is the same for all, so the order of entering is the order
    of expiry: a dictionary and one timer are enough. A reply that the loop
    finds together with the expired timer is read first, since asyncio runs
    readers before timers; an overloaded loop does not make losses.

    :param lose: called with an entry that was not taken in time
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        timeout_seconds: float,
        lose: Callable[[E], None],
    ) -> None:
        self._loop = loop
        self._timeout_seconds = timeout_seconds
        self._lose = lose
        self._entries: dict[K, tuple[float, E]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, key: K, entry: E) -> None:
        """Wait for ``key``; one that waits under the same key is lost."""
        old = self.take(key)
        if old is not None:
            self._lose(old)
        deadline = self._loop.time() + self._timeout_seconds
        self._entries[key] = deadline, entry
        if self._timer is None:
            self._timer = self._loop.call_at(deadline, self._sweep)

    def get(self, key: K) -> E | None:
        """The entry under ``key``, which waits on."""
        _, entry = self._entries.get(key, (0.0, None))
        return entry

    def take(self, key: K) -> E | None:
        """The entry under ``key``, which no longer waits."""
        _, entry = self._entries.pop(key, (0.0, None))
        return entry

    def close(self) -> None:
        """Lose whatever still waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._entries:
            self._lose_oldest()

    def _sweep(self) -> None:
        now = self._loop.time()
        while self._entries and self._oldest_deadline() <= now:
            self._lose_oldest()
        self._timer = None
        if self._entries:
            wake_at = max(self._oldest_deadline(), now + SWEEP_SECONDS)
            self._timer = self._loop.call_at(wake_at, self._sweep)

    def _oldest_deadline(self) -> float:
        return next(iter(self._entries.values()))[0]

    def _lose_oldest(self) -> None:
        _, entry = self._entries.pop(next(iter(self._entries)))
        self._lose(entry)
