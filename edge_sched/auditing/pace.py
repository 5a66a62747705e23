# SPDX-License-Identifier: Apache-2.0

"""No faster than an operator wants, and patient: nobody is kept waiting."""

import time
from collections.abc import Callable

#: How long a database is waited for, each time: on a busy day, longer than
#: anybody's request would. Chosen.
PATIENCE_SECONDS = 30.0


class Pace:
    """Bounds how much is done a second; what was not used is not saved up.

    :param per_second: ``None`` for no bound
    """

    def __init__(
        self,
        per_second: float | None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._per_second = per_second
        self._clock = clock
        self._sleep = sleep
        self._free_at = clock()

    def take(self, count: int) -> None:
        """Wait until what was taken before is paid for, and take so many."""
        if self._per_second is None:
            return
        now = self._clock()
        if now < self._free_at:
            self._sleep(self._free_at - now)
            now = self._free_at
        self._free_at = now + count / self._per_second
