# SPDX-License-Identifier: Apache-2.0

"""The latency store's own database goes away and comes back."""

import contextlib
import signal
import time
from collections.abc import Mapping

from tests.cloud import audit
from tests.cloud.faults import OPTIONS
from tests.cloud.faults import STORE_AWAY
from tests.cloud.faults import FaultTestCase
from tests.cloud.load import Load
from tests.cloud.processes import NotInTimeError

STORE = 'mariadb-store'
#: What the issue grants after the store's return.
RECOVERY_SECONDS = OPTIONS['store_retry_after'] + 5

#: Whom both workers are asked for while all is well.
KNOWN = {'203.0.113.7': 12.0}
#: Seconds between two creates that find out how a worker is (chosen: many in
#: the time that is granted, and few to delete).
PACE_SECONDS = 0.7
#: What a busy machine may add to a wait (chosen).
SLACK_SECONDS = 3.0

#: What workers log: of a request, when it fails, when it does so no more.
REACHED = '"breaker": "closed"'
AWAY = ' The latency store is away and left alone for'
BACK = ' The latency store is back.'


class StoreTest(FaultTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(self.make_whole, STORE)

    def test_stopped_and_started_during_creates(self) -> None:
        trial = self.endure(self.stop_and_start, STORE_AWAY)
        asked_seconds = trial.recovery.asked_seconds
        self.assertLessEqual(asked_seconds, RECOVERY_SECONDS)

    def stop_and_start(self, load: Load) -> float:
        """Away until all servers were asked for."""
        self.cloud.stop(STORE)
        load.join()
        self.cloud.start(STORE)
        return time.monotonic()

    def test_stopped(self) -> None:
        self.ask_until_all_say(REACHED, KNOWN)
        self.begin_logs()
        self.cloud.stop(STORE)
        # Kept, and not too old yet.
        self.assertTrue(self.is_created(self.ask(KNOWN)))
        self.assert_declared()
        self.cloud.start(STORE)
        self.assert_works_again()

    def test_hangs(self) -> None:
        """Connections stay open, and nothing comes on them."""
        self.ask_until_all_say(REACHED)
        self.begin_logs()
        self.signal(STORE, signal.SIGSTOP)
        self.assert_declared()
        self.assert_waits_are_bounded()
        self.signal(STORE, signal.SIGCONT)
        self.assert_works_again()

    def test_scheduler_started_while_it_is_away(self) -> None:
        self.cloud.stop(STORE)
        self.cloud.restart('nova-scheduler')
        self.assert_declared()
        self.cloud.start(STORE)
        self.assert_works_again()

    # -- the workers -----------------------------------------------------

    def times_said(self, what: str) -> dict[int, int]:
        """How often each worker has logged it since ``begin_logs``."""
        times = dict.fromkeys(self.cloud.scheduler_workers(), 0)
        for line in self.log_of('nova-scheduler').splitlines():
            if what in line and (pid := int(line.split()[2])) in times:
                times[pid] += 1
        return times

    def ask_until_all_say(
        self,
        what: str,
        budgets_ms: Mapping[str, float] | None = None,
        seconds: float = 60.0,
    ) -> None:
        """Ask for one server after the other, until every worker has.

        :param budgets_ms: of the servers; by default of a new client each
        """

        def all_have_said() -> bool:
            return all(self.times_said(what).values())

        deadline = time.monotonic() + seconds
        while not all_have_said():
            self.assertLess(time.monotonic(), deadline, what)
            stranger = self.ask_near_stranger
            self.request(self.ask(budgets_ms) if budgets_ms else stranger())
            with contextlib.suppress(NotInTimeError):
                self.wait_for(what, all_have_said, PACE_SECONDS)

    # -- what is asserted ------------------------------------------------

    def assert_declared(self) -> None:
        """What needs data is refused, all else is placed as ever."""
        self.ask_until_all_say(AWAY)
        refused = self.settled(self.request(self.ask_near_stranger()))
        self.assertRefused(STORE_AWAY, refused)
        self.assertTrue(self.is_created(self.ask({})))
        self.assertTrue(self.is_created(self.ask_near_stranger('preferred')))
        outcomes = [r['outcome'] for r in self.decision_records()[-2:]]
        self.assertEqual(['store_failure'] * 2, outcomes)

    def assert_waits_are_bounded(self) -> None:
        """By the timeout, and only until a worker has given up."""
        waited = [
            record['lookup_ms'] / 1000
            for record in self.decision_records()
            if record['outcome'] == 'store_failure'
        ]
        self.assertLess(max(waited), OPTIONS['store_timeout'] + SLACK_SECONDS)
        # Who comes while the store is left alone does not wait at all.
        self.assertLess(min(waited), 0.1)

    def assert_works_again(self) -> None:
        """In the time that is granted, in every worker, without noise."""
        back_at = time.monotonic()
        self.ask_until_all_say(BACK, seconds=RECOVERY_SECONDS)
        self.say(f'both workers work after {time.monotonic() - back_at:.1f} s')
        for _ in self.cloud.scheduler_workers():
            self.assertTrue(self.is_created(self.ask_near_stranger()))
        for what in (AWAY, BACK):
            self.assertEqual({1}, set(self.times_said(what).values()), what)
        log = self.log_of('nova-scheduler')
        self.assertEqual([], audit.our_errors(log))
