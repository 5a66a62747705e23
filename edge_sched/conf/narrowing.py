# SPDX-License-Identifier: Apache-2.0

"""Group ``[edge_sched]``, fourth part: which hosts Placement is asked for."""

from oslo_config import cfg

OPTS = (
    cfg.StrOpt(
        'narrow_candidates',
        default='auto',
        choices=(
            ('auto', 'if the cloud has more hosts than Placement hands out'),
            ('always', 'at each request with a measured client'),
            ('never', 'Placement hands out what it likes'),
        ),
        mutable=True,
        help="""
Whether Placement is asked for the hosts of the nearest sites only.

Placement hands the scheduler at most ``[scheduler] max_placement_results``
hosts, in an order that knows no distance. In a larger cloud the nearest hosts
are among them by chance, so that even a required budget may fail although a
site within it has room. Narrowed requests are offered the nearest sites with
room instead, and are several times cheaper for Placement and the scheduler.
Where no more hosts than Placement hands out may be used, as with most required
budgets, they are offered all of them.

What no site has room for is refused before Placement is asked, and the user is
told at which sites within the budget no host can take it.

Sites are named to Placement by their aggregates (see ``site_metadata_key``).
Hosts that belong to no site cannot be named: where they are the next best,
the request is not narrowed. Nor is it in mode ``shadow``, with a named or
forced destination, for the second server of a group with affinity, at an
evacuation, or if Placement does not take such a query or does not have all
nodes and shared disks in the aggregates of sites: it then hands out all hosts,
up to ten times ``[scheduler] max_placement_results``.

Filters that reject hosts for reasons that Placement does not know of may
reject all of the nearest sites, if not all are asked for. Where that is
common, e.g. with ``AggregateInstanceExtraSpecsFilter``, use traits instead, or
set a larger ``ring_hosts``.

Related options:

* ``ring_hosts``
* ``[scheduler] max_placement_results``
""",
    ),
    cfg.IntOpt(
        'ring_hosts',
        default=100,
        min=1,
        help="""
How many hosts the nearest sites together have that Placement is asked for.

Whole sites are taken, at least three if there are so many, until they have
this many hosts; no more than 35 aggregates. Half as many hosts will do if the
next site is in another cell, which is not asked then. If they have no room,
the next sites are asked for room, twice as many hosts at each step. Each host
that Placement hands out takes the scheduler some time, and each step takes
another query of Placement.

Possible values:

* A positive integer.

Related options:

* ``narrow_candidates``
* ``ring_timeout``
""",
    ),
    cfg.IntOpt(
        'ring_timeout',
        default=5,
        min=1,
        help="""
How long, in seconds, rings of sites are asked for room.

No ring is asked after that, and no query waits longer for its answer, so that
a silent Placement takes a request twice as long at most, three times where it
asks for pinned CPUs; a cell that does not answer takes ``store_timeout``
besides, once. When the time is over, or if Placement does not answer, a
warning says so, and the request goes on with as many of the nearest sites as
can be asked for at once.

Possible values:

* A positive integer.

Related options:

* ``ring_hosts``
""",
    ),
)
