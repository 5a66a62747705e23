# SPDX-License-Identifier: Apache-2.0

"""What a collector works with, until its configuration is read again."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Protocol

from edge_sched.collector.inputs.base import Input
from edge_sched.model.client import Prefix
from edge_sched.model.latency import Latency
from edge_sched.model.latency import NewLatency
from edge_sched.store.errors import StoreUnavailableError
from edge_sched.store.measurements import Recorded


class Store(Protocol):
    """The part of ``edge_sched.store.writer.Writer`` that is needed."""

    def record(self, rows: Sequence[NewLatency]) -> Recorded: ...

    def beat(self, collector: str) -> None: ...

    def measured_prefixes(
        self, vantage: str, max_age_seconds: float
    ) -> Sequence[tuple[Prefix, Latency]]: ...

    def replace_derived(
        self, vantage: str, rows: Sequence[NewLatency]
    ) -> None: ...

    def skew_seconds(self) -> float: ...

    def retain(self, older_than_seconds: float) -> int: ...

    def close(self) -> None: ...


@dataclasses.dataclass(frozen=True, slots=True)
class Equipment:
    """Where from, where to, and how often.

    :param name: of the heartbeat, e.g. ``1/1``
    :param interval_seconds: from the beginning of a round to the next
    :param max_age_seconds: from which on the scheduler uses no row
    :param retention_seconds: from which on a row is deleted
    :param batch_rows: in one transaction
    :param tie_band_ms: within which places are equally near
    :param explain: what to tell an operator of a store that is away
    """

    inputs: Sequence[Input]
    store: Store
    name: str = '1/1'
    interval_seconds: float = 30.0
    max_age_seconds: float = 900.0
    retention_seconds: float = 604_800.0
    batch_rows: int = 5000
    tie_band_ms: float = 1.0
    explain: Callable[[StoreUnavailableError], str] = str

    @property
    def restamp_seconds(self) -> float:
        """The longest that the stamp of a row which did not change is old.

        A third of the age at which the scheduler uses no row any more, so
        that a store that is away for as long closes no site.
        """
        return self.max_age_seconds / 3
