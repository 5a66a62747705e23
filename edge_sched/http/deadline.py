# SPDX-License-Identifier: Apache-2.0

"""How long is left of what has a bound."""

import time
from collections.abc import Callable


class Deadline:
    """A moment by which something must be done."""

    def __init__(
        self, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._at = clock() + seconds

    def remaining_seconds(self) -> float:
        """Never below 0."""
        return max(0.0, self._at - self._clock())

    def passed(self) -> bool:
        return self._clock() >= self._at

    def within(self, seconds: float) -> 'Deadline':
        """The earlier of this one and so many seconds from now."""
        return Deadline(min(seconds, self.remaining_seconds()), self._clock)
