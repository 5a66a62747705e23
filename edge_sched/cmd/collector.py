# SPDX-License-Identifier: Apache-2.0

"""``edge-sched-collector``: from the edge into the latency store.

SIGTERM and SIGINT end it after the batch that is being written. SIGHUP has it
read its configuration again, all but where its metrics are published; with
one that makes no sense it goes on as before.
"""

import contextlib
import signal
import sys
from collections.abc import Callable, Sequence

from oslo_config import cfg
from oslo_log import log as logging

from edge_sched import conf as edge_conf
from edge_sched.cmd import service
from edge_sched.cmd import stores
from edge_sched.cmd.configuration import read_configuration
from edge_sched.collector.equipment import Equipment
from edge_sched.collector.inputs import loading
from edge_sched.collector.metrics import Metrics
from edge_sched.collector.rounds import Collector
from edge_sched.collector.shard import Shard
from edge_sched.collector.targets import Serving
from edge_sched.collector.targets import TargetPages
from edge_sched.collector.targets import read_passwords
from edge_sched.conf import checks
from edge_sched.conf import collector as collector_conf
from edge_sched.conf import once
from edge_sched.http.serving import MetricsServer
from edge_sched.store.errors import StoreUnavailableError
from edge_sched.store.settings import StoreSettings
from edge_sched.store.wanted import Wanted
from edge_sched.store.writer import Writer

PROG = 'edge-sched-collector'

LOG = logging.getLogger(__name__)

_REGISTER = (
    edge_conf.register_opts,
    collector_conf.register_opts,
    once.register_cli_opts,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the collector until it is told to stop; the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    run = _Run(arguments)
    refused = service.run(
        PROG,
        'Bring what was measured at the edge into the latency store.',
        _REGISTER,
        run.serve,
        arguments,
    )
    return refused or run.status


class _Run:
    """From reading the configuration to the end.

    :param arguments: of the process, by which it is read again
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        self.status = 0
        self._arguments = arguments

    def serve(self, conf: cfg.ConfigOpts) -> None:
        try:
            self._equipment = _equipment(conf)
        except ValueError as error:
            raise service.BadSettingError(str(error)) from error
        metrics = Metrics()
        self._collector = Collector(self._equipment, metrics)
        try:
            if conf.once:
                self.status = 0 if self._collector.round() else 1
            else:
                self._serve_on(conf, metrics)
        finally:
            _close(self._equipment)

    def _serve_on(self, conf: cfg.ConfigOpts, metrics: Metrics) -> None:
        with contextlib.ExitStack() as stores:
            try:
                self._pages = TargetPages(_serving(conf, stores))
            except ValueError as error:
                raise service.BadSettingError(str(error)) from error
            server = service.metrics_server(
                metrics.registry,
                conf.edge_sched_collector,
                collector_conf.GROUP.name,
                self._pages,
            )
            with server:
                for number in (signal.SIGTERM, signal.SIGINT):
                    signal.signal(number, lambda *_: self._collector.stop())
                signal.signal(
                    signal.SIGHUP, lambda *_: self._collector.ask_to_reload()
                )
                self._collector.run(lambda: self._reload(server, stores))

    def _reload(
        self, server: MetricsServer, stores: contextlib.ExitStack
    ) -> None:
        with contextlib.ExitStack() as new_stores:
            try:
                conf = read_configuration(
                    self._arguments,
                    PROG,
                    [logging.register_options, *_REGISTER],
                )
                checks.check(conf)
                checks.check_names(conf)
                equipment = _equipment(conf)
                serving = _serving(conf, new_stores)
                server.reload()
            except (cfg.Error, ValueError) as error:
                LOG.error('The configuration was not read again: %s', error)
                return
            logging.setup(conf, 'edge_sched')
            self._pages.equip(serving)
            stores.close()
            stores.enter_context(new_stores.pop_all())
        self._collector.equip(equipment)
        _close(self._equipment)
        self._equipment = equipment
        LOG.info('The configuration was read again.')


def _equipment(conf: cfg.ConfigOpts) -> Equipment:
    """What the configuration says.

    :raises ValueError: if a setting makes no sense, naming it
    """
    group = conf.edge_sched_collector
    try:
        shard = Shard.parse(group.shard)
    except ValueError as error:
        raise ValueError(
            f'[{collector_conf.GROUP.name}] shard: {error}'
        ) from error
    settings = StoreSettings.from_conf(conf)
    try:
        _ = settings.sqlite_file
    except StoreUnavailableError as error:
        raise ValueError(str(error)) from error
    if group.interval > settings.max_age_seconds / 3:
        LOG.warning(
            '[edge_sched_collector] interval %(interval)g is above a third of '
            '[edge_sched] max_age %(max_age)g: a round that fails lets '
            'measurements grow old',
            {'interval': group.interval, 'max_age': settings.max_age_seconds},
        )
    return Equipment(
        inputs=loading.load(conf, group.inputs, shard.has),
        store=Writer(settings),
        name=str(shard),
        interval_seconds=group.interval,
        max_age_seconds=settings.max_age_seconds,
        retention_seconds=group.retention,
        batch_rows=group.batch_rows,
        tie_band_ms=conf.edge_sched.tie_band_ms,
        explain=_explainer(settings),
    )


def _serving(conf: cfg.ConfigOpts, stores: contextlib.ExitStack) -> Serving:
    """What sites are served their targets from, as the configuration says.

    :param stores: closes what it reads
    :raises ValueError: if a setting makes no sense, naming it
    """
    group = conf.edge_sched_collector
    authorizations = None
    if group.targets_password_file:
        try:
            authorizations = read_passwords(group.targets_password_file)
        except ValueError as error:
            raise ValueError(
                f'[{collector_conf.GROUP.name}] {error}'
            ) from error
        if not group.metrics_tls_cert:
            LOG.warning('The passwords of the sites go in clear text.')
    settings = StoreSettings.from_conf(conf)
    return Serving(
        stores.enter_context(Wanted(settings)).targets,
        settings.timeout_seconds,
        settings.retry_after_seconds,
        authorizations,
    )


def _explainer(
    settings: StoreSettings,
) -> Callable[[StoreUnavailableError], str]:
    def explain(error: StoreUnavailableError) -> str:
        try:
            with stores.explained(settings):
                raise error
        except stores.StoreProblemError as problem:
            return str(problem)

    return explain


def _close(equipment: Equipment) -> None:
    for input_ in equipment.inputs:
        input_.close()
    equipment.store.close()
