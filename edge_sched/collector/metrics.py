# SPDX-License-Identifier: Apache-2.0

"""What the collector publishes of itself."""

import contextlib
from collections.abc import Collection, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client import Counter
from prometheus_client import Gauge

from edge_sched.collector.tally import Tally

_PREFIX = 'edge_sched_collector'


class Metrics:
    """The families, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._last_success = self._gauge(
            f'{_PREFIX}_last_success_timestamp_seconds',
            'When an input was last read.',
            'input',
        )
        self._duration = self._gauge(
            f'{_PREFIX}_round_duration_seconds',
            'How long the last round took.',
        )
        self._rounds = self._counter('rounds', 'Rounds, failed ones too.')
        self._overruns = self._counter(
            'round_overruns', 'Rounds that took longer than the interval.'
        )
        self._read = self._counter('rows_read', 'Rows that inputs brought.')
        self._written = self._counter(
            'rows_written', 'Rows that the store took.'
        )
        self._unchanged = self._counter(
            'rows_unchanged', 'Rows that the store has already.'
        )
        self._refused = self._counter(
            'rows_refused', 'Rows that were not taken.', 'reason'
        )
        self._pending = self._gauge(
            f'{_PREFIX}_rows_pending', 'Rows that wait for the store.'
        )
        self._store_errors = self._counter(
            'store_errors', 'Times that the store could not be used.'
        )
        self._inputs_failed = self._counter(
            'inputs_failed', 'Rounds in which an input failed.', 'input'
        )
        self._sources_failed = self._counter(
            'sources_failed', 'Sources of an input that failed.', 'input'
        )
        self._skew = self._gauge(
            f'{_PREFIX}_clock_skew_seconds',
            'How far the clock of a vantage is ahead of ours.',
            'vantage',
        )
        self._store_skew = self._gauge(
            f'{_PREFIX}_store_clock_skew_seconds',
            'How far the clock of the store is ahead of ours; under 1 is 0.',
        )
        self._newest = self._gauge(
            'edge_sched_vantage_newest_measurement_timestamp_seconds',
            'When the newest measurement of a vantage was made.',
            'vantage',
        )
        self._newest_of: dict[str, float] = {}
        self._skew_of: dict[str, float] = {}
        self._inputs: set[str] = set()
        self._watched: frozenset[str] = frozenset()

    def set_inputs(self, names: Collection[str]) -> None:
        """Publish these before their first failure, and no others."""
        for gone in self._inputs - set(names):
            for family in (
                self._last_success,
                self._inputs_failed,
                self._sources_failed,
            ):
                _forget(family, gone)
        for name in names:
            self._inputs_failed.labels(name)
            self._sources_failed.labels(name)
        self._inputs = set(names)

    def watch_vantages(self, names: Collection[str]) -> None:
        """Publish these also if they have brought nothing: 0 is never."""
        self._watched = frozenset(names)
        self._publish_newest(dict.fromkeys(names, 0.0))

    def input_ended(self, name: str, failed: bool, now: float) -> None:
        """Note how the turn of an input ended, if it is still one."""
        if name not in self._inputs:
            return
        if failed:
            self._inputs_failed.labels(name).inc()
        else:
            self._last_success.labels(name).set(now)

    def source_failed(self, name: str) -> None:
        """Note that a source of an input failed, if it is still one."""
        if name in self._inputs:
            self._sources_failed.labels(name).inc()

    def store_failed(self) -> None:
        self._store_errors.inc()

    def store_skewed(self, seconds: float) -> None:
        self._store_skew.set(seconds)

    def overrun(self) -> None:
        self._overruns.inc()

    def round_ended(
        self,
        tally: Tally,
        pending: int,
        duration_seconds: float,
        now: float,
    ) -> None:
        """Add up what a round brought.

        :param now: UTC epoch seconds
        """
        self._rounds.inc()
        self._duration.set(duration_seconds)
        self._pending.set(pending)
        self._read.inc(tally.read)
        self._written.inc(tally.written)
        self._unchanged.inc(tally.unchanged)
        for reason, count in tally.refused.items():
            self._refused.labels(reason).inc(count)
        for vantage, skew_seconds in tally.skews.items():
            self._skew.labels(vantage).set(skew_seconds)
            self._skew_of[vantage] = now
        self._publish_newest(tally.newest)

    def forget_vantages(self, oldest: float) -> None:
        """Publish no more of vantages that were not heard of since.

        One whose clock is off is heard of though its rows are refused. Those
        that are watched stay.
        """
        for family, heard_of in (
            (self._newest, self._newest_of),
            (self._skew, self._skew_of),
        ):
            for vantage, heard_at in list(heard_of.items()):
                if heard_at < oldest and vantage not in self._watched:
                    del heard_of[vantage]
                    _forget(family, vantage)

    def _publish_newest(self, newest: Mapping[str, float]) -> None:
        for vantage, measured_at in newest.items():
            measured_at = max(measured_at, self._newest_of.get(vantage, 0.0))
            self._newest_of[vantage] = measured_at
            self._newest.labels(vantage).set(measured_at)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, registry=self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(
            f'{_PREFIX}_{name}', text, labels, registry=self.registry
        )


def _forget(family: Gauge | Counter, label: str) -> None:
    """Publish the label no more, if it ever was."""
    # Old versions of the library raise it for what was never published.
    with contextlib.suppress(KeyError):
        family.remove(label)
