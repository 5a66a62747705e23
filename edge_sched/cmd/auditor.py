# SPDX-License-Identifier: Apache-2.0

"""``edge-sched-auditor``: which servers are where they ought to be, for ever.

SIGTERM and SIGINT end it at once, also within a round: what it writes is
written whole, and the next one goes on from there. SIGHUP has certificate and
password of its metrics read again; other settings take a restart.
"""

import contextlib
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from oslo_config import cfg
from oslo_log import log as logging

from edge_sched import conf as edge_conf
from edge_sched.cmd import service
from edge_sched.cmd import stores
from edge_sched.cmd.nova.access import read_nova_configuration
from edge_sched.conf import auditor as auditor_conf
from edge_sched.conf import checks
from edge_sched.conf import once
from edge_sched.http.serving import MetricsServer
from edge_sched.store.reader import reader
from edge_sched.store.settings import StoreSettings
from edge_sched.store.standings import Standings
from edge_sched.store.wanted import Wanted

if TYPE_CHECKING:
    from edge_sched.auditing.wanting import Wanting

PROG = 'edge-sched-auditor'

LOG = logging.getLogger(__name__)

#: Within which a signal is heard between two rounds (chosen).
NAP_SECONDS = 1.0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the auditor until it is told to stop; the exit status."""
    run = _Run()
    refused = service.run(
        PROG,
        'Judge all servers again and again, and keep how they stand.',
        [
            edge_conf.register_opts,
            auditor_conf.register_opts,
            once.register_cli_opts,
        ],
        run.serve,
        argv,
    )
    return refused or run.status


class _Run:
    """From the configuration to the end."""

    def __init__(self) -> None:
        self.status = 0
        self._failure = ''
        self._told = False

    def serve(self, conf: cfg.ConfigOpts) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        # There is nothing yet that could be read anew.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        group = conf.edge_sched_auditor
        _read_nova(group.nova_config_files)
        # They need Nova.
        from edge_sched.auditing.metrics import Metrics
        from edge_sched.auditing.rounds import Rounds

        self._settings = stores.patient(StoreSettings.from_conf(conf))
        self._metrics = Metrics()
        with (
            Standings(self._settings) as standings,
            _wanting(self._settings) as wanting,
        ):
            self._rounds = Rounds(
                reader(self._settings),
                standings,
                group.max_rate,
                wanting.standing if wanting else lambda findings: None,
            )
            if conf.once:
                # Also if it is ended within.
                self.status = 1
                went_well = self._round()
                if wanting:
                    went_well &= wanting.look()
                self.status = 0 if went_well else 1
            elif wanting:
                self._metrics.watch(wanting)
                with Looking(wanting):
                    self._serve_on(group)
            else:
                self._serve_on(group)

    def _serve_on(self, group: cfg.ConfigOpts.GroupAttr) -> None:
        server = service.metrics_server(
            self._metrics.registry, group, auditor_conf.GROUP.name
        )
        with server:
            signal.signal(signal.SIGHUP, lambda *_: _reload(server))
            stopping = False
            while not stopping:
                begun = time.monotonic()
                self._round()
                rest_seconds = begun + group.interval - time.monotonic()
                if rest_seconds < 0:
                    self._metrics.overrun()
                stopping = self._is_told_to_stop(max(0.0, rest_seconds))

    def _stop(self, *_: object) -> None:
        """Give up an audit under way: nothing of it is half written.

        What is raised may get lost, if Python was just tidying something up.
        So it is also kept for who waits for the next round.
        """
        self._told = True
        raise KeyboardInterrupt

    def _is_told_to_stop(self, within_seconds: float) -> bool:
        until = time.monotonic() + within_seconds
        # A signal wakes one thread, which need not be this one.
        while not self._told and (left := until - time.monotonic()) > 0:
            time.sleep(min(NAP_SECONDS, left))
        return self._told

    def _round(self) -> bool:
        """Judge every server once; whether it came to an end."""
        from edge_sched.cmd.nova import databases

        begun = time.monotonic()
        failure = ''
        try:
            with stores.explained(self._settings), databases.explained():
                tally, troubles = self._rounds.round()
        except (stores.StoreProblemError, databases.NovaDatabaseError) as why:
            failure = str(why)
        except Exception as error:
            # Whatever Nova comes up with: the next round may do.
            failure = repr(error)
            if failure != self._failure:
                LOG.exception('The round failed.')
        if failure:
            self._metrics.round_failed()
            if failure != self._failure:
                LOG.error('Servers are not judged: %s', failure)
        else:
            took_seconds = time.monotonic() - begun
            self._metrics.round_ended(
                tally, troubles, took_seconds, time.time()
            )
            LOG.info('%s in %.1f s', tally, took_seconds)
        self._failure = failure
        return not failure


class Looking(threading.Thread):
    """Looks after who is wanted, beside the rounds, however long they take.

    Each query of it is bounded, and nobody waits for it at the end.
    """

    def __init__(self, wanting: 'Wanting') -> None:
        super().__init__(name='wanting', daemon=True)
        self._wanting = wanting
        self._over = threading.Event()

    def __enter__(self) -> None:
        self.start()

    def __exit__(self, *exc_info: object) -> None:
        self._over.set()

    def run(self) -> None:
        from nova.conf import CONF

        while not self._over.is_set():
            self._wanting.look()
            self._over.wait(CONF.edge_sched_wanted.interval)


@contextlib.contextmanager
def _wanting(settings: StoreSettings) -> Iterator['Wanting | None']:
    """Who looks after who is wanted, ``None`` if nobody may be.

    :raises service.BadSettingError: if there is no such database of positions
    """
    from nova.conf import CONF

    from edge_sched.auditing.geography import GeoDatabase
    from edge_sched.auditing.geography import GeoDatabaseError
    from edge_sched.auditing.wanting import Wanting

    group = CONF.edge_sched_wanted
    if not group.allow:
        with Wanted(settings) as wanted:
            Wanting(reader(settings), wanted).end()
        yield None
        return
    locate = None
    if group.geo_database:
        try:
            locate = GeoDatabase(group.geo_database).position
        except GeoDatabaseError as error:
            raise service.BadSettingError(str(error)) from error
    with Wanted(settings) as wanted:
        yield Wanting(reader(settings), wanted, locate)


def _read_nova(files: Sequence[str]) -> None:
    """Read Nova's configuration.

    :raises service.BadSettingError: if it cannot be had, or ours in it makes
        no sense
    """
    try:
        read_nova_configuration(files)
        from nova.conf import CONF

        edge_conf.register_opts(CONF)
        checks.check(CONF)
    except Exception as error:
        # Each has a line for an operator.
        raise service.BadSettingError(str(error)) from error


def _reload(server: MetricsServer) -> None:
    try:
        server.reload()
    except ValueError as error:
        LOG.error('Certificate and password stay: %s', error)
