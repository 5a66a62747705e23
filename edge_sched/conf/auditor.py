# SPDX-License-Identifier: Apache-2.0

"""Group ``[edge_sched_auditor]``: how often servers are judged anew."""

from oslo_config import cfg

from edge_sched.conf import endpoint
from edge_sched.conf import group

GROUP = cfg.OptGroup(
    'edge_sched_auditor',
    title='Auditor',
    help="""
The service ``edge-sched-auditor``, which judges all servers again and again.

It reads ``[edge_sched_database]`` as well, and ``[edge_sched]`` as Nova's
configuration has it, which must be the same as the scheduler's.
""",
)

OPTS: tuple[cfg.Opt, ...] = (
    cfg.ListOpt(
        'nova_config_files',
        default=[],
        help="""
Where Nova's configuration is, which says where its API database is.

Its user needs no more than to read some tables; a file of its own with such a
user keeps the passwords of Nova from this service.

Possible values:

* A list of files and directories of ``*.conf`` files, later ones winning. If
  it is empty, what Nova reads, ``/etc/nova/nova.conf`` mostly.
""",
    ),
    cfg.IntOpt(
        'interval',
        default=300,
        min=10,
        max=600,
        help="""
The time, in seconds, from the beginning of a round to the next.

In a round every server is judged once. What was found stands until the next
one, for 15 minutes at the most, which is why this is no longer than 10.

Possible values:

* An integer from 10 to 600.

Related options:

* ``max_rate``
""",
    ),
    cfg.IntOpt(
        'max_rate',
        min=1,
        max=1_000_000,
        help="""
How many servers of the cloud are looked at a second, at the most; those that
ask for nothing count as well. By default there is no limit: 100 000 of them
are read and judged in half a minute.

It is to spare Nova's databases. A round should still end within ``interval``.

Possible values:

* An integer from 1 to 1000000, or unset.

Related options:

* ``interval``
""",
    ),
    *endpoint.opts(port=9864),
)


def register_opts(conf: cfg.ConfigOpts) -> None:
    group.register(conf, GROUP, OPTS)
