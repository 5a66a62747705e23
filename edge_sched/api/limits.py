# SPDX-License-Identifier: Apache-2.0

"""How many requests a project may make, and how many at a time. Pure.

limiter = Limiter(requests_per_minute=300)
wait_seconds = limiter.take('4f2e...')
"""

import collections
import math
import threading
import time
from collections.abc import Callable

import cachetools

#: So many projects are known at a time; of more, those that asked last.
#: Chosen: 1 MB.
MOST_PROJECTS = 4096


class Limiter:
    """A bucket a project, full at first. Safe in threads.

    Whoever is forgotten, since so many others ask, has a full one again.
    """

    def __init__(
        self,
        requests_per_minute: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = requests_per_minute
        self._per_second = requests_per_minute / 60
        self._clock = clock
        self._lock = threading.Lock()
        #: How many are left, and when that was.
        self._left: cachetools.LRUCache[str, tuple[float, float]] = (
            cachetools.LRUCache(MOST_PROJECTS)
        )

    def take(self, project_id: str) -> int:
        """One request of a project.

        :return: 0 if it may be made, else after how many seconds
        """
        with self._lock:
            now = self._clock()
            left, then = self._left.get(project_id, (self._most, now))
            left = min(self._most, left + (now - then) * self._per_second)
            if left < 1:
                self._left[project_id] = left, now
                return math.ceil((1 - left) / self._per_second)
            self._left[project_id] = left - 1, now
            return 0


class Turns:
    """So many at a time, of which one project has all but one at the most.

    Who asks often waits for himself then. Safe in threads.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._of_one = max(1, most - 1)
        self._changed = threading.Condition()
        #: By project, of those that have one.
        self._taken: collections.Counter[str] = collections.Counter()

    def take(self, project_id: str, timeout_seconds: float) -> bool:
        """Wait for a turn; whether it came in time."""
        with self._changed:
            is_free = self._changed.wait_for(
                lambda: (
                    self._taken.total() < self._most
                    and self._taken[project_id] < self._of_one
                ),
                timeout_seconds,
            )
            if is_free:
                self._taken[project_id] += 1
            return is_free

    def give_back(self, project_id: str) -> None:
        """One that was taken is over."""
        with self._changed:
            self._taken -= collections.Counter({project_id: 1})
            self._changed.notify_all()
