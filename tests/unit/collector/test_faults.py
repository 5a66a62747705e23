# SPDX-License-Identifier: Apache-2.0

"""What goes wrong in the field, on a real store: none of it loses anything."""

import pathlib
import time

import fixtures
from oslotest import base

from edge_sched.collector.equipment import Equipment
from edge_sched.collector.metrics import Metrics
from edge_sched.collector.reading import Harvest
from edge_sched.collector.rounds import Collector
from edge_sched.store import migrate
from edge_sched.store.settings import StoreSettings
from edge_sched.store.writer import Writer
from tests.unit.collector.fakes import Clock
from tests.unit.collector.fakes import FakeInput
from tests.unit.collector.fakes import reading as a_reading

INTERVAL = 30.0
MAX_AGE = 900.0


class FaultsTest(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.file = folder / 'latency.sqlite'
        settings = StoreSettings(f'sqlite:///{self.file}')
        migrate.sync(settings)
        self.writer = Writer(settings)
        self.addCleanup(self.writer.close)
        # The store deletes by the time of day.
        self.now = float(int(time.time()))
        self.clock = Clock(self.now)
        self.input = FakeInput()
        self.collector = self.make()

    def make(self):
        return Collector(
            Equipment([self.input], self.writer, batch_rows=2),
            Metrics(),
            self.clock,
        )

    def bring(self, *readings):
        self.input.harvests = [Harvest(readings)]
        return self.collector.round()

    def reading(self, **changes):
        return a_reading(**{'measured_at': self.now, **changes})

    def stored(self):
        return {
            (row.latency.vantage, row.latency.client): (
                row.latency.rtt_p50_ms,
                row.latency.measured_at,
            )
            for row in self.writer.list_latencies()
        }

    def test_a_store_that_was_away_for_minutes(self):
        moved = self.file.rename(self.file.with_suffix('.away'))
        for seconds in range(0, 300, 30):
            self.clock.now = self.now + seconds
            brought = self.bring(
                *(
                    self.reading(
                        client=f'10.0.{number}.0/24',
                        rtt_p50_ms=10.0 + seconds / 1000,
                        measured_at=self.clock.now,
                    )
                    for number in range(5)
                )
            )
            self.assertFalse(brought)
        moved.rename(self.file)
        # The prober has gone silent meanwhile.
        self.assertTrue(self.bring())
        self.assertEqual(
            [(10.27, self.now + 270)] * 5, list(self.stored().values())
        )

    def test_a_collector_that_was_down_for_longer_than_max_age(self):
        self.bring(self.reading())
        self.clock.now = self.now + 4 * MAX_AGE
        self.collector = self.make()
        self.bring(self.reading(measured_at=self.clock.now))
        self.assertEqual(
            [(10.0, self.clock.now)], list(self.stored().values())
        )

    def test_ten_rounds_with_unchanged_figures(self):
        for number in range(11):
            self.clock.now = self.now + number * INTERVAL
            self.bring(self.reading(measured_at=self.clock.now))
            ((_, measured_at),) = self.stored().values()
            self.assertLessEqual(
                self.clock.now + INTERVAL - measured_at, MAX_AGE / 3
            )

    def test_duplicates_and_late_data(self):
        self.bring(
            self.reading(rtt_p50_ms=10.2, measured_at=self.now),
            self.reading(rtt_p50_ms=10.1, measured_at=self.now - 10),
            self.reading(rtt_p50_ms=10.2, measured_at=self.now),
        )
        self.bring(self.reading(rtt_p50_ms=10.0, measured_at=self.now - 20))
        self.assertEqual([(10.2, self.now)], list(self.stored().values()))

    def test_several_collectors_at_once(self):
        other = self.make()
        self.bring(self.reading(rtt_p50_ms=10.2, measured_at=self.now))
        self.input.harvests = [
            Harvest([self.reading(rtt_p50_ms=10.1, measured_at=self.now - 10)])
        ]
        self.assertTrue(other.round())
        self.assertEqual([(10.2, self.now)], list(self.stored().values()))

    def test_a_name_that_is_no_client_spoils_no_other_row(self):
        self.bring(self.reading(client='ghost'), self.reading())
        self.assertEqual([('lyon', '203.0.113.0/24')], list(self.stored()))

    def test_a_row_that_is_all_loss_replaces_the_last_good_one(self):
        self.bring(self.reading())
        self.clock.now += 30
        self.bring(
            self.reading(
                rtt_p50_ms=None,
                rtt_p95_ms=None,
                rtt_min_ms=None,
                loss_ratio=1.0,
                measured_at=self.now + 30,
            )
        )
        self.assertEqual(
            [(float('inf'), self.now + 30)], list(self.stored().values())
        )
