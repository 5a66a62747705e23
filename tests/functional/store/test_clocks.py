# SPDX-License-Identifier: Apache-2.0

"""Writers whose clocks are wrong, on each database: none does any harm."""

import time
from unittest import mock

from edge_sched.collector.equipment import Equipment
from edge_sched.collector.metrics import Metrics
from edge_sched.collector.reading import Harvest
from edge_sched.collector.rounds import Collector
from tests.functional.store import base
from tests.unit.collector.fakes import FakeInput
from tests.unit.collector.fakes import reading

HOUR = 3600.0
YEAR = 365 * 24 * HOUR

#: 1971, as of a host without a battery; and of a wrong time zone.
SKEWS = (-55 * YEAR, -2 * HOUR, 2 * HOUR)

#: More than a step of these tests takes on a busy machine.
SOON = 120.0


def off_by(seconds):
    """Have the clock of a writer be wrong by so much."""
    ours = mock.Mock()
    ours.time.side_effect = lambda: time.time() + seconds
    return mock.patch('edge_sched.store.clock.time', ours)


class SkewedCollector:
    """A collector on a host whose clock is wrong by so much."""

    def __init__(self, test, skew_seconds):
        self._test = test
        self._skew_seconds = skew_seconds
        self._input = FakeInput()
        self._collector = Collector(
            Equipment([self._input], test.writer), Metrics(), self.time
        )

    def time(self):
        return time.time() + self._skew_seconds

    def bring(self, p50_ms, age=0.0):
        """Make a round that reads what was measured so long ago."""
        self._input.harvests = [
            Harvest(
                [
                    reading(
                        rtt_p50_ms=p50_ms,
                        rtt_p95_ms=100.0,
                        rtt_min_ms=None,
                        measured_at=self.time() - age,
                    )
                ]
            )
        ]
        with off_by(self._skew_seconds):
            self._test.assertTrue(self._collector.round())


class ClockTests:
    def stored(self):
        """The median of the one row that there is; it is of just now."""
        (row,) = self.writer.list_latencies()
        self.assertLess(abs(row.latency.measured_at - time.time()), SOON)
        return row.latency.rtt_p50_ms

    def heartbeat_age(self):
        ((beaten_at,),) = self.select('SELECT beaten_at FROM edge_heartbeats')
        return abs(beaten_at - time.time())

    def test_the_clock_of_the_database(self):
        self.assertLess(abs(self.writer.now() - time.time()), SOON)
        self.assertEqual(0.0, self.writer.skew_seconds())
        for skew in SKEWS:
            with off_by(skew):
                self.assertAlmostEqual(
                    -skew, self.writer.skew_seconds(), delta=SOON
                )

    def test_a_wrong_clock_beside_a_right_one(self):
        for skew in SKEWS:
            right, wrong = (
                SkewedCollector(self, 0),
                SkewedCollector(self, skew),
            )
            right.bring(10.0)
            wrong.bring(20.0, age=3 * SOON)
            self.assertEqual(10.0, self.stored(), skew)
            wrong.bring(30.0)
            self.assertEqual(30.0, self.stored(), skew)
            right.bring(40.0, age=3 * SOON)
            self.assertEqual(30.0, self.stored(), skew)
            right.bring(50.0)
            self.assertEqual(50.0, self.stored(), skew)
            self.writer.purge()

    def test_two_wrong_clocks(self):
        early, late = (
            SkewedCollector(self, s) for s in (-55 * YEAR, 2 * HOUR)
        )
        late.bring(10.0)
        early.bring(20.0, age=3 * SOON)
        self.assertEqual(10.0, self.stored())
        early.bring(30.0)
        late.bring(40.0, age=3 * SOON)
        self.assertEqual(30.0, self.stored())

    def test_a_wrong_clock_deletes_nothing(self):
        row = base.row('lyon', '203.0.113.7', 10.0, measured_at=time.time())
        self.store(row)
        with off_by(YEAR):
            self.assertEqual(0, self.writer.retain(HOUR))
            self.assertEqual(0, self.writer.purge(older_than_seconds=HOUR))

    def test_merging_goes_by_the_clock_of_the_database(self):
        now = time.time()
        for ahead, left in ((0.0, 20.0), (YEAR, 10.0)):
            self.store(
                base.row('lyon', '203.0.113.7', 10.0, measured_at=now - 10),
                base.row('oslo', '203.0.113.7', 20.0, measured_at=now + ahead),
            )
            with off_by(-2 * HOUR):
                self.writer.rename_vantage('lyon', 'oslo', merge=True)
            (row,) = self.writer.list_latencies()
            self.assertEqual(left, row.latency.rtt_p50_ms)
            self.writer.purge()

    def test_a_heartbeat_is_timed_by_the_database(self):
        for skew in SKEWS:
            SkewedCollector(self, skew).bring(10.0)
            self.assertLess(self.heartbeat_age(), SOON)

    def test_one_that_was_ahead_locks_nothing(self):
        # The database itself was, or a release that went by its own clock.
        self.store(
            base.row(
                'lyon', '203.0.113.0/24', 10.0, measured_at=time.time() + YEAR
            )
        )
        SkewedCollector(self, 0).bring(20.0)
        self.assertEqual(20.0, self.stored())


class SqliteTestCase(base.Sqlite, ClockTests, base.StoreTestCase):
    pass


class MariaDBTestCase(base.MariaDB, ClockTests, base.StoreTestCase):
    pass


class PostgreSQLTestCase(base.PostgreSQL, ClockTests, base.StoreTestCase):
    pass
