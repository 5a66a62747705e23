# SPDX-License-Identifier: Apache-2.0

"""Answers that are kept: fresh for a while, stale while the store is away."""

import dataclasses
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

import cachetools

from edge_sched.model.client import Client
from edge_sched.model.latency import Answer

#: Whom an answer is for: the client and, if it is a name, the project that
#: asks. A prefix or a site is the same for every project, so its project is
#: ``''``.
Key: TypeAlias = tuple[Client, str]

#: Rows that one process keeps at most: 20 000 are 1000 clients seen from 20
#: vantage points each, and about 12 MB (what a worker grew by, measured).
MAX_ROWS = 20_000


@dataclasses.dataclass(frozen=True, slots=True)
class _Entry:
    answer: Answer
    fetched_at: float


class AnswerCache:
    """Bounded by rows; the least recently used answers go first.

    :param ttl_seconds: how long an answer is fresh; 0 keeps none
    :param max_age_seconds: how long it is there at all
    """

    def __init__(
        self,
        ttl_seconds: float,
        max_age_seconds: float,
        max_rows: int = MAX_ROWS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ttl_seconds = ttl_seconds
        self._clock = clock
        self._lock = threading.Lock()
        kept_seconds = max(ttl_seconds, max_age_seconds)
        self._entries: cachetools.TLRUCache[Key, _Entry] = (
            cachetools.TLRUCache(
                maxsize=max_rows,
                ttu=lambda key, entry, now: entry.fetched_at + kept_seconds,
                timer=clock,
                getsizeof=_rows,
            )
        )

    def fresh(self, keys: Iterable[Key]) -> dict[Key, Answer]:
        """What is kept of these and not older than the TTL."""
        oldest = self._clock() - self._ttl_seconds
        return self._select(keys, lambda entry: entry.fetched_at > oldest)

    def kept(self, keys: Iterable[Key]) -> dict[Key, Answer]:
        """What is kept of these at all, for while the store is away.

        Without the names that were unknown: such a name may have become a
        client since, and who asks would be told that it is none.
        """
        return self._select(keys, lambda entry: entry.answer.known)

    def put(self, answers: Mapping[Key, Answer]) -> None:
        if self._ttl_seconds <= 0:
            return
        now = self._clock()
        with self._lock:
            for key, answer in answers.items():
                entry = _Entry(answer, now)
                if _rows(entry) <= self._entries.maxsize:
                    self._entries[key] = entry

    def _select(
        self, keys: Iterable[Key], wanted: Callable[[_Entry], bool]
    ) -> dict[Key, Answer]:
        with self._lock:
            entries = {key: self._entries.get(key) for key in keys}
        return {
            key: entry.answer
            for key, entry in entries.items()
            if entry is not None and wanted(entry)
        }


def _rows(entry: _Entry) -> int:
    """How much an entry counts; an empty answer takes room as well."""
    return 1 + sum(len(part) for part in entry.answer.parts)
