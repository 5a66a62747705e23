# SPDX-License-Identifier: Apache-2.0

"""A day of rounds in which vantages, clients and failures come and go."""

from unittest import mock

from edge_sched.collector import scope
from edge_sched.collector.equipment import Equipment
from edge_sched.collector.inputs.base import InputError
from edge_sched.collector.reading import Harvest
from tests.unit import growth
from tests.unit.collector.fakes import FakeInput
from tests.unit.collector.fakes import reading
from tests.unit.collector.test_rounds import RoundsTestCase

ROUND_SECONDS = 60
HOUR = 3600 // ROUND_SECONDS


class DayTest(RoundsTestCase):
    def setUp(self):
        super().setUp()
        # It counts the clients of a day, by a clock that is not ours.
        patcher = mock.patch.object(scope, '_PERIOD_SECONDS', 0.0)
        patcher.start()
        self.addCleanup(patcher.stop)
        self.source = FakeInput('a')
        self.collector = self.make(
            self.source,
            interval_seconds=ROUND_SECONDS,
            retention_seconds=3600.0,
        )

    def pass_by(self, hours):
        """Rounds; each hour has vantages, clients and troubles of its own."""
        for number in range(hours * HOUR):
            self.clock.now += ROUND_SECONDS
            hour = int(self.clock.now // 3600)
            now = self.clock.now
            self.source.harvests = [
                Harvest(
                    [
                        reading(
                            vantage=f'site-{hour}',
                            client=f'10.{hour % 256}.{client}.0/24',
                            measured_at=now,
                        )
                        for client in range(10)
                    ]
                ),
                Harvest(
                    [reading(vantage=f'fast-{hour}', measured_at=now + 900)],
                    skews={f'fast-{hour}': 900.0},
                ),
                Harvest((), failed=f'gone-{hour}: no answer'),
            ]
            self.source.error = (
                InputError(f'hour {hour}') if number % 9 else None
            )
            self.store.away = number % 50 > 45
            self.collector.round()
        # What the fakes keep is theirs.
        self.store.rows.clear()
        self.store.derived.clear()
        self.store.batches.clear()
        self.store.beats.clear()
        self.store.retained.clear()
        return growth.size(self.collector)

    def test_a_day_is_as_large_as_half_of_one(self):
        half = self.pass_by(12)
        self.assertAlmostEqual(half, self.pass_by(12), delta=half // 50)

    def test_inputs_that_come_and_go_leave_nothing(self):
        sizes = []
        for number in range(30):
            source = FakeInput(f'input-{number}')
            source.error = InputError(f'trouble {number}')
            self.collector.equip(Equipment([source], self.store))
            self.collector.round()
            sizes.append(growth.size(self.collector))
        self.assertAlmostEqual(sizes[9], sizes[-1], delta=sizes[9] // 50)
