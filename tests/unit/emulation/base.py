# SPDX-License-Identifier: Apache-2.0

"""What both kinds of emulated network are tested for."""

import os
import select
import subprocess
import sys

import fixtures
from oslotest import base

from tests.emulation import control
from tests.emulation import fixture
from tests.emulation import wire
from tests.emulation.echo import RoundTrips
from tests.emulation.errors import InaccurateError
from tests.emulation.path import Lane
from tests.emulation.path import Path
from tests.emulation.path import Way
from tests.emulation.wire import Wire

#: Seconds within which anything has to happen.
PATIENCE = 20.0
SLEEP = [sys.executable, '-c', 'import time; time.sleep(1000)']

#: Says which processes it has started, and does nothing more.
CRASH_TEST = """
import sys, time
from {module} import {kind}
with {kind}() as wire:
    process = wire.node('a').popen({command!r})
    print(wire.relay_pid, process.pid, flush=True)
    time.sleep(1000)
"""


class WireTestCase(base.BaseTestCase):
    """A test with a network that has no node yet."""

    kind: type[Wire]

    def setUp(self) -> None:
        super().setUp()
        self.wire = fixture.use(self, self.kind())

    def check(self, source: str, target: str, count: int = 50) -> RoundTrips:
        """Skip where real-time scheduling cannot be had, else insist."""
        try:
            return self.wire.check(source, target, count)
        except InaccurateError as error:
            if self.wire.doubt:
                self.skipTest(str(error))
            raise

    def survivors(self, path: Path, count: int) -> int:
        """How many round trips between ``a`` and ``b`` the seed 0 spares."""
        for seed in ('0 a b', '0 b a'):
            way = Way(delay_ms=0, loss_ratio=path.way.loss_ratio)
            lane = Lane(way, seed)
            lost = [lane.arrival_ns(0) for _ in range(count)].count(None)
            count -= lost
        return count

    def assertEnds(self, pidfd: int) -> None:
        readable, _, _ = select.select([pidfd], [], [], PATIENCE)
        self.assertEqual([pidfd], readable, 'a process has not ended')


class WireTests:
    """Mixed into the test case of each kind."""

    def test_times_are_those_that_were_set(self) -> None:
        self.wire.set_path('a', 'b', Path(rtt_ms=10))
        trips = self.check('a', 'b', count=100)
        self.assertEqual(0, trips.loss_ratio)
        # The tail belongs to the machine.
        self.assertLess(trips.p95_ms, 20)

    def test_path_is_the_same_from_either_side(self) -> None:
        self.wire.set_path('a', 'b', Path(rtt_ms=7))
        self.check('b', 'a')

    def test_change_while_running(self) -> None:
        for rtt_ms in (5, 30, 0, 12):
            self.wire.set_path('a', 'b', Path(rtt_ms=rtt_ms))
            self.check('a', 'b', count=20)

    def test_jitter(self) -> None:
        self.wire.set_path('a', 'b', Path(rtt_ms=10, jitter_ms=20))
        trips = self.wire.measure('a', 'b', count=100)
        self.assertGreater(trips.times_ms[0], 9.5)
        self.assertGreater(trips.times_ms[-1] - trips.times_ms[0], 5)

    def test_losses_are_those_of_the_seed(self) -> None:
        path = Path(rtt_ms=1, loss_ratio=0.3)
        survivors = self.survivors(path, 100)
        self.assertIn(survivors, range(50, 90))
        for _ in range(2):
            # Set again, a path starts its draws again.
            self.wire.set_path('a', 'b', path)
            trips = self.wire.measure('a', 'b', count=100)
            self.assertEqual(survivors, len(trips.times_ms))

    def test_machine_that_does_not_keep_times(self) -> None:
        self.wire.set_path('a', 'b', Path(rtt_ms=10))
        self.useFixture(fixtures.MockPatchObject(wire, 'TOLERANCE_MS', -1))
        error = self.assertRaises(
            InaccurateError, self.wire.check, 'a', 'b', count=5
        )
        self.assertIn('ms of the 10 ms between a and b', str(error))

    def test_all_ends_with_the_network(self) -> None:
        process = self.wire.node('a').popen(SLEEP)
        relay = self.wire.relay_pid
        self.wire.close()
        self.assertIsNotNone(process.poll())
        self.assertRaises(ProcessLookupError, os.kill, relay, 0)

    def test_all_ends_with_a_process_that_crashes(self) -> None:
        script = CRASH_TEST.format(
            module=self.kind.__module__,
            kind=self.kind.__name__,
            command=SLEEP,
        )
        crashing = subprocess.Popen(
            [sys.executable, '-c', script],
            stdout=subprocess.PIPE,
            text=True,
            cwd=control.ROOT,
        )
        with crashing:
            try:
                pids = crashing.stdout.readline().split()
                pidfds = [os.pidfd_open(int(pid)) for pid in pids]
            finally:
                crashing.kill()
        self.assertEqual(2, len(pidfds))
        for pidfd in pidfds:
            self.addCleanup(os.close, pidfd)
            self.assertEnds(pidfd)
