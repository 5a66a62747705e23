# SPDX-License-Identifier: Apache-2.0

"""Group ``[edge_sched]``, second part: how a verdict is reached.

When measurements are too old, and what is compared with what.
"""

from oslo_config import cfg

from edge_sched.conf import types

PERCENTILES = (
    ('p50', 'the median'),
    ('p95', 'the 95th percentile'),
    ('p99', 'the 99th percentile'),
)

OPTS = (
    cfg.IntOpt(
        'max_age',
        default=900,
        min=1,
        help="""
The age, in seconds, from which on a measurement is not used any more.

A host whose measurement is older counts as unknown. Set it to several times
the interval at which measurements arrive, so that one that is late or lost
does not close a site.

Possible values:

* A positive integer.

Related options:

* ``outage_max_age``
""",
    ),
    cfg.IntOpt(
        'outage_max_age',
        default=21600,
        min=0,
        help="""
The age, in seconds, up to which measurements are used while measuring is down.

Each ``edge-sched-collector`` leaves a heartbeat in the store. While one of
them is older than ``max_age``, nothing can be newer, and older measurements
go on to be judged, since wired paths move little: an outage of the collectors
must not stop all creates at once. The decision record and the reason that a
user reads say so. A single prober that is silent does not bring this about,
and without any heartbeat, as with imports only, it never comes.

A collector that has been away for longer than this is taken for one that was
removed, and so are those of another number of shards than the last heartbeat
is of.

Possible values:

* A positive integer. 6 hours are the default.
* ``max_age`` or less, e.g. 0: measurements older than ``max_age`` are never
  used.

Related options:

* ``max_age``
* ``[edge_sched_collector] retention``, which deletes measurements
""",
    ),
    cfg.StrOpt(
        'memory',
        default='hour',
        choices=(
            (
                'hour',
                'a budget at p95 against what nine in ten windows of the last '
                'hour kept, or the newest median if that is longer; ranked by '
                'the median of the hour, or the newest where that is more '
                'than twice what those nine in ten had; a loss budget '
                'against the loss of the hour',
            ),
            ('window', 'only the newest window of each pair'),
        ),
        mutable=True,
        help="""
What of the past a placement goes by.

A server stays for longer than the minute that a prober's window spans. Held
against the hour, most budgets are kept that the newest window alone would
break. A path that is cut, or whose median goes over a budget, is noticed as
soon as with the newest window alone; one that gets worse in its tail only
after several minutes, and a bad episode shuts a site for up to an hour. A row
of a prober or an exporter that states no figures of the hour is judged by
what it has.
""",
    ),
    cfg.StrOpt(
        'rank_percentile',
        default='p50',
        choices=PERCENTILES,
        mutable=True,
        deprecated_for_removal=True,
        deprecated_since='0.1.0',
        deprecated_reason="""
The median says where a host is; the tail of the same measurement says how
busy the path was, and moves with it. No cloud is known that ranks better by
another.
""",
        help="""
The statistic that hosts are ranked by.

Related options:

* ``default_percentile``
""",
    ),
    cfg.StrOpt(
        'default_percentile',
        default='p95',
        choices=PERCENTILES,
        mutable=True,
        help="""
The statistic that a latency budget is judged by, if the request names none.

A percentile needs probes to stand on: with fewer than 6 for ``p50``, 60 for
``p95`` or 300 for ``p99`` the host counts as unknown, unless it is over the
budget at a lower percentile already. A measurement that does not say how many
there were is taken as it is.

Related options:

* Flavor extra spec or hint ``edge:percentile``
* ``rank_percentile``
""",
    ),
    cfg.Opt(
        'reference_latency_ms',
        type=types.FiniteFloat(min=0.01),
        default=20.0,
        mutable=True,
        deprecated_for_removal=True,
        deprecated_since='0.1.0',
        deprecated_reason="""
For one client it changes by how much a nearer host is better, not which is:
who wants that says it by ``latency_weight_multiplier``, or by a budget.
""",
        help="""
The latency, in milliseconds, at which the score of a host is half way down.

It stands in for the budget where a request has no latency budget, and sets
the scale: differences count most around it and little far beyond.

Possible values:

* A finite number, 0.01 or more.

Related options:

* ``latency_weight_multiplier``
""",
    ),
    cfg.Opt(
        'tie_band_ms',
        type=types.FiniteFloat(min=0.01),
        default=1.0,
        mutable=True,
        help="""
The difference in latency, in milliseconds, that is no difference.

Hosts are sorted into bands of this width from the nearest upwards, or of 5 %
of the nearest if that is more. Within a band Nova's own weighers decide, so
that the hosts of a site share the load.

Possible values:

* A finite number, 0.01 or more.
""",
    ),
    cfg.Opt(
        'same_site_rtt_ms',
        type=types.FiniteFloat(min=0.001),
        default=0.5,
        mutable=True,
        help="""
The round trip, in milliseconds, that is assumed between hosts of one site.

It counts for who must be near a site, a server or a server group, at the very
site, unless that was measured to itself.

Possible values:

* A finite number, 0.001 or more.
""",
    ),
    cfg.Opt(
        'fit_headroom',
        type=types.FiniteFloat(min=0.0, max=0.9),
        default=0.1,
        mutable=True,
        help="""
The share of a budget that ``edge:objective=fit`` keeps free, as a ratio.

Hosts at or below the rest of the budget are all equally good. Those in the
strip between it and the budget come after them, nearest first.

Possible values:

* A number from 0 to 0.9. 0.1 is 10 % of the budget.
""",
    ),
)
