# SPDX-License-Identifier: Apache-2.0

"""Group ``[edge_sched]``, first part: what the plug-in does with a verdict.

How a verdict is reached is in ``judging``, which hosts there are verdicts on
in ``narrowing``.
"""

from oslo_config import cfg

from edge_sched.conf import group
from edge_sched.conf import judging
from edge_sched.conf import looking_up
from edge_sched.conf import narrowing
from edge_sched.conf import types

GROUP = cfg.OptGroup(
    'edge_sched',
    title='Placement by measured latency',
    help="""
How the scheduler judges hosts by measured latency to the clients that a
request names (``edge:client``). Requests that name none are not affected by
any of these options.

nova-scheduler reads this group in ``nova.conf``; the ``edge-sched`` commands
read it in ``edge_sched.conf``. Keep both alike, or ``edge-sched latency show``
judges by other rules than the scheduler.
""",
)

ACTION_OPTS = (
    cfg.StrOpt(
        'mode',
        default='enforce',
        choices=(
            ('enforce', 'reject hosts and weigh them'),
            ('shadow', 'judge and record, but reject nothing and weigh 0'),
            ('off', 'do nothing'),
        ),
        mutable=True,
        help="""
What the plug-in does with its verdicts.

``shadow`` is for the time before it is trusted: each request gets a decision
record in the log that says what ``enforce`` would have done, and servers land
where they would without the plug-in.
""",
    ),
    cfg.StrOpt(
        'hints',
        default='any',
        choices=(
            ('any', 'the hints of every request count'),
            ('flavor', 'only with flavors that have an edge: extra spec'),
        ),
        mutable=True,
        help="""
Which requests may steer by scheduler hints.

With ``flavor``, the ``edge:*`` hints of a request are ignored unless its
flavor has at least one ``edge:*`` extra spec: the operator decides by flavor
who may ask for nearness.
""",
    ),
    cfg.Opt(
        'latency_weight_multiplier',
        type=types.FiniteFloat(min=0.0),
        default=3000.0,
        mutable=True,
        help="""
Multiplier of ``EdgeLatencyWeigher``, whose weights lie between 0 and 1.

Nova's own weighers add up to about 6 with their default multipliers. At 3000
the nearer host wins over any mix of them, one tie band making the
difference, for latency budgets up to about 95 ms and, without a budget, while
the nearest host is within about 90 ms; farther out neighbouring bands mix.
Where servers are spread the scale is shared by places with different numbers
of them, so that neighbouring bands mix sooner. A lower value trades latency
for free RAM and the rest. Stay far below 1000000, at which Nova keeps servers
off hosts where builds have failed and, on a move, in their cell.

Possible values:

* A finite number, 0 or more. 0 turns the weigher off.

Related options:

* ``tie_band_ms``
* Aggregate metadata ``edge_latency_weight_multiplier`` replaces the value
  for the hosts of an aggregate. One that is no finite number of 0 or more is
  warned of and not used.
""",
    ),
    cfg.Opt(
        'cell_latency_weight_multiplier',
        type=types.FiniteFloat(min=0.0),
        default=10.0,
        mutable=True,
        help="""
Multiplier of ``EdgeCellLatencyWeigher``, whose weights lie between 0 and 1.

A server never leaves its cell, and a failed build is retried in the same
cell only. So a cell is worth as much as its k-th best host, k being
``[scheduler] max_attempts``; a host that is not there counts 0. It decides
between hosts that ``EdgeLatencyWeigher`` holds to be about equal.

Possible values:

* A finite number, 0 or more. 0 turns the weigher off, which is right with a
  single cell.

Related options:

* ``latency_weight_multiplier``
* ``[scheduler] max_attempts``
""",
    ),
    cfg.StrOpt(
        'on_evacuate',
        default='relax',
        choices=(
            (
                'relax',
                'budgets and spreading count as preferred, unknown as allowed',
            ),
            ('enforce', 'as on create'),
        ),
        mutable=True,
        help="""
What budgets, and ``edge:spread_mode=required``, mean when a server is
evacuated from a failed host.

Nova puts a server into ERROR if its evacuation finds no host, so by default a
far host is better than none. All other moves keep to the budgets: a server
that finds no host stays where it is.
""",
    ),
    cfg.StrOpt(
        'on_store_failure',
        default='reject',
        choices=(
            ('reject', 'refuse the request'),
            ('allow', 'place it as if every host were unknown and allowed'),
        ),
        mutable=True,
        help="""
What becomes of a request while the latency store cannot be read.

It counts for requests in which an unknown host would be rejected, which are
those with a required budget unless ``edge:unknown`` says otherwise. All
others are placed as if nothing had been measured. Relaxed evacuations are
never refused, and nothing is in mode ``shadow``.

Measurements already in the cache of a worker serve on until they are older
than ``max_age``; only then does this option come in.

Related options:

* ``max_age``
* ``on_evacuate``
* ``store_retry_after``
""",
    ),
    cfg.StrOpt(
        'record_detail',
        default='short',
        choices=(
            ('short', 'the nearest sites and their figures'),
            ('full', 'all that the decision hung on, to be explained later'),
        ),
        help="""
How much of a decision the log of nova-scheduler has.

With ``full`` the record of a request has up to 32 places with every figure
that was judged, the settings, the host that was ranked first and the best of
another site, what each weigher gave them, and without which weigher, or at
which multiplier, another host would have been first. ``edge-sched replay``
judges such records anew. A record is still one line, of 2 kB for a few sites
and up to some 40 kB for many. Each weigher weighs a request twice for it.

It has to be the same in all nova-schedulers, which take it over when they
start, and ``edge_sched.plugins.all_weighers`` has to be the last of
``[filter_scheduler] weight_classes``.
""",
    ),
    cfg.StrOpt(
        'reason_detail',
        default='figure',
        choices=(
            ('figure', 'the nearest site, its figure and its age'),
            ('site', 'the nearest site only'),
            ('none', 'neither site nor figure'),
        ),
        mutable=True,
        help="""
How much a user is told when no host is within the budget.

The text is part of the server's fault, so tenants read it. Hosts and cells
are never named, nor is a site that is reserved for other projects by
``filter_tenant_id``.
""",
    ),
)

OPTS = ACTION_OPTS + judging.OPTS + looking_up.OPTS + narrowing.OPTS


def register_opts(conf: cfg.ConfigOpts) -> None:
    group.register(conf, GROUP, OPTS)
