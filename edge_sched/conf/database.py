# SPDX-License-Identifier: Apache-2.0

"""Group ``[edge_sched_database]``: where the measurements are kept."""

from oslo_config import cfg

from edge_sched.conf import group

GROUP = cfg.OptGroup(
    'edge_sched_database',
    title='Latency store',
    help="""
The database that holds the measurements, the named clients, the vantage points
and where their reflectors are. It is separate from Nova's own databases:
``[database]`` and ``[api_database]`` have no effect on it, nor the other way
round.

The scheduler only reads it. The collector and ``edge-sched`` write it, and the
latter makes and upgrades its tables (``edge-sched db sync``).
""",
)

OPTS = (
    cfg.StrOpt(
        'connection',
        default='sqlite:////var/lib/edge_sched/latency.sqlite',
        secret=True,
        help="""
The SQLAlchemy URL of the latency store.

The default is a file, which serves one control node. With more than one, or
more than one writer, use a database server. A file that does not exist is
not made by the scheduler, which opens it read-only: run
``edge-sched db sync`` first.

Possible values:

* ``sqlite:////<absolute path>``
* ``mysql+pymysql://<user>:<password>@<host>/<database>?charset=utf8mb4``,
  for MariaDB and MySQL
* ``postgresql+psycopg2://<user>:<password>@<host>/<database>``

Related options:

* ``[edge_sched] store_timeout``
* ``[edge_sched] on_store_failure``
""",
    ),
    cfg.IntOpt(
        'max_pool_size',
        default=2,
        min=1,
        help="""
The number of connections that one process keeps open.

Each worker of nova-scheduler has a pool of its own, and one query under way
at a time, which takes along whoever waits. A second connection serves while a
query that nobody waits for any more still hangs.

Possible values:

* A positive integer.

Related options:

* ``max_overflow``
""",
    ),
    cfg.IntOpt(
        'max_overflow',
        default=10,
        min=0,
        deprecated_for_removal=True,
        deprecated_since='0.1.0',
        deprecated_reason="""
Only queries that hang need them, and a worker gives up on ten at the most
before it leaves the store alone until one comes back: more are never opened,
and fewer make requests wait.
""",
        help="""
The number of connections that one process may open beyond ``max_pool_size``.

These are closed after use.

Possible values:

* An integer, 0 or more.

Related options:

* ``max_pool_size``
* ``[edge_sched] store_timeout``
""",
    ),
)


def register_opts(conf: cfg.ConfigOpts) -> None:
    group.register(conf, GROUP, OPTS)
