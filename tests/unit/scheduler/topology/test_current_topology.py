# SPDX-License-Identifier: Apache-2.0

"""One thread reads the topology anew, the others use the old one."""

import concurrent.futures
import threading
import types
from collections.abc import Callable
from unittest import mock

import fixtures
import nova.conf
from oslo_config import fixture as config_fixture
from oslotest import base

from edge_sched.scheduler.topology import topology
from edge_sched.scheduler.topology.topology import RETRY_SECONDS
from edge_sched.scheduler.topology.topology import CurrentTopology


class AwaitedLock:
    """A lock that tells how many have passed it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._passed = threading.Semaphore(0)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *error: object) -> None:
        self._lock.release()
        self._passed.release()

    def wait_until_passed(self, times: int) -> None:
        for _ in range(times):
            if not self._passed.acquire(timeout=30):
                raise TimeoutError


class CurrentTopologyTest(base.BaseTestCase):
    """Numbers stand for topologies."""

    def setUp(self) -> None:
        super().setUp()
        self.conf = self.useFixture(config_fixture.Config(nova.conf.CONF))
        self.useFixture(fixtures.FakeLogger())
        self.now = 1000.0
        self.reads = 0
        self.error: BaseException | None = None
        self.patch('time', types.SimpleNamespace(monotonic=lambda: self.now))
        self.patch('read_topology', self.read)
        self.current = CurrentTopology()
        self.current._lock = self.lock = AwaitedLock()

    def patch(self, name: str, value: object) -> None:
        patcher = mock.patch.object(topology, name, value)
        patcher.start()
        self.addCleanup(patcher.stop)

    def read(self) -> int:
        self.reads += 1
        if self.error:
            raise self.error
        return self.reads

    def live(self, seconds: int) -> None:
        self.conf.config(group='edge_sched', membership_ttl=seconds)

    def held_up(self, number: int) -> tuple[threading.Event, threading.Event]:
        """Have a reading, by its number, wait: that it does, and go on."""
        reading, go_on = threading.Event(), threading.Event()

        def read() -> int:
            if self.reads == number - 1:
                reading.set()
                self.reads += 1
                go_on.wait(30)
                self.reads -= 1
            return self.read()

        self.patch('read_topology', read)
        return reading, go_on

    def test_is_read_on_first_use_and_kept_for_its_lifetime(self) -> None:
        self.assertEqual(0, self.reads)
        self.assertEqual(1, self.current.get())
        self.now += 59.9
        self.assertEqual(1, self.current.get())
        self.now += 0.2
        self.assertEqual(2, self.current.get())

    def test_lifetime_of_zero_is_no_cache(self) -> None:
        self.live(0)
        self.assertEqual([1, 2, 3], [self.current.get() for _ in range(3)])

    def test_forget(self) -> None:
        self.current.get()
        self.current.forget()
        self.assertEqual(2, self.current.get())

    def test_first_failure_is_the_callers(self) -> None:
        self.error = OSError('no database')
        self.assertRaises(OSError, self.current.get)
        self.error = None
        self.assertEqual(2, self.current.get())

    def first(
        self, others: int
    ) -> list[concurrent.futures.Future[CurrentTopology]]:
        """What comes of the first reading, for all who come meanwhile."""
        reading, go_on = self.held_up(1)
        with concurrent.futures.ThreadPoolExecutor(others + 1) as pool:
            first = pool.submit(self.current.get)
            self.assertTrue(reading.wait(30))
            waiting = [pool.submit(self.current.get) for _ in range(others)]
            self.lock.wait_until_passed(1 + others)
            go_on.set()
        return [first, *waiting]

    def test_first_one_is_shared_by_those_who_wait(self) -> None:
        callers = self.first(others=7)
        self.assertEqual([1] * 8, [each.result(30) for each in callers])

    def test_first_failure_is_shared_by_those_who_wait(self) -> None:
        self.error = OSError('no database')
        for caller in self.first(others=7):
            self.assertIsInstance(caller.exception(30), OSError)
        self.assertEqual(1, self.reads)
        # Who comes later tries again.
        self.assertRaises(OSError, self.current.get)
        self.assertEqual(2, self.reads)

    def test_end_of_the_reading_thread_ends_no_other(self) -> None:
        self.error = SystemExit()
        first, *others = self.first(others=7)
        self.assertIsInstance(first.exception(30), SystemExit)
        for other in others:
            self.assertIsInstance(other.exception(30), RuntimeError)
        self.error = None
        self.assertEqual(2, self.current.get())

    def while_renewing(self, get: Callable[[], list[int]]) -> list[int]:
        """What others get, and then what the one gets who reads it anew."""
        reading, go_on = self.held_up(2)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            renewer = pool.submit(self.current.get)
            self.assertTrue(reading.wait(30))
            found = get()
            go_on.set()
            return [*found, renewer.result(30)]

    def test_others_use_the_old_one_while_one_renews(self) -> None:
        self.current.get()
        self.now += 61
        self.assertEqual(
            [*[1] * 8, 2],
            self.while_renewing(
                lambda: [self.current.get() for _ in range(8)]
            ),
        )
        self.assertEqual(2, self.current.get())
        self.assertEqual(2, self.reads)

    def test_nobody_is_given_that_of_another_if_it_lives_for_0_s(self) -> None:
        self.live(0)
        self.assertEqual(1, self.current.get())
        found = self.while_renewing(
            lambda: [self.current.get(), self.current.get()]
        )
        self.assertEqual([3, 4], found[:2])

    def test_old_one_serves_while_it_cannot_be_renewed(self) -> None:
        self.current.get()
        self.now += 61
        self.error = OSError('no database')
        with self.assertLogs('edge_sched', 'WARNING') as log:
            self.assertEqual(1, self.current.get())
        self.assertEqual(1, len(log.output))
        self.error = None
        # Not asked again at once, but soon.
        self.assertEqual(1, self.current.get())
        self.now += RETRY_SECONDS
        self.assertEqual(3, self.current.get())

    def test_old_one_serves_no_longer_than_a_lifetime(self) -> None:
        self.live(2)
        self.current.get()
        self.now += 5
        self.error = OSError('no database')
        self.assertEqual(1, self.current.get())
        self.error = None
        self.now += 1.9
        self.assertEqual(1, self.current.get())
        self.now += 0.2
        self.assertEqual(3, self.current.get())
