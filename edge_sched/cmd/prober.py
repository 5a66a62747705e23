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
from edge_sched.probe.agenda import Agenda
from edge_sched.probe.exposition import ProbeCollector
from edge_sched.probe.icmp import IcmpProbe
from edge_sched.probe.outcome import Probe
from edge_sched.probe.prober import Prober
from edge_sched.probe.prober import Report
from edge_sched.probe.stamp.key import BadKeyError
from edge_sched.probe.stamp.key import read_key
from edge_sched.probe.stamp.sender import StampProbe
from edge_sched.probe.subscription import Source
from edge_sched.probe.subscription import Subscription
from edge_sched.probe.target import Kind
from edge_sched.probe.target import Rates
from edge_sched.probe.target import Target
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

#: What the service waits for: a signal, targets that were served, or
#: ``None`` where there were none to be had.
Event = signal.Signals | tuple[Target, ...] | None


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
    events: asyncio.Queue[Event] = service.signals()
    with contextlib.ExitStack() as stack:
        try:
            agenda, server = await _start(group, stack)
            subscription = _subscription(group, events)
        except (ValueError, OSError) as error:
            raise service.BadSettingError(str(error)) from error
        # What is there now stays. To go through it all again, as the garbage
        # of a scrape makes Python do, holds up the loop for 14 ms.
        gc.freeze()
        if subscription is not None:
            stack.enter_context(subscription)
        while True:
            match await events.get():
                case signal.SIGTERM | signal.SIGINT:
                    return
                case signal.SIGHUP:
                    for problem in await _reread(group, agenda, server):
                        LOG.error(problem)
                case tuple(targets):
                    await agenda.follow_served(targets)
                case _:
                    await agenda.follow_served(None)


def _subscription(
    group: cfg.ConfigOpts.GroupAttr, events: asyncio.Queue[Event]
) -> Subscription | None:
    """What puts the targets that are served among the events.

    :raises ValueError: if an option makes no sense
    """
    source = Source(
        group.targets_url or '',
        group.targets_user or '',
        group.targets_password_file or '',
        group.targets_cafile or '',
    )
    if not source.url:
        if not group.target_file:
            raise ValueError(
                '[edge_sched_prober] has neither target_file nor targets_url'
            )
        return None
    try:
        source.check()
    except ValueError as error:
        raise ValueError(f'[edge_sched_prober] {error}') from error
    loop = asyncio.get_running_loop()

    def deliver(targets: tuple[Target, ...] | None) -> None:
        # The loop may have ended just now.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(events.put_nowait, targets)

    return Subscription(source, group.targets_interval, deliver)


async def _start(
    group: cfg.ConfigOpts.GroupAttr, stack: contextlib.ExitStack
) -> tuple[Agenda, MetricsServer]:
    loop = asyncio.get_running_loop()
    prober = Prober(loop, _probes(group))
    stack.callback(prober.close)
    agenda = Agenda(prober, group.targets_max_rate)
    await _follow(group, agenda)
    registry = CollectorRegistry()
    registry.register(_collector(group, agenda))
    server = service.metrics_server(registry, group, prober_conf.GROUP.name)
    return agenda, stack.enter_context(server)


async def _follow(group: cfg.ConfigOpts.GroupAttr, agenda: Agenda) -> None:
    if not group.target_file:
        return
    rates = Rates(group.packets, group.interval, group.window)
    # In a thread, since thousands of targets take a while to read.
    targets = await asyncio.to_thread(read_targets, group.target_file, rates)
    await agenda.follow_file(targets)
    LOG.info('Probing %d targets.', len(targets))


async def _reread(
    group: cfg.ConfigOpts.GroupAttr, agenda: Agenda, server: MetricsServer
) -> list[str]:
    """Read all files anew; where one is wrong, what it said before goes on.

    :return: what is wrong
    """
    problems = []
    try:
        await _follow(group, agenda)
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
    group: cfg.ConfigOpts.GroupAttr, agenda: Agenda
) -> ProbeCollector:
    loop = asyncio.get_running_loop()

    def ask() -> Report:
        report = asyncio.run_coroutine_threadsafe(agenda.report(), loop)
        return report.result(service.REPORT_SECONDS)

    return ProbeCollector(ask, group.vantage or '', version())
