# SPDX-License-Identifier: Apache-2.0

"""What a round came to. Pure."""

import dataclasses
from collections import Counter

from edge_sched.collector.reading import Harvest
from edge_sched.model.latency import Latency
from edge_sched.store.measurements import Recorded


@dataclasses.dataclass(slots=True)
class Tally:
    """Rows by what became of them, from one report to the next.

    :param inputs: those that did not fail
    :param dark: those that failed by more than a single source
    :param taken: rows that are new enough to be used, and that the store has
    :param refused: by reason: those of inputs and door, and ``older`` (than
        what is stored or waits), ``unknown`` (a name that is no client),
        ``misplaced`` (a name that points elsewhere)
    :param skews: seconds that the clock of a vantage is ahead
    :param newest: when the newest row of a vantage was measured
    """

    inputs: int = 0
    dark: int = 0
    sources: int = 0
    failed_sources: int = 0
    read: int = 0
    taken: int = 0
    written: int = 0
    unchanged: int = 0
    refused: Counter[str] = dataclasses.field(default_factory=Counter)
    skews: dict[str, float] = dataclasses.field(default_factory=dict)
    newest: dict[str, float] = dataclasses.field(default_factory=dict)

    @property
    def measuring(self) -> bool | None:
        """Whether measurements arrive; ``None`` if nothing tells.

        Rows of which none is taken are no measurements: a label was renamed,
        a name is gone, a prober stands still.
        """
        if self.taken:
            return True
        return False if self.read or self.dark else None

    def brought(self, harvest: Harvest) -> None:
        """Note what a source brought, before it is looked at."""
        self.sources += 1
        self.failed_sources += bool(harvest.failed)
        self.read += len(harvest.readings) + sum(harvest.refused.values())
        self.refused.update(harvest.refused)
        self.skews.update(harvest.skews)

    def saw(self, latency: Latency) -> None:
        """Note a row that is a measurement."""
        newest = self.newest.get(latency.vantage, 0.0)
        self.newest[latency.vantage] = max(newest, latency.measured_at)

    def recorded(self, recorded: Recorded) -> None:
        """Note what the store made of a batch."""
        self.written += recorded.written
        self.refused.update(
            older=recorded.older,
            unknown=recorded.unknown,
            misplaced=recorded.misplaced,
        )

    def summary(self, pending: int, took_seconds: float) -> str:
        """``2 inputs, 9 rows read, 5 written, 3 unchanged, 1 refused ...``."""
        parts = [
            f'{self.inputs} inputs',
            f'{self.read} rows read',
            f'{self.written} written',
            f'{self.unchanged} unchanged',
        ]
        reasons = ', '.join(
            f'{reason} {count}'
            for reason, count in self.refused.most_common()
            if count
        )
        refused = f'{self.refused.total()} refused'
        parts.append(f'{refused} ({reasons})' if reasons else refused)
        if pending:
            parts.append(f'{pending} waiting for the store')
        if self.failed_sources:
            parts.append(
                f'{self.failed_sources} of {self.sources} sources failed'
            )
        parts.append(f'took {took_seconds:.1f} s')
        return ', '.join(parts)
