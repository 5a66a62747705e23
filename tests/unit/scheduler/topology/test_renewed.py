# SPDX-License-Identifier: Apache-2.0

"""One thread renews, the others use the old value."""

import concurrent.futures
import threading
from unittest import mock

from oslotest import base

from edge_sched.scheduler.topology.renewed import RETRY_SECONDS
from edge_sched.scheduler.topology.renewed import Renewed


class AwaitedLock:
    """A lock that tells how often it was released."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._released = threading.Semaphore(0)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()
        self._released.release()

    def wait_until_passed(self, times: int) -> None:
        for _ in range(times):
            if not self._released.acquire(timeout=30):
                raise TimeoutError


class RenewedTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.now = 1000.0
        self.loads = 0
        self.error: Exception | None = None

    def load(self) -> int:
        if self.error:
            raise self.error
        self.loads += 1
        return self.loads

    def renewed(self, ttl: float = 60.0) -> Renewed[int]:
        return Renewed(self.load, lambda: ttl, lambda: self.now)

    def test_is_loaded_on_first_use_and_kept_for_its_lifetime(self) -> None:
        renewed = self.renewed()
        self.assertEqual(0, self.loads)
        self.assertEqual(1, renewed.get())
        self.now += 59.9
        self.assertEqual(1, renewed.get())
        self.now += 0.2
        self.assertEqual(2, renewed.get())

    def test_lifetime_of_zero_is_no_cache(self) -> None:
        renewed = self.renewed(ttl=0)
        self.assertEqual([1, 2, 3], [renewed.get() for _ in range(3)])

    def test_first_failure_is_the_callers(self) -> None:
        self.error = OSError('no database')
        renewed = self.renewed()
        self.assertRaises(OSError, renewed.get)
        self.error = None
        self.assertEqual(1, renewed.get())

    def test_first_failure_is_shared_by_those_who_wait(self) -> None:
        loading, go_on = threading.Event(), threading.Event()
        loads: list[None] = []

        def load() -> int:
            loads.append(None)
            loading.set()
            go_on.wait(30)
            raise OSError('no database')

        renewed = Renewed(load, lambda: 60.0, lambda: self.now)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            first = pool.submit(renewed.get)
            self.assertTrue(loading.wait(30))
            waiting = AwaitedLock()
            with mock.patch.object(renewed, '_lock', waiting):
                others = [pool.submit(renewed.get) for _ in range(7)]
                waiting.wait_until_passed(7)
            go_on.set()
            for caller in (first, *others):
                self.assertIsInstance(caller.exception(30), OSError)
        self.assertEqual(1, len(loads))
        # Who comes later tries again.
        self.assertRaises(OSError, renewed.get)
        self.assertEqual(2, len(loads))

    def test_end_of_the_loading_thread_ends_no_other(self) -> None:
        loading, go_on = threading.Event(), threading.Event()

        def load() -> int:
            loading.set()
            go_on.wait(30)
            raise SystemExit

        renewed = Renewed(load, lambda: 60.0, lambda: self.now)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            first = pool.submit(renewed.get)
            self.assertTrue(loading.wait(30))
            waiting = AwaitedLock()
            with mock.patch.object(renewed, '_lock', waiting):
                other = pool.submit(renewed.get)
                waiting.wait_until_passed(1)
            go_on.set()
            self.assertIsInstance(first.exception(30), SystemExit)
            self.assertIsInstance(other.exception(30), RuntimeError)

    def test_first_value_is_shared_by_those_who_wait(self) -> None:
        loading, go_on = threading.Event(), threading.Event()

        def load() -> int:
            loading.set()
            go_on.wait(30)
            return self.load()

        renewed = Renewed(load, lambda: 60.0, lambda: self.now)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            callers = [pool.submit(renewed.get) for _ in range(8)]
            self.assertTrue(loading.wait(30))
            go_on.set()
            self.assertEqual([1] * 8, [c.result(30) for c in callers])

    def test_no_caller_is_given_a_value_of_another_if_it_lives_for_0_s(
        self,
    ) -> None:
        renewing, go_on = threading.Event(), threading.Event()

        def load() -> int:
            value = self.load()
            if value == 2:
                renewing.set()
                go_on.wait(30)
            return value

        renewed = Renewed(load, lambda: 0.0, lambda: self.now)
        self.assertEqual(1, renewed.get())
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            renewer = pool.submit(renewed.get)
            self.assertTrue(renewing.wait(30))
            self.assertEqual([3, 4], [renewed.get(), renewed.get()])
            go_on.set()
            self.assertEqual(2, renewer.result(30))

    def test_old_value_serves_while_it_cannot_be_renewed(self) -> None:
        renewed = self.renewed()
        renewed.get()
        self.now += 61
        self.error = OSError('no database')
        self.assertEqual(1, renewed.get())
        self.error = None
        # Not asked again at once, but soon.
        self.assertEqual(1, renewed.get())
        self.now += RETRY_SECONDS
        self.assertEqual(2, renewed.get())

    def test_value_that_cannot_be_renewed_serves_no_more_than_a_lifetime(
        self,
    ) -> None:
        renewed = self.renewed(ttl=RETRY_SECONDS - 2)
        renewed.get()
        self.now += RETRY_SECONDS
        self.error = OSError('no database')
        self.assertEqual(1, renewed.get())
        self.error = None
        self.now += RETRY_SECONDS - 2.5
        self.assertEqual(1, renewed.get())
        self.now += 0.6
        self.assertEqual(2, renewed.get())

    def test_forget(self) -> None:
        renewed = self.renewed()
        renewed.get()
        renewed.forget()
        self.assertEqual(2, renewed.get())

    def test_others_use_the_old_value_while_one_renews(self) -> None:
        renewing, go_on = threading.Event(), threading.Event()

        def load() -> int:
            value = self.load()
            if value > 1:
                renewing.set()
                go_on.wait(30)
            return value

        renewed = Renewed(load, lambda: 60.0, lambda: self.now)
        renewed.get()
        self.now += 61
        seen: list[int] = []
        renewer = threading.Thread(target=lambda: seen.append(renewed.get()))
        renewer.start()
        self.assertTrue(renewing.wait(30))
        self.assertEqual([1] * 8, [renewed.get() for _ in range(8)])
        go_on.set()
        renewer.join(30)
        self.assertEqual([2], seen)
        self.assertEqual(2, renewed.get())
        self.assertEqual(2, self.loads)
