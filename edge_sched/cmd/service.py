# SPDX-License-Identifier: Apache-2.0

"""How the services start: configuration, logging, and a clear end.

    def main(argv: Sequence[str] | None = None) -> int:
        return service.run(
            'edge-sched-prober', 'Probes.', [register_opts], _serve, argv
        )

Exit status: 0 after SIGTERM or SIGINT; 1 for a bad configuration, with the
reason on stderr.
"""

import asyncio
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any

from oslo_config import cfg
from oslo_log import log as logging
from prometheus_client.registry import CollectorRegistry

from edge_sched.cmd.configuration import read_configuration
from edge_sched.conf import checks
from edge_sched.http.endpoint import Endpoint
from edge_sched.http.pages import Branch
from edge_sched.http.serving import MetricsServer

Register = Callable[[cfg.ConfigOpts], None]

#: A scrape that the loop has no time for in so long fails. Chosen: half of
#: the default time-out of Prometheus.
REPORT_SECONDS = 5.0


class BadSettingError(Exception):
    """A setting that oslo.config accepts and that makes no sense.

    The message names the option or file, the value and what is allowed.
    """


def run(
    prog: str,
    description: str,
    register: Sequence[Register],
    serve: Callable[[cfg.ConfigOpts], None],
    argv: Sequence[str] | None = None,
) -> int:
    """Run a service until it is told to stop; the exit status.

    :param description: for ``--help``
    :param register: what registers its options, besides those of oslo.log
    :param serve: the service; returns when it was told to stop
    :param argv: by default the arguments of the process
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        conf = read_configuration(
            arguments,
            prog,
            [logging.register_options, *register],
            description=description,
        )
        checks.check(conf)
        checks.check_names(conf)
    except (cfg.Error, ValueError) as error:
        return _refused(prog, error)
    logging.setup(conf, 'edge_sched')
    try:
        serve(conf)
    except BadSettingError as error:
        return _refused(prog, error)
    except KeyboardInterrupt:
        pass
    return 0


def signals() -> asyncio.Queue[Any]:
    """Those that arrive from now on, one after the other.

    A service may put in what else it waits for.
    """
    loop = asyncio.get_running_loop()
    arrived: asyncio.Queue[Any] = asyncio.Queue()
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, arrived.put_nowait, number)
    return arrived


def metrics_server(
    registry: CollectorRegistry,
    group: cfg.ConfigOpts.GroupAttr,
    name: str,
    branch: Branch | None = None,
) -> MetricsServer:
    """What publishes metrics where the options of a group say.

    :param branch: pages besides
    :raises BadSettingError: naming the group
    """
    try:
        return MetricsServer(registry, Endpoint.from_group(group), branch)
    except (OSError, ValueError) as error:
        raise BadSettingError(f'[{name}] {error}') from error


def _refused(prog: str, error: Exception) -> int:
    print(f'{prog}: {error}', file=sys.stderr)
    return 1
