# SPDX-License-Identifier: Apache-2.0

"""What the scheduler asks: who is measured from where, and how near.

    found = reader(StoreSettings.from_conf(CONF)).look_up(clients, project_id)
    found.answers[client].parts[0]['lyon'].rtt_p50_ms

One statement for all clients of a request, or none if their answers are kept.
"""

import dataclasses
import os
import threading
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeVar

import sqlalchemy as sa
from oslo_db import exception as db_exception

from edge_sched.model.client import Client
from edge_sched.model.latency import Answer
from edge_sched.store import query
from edge_sched.store import wanting
from edge_sched.store.breaker import Breaker
from edge_sched.store.breaker import State
from edge_sched.store.cache import AnswerCache
from edge_sched.store.cache import Key
from edge_sched.store.engine import Database
from edge_sched.store.errors import StoreUnavailableError
from edge_sched.store.flights import Flights
from edge_sched.store.settings import StoreSettings
from edge_sched.store.wanting import Question
from edge_sched.store.wanting import Wanting

T = TypeVar('T')


@dataclasses.dataclass(frozen=True, slots=True)
class LookUp:
    """What was found.

    :param answers: of each client that was asked for
    :param cache: ``hit`` if all were kept, ``stale`` if any was served after
        its time because the store is away, else ``miss``
    :param lookup_ms: how long it took
    :param breaker: ``open`` while a failed store is left alone
    """

    answers: Mapping[Client, Answer]
    cache: Literal['hit', 'miss', 'stale']
    lookup_ms: float
    breaker: State


class Reader:
    """Look-ups in one store; get it from ``reader``.

    Safe in threads. Nothing is opened before the first look-up, and a forked
    child begins anew.
    """

    def __init__(self, settings: StoreSettings) -> None:
        self._settings = settings
        self._begin()
        _all_readers.add(self)

    @property
    def breaker(self) -> State:
        return self._breaker.state

    def look_up(
        self, clients: Sequence[Client], project_id: str | None
    ) -> LookUp:
        """Find the rows of each client; no query for no client.

        :param project_id: whose names count, besides the shared ones
        :raises StoreUnavailableError: if the store is away and an answer is
            not kept, after ``timeout_seconds`` at most; nothing else
        """
        start = time.perf_counter()
        keys = {client: key_of(client, project_id) for client in clients}
        found, cache = self._find(list(keys.values()))
        return LookUp(
            answers={client: found[key] for client, key in keys.items()},
            cache=cache,
            lookup_ms=(time.perf_counter() - start) * 1000,
            breaker=self._breaker.state,
        )

    def answers(self, keys: Sequence[Key]) -> Mapping[Key, Answer]:
        """Find the rows of clients of several projects, as ``look_up``."""
        return self._find(keys)[0]

    def wanting(self, question: Question) -> Wanting | None:
        """How it is with a client that is not measured; nothing is kept.

        :raises StoreUnavailableError: as ``look_up``; look-ups go on if it is
            this alone that fails
        """
        if self._breaker.state == 'open':
            raise StoreUnavailableError('it is left alone')
        return self._questions.fetch([question])[question]

    def _find(
        self, keys: Sequence[Key]
    ) -> tuple[Mapping[Key, Answer], Literal['hit', 'miss', 'stale']]:
        found = self._cache.fresh(keys)
        missing = [key for key in keys if key not in found]
        cache: Literal['hit', 'miss', 'stale'] = 'hit'
        if missing:
            cache = 'miss'
            try:
                found |= self._flights.fetch(missing)
            except StoreUnavailableError:
                kept = self._cache.kept(missing)
                if len(kept) < len(missing):
                    raise
                found |= kept
                cache = 'stale'
        return found, cache

    def close(self) -> None:
        """Let go of the connections; a look-up opens new ones."""
        self._database.dispose()

    def after_fork(self) -> None:
        """Begin anew in the child, leaving the parent's connections alone."""
        self._database.dispose(close=False)
        # Not collected, or a driver might close them from here after all.
        _inherited.append(self._database)
        self._begin()

    def _begin(self) -> None:
        settings = self._settings
        self._database = Database(settings, 'read')
        self._breaker = Breaker(settings.retry_after_seconds)
        self._cache = AnswerCache(
            settings.cache_ttl_seconds, settings.max_age_seconds
        )
        self._flights: Flights[Key, Answer] = Flights(
            query=self._fetch,
            known=self._cache.fresh,
            keep=self._cache.put,
            breaker=self._breaker,
            timeout_seconds=settings.timeout_seconds,
        )
        self._questions: Flights[Question, Wanting | None] = Flights(
            query=self._ask,
            known=lambda questions: {},
            keep=lambda answers: None,
            breaker=Breaker(settings.retry_after_seconds),
            timeout_seconds=settings.timeout_seconds,
        )

    def _fetch(self, keys: Sequence[Key]) -> Mapping[Key, Answer]:
        heard_since = time.time() - self._settings.outage_max_age_seconds
        return self._read(
            lambda connection: query.fetch(connection, keys, heard_since)
        )

    def _ask(
        self, questions: Sequence[Question]
    ) -> Mapping[Question, Wanting | None]:
        return self._read(
            lambda connection: wanting.fetch(connection, questions)
        )

    def _read(self, work: Callable[[sa.Connection], T]) -> T:
        """Ask the database, a second time if a pooled connection broke.

        One that broke before is found by SQLAlchemy's ping and replaced. If
        no connection is to be had at all, that is final.
        """
        deadline = time.monotonic() + self._settings.timeout_seconds
        connected = False
        try:
            with self._database.reading() as connection:
                connected = True
                return work(connection)
        except db_exception.DBConnectionError:
            if not connected or time.monotonic() > deadline:
                raise
        with self._database.reading() as connection:
            return work(connection)


def key_of(client: Client, project_id: str | None) -> Key:
    """Whom an answer is for: a name is one of a project."""
    return client, (project_id or '') if client.name else ''


_lock = threading.Lock()
_readers: dict[StoreSettings, Reader] = {}
_all_readers: weakref.WeakSet[Reader] = weakref.WeakSet()
_inherited: list[Database] = []


def reader(settings: StoreSettings) -> Reader:
    """The reader of this process for these settings."""
    with _lock:
        found = _readers.get(settings)
        if found is None:
            found = _readers[settings] = Reader(settings)
        return found


def _after_fork() -> None:
    global _lock
    # Another thread of the parent may have held it.
    _lock = threading.Lock()
    for each in list(_all_readers):
        each.after_fork()


os.register_at_fork(after_in_child=_after_fork)
