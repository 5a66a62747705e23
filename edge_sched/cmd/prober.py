# SPDX-License-Identifier: Apache-2.0

"""The service ``edge-sched-prober``."""

import asyncio
import contextlib
import gc
import ipaddress
import signal
import sys
from collections.abc import Mapping, Sequence

from oslo_config import cfg
from oslo_log import log as logging
from prometheus_client import CollectorRegistry

from edge_sched.cmd import service
from edge_sched.cmd.configuration import version
from edge_sched.conf import prober as prober_conf
from edge_sched.http.serving import MetricsServer
from edge_sched.probe.exposition import ProbeCollector
from edge_sched.probe.icmp import IcmpProbe
from edge_sched.probe.outcome import Probe
from edge_sched.probe.prober import Prober
from edge_sched.probe.prober import Report
from edge_sched.probe.stamp.key import BadKeyError
from edge_sched.probe.stamp.key import read_key
from edge_sched.probe.stamp.sender import StampProbe
from edge_sched.probe.target import Kind
from edge_sched.probe.target import Rates
from edge_sched.probe.target_file import read_targets
from edge_sched.probe.tcp import TcpProbe

LOG = logging.getLogger(__name__)

#: How long a thread may keep the interpreter while the loop waits for it.
#: Python's 5 ms would be in the round trips that are taken in user space
#: while a scrape is rendered. Chosen: a tenth of that, at which switching
#: costs nothing that can be measured.
SWITCH_SECONDS = 0.0005

#: The highest port of UDP (RFC 768: 16 bits).
PORT_MAX = 65_535


def main(argv: Sequence[str] | None = None) -> int:
    """Run the prober until SIGTERM or SIGINT; the exit status."""
    return service.run(
        'edge-sched-prober',
        'Probe the targets of a file and publish what comes back.',
        [prober_conf.register_opts],
        _serve,
        argv,
    )


def _serve(conf: cfg.ConfigOpts) -> None:
    sys.setswitchinterval(SWITCH_SECONDS)
    asyncio.run(_run(conf.edge_sched_prober))


async def _run(group: cfg.ConfigOpts.GroupAttr) -> None:
    signals = service.signals()
    with contextlib.ExitStack() as stack:
        try:
            prober, server = await _start(group, stack)
        except (ValueError, OSError) as error:
            raise service.BadSettingError(str(error)) from error
        # What is there now stays. To go through it all again, as the garbage
        # of a scrape makes Python do, holds up the loop for 14 ms.
        gc.freeze()
        while await signals.get() == signal.SIGHUP:
            for problem in await _reread(group, prober, server):
                LOG.error(problem)


async def _start(
    group: cfg.ConfigOpts.GroupAttr, stack: contextlib.ExitStack
) -> tuple[Prober, MetricsServer]:
    loop = asyncio.get_running_loop()
    prober = Prober(loop, _probes(group))
    stack.callback(prober.close)
    await _follow(group, prober)
    registry = CollectorRegistry()
    registry.register(_collector(group, prober))
    server = service.metrics_server(registry, group, prober_conf.GROUP.name)
    return prober, stack.enter_context(server)


async def _follow(group: cfg.ConfigOpts.GroupAttr, prober: Prober) -> None:
    rates = Rates(group.packets, group.interval, group.window)
    # In a thread, since thousands of targets take a while to read.
    targets = await asyncio.to_thread(read_targets, group.target_file, rates)
    await prober.follow(targets)
    LOG.info('Probing %d targets.', len(targets))


async def _reread(
    group: cfg.ConfigOpts.GroupAttr, prober: Prober, server: MetricsServer
) -> list[str]:
    """Read all files anew; where one is wrong, what it said before goes on.

    :return: what is wrong
    """
    problems = []
    try:
        await _follow(group, prober)
    except (ValueError, OSError) as error:
        problems.append(f'The targets stay as they were: {error}')
    try:
        server.reload()
    except ValueError as error:
        problems.append(f'Certificate and password stay: {error}')
    return problems


def _probes(group: cfg.ConfigOpts.GroupAttr) -> Mapping[Kind, Probe]:
    """One of each kind, not opened.

    :raises ValueError: if an option or the key file makes no sense
    """
    first_max = PORT_MAX + 1 - group.source_ports
    if group.first_source_port > first_max:
        raise ValueError(
            f'[edge_sched_prober] first_source_port '
            f'{group.first_source_port} is more than {first_max}, which '
            f'leaves room for source_ports {group.source_ports} up to '
            f'{PORT_MAX}'
        )
    bind = [ipaddress.ip_address(address) for address in group.bind]
    if len({address.version for address in bind}) < len(bind):
        raise ValueError(
            f'[edge_sched_prober] bind {",".join(group.bind)} has two '
            f'addresses of one version of IP'
        )
    return {
        'stamp': StampProbe(
            group.timeout,
            group.source_ports,
            group.first_source_port,
            _key(group.stamp_key_file),
            group.dscp,
            group.residence_max_ms,
            bind,
        ),
        'icmp': IcmpProbe(group.timeout, bind, group.dscp),
        'tcp': TcpProbe(group.timeout, bind, group.dscp),
    }


def _key(path: str | None) -> bytes | None:
    try:
        return read_key(path) if path else None
    except BadKeyError as error:
        why = f'[edge_sched_prober] stamp_key_file: {error}'
        raise ValueError(why) from error


def _collector(
    group: cfg.ConfigOpts.GroupAttr, prober: Prober
) -> ProbeCollector:
    loop = asyncio.get_running_loop()

    def ask() -> Report:
        report = asyncio.run_coroutine_threadsafe(prober.report(), loop)
        return report.result(service.REPORT_SECONDS)

    return ProbeCollector(ask, group.vantage or '', version())
