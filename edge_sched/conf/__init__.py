# SPDX-License-Identifier: Apache-2.0

"""Options: one module a group, registered on a configuration given by name.

The scheduler registers them on Nova's own configuration, so that they stand
in ``nova.conf``; the commands and the services on one of their own, read from
``/etc/edge_sched/edge_sched.conf``. Nothing here imports Nova.
"""

from oslo_config import cfg

from edge_sched.conf import database
from edge_sched.conf import edge_sched
from edge_sched.conf import wanted


def register_opts(conf: cfg.ConfigOpts) -> None:
    """Register the options of scheduler, store, and of who is wanted.

    A second call for the same ``conf`` is no error, and values already read
    from files are found all the same. A service registers its own group
    besides.
    """
    edge_sched.register_opts(conf)
    database.register_opts(conf)
    wanted.register_opts(conf)
