# SPDX-License-Identifier: Apache-2.0

"""Group ``[edge_sched_collector]``: what is read from where, and how often."""

from oslo_config import cfg
from oslo_config import types

from edge_sched.conf import endpoint
from edge_sched.conf import group

GROUP = cfg.OptGroup(
    'edge_sched_collector',
    title='Collector',
    help="""
The service ``edge-sched-collector``, which fills the latency store.

It reads ``[edge_sched] max_age`` and ``[edge_sched_database]`` as well, which
must be the same as the scheduler's.
""",
)

OPTS: tuple[cfg.Opt, ...] = (
    cfg.ListOpt(
        'inputs',
        default=['openmetrics'],
        item_type=types.String(regex=r'[a-z][a-z0-9_]*$'),
        help="""
Where measurements are read from, each by a name.

Every name has a group ``[edge_sched_input_<name>]``, with ``driver`` and the
options of the driver. One that fails stops no other.

Possible values:

* A list of one or more names of small letters, digits and underscores:
  ``openmetrics``, ``prometheus``, ``aetos``, ``file``, ``telegraf`` and
  ``atlas`` are also the names of the drivers; any other name needs
  ``driver``.
""",
    ),
    cfg.IntOpt(
        'interval',
        default=30,
        min=1,
        help="""
The time, in seconds, from the beginning of a round to the next.

In a round every input is read once, and what changed is written. An input has
four fifths of it; one that takes longer is left behind for that round.

Possible values:

* A positive integer, well below a third of ``[edge_sched] max_age``: a row
  that does not change is written again at least that often.

Related options:

* ``[edge_sched] max_age``
""",
    ),
    cfg.StrOpt(
        'shard',
        default='1/1',
        regex=r'[1-9][0-9]{0,3}/[1-9][0-9]{0,3}$',
        help="""
The part of the vantage points that this collector is for, as ``i/n``.

With ``n`` collectors, each has another ``i``, and the vantage points are dealt
out by their names. Several collectors with the same shard are harmless, and
go on when one of them fails.

Possible values:

* ``i/n``, with i from 1 to n and n up to 9999. ``1/1`` is all of them.
""",
    ),
    cfg.IntOpt(
        'retention',
        default=604800,
        min=3600,
        help="""
The age, in seconds, from which on a measurement is deleted.

It is of no use to the scheduler long before that (``[edge_sched] max_age``),
but tells an operator which site went silent, and when.

Possible values:

* An integer, 3600 or more.
""",
    ),
    cfg.IntOpt(
        'batch_rows',
        default=5000,
        min=1,
        max=100_000,
        help="""
The number of rows that are written in one transaction.

Larger ones hold the rows of a database server longer, and are refused by a
Galera cluster in the end; smaller ones take more time in all.

Possible values:

* An integer from 1 to 100000.
""",
    ),
    *endpoint.opts(port=9863),
    cfg.StrOpt(
        'targets_password_file',
        help="""
The file with a password for each vantage point, by which its prober, or its
Prometheus, reads at ``/targets/<vantage>`` whom to probe: its own targets and
nothing else. ``metrics_user`` may read those of all.

A line is ``<vantage>:<password>``; a name with a colon cannot be there. The
file must be readable by the service alone. It is read again on SIGHUP.

Possible values:

* An absolute path.
* Unset: whoever may read the metrics may read all targets.

Related options:

* ``metrics_user``
* ``metrics_tls_cert``
""",
    ),
)


def register_opts(conf: cfg.ConfigOpts) -> None:
    group.register(conf, GROUP, OPTS)
