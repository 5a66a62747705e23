# SPDX-License-Identifier: Apache-2.0

"""From readings to the store, whether or not it is there."""

import contextlib
import time
from collections.abc import Callable, Iterator

from oslo_log import log as logging

from edge_sched.collector import door
from edge_sched.collector.derivations import Derivations
from edge_sched.collector.equipment import Equipment
from edge_sched.collector.metrics import Metrics
from edge_sched.collector.outbox import Fate
from edge_sched.collector.outbox import Outbox
from edge_sched.collector.reading import Harvest
from edge_sched.collector.reading import Reading
from edge_sched.collector.tally import Tally
from edge_sched.model.latency import CLOCK_SKEW_SECONDS
from edge_sched.model.latency import NewLatency
from edge_sched.model.latency import is_fresh
from edge_sched.store.errors import StoreUnavailableError

LOG = logging.getLogger(__name__)

#: Seconds between two searches for rows to delete. Chosen: nobody misses the
#: rows, and each search reads the whole table.
_RETAIN_SECONDS = 600.0


class Delivery:
    """A store that fails once is left alone until the next round.

    :param enough: asked between two batches; what is not written then waits
    :param clock: UTC epoch seconds
    """

    def __init__(
        self,
        equipment: Equipment,
        metrics: Metrics,
        enough: Callable[[], bool],
        clock: Callable[[], float],
    ) -> None:
        self._metrics = metrics
        self._enough = enough
        self._clock = clock
        self._outbox = Outbox(
            equipment.restamp_seconds, equipment.interval_seconds
        )
        self._derivations = Derivations(clock)
        self._is_up = True
        self._is_measuring = True
        self._is_skewed = False
        self._retained_at = -_RETAIN_SECONDS
        self.equip(equipment)

    def __len__(self) -> int:
        """The number of rows that wait."""
        return len(self._outbox)

    def equip(self, equipment: Equipment) -> None:
        """Go on with these; what waits goes to the new store."""
        self._equipment = equipment
        self._is_measuring = True
        self._outbox.set_pace(
            equipment.restamp_seconds, equipment.interval_seconds
        )

    def begin_round(self) -> None:
        """Try the store again, and let go of what is of no use any more."""
        self._is_up = True
        now = self._clock()
        self._outbox.next_round(now, self._equipment.max_age_seconds)
        self._metrics.forget_vantages(now - self._equipment.retention_seconds)

    def take(self, harvest: Harvest, tally: Tally) -> set[str]:
        """Check readings, and write every full batch.

        :returns: why some are no measurements, e.g. ``{'zero'}``
        """
        tally.brought(harvest)
        now = self._clock()
        oldest = now - self._equipment.retention_seconds
        reasons = {
            self._take_reading(reading, now, oldest, tally)
            for reading in harvest.readings
        }
        self._write(tally, partly=False)
        return reasons - {''}

    def end_round(self, tally: Tally) -> bool:
        """Write what is left; whether the store took it all.

        The heartbeat says that measurements arrive. A single source that is
        silent keeps it from nothing; an input that has gone dark does, and so
        do rows of which none is taken, unless another input brings some that
        are. Where there is nothing to read, as of files that did not change,
        it is as it was.
        """
        self._write(tally, partly=True)
        if tally.measuring is not None:
            self._is_measuring = tally.measuring
        if self._is_up and not self._enough():
            with self._store_errors():
                self._watch_clock(self._equipment.store.skew_seconds())
                if self._is_measuring:
                    self._equipment.store.beat(self._equipment.name)
                    self._derivations.derive(self._equipment)
                    self._retain()
        return self._is_up

    def _take_reading(
        self, reading: Reading, now: float, oldest: float, tally: Tally
    ) -> str:
        """Put it into the outbox; why it is no measurement, ``''`` if so."""
        try:
            row = door.admit(reading, now, oldest)
        except door.RefusedError as refused:
            tally.refused[refused.reason] += 1
            return refused.reason
        tally.saw(row.latency)
        self._derivations.saw(row.latency.vantage)
        match self._outbox.put(row):
            case Fate.UNCHANGED:
                tally.unchanged += 1
                tally.taken += self._is_fresh(row)
            case Fate.LEFT_OUT | Fate.YIELDED:
                tally.unchanged += 1
            case Fate.OLDER:
                tally.refused['older'] += 1
        return ''

    def _write(self, tally: Tally, *, partly: bool) -> None:
        if not self._is_up or self._enough():
            return
        with self._store_errors():
            for rows, recorded in self._outbox.flush(
                self._equipment.store,
                self._equipment.batch_rows,
                partly=partly,
            ):
                tally.recorded(recorded)
                tally.taken += sum(
                    self._is_fresh(row)
                    for number, row in enumerate(rows)
                    if number not in recorded.left_out
                )
                if self._enough():
                    return

    def _is_fresh(self, row: NewLatency) -> bool:
        """Whether the scheduler would use it."""
        return is_fresh(
            row.latency.age_seconds(self._clock()),
            self._equipment.max_age_seconds,
        )

    def _watch_clock(self, ahead_seconds: float) -> None:
        """Tell when our clock begins to differ from the store's, and ends."""
        self._metrics.store_skewed(ahead_seconds)
        was_skewed = self._is_skewed
        self._is_skewed = abs(ahead_seconds) > CLOCK_SKEW_SECONDS
        if self._is_skewed and not was_skewed:
            LOG.warning(
                'Our clock is %(seconds).0f s %(where)s that of the latency '
                'store, which rows are timed by. One of them is wrong.',
                {
                    'seconds': abs(ahead_seconds),
                    'where': 'behind' if ahead_seconds > 0 else 'ahead of',
                },
            )
        elif was_skewed and not self._is_skewed:
            LOG.info('Our clock is that of the latency store again.')

    def _retain(self) -> None:
        now = time.monotonic()
        if now - self._retained_at < _RETAIN_SECONDS:
            return
        deleted = self._equipment.store.retain(
            self._equipment.retention_seconds
        )
        self._retained_at = now
        if deleted:
            LOG.info('%d rows deleted that were too old', deleted)

    @contextlib.contextmanager
    def _store_errors(self) -> Iterator[None]:
        try:
            yield
        except StoreUnavailableError as error:
            self._is_up = False
            self._metrics.store_failed()
            LOG.error(
                '%s; what is not written waits',
                self._equipment.explain(error),
            )
