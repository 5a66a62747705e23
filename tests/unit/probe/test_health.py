# SPDX-License-Identifier: Apache-2.0

from unittest import mock

from oslotest import base

from edge_sched.probe import clock
from edge_sched.probe.health import PERIODS
from edge_sched.probe.health import Health
from tests.unit.probe.fakes import Loop


class HealthTestCase(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.loop = Loop()
        self.ahead_ns = 10**18
        patcher = mock.patch.object(clock, 'read', self._read)
        patcher.start()
        self.addCleanup(patcher.stop)
        self.health = Health(self.loop)

    def _read(self):
        now_ns = round(self.loop.now * 1e9)
        return clock.Reading(now_ns, now_ns + self.ahead_ns, now_ns)

    def test_a_loop_in_time_has_no_lag(self):
        self.loop.run(600)
        self.assertEqual(0, self.health.lag_seconds)

    def test_the_worst_of_a_minute(self):
        self.loop.run(0.5)
        self.loop.stall(0.75)
        self.loop.run(0)
        self.assertEqual(0.25, self.health.lag_seconds)
        self.loop.run(PERIODS - 1)
        self.assertEqual(0.25, self.health.lag_seconds)
        self.loop.run(1)
        self.assertEqual(0, self.health.lag_seconds)

    def test_steps_of_the_wall_clock_are_counted(self):
        self.loop.run(10)
        self.assertEqual(0, self.health.clock_steps)
        self.ahead_ns += 3 * 10**9
        self.loop.run(10)
        self.assertEqual(1, self.health.clock_steps)
        self.ahead_ns -= 10**6
        self.loop.run(10)
        self.assertEqual(2, self.health.clock_steps)

    def test_a_stall_is_no_step(self):
        self.loop.run(1)
        self.loop.stall(30)
        self.loop.run(1)
        self.assertEqual(0, self.health.clock_steps)

    def test_closed_it_looks_no_more(self):
        self.health.close()
        self.assertEqual([], self.loop.waiting)
