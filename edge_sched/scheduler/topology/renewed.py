# SPDX-License-Identifier: Apache-2.0

"""A value that one thread renews while the others use the old one."""

import concurrent.futures
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

    The first caller loads it, and those who come meanwhile share what came of
    that, be it an error. When it has expired one caller renews it and all
    others are given the old one. If it cannot be renewed the old one serves
    on, and a later call tries again. With a lifetime of 0 each caller loads
    it anew.

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
        #: Since when, and the value.
        self._held: tuple[float, T] | None = None
        self._loading: concurrent.futures.Future[T] | None = None

    def get(self) -> T:
        """The value.

        :raises Exception: what ``load`` raised, if there is no old value
        """
        ttl_seconds = self._ttl_seconds()
        if not ttl_seconds:
            return self._renew(ttl_seconds)
        with self._lock:
            held, loading = self._held, self._loading
            if held and (loading or self._clock() - held[0] < ttl_seconds):
                return held[1]
            mine = loading is None
            if loading is None:
                loading = self._loading = concurrent.futures.Future()
        if mine:
            self._land(loading, ttl_seconds)
        return loading.result()

    def forget(self) -> None:
        """Load it anew at the next call."""
        self._held = None

    def _land(
        self, loading: concurrent.futures.Future[T], ttl_seconds: float
    ) -> None:
        """Load for all who wait; whatever happens, they must not for ever."""
        try:
            loading.set_result(self._renew(ttl_seconds))
        except Exception as error:
            loading.set_exception(error)
        except BaseException:
            # What ends this thread is not to end the others.
            loading.set_exception(RuntimeError('the first load was ended'))
            raise
        finally:
            self._loading = None

    def _renew(self, ttl_seconds: float) -> T:
        held = self._held
        spent_seconds = 0.0
        try:
            value = self._load()
        except Exception:
            if held is None:
                raise
            LOG.warning(
                'Could not renew, the old one serves on', exc_info=True
            )
            value = held[1]
            spent_seconds = max(0.0, ttl_seconds - RETRY_SECONDS)
        self._held = (self._clock() - spent_seconds, value)
        return value
