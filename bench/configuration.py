# SPDX-License-Identifier: Apache-2.0

"""Nova as the benchmarks configure it."""

import contextlib
import pathlib
import sys
import tempfile
from collections.abc import Iterator, Sequence

import nova.conf
from nova import config
from oslo_log import log as oslo_log

CONF = nova.conf.CONF

#: Those that Nova enables by default, ``['ComputeFilter', ...]``.
DEFAULT_FILTERS: Sequence[str] = list(CONF.filter_scheduler.enabled_filters)
OUR_FILTER = 'EdgeLatencyFilter'

#: Longer than any run: heartbeats, rows, answers and site membership must not
#: age while we measure. Nor may a look-up be given up on a busy machine, where
#: it waits for the core: all requests would be blind for 30 s.
FOREVER_SECONDS = 86_400

#: Lines are made as in production and go nowhere: one of ours is our cost, to
#: keep it is the disk's.
NOVA_CONF = """
[DEFAULT]
debug = false
log_file = /dev/null
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


@contextlib.contextmanager
def configured(**options: object) -> Iterator[str]:
    """Configure Nova by a file, as an operator would; its folder.

    :param options: of ``[edge_sched]``, ``narrow_candidates='never'``
    """
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, 'nova.conf')
        path.write_text(
            NOVA_CONF.format(folder=folder, forever=FOREVER_SECONDS)
        )
        config.parse_args(['nova-scheduler'], default_config_files=[str(path)])
        oslo_log.setup(CONF, 'nova')
        # What breaks here belongs on the terminal, not in the log.
        sys.excepthook = sys.__excepthook__
        filters = [*DEFAULT_FILTERS, OUR_FILTER]
        CONF.set_override('enabled_filters', filters, 'filter_scheduler')
        for name, value in options.items():
            CONF.set_override(name, value, 'edge_sched')
        yield folder
