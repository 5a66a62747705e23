# SPDX-License-Identifier: Apache-2.0

"""The service ``edge-sched-listener``."""

import asyncio
import contextlib
import ipaddress
import signal
from collections.abc import Sequence

from oslo_config import cfg
from oslo_log import log as logging
from prometheus_client import CollectorRegistry

from edge_sched.cmd import service
from edge_sched.cmd.configuration import version
from edge_sched.conf import listener as listener_conf
from edge_sched.http.serving import MetricsServer
from edge_sched.listen.exposition import ListenerCollector
from edge_sched.listen.listener import Listener
from edge_sched.listen.listener import Report
from edge_sched.listen.prefixes import Prefixes
from edge_sched.listen.table import Table
from edge_sched.probe.prober import seconds_since_boot

LOG = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the listener until SIGTERM or SIGINT; the exit status."""
    return service.run(
        'edge-sched-listener',
        'Publish the round trips of the connections that a proxy serves.',
        [listener_conf.register_opts],
        _serve,
        argv,
    )


def _serve(conf: cfg.ConfigOpts) -> None:
    asyncio.run(_run(conf.edge_sched_listener))


async def _run(group: cfg.ConfigOpts.GroupAttr) -> None:
    signals = service.signals()
    with contextlib.ExitStack() as stack:
        try:
            server = _start(group, stack)
        except (ValueError, OSError) as error:
            raise service.BadSettingError(
                f'[{listener_conf.GROUP.name}] {error}'
            ) from error
        while await signals.get() == signal.SIGHUP:
            try:
                server.reload()
            except ValueError as error:
                LOG.error('Certificate and password stay: %s', error)


def _start(
    group: cfg.ConfigOpts.GroupAttr, stack: contextlib.ExitStack
) -> MetricsServer:
    loop = asyncio.get_running_loop()
    listener = Listener(loop, _table(group))
    stack.callback(listener.close)
    _open_sources(group, listener)
    LOG.info('Sources of connections: %s', ', '.join(listener.sources))

    def ask() -> Report:
        report = asyncio.run_coroutine_threadsafe(listener.report(), loop)
        return report.result(service.REPORT_SECONDS)

    registry = CollectorRegistry()
    registry.register(ListenerCollector(ask, group.vantage or '', version()))
    server = service.metrics_server(registry, group, listener_conf.GROUP.name)
    return stack.enter_context(server)


def _table(group: cfg.ConfigOpts.GroupAttr) -> Table:
    return Table(
        Prefixes(group.ipv4_length, group.ipv6_length, group.split_prefixes),
        group.min_clients,
        group.max_prefixes,
        group.window,
        seconds_since_boot,
    )


def _open_sources(group: cfg.ConfigOpts.GroupAttr, listener: Listener) -> None:
    """Open those that are set.

    :raises ValueError: if none is, naming the options
    :raises OSError: naming what cannot be had
    """
    if group.syslog_port:
        bind = [ipaddress.ip_address(each) for each in group.syslog_bind]
        listener.hear(bind, group.syslog_port, group.allow)
    if group.syslog_socket:
        listener.hear_socket(group.syslog_socket)
    for path in group.files:
        listener.follow(path)
    if group.beacon_port:
        bind = [ipaddress.ip_address(each) for each in group.beacon_bind]
        listener.attract(bind, group.beacon_port)
    if not listener.sources:
        raise ValueError(
            'names no source: set syslog_port, syslog_socket, files or '
            'beacon_port'
        )
