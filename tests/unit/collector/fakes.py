# SPDX-License-Identifier: Apache-2.0

"""Inputs, a store and clocks that do what a test says."""

import threading
from collections.abc import Iterator, Sequence

from edge_sched.collector.inputs.base import Input
from edge_sched.collector.reading import Harvest
from edge_sched.collector.reading import Reading
from edge_sched.collector.scope import Scope
from edge_sched.http.deadline import Deadline
from edge_sched.model.client import Prefix
from edge_sched.model.client import parse_client
from edge_sched.model.latency import Latency
from edge_sched.model.latency import NewLatency
from edge_sched.store.errors import StoreUnavailableError
from edge_sched.store.measurements import Recorded

#: A moment that every test can mean.
NOW = 1_800_000_000.0

#: For what should come at once, on a machine that has much else to do.
PATIENCE_SECONDS = 60.0

CLIENT = '203.0.113.0/24'


class Clock:
    """Stands still until it is told otherwise."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def reading(**changes) -> Reading:
    """A reading that is fine but for the changes."""
    return Reading(
        **{
            'vantage': 'lyon',
            'client': CLIENT,
            'rtt_p50_ms': 10.0,
            'rtt_p95_ms': 12.0,
            'rtt_min_ms': 9.0,
            'loss_ratio': 0.0,
            'samples': 64.0,
            'measured_at': NOW,
            'source': 'stamp',
            **changes,
        }
    )


def row(
    vantage: str = 'lyon',
    client: str = CLIENT,
    p50_ms: float = 10.0,
    measured_at: float = NOW,
    source: str = '',
) -> NewLatency:
    """A row of the store."""
    return NewLatency(
        parse_client(client),
        Latency(
            vantage, client, p50_ms, p50_ms + 2, measured_at, source=source
        ),
    )


class FakeStore:
    """Keeps rows by vantage and client; newer ones win."""

    def __init__(self) -> None:
        self.away = False
        self.rows: dict[tuple[str, str], Latency] = {}
        self.batches: list[int] = []
        self.beats: list[str] = []
        self.retained: list[float] = []
        self.skew = 0.0
        self.unknown: set[str] = set()
        self.closed = False
        self.derived: dict[str, list[Latency]] = {}

    def record(self, rows: Sequence[NewLatency]) -> Recorded:
        self._check()
        self.batches.append(len(rows))
        written = 0
        left_out = frozenset(
            number
            for number, each in enumerate(rows)
            if each.latency.client in self.unknown
        )
        for number, each in enumerate(rows):
            if number in left_out:
                continue
            key = (each.latency.vantage, each.latency.client)
            stored = self.rows.get(key)
            if stored is None or (
                stored.precedence_at <= each.latency.precedence_at
            ):
                self.rows[key] = each.latency
                written += 1
        return Recorded(
            written=written,
            older=len(rows) - written - len(left_out),
            unknown=len(left_out),
            misplaced=0,
            left_out=left_out,
        )

    def beat(self, collector: str) -> None:
        self._check()
        self.beats.append(collector)

    def skew_seconds(self) -> float:
        self._check()
        return self.skew

    def measured_prefixes(
        self, vantage: str, max_age_seconds: float
    ) -> list[tuple[Prefix, Latency]]:
        self._check()
        return [
            (prefix, latency)
            for (where, client), latency in self.rows.items()
            if where == vantage
            and latency.measured_at >= NOW - max_age_seconds
            and (prefix := parse_client(client).prefix)
        ]

    def replace_derived(
        self, vantage: str, rows: Sequence[NewLatency]
    ) -> None:
        self._check()
        self.derived[vantage] = [row.latency for row in rows]

    def retain(self, older_than_seconds: float) -> int:
        self._check()
        self.retained.append(older_than_seconds)
        return 0

    def close(self) -> None:
        self.closed = True

    def _check(self) -> None:
        if self.away:
            raise StoreUnavailableError('away')


class FakeInput(Input):
    """Brings what stands in ``harvests``, or raises ``error``.

    While ``go_on`` is not set it waits after them, whatever the deadline.
    """

    def __init__(self, name: str = 'fake', *harvests: Harvest) -> None:
        self.name = name
        self.scope = Scope(max_clients=1000)
        self.harvests: Sequence[Harvest] = harvests
        self.error: Exception | None = None
        self.go_on = threading.Event()
        self.go_on.set()
        self.turns = 0
        self.closed = False

    def collect(self, deadline: Deadline) -> Iterator[Harvest]:
        self.turns += 1
        yield from self.harvests
        self.go_on.wait(PATIENCE_SECONDS)
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        self.closed = True
