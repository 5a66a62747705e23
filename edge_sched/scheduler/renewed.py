# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""A value that one thread renews while the others use the old one."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from oslo_log import log as logging

LOG = logging.getLogger(__name__)

T = TypeVar('T')

#: How long a value that could not be renewed serves on before the next try,
#: at the most. Chosen: short beside any sensible lifetime, long beside the
#: rate of requests.
RETRY_SECONDS = 5.0


class Renewed(Generic[T]):
    """A value with a lifetime, loaded on first use.

    The first caller waits for it; when it has expired one caller renews it
    and all others are given the old one. If it cannot be renewed the old one
    serves on, and a later call tries again.

    :param load: makes the value; may raise
    :param ttl_seconds: how long it lives, asked at each call
    """

    def __init__(
        self,
        load: Callable[[], T],
        ttl_seconds: Callable[[], float],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load = load
        self._ttl_seconds = ttl_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._held: tuple[float, T] | None = None

    def get(self) -> T:
        """The value.

        :raises Exception: what ``load`` raised, if there is no old value
        """
        held = self._held
        if held is None:
            with self._lock:
                if self._held is None:
                    self._held = (self._clock(), self._load())
                return self._held[1]
        loaded_at, value = held
        if self._clock() - loaded_at < self._ttl_seconds():
            return value
        if not self._lock.acquire(blocking=False):
            return value
        try:
            return self._renew(value)
        finally:
            self._lock.release()

    def forget(self) -> None:
        """Load it anew at the next call."""
        self._held = None

    def _renew(self, old: T) -> T:
        try:
            value = self._load()
            self._held = (self._clock(), value)
        except Exception:
            LOG.warning(
                'Could not renew, the old one serves on', exc_info=True
            )
            ttl_seconds = self._ttl_seconds()
            wait_seconds = min(RETRY_SECONDS, ttl_seconds)
            self._held = (self._clock() - ttl_seconds + wait_seconds, old)
            return old
        return value
