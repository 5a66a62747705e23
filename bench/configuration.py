# SPDX-License-Identifier: Apache-2.0

"""Nova as the benchmarks configure it."""

import logging
import pathlib
import sys

import nova.conf
from nova import config
from oslo_log import log as oslo_log

CONF = nova.conf.CONF

OUR_FILTER = 'EdgeLatencyFilter'

#: Longer than any run: heartbeats, rows, answers and site membership must not
#: age while we measure. Nor may a look-up be given up on a busy machine, where
#: it waits for the core: all requests would be blind for 30 s.
FOREVER_SECONDS = 86_400

NOVA_CONF = """
[DEFAULT]
debug = false
use_stderr = true
transport_url = fake:///
service_down_time = {forever}

[api_database]
connection = sqlite:///{folder}/api.sqlite

[edge_sched]
cache_ttl = {forever}
membership_ttl = {forever}
max_age = {forever}
store_timeout = 600
"""


def configure(folder: str, **options: object) -> list[str]:
    """Configure Nova by a file, as an operator would.

    :param options: of ``[edge_sched]``, ``narrow_candidates='never'``
    :return: the filters that Nova enables by default
    """
    path = pathlib.Path(folder, 'nova.conf')
    path.write_text(NOVA_CONF.format(folder=folder, forever=FOREVER_SECONDS))
    config.parse_args(['nova-scheduler'], default_config_files=[str(path)])
    _throw_logs_away()
    default_filters = list(CONF.filter_scheduler.enabled_filters)
    CONF.set_override(
        'enabled_filters', [*default_filters, OUR_FILTER], 'filter_scheduler'
    )
    for name, value in options.items():
        CONF.set_override(name, value, 'edge_sched')
    return default_filters


def _throw_logs_away() -> None:
    """Log at the level of production, in its format, to nowhere.

    A line of ours is our cost; to write it is the handler's.
    """
    oslo_log.setup(CONF, 'nova')
    # What breaks here belongs on the terminal, not in the log.
    sys.excepthook = sys.__excepthook__
    root = logging.getLogger()
    formatter = root.handlers[0].formatter
    root.handlers[:] = [_Nowhere()]
    root.handlers[0].setFormatter(formatter)


class _Nowhere(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        self.format(record)
