# SPDX-License-Identifier: Apache-2.0

"""``edge-sched-auditor`` before and beside Nova, which is made up here."""

import contextlib
import functools
import io
import logging
import signal
import threading
import time
from collections.abc import Sequence
from typing import Any
from unittest import mock

import nova.conf
from oslo_db import exception as db_exception

from edge_sched.auditing import rounds
from edge_sched.auditing.tally import Tally
from edge_sched.auditing.trouble import Troubles
from edge_sched.cmd import auditor
from edge_sched.cmd.nova.access import NoNovaError
from edge_sched.http.serving import MetricsServer
from edge_sched.store.errors import StoreUnavailableError
from tests.unit.cmd import base


class AuditorTest(base.SyncedTestCase):
    """A round is what the next of ``outcomes`` says; then it is ended."""

    def setUp(self) -> None:
        super().setUp()
        # Commands are silent; services are not.
        logging.getLogger('edge_sched').setLevel(logging.NOTSET)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            self.addCleanup(signal.signal, number, signal.getsignal(number))
        self.read_nova = self.enterContext(
            mock.patch.object(auditor, 'read_nova_configuration')
        )
        self.outcomes: list[Exception | None] = []
        self.max_rates: list[int | None] = []
        self.rounds = 0
        case = self

        class Rounds:
            def __init__(
                self,
                store: Any,
                standings: Any,
                max_rate: int | None,
                also: Any = None,
            ) -> None:
                case.max_rates.append(max_rate)

            def round(self) -> tuple[Tally, Troubles]:
                case.rounds += 1
                if not case.outcomes:
                    signal.raise_signal(signal.SIGTERM)
                if error := case.outcomes.pop(0):
                    raise error
                return Tally(), Troubles(print)

        self.enterContext(mock.patch.object(rounds, 'Rounds', Rounds))
        self.slept: list[float] = []
        self.told_to_stop = wait = auditor._Run._is_told_to_stop

        def without_waiting(run: auditor._Run, seconds: float) -> bool:
            self.slept.append(seconds)
            self.between_rounds()
            return wait(run, 0)

        self.enterContext(
            mock.patch.object(
                auditor._Run, '_is_told_to_stop', without_waiting
            )
        )
        self.between_rounds = lambda: None

    def run_auditor(self, *argv: str, settings: Sequence[str] = ()) -> Any:
        """The exit status, and what stood on stderr, or in its log."""
        conf = self.write(
            'auditor.conf',
            '[edge_sched_auditor]',
            'metrics_port = 0',
            *settings,
        )
        files = ('--config-file', self.conf, '--config-file', conf)
        log, err = io.StringIO(), io.StringIO()
        handler = logging.StreamHandler(log)
        self.enterContext(
            mock.patch.object(
                auditor.service.logging,
                'setup',
                lambda *args: logging.getLogger().addHandler(handler),
            )
        )
        with contextlib.redirect_stderr(err):
            status = auditor.main([*files, *argv])
        logging.getLogger().removeHandler(handler)
        return status, err.getvalue() or log.getvalue()

    def test_it_goes_on_until_it_is_told_to_stop(self) -> None:
        self.outcomes = [None, None, None]
        status, log = self.run_auditor()
        self.assertEqual(0, status)
        self.assertIn('0 servers: 0 within, 0 over, 0 unknown in 0.0', log)
        self.assertEqual(3, len(self.slept))
        for seconds in self.slept:
            self.assertTrue(290 < seconds <= 300, seconds)

    def test_it_ends_within_a_round(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            self.rounds = 0
            self.outcomes = [None, None]
            self.between_rounds = functools.partial(
                signal.raise_signal, number
            )
            self.assertEqual(0, self.run_auditor()[0])
            self.assertEqual(1, self.rounds)

    def test_it_ends_if_what_is_raised_gets_lost(self) -> None:
        """As it does where Python is just finalizing an object."""
        self.outcomes = [None, None, None]

        def lost() -> None:
            with contextlib.suppress(KeyboardInterrupt):
                signal.raise_signal(signal.SIGTERM)

        self.between_rounds = lost
        self.assertEqual(0, self.run_auditor()[0])
        self.assertEqual(1, self.rounds)

    def test_it_hears_a_signal_that_another_thread_gets(self) -> None:
        run = auditor._Run()
        signal.signal(signal.SIGTERM, run._stop)

        def get_it() -> None:
            signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

        # It waits by then: how long is no matter of the result.
        other = threading.Timer(0.2, get_it)
        begun = time.monotonic()
        with self.assertRaises(KeyboardInterrupt):
            other.start()
            self.told_to_stop(run, 60.0)
        other.join()
        self.assertLess(time.monotonic() - begun, 30.0)

    def test_its_settings(self) -> None:
        self.outcomes = [None]
        files = 'nova_config_files = /a.conf, /b.d'
        self.run_auditor(settings=['interval = 10', 'max_rate = 7', files])
        self.assertTrue(9 < self.slept[0] <= 10)
        self.assertEqual([7], self.max_rates)
        self.read_nova.assert_called_once_with(['/a.conf', '/b.d'])

    def test_a_round_that_takes_longer_is_followed_by_the_next(self) -> None:
        self.outcomes = [None]
        clock = iter([0.0, 0.0])
        with (
            mock.patch.object(
                auditor.time, 'monotonic', lambda: next(clock, 301.0)
            ),
            mock.patch(
                'edge_sched.auditing.metrics.Metrics.overrun'
            ) as overrun,
        ):
            self.run_auditor()
        self.assertEqual([0.0], self.slept)
        overrun.assert_called_once_with()

    def test_what_fails_is_said_once_and_the_next_round_is_made(self) -> None:
        away = StoreUnavailableError('no answer')
        nova = [RuntimeError('Nova!'), RuntimeError('Nova!')]
        self.outcomes = [away, away, None, away, *nova]
        with mock.patch(
            'edge_sched.auditing.metrics.Metrics.round_failed'
        ) as failed:
            status, log = self.run_auditor()
        self.assertEqual(0, status)
        self.assertEqual(5, failed.call_count)
        said = 'Servers are not judged: the latency store cannot be used'
        self.assertEqual(2, log.count(said))
        self.assertIn("not judged: RuntimeError('Nova!')", log)
        self.assertEqual(1, log.count('Traceback'))

    def test_once(self) -> None:
        self.outcomes = [None]
        self.assertEqual(0, self.run_auditor('--once')[0])
        self.outcomes = [db_exception.DBConnectionError()]
        status, log = self.run_auditor('--once')
        self.assertEqual(1, status)
        self.assertIn("Nova's database cannot be used", log)
        self.assertEqual([], self.slept)
        # It is ended within its round.
        self.assertEqual(1, self.run_auditor('--once')[0])

    def test_nova_cannot_be_had(self) -> None:
        self.read_nova.side_effect = NoNovaError('no Nova')
        self.assertEqual(
            (1, 'edge-sched-auditor: no Nova\n'), self.run_auditor()
        )

    def test_what_nova_conf_says_of_ours_makes_no_sense(self) -> None:
        config = nova.conf.CONF
        with mock.patch.object(
            auditor.checks, 'check', side_effect=[None, ValueError('bad')]
        ) as check:
            self.assertEqual(
                (1, 'edge-sched-auditor: bad\n'), self.run_auditor()
            )
        self.assertIs(config, check.mock_calls[-1].args[0])

    def test_settings_that_make_no_sense(self) -> None:
        for setting, why in {
            'interval = 601': 'interval',
            'interval = 9': 'interval',
            'max_rate = 0': 'max_rate',
            'intervall = 9': 'did you mean interval?',
        }.items():
            status, err = self.run_auditor(settings=[setting])
            self.assertEqual(1, status)
            self.assertIn('[edge_sched_auditor] ', err)
            self.assertIn(why, err)

    def test_certificate_that_cannot_be_read_again_stays(self) -> None:
        self.outcomes = [None, None]
        self.between_rounds = lambda: signal.raise_signal(signal.SIGHUP)
        with mock.patch.object(
            MetricsServer, 'reload', side_effect=ValueError('no such file')
        ):
            status, log = self.run_auditor()
        self.assertEqual(0, status)
        self.assertIn('Certificate and password stay: no such file', log)
