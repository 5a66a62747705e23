# SPDX-License-Identifier: Apache-2.0

"""What ``oslo-config-generator`` and the documentation ask for."""

from collections.abc import Sequence

from oslo_config import cfg

from edge_sched.collector.inputs import loading
from edge_sched.conf import api
from edge_sched.conf import auditor
from edge_sched.conf import collector
from edge_sched.conf import database
from edge_sched.conf import edge_sched
from edge_sched.conf import listener
from edge_sched.conf import prober
from edge_sched.conf import reflector
from edge_sched.conf import wanted


def list_opts() -> list[tuple[cfg.OptGroup, Sequence[cfg.Opt]]]:
    """Each group with its options, for the sample file."""
    return [
        (edge_sched.GROUP, edge_sched.OPTS),
        (database.GROUP, database.OPTS),
        (api.GROUP, api.OPTS),
        (auditor.GROUP, auditor.OPTS),
        (collector.GROUP, collector.OPTS),
        (prober.GROUP, prober.OPTS),
        (listener.GROUP, listener.OPTS),
        (reflector.GROUP, reflector.OPTS),
        (wanted.GROUP, wanted.OPTS),
        *loading.list_opts(),
    ]
