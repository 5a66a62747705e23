# SPDX-License-Identifier: Apache-2.0

"""A day of probing targets that come and go."""

import asyncio
import random

from oslotest import base

from edge_sched.probe.inflight import InFlight
from edge_sched.probe.outcome import LOST
from edge_sched.probe.outcome import Outcome
from edge_sched.probe.prober import Prober
from tests.unit import growth
from tests.unit.probe.fakes import Loop
from tests.unit.probe.fakes import a_target


class HalfLostProbe:
    """Answers every other packet; the others are lost when their time is up.

    It keeps no more than what is under way.
    """

    send_errors = 0

    def __init__(self, loop):
        self._flights = InFlight(loop, 1.0, lambda done: done(LOST))
        self._number = 0

    async def open(self):
        pass

    def send(self, address, port, turn, done):
        self._number += 1
        self._flights.add(self._number, done)
        if self._number % 2:
            self._flights.take(self._number)(Outcome(5.0, 6.0))


class DayTest(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.loop = Loop()
        self.prober = Prober(
            self.loop,
            {'stamp': HalfLostProbe(self.loop)},
            clock=self.loop.time,
            uniform=random.Random(1).uniform,
        )
        self.hour = 0

    def pass_by(self, hours):
        """Each hour has half of its targets from the one before."""
        for _ in range(hours):
            self.hour += 1
            asyncio.run(
                self.prober.follow(
                    a_target(
                        f'10.0.{hour}.{number}',
                        packets=2,
                        interval_seconds=60,
                        window=16,
                    )
                    for hour in (self.hour, self.hour + 1)
                    for number in range(5)
                )
            )
            self.loop.run(3600)
            report = asyncio.run(self.prober.report())
            self.assertEqual(10, len(report.figures))
        return growth.size(self.prober)

    def test_a_day_is_as_large_as_half_of_one(self):
        half = self.pass_by(12)
        self.assertAlmostEqual(half, self.pass_by(12), delta=half // 20)
