# SPDX-License-Identifier: Apache-2.0

"""Queries on their way: one at a time, shared by all who wait for them.

While a query is under way, whoever asks for the same waits for it, and
whoever asks for something else waits for the next one, which takes them all
along. So 64 threads with one cold client make one query, 64 with a client
each make two, and a dead store is paid for once.
"""

import collections
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

from edge_sched.store.breaker import Breaker
from edge_sched.store.errors import StoreUnavailableError
from edge_sched.store.reasons import reason

K = TypeVar('K')
V = TypeVar('V')

#: A query takes no more requests along once it has so many keys. Chosen: two
#: of the largest requests (16 clients of the flavor, 16 hinted).
MAX_KEYS = 64

#: Queries that nobody waits for any more and that have not come back. Each
#: holds a thread and a connection until the server, its kernel or a bound of
#: the driver ends it. Chosen: five minutes of probes, 30 s apart.
MAX_GIVEN_UP = 10


class _Flight(Generic[K, V]):
    """A query: for what, and once it has landed, with what."""

    def __init__(self) -> None:
        self.keys: dict[K, None] = {}
        self.started_at = 0.0
        self.landed = threading.Event()
        self.values: Mapping[K, V] = {}
        self.failure = ''


class Flights(Generic[K, V]):
    """Fetches values by a query that may hang.

    The query runs in a daemon thread that lives while there is something to
    fetch: a hanging one holds up neither its callers nor the end of the
    process, and none is there before a fork. Under eventlet both threads and
    locks are green; nothing here knows.

    :param query: keys to values, all of them; may raise anything
    :param known: values that have come in meanwhile, of some of the keys
    :param keep: called with the values before those who wait are woken
    """

    def __init__(
        self,
        query: Callable[[Sequence[K]], Mapping[K, V]],
        known: Callable[[Sequence[K]], Mapping[K, V]],
        keep: Callable[[Mapping[K, V]], None],
        breaker: Breaker,
        timeout_seconds: float,
    ) -> None:
        self._query = query
        self._known = known
        self._keep = keep
        self._breaker = breaker
        self._timeout_seconds = timeout_seconds
        self._lock = threading.Lock()
        self._flying: _Flight[K, V] | None = None
        self._waiting: collections.deque[_Flight[K, V]] = collections.deque()
        self._given_up = 0

    def fetch(self, keys: Sequence[K]) -> dict[K, V]:
        """The value of each key, after ``timeout_seconds`` at most.

        :raises StoreUnavailableError: if they did not come
        """
        deadline = time.monotonic() + self._timeout_seconds
        with self._lock:
            # Again, since another flight may have landed meanwhile.
            values = dict(self._known(keys))
            flights = self._board([k for k in keys if k not in values])
        for flight in flights:
            remaining_seconds = max(0.0, deadline - time.monotonic())
            if not flight.landed.wait(remaining_seconds):
                self._give_up(flight)
            if flight.failure:
                raise StoreUnavailableError(flight.failure)
            values.update(flight.values)
        return {key: values[key] for key in keys}

    def _board(self, keys: Sequence[K]) -> list[_Flight[K, V]]:
        """The flights that bring these keys; all new keys are in one."""
        flying = self._flying
        if not keys:
            return []
        if flying is None:
            return [self._start(keys)]
        self._breaker.check()
        flights = []
        rest = [key for key in keys if key not in flying.keys]
        if len(rest) < len(keys):
            flights.append(flying)
        if rest:
            last = self._waiting[-1] if self._waiting else None
            if last is None or len(last.keys) + len(rest) > MAX_KEYS:
                last = _Flight()
                self._waiting.append(last)
            last.keys.update(dict.fromkeys(rest))
            flights.append(last)
        return flights

    def _start(self, keys: Sequence[K]) -> _Flight[K, V]:
        self._breaker.admit()
        if self._given_up >= MAX_GIVEN_UP:
            self._breaker.failed(f'{self._given_up} queries hang')
            raise StoreUnavailableError(f'{self._given_up} queries hang')
        flight: _Flight[K, V] = _Flight()
        flight.keys = dict.fromkeys(keys)
        flight.started_at = time.monotonic()
        thread = threading.Thread(
            target=self._fly,
            args=(flight,),
            name='edge_sched-store',
            daemon=True,
        )
        try:
            thread.start()
        except RuntimeError as error:
            self._breaker.failed(reason(error))
            raise StoreUnavailableError(reason(error)) from None
        self._flying = flight
        return flight

    def _fly(self, flight: _Flight[K, V]) -> None:
        """Run this query and those that wait behind it."""
        following: _Flight[K, V] | None = flight
        while following is not None:
            following = self._run(following)

    def _run(self, flight: _Flight[K, V]) -> _Flight[K, V] | None:
        """Run one query; the next one, if any waits."""
        failure = ''
        values: Mapping[K, V] = {}
        try:
            values = self._query(tuple(flight.keys))
        except BaseException as error:
            # Whatever it is, those who wait must not wait for it.
            failure = reason(error)
        with self._lock:
            if flight.landed.is_set():
                # Given up; another may be flying.
                self._given_up -= 1
                return None
            if failure:
                self._fail(failure)
                return None
            self._breaker.succeeded()
            self._keep(values)
            flight.values = values
            flight.landed.set()
            self._flying = self._waiting.popleft() if self._waiting else None
            if self._flying is not None:
                self._flying.started_at = time.monotonic()
            return self._flying

    def _give_up(self, flight: _Flight[K, V]) -> None:
        """The time of a caller is up.

        A query that has had at least half of the timeout is too slow, and
        the store has failed. Else its caller has waited behind another, and
        fails alone.
        """
        with self._lock:
            flying = self._flying
            if flight.landed.is_set() or flying is None:
                return
            took_seconds = time.monotonic() - flying.started_at
            failure = f'no answer within {self._timeout_seconds:g} s'
            if took_seconds < self._timeout_seconds / 2:
                raise StoreUnavailableError(failure)
            self._given_up += 1
            self._fail(failure)

    def _fail(self, failure: str) -> None:
        """Tell everyone who waits."""
        self._breaker.failed(failure)
        flights = [*self._waiting]
        if self._flying is not None:
            flights.append(self._flying)
        self._waiting.clear()
        self._flying = None
        for flight in flights:
            flight.failure = failure
            flight.landed.set()
