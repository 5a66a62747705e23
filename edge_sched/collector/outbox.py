# SPDX-License-Identifier: Apache-2.0

"""The outbox: what is to be written, and what was, so that it is not again.

It outlives an outage of the store: rows wait in it, the newest of each pair,
though their prober may have gone silent meanwhile.
"""

import enum
from collections.abc import Iterator, Sequence

from edge_sched.collector.equipment import Store
from edge_sched.model.latency import PASSIVE
from edge_sched.model.latency import Latency
from edge_sched.model.latency import NewLatency
from edge_sched.model.latency import latest_time
from edge_sched.model.latency import precedence_at
from edge_sched.store.ids import batches
from edge_sched.store.measurements import Recorded

#: Client, owner and vantage.
Key = tuple[str, str, str]

#: Rounds that a pair may be absent before it is forgotten: chosen, a restart
#: of its prober; one that comes back is written once too often.
FORGET_ROUNDS = 20


class Fate(enum.Enum):
    """What becomes of a row that was put in.

    ``LEFT_OUT`` did not change either, but the store has no place for it.
    ``YIELDED`` to a row of the same pair that was got in a better way.
    """

    PENDING = 'pending'
    UNCHANGED = 'unchanged'
    LEFT_OUT = 'left out'
    YIELDED = 'yielded'
    OLDER = 'older'


class _Written:
    """What is remembered of a row that the store was given.

    :param fate: of the same row, if it comes again before it is due
    """

    __slots__ = ('digest', 'due_at', 'fate', 'measured_at', 'seen', 'source')

    def __init__(
        self, fate: Fate, latency: Latency, due_at: float, seen: int
    ) -> None:
        self.fate = fate
        self.digest = _digest(latency)
        self.measured_at = latency.measured_at
        self.source = latency.source
        self.due_at = due_at
        self.seen = seen


class Outbox:
    """For one thread.

    A row whose figures did not change is due when its stamp in the store is
    old: ``restamp_seconds`` at the most, counting the round in which it could
    be written next, and at random down to half of that, so that not all that
    were first written together are due together for good.

    :param restamp_seconds: a third of the age at which a row is not used any
        more
    :param interval_seconds: between two rounds
    """

    def __init__(
        self, restamp_seconds: float, interval_seconds: float
    ) -> None:
        self._round = 0
        self._now = 0.0
        self._written: dict[Key, _Written] = {}
        self._pending: dict[Key, NewLatency] = {}
        self.set_pace(restamp_seconds, interval_seconds)

    def set_pace(
        self, restamp_seconds: float, interval_seconds: float
    ) -> None:
        """Change how often rows are stamped again, of those yet to come."""
        self._period_seconds = max(0.0, restamp_seconds - interval_seconds)

    def __len__(self) -> int:
        """The number of rows that wait."""
        return len(self._pending)

    def put(self, row: NewLatency) -> Fate:
        """Take a row, unless the store has it or a newer one."""
        latency = row.latency
        key = _key(row)
        waiting = self._pending.get(key)
        if waiting is not None:
            if latency.precedence_at >= waiting.latency.precedence_at:
                self._pending[key] = row
                return Fate.PENDING
            same = _digest(latency) == _digest(waiting.latency)
            if same:
                return Fate.PENDING
            return _lost_to(waiting.latency.source, latency)
        written = self._written.get(key)
        if written is not None:
            written.seen = self._round
            same = written.digest == _digest(latency)
            if latency.precedence_at < precedence_at(
                written.measured_at, written.source
            ):
                # The same reading may be out by what its way here took.
                if same:
                    return written.fate
                return _lost_to(written.source, latency)
            if same and self._now < written.due_at:
                return written.fate
        self._pending[key] = row
        return Fate.PENDING

    def flush(
        self, store: Store, batch_rows: int, *, partly: bool = True
    ) -> Iterator[tuple[Sequence[NewLatency], Recorded]]:
        """Write what waits, in batches, as far as the store takes it.

        By client, since the store looks each one up once a batch. Each batch
        comes with what became of it.

        :param partly: false leaves the rest that is no full batch
        :raises StoreUnavailableError: of the store; what it did not take
            goes on waiting
        """
        least = 1 if partly else batch_rows
        if len(self._pending) < least:
            return
        for keys in batches(sorted(self._pending), batch_rows):
            if len(keys) < least:
                return
            rows = [self._pending[key] for key in keys]
            recorded = store.record(rows)
            for number, key in enumerate(keys):
                self._remember(
                    key,
                    self._pending.pop(key).latency,
                    Fate.LEFT_OUT
                    if number in recorded.left_out
                    else Fate.UNCHANGED,
                )
            yield rows, recorded

    def next_round(self, now: float, max_age_seconds: float) -> None:
        """Forget pairs long absent, and rows that are of no use any more.

        What waits and is older than ``max_age_seconds`` is dropped, and so is
        what was measured by a clock that was ahead: it shall not keep out
        what comes now.

        :param now: UTC epoch seconds
        """
        self._round += 1
        self._now = now
        oldest, latest = now - max_age_seconds, latest_time(now)
        for gone in [
            key
            for key, written in self._written.items()
            if self._round - written.seen > FORGET_ROUNDS
            or written.measured_at > latest
        ]:
            del self._written[gone]
        for useless in [
            key
            for key, row in self._pending.items()
            if not oldest <= row.latency.measured_at <= latest
        ]:
            del self._pending[useless]

    def _remember(self, key: Key, latency: Latency, fate: Fate) -> None:
        share = 0.5 + hash((key, latency.measured_at)) % 512 / 1024
        self._written[key] = _Written(
            fate,
            latency,
            latency.measured_at + share * self._period_seconds,
            self._round,
        )


def _key(row: NewLatency) -> Key:
    return row.latency.client, row.project_id, row.latency.vantage


def _lost_to(source: str, latency: Latency) -> Fate:
    """Why a row does not go before one of that source."""
    passive = PASSIVE in (source, latency.source)
    return Fate.YIELDED if passive and source != latency.source else Fate.OLDER


def _digest(latency: Latency) -> int:
    """64 bits of all that is stored but the time: an eighth of the memory.

    Two that differ and have the same one, a chance of 1 in 10**18, leave a
    row as it was until it is due.
    """
    return hash(
        (
            latency.rtt_min_ms,
            latency.rtt_p50_ms,
            latency.rtt_p95_ms,
            latency.rtt_p99_ms,
            latency.pdv_ms,
            latency.loss_ratio,
            latency.samples,
            latency.source,
            latency.rtt_p50_hour_ms,
            latency.rtt_p95_hour_ms,
            latency.loss_hour_ratio,
        )
    )
