# SPDX-License-Identifier: Apache-2.0

"""``edge-sched-reflector``: answers the packets of probers."""

import contextlib
import ipaddress
import signal
from collections.abc import Sequence

from oslo_config import cfg
from oslo_log import log as logging

from edge_sched.cmd import service
from edge_sched.conf.reflector import register_opts
from edge_sched.probe.stamp.gate import Gate
from edge_sched.probe.stamp.key import BadKeyError
from edge_sched.probe.stamp.key import read_key
from edge_sched.probe.stamp.mirror import Mirror
from edge_sched.probe.stamp.reflector import Reflector

LOG = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    return service.run(
        'edge-sched-reflector',
        'Answer the packets of probers (STAMP, RFC 8762).',
        [register_opts],
        _serve,
        argv,
    )


def _serve(conf: cfg.ConfigOpts) -> None:
    with contextlib.closing(_reflector(conf)) as reflector:
        try:
            reflector.open()
        except OSError as error:
            raise service.BadSettingError(
                f'[edge_sched_reflector] bind: {error}; a port below 1024 '
                'needs CAP_NET_BIND_SERVICE, and no other process may have it'
            ) from None
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: reflector.stop())
        signal.signal(
            signal.SIGHUP,
            lambda *_: LOG.warning('SIGHUP changes nothing: restart instead.'),
        )
        reflector.serve()


def _reflector(conf: cfg.ConfigOpts) -> Reflector:
    options = conf.edge_sched_reflector
    try:
        key = read_key(options.key_file) if options.key_file else None
    except BadKeyError as error:
        raise service.BadSettingError(
            f'[edge_sched_reflector] key_file: {error}'
        ) from None
    return Reflector(
        [ipaddress.ip_address(address) for address in options.bind],
        options.port,
        Gate(options.allow, options.rate, options.source_rate),
        Mirror(key, options.twamp_light),
        options.dscp,
    )
