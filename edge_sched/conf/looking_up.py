# SPDX-License-Identifier: Apache-2.0

"""Group ``[edge_sched]``, third part: where measurements are looked for.

As what a host is measured, how long an answer is kept, and how long one is
waited for.
"""

from oslo_config import cfg
from oslo_config import types as oslo_types

#: What a host can be measured as, most specific first.
VANTAGE_KINDS = ('host', 'site', 'zone', 'cell')

OPTS = (
    cfg.Opt(
        'vantage_order',
        type=oslo_types.List(
            item_type=oslo_types.String(choices=VANTAGE_KINDS), min_length=1
        ),
        default=list(VANTAGE_KINDS),
        help="""
The vantage points of a host, most specific first.

For each client the first one that has any measurement decides, even if that
measurement is too old: one of a whole cell must not speak for a site whose
own has gone dark. Their names share one name space: a site and a zone of the
same name are the same vantage point.

Possible values:

* A list of one or more of ``host`` (the host's name), ``site`` (see
  ``site_metadata_key``), ``zone`` (its availability zone) and ``cell`` (the
  name of its cell). What is left out is not looked at.
""",
    ),
    cfg.StrOpt(
        'site_metadata_key',
        default='edge:site',
        regex=r'\S',
        help="""
The key of aggregate metadata that makes a host aggregate a site.

Its value is the name of the site. Hosts with the same network position belong
together in one such aggregate. A host of two sites has both, in the order of
their names.

Possible values:

* A metadata key, not empty.

Related options:

* ``membership_ttl``
""",
    ),
    cfg.IntOpt(
        'cache_ttl',
        default=10,
        min=0,
        help="""
The time, in seconds, that a worker keeps the measurements of a client.

An empty answer is kept as well. It is also the longest time until a worker
sees a new measurement, a named client that was pointed elsewhere, or where a
server has moved that another one is to be near to.

Possible values:

* A positive integer.
* 0: nothing is kept, and each request with ``edge:client`` makes a query.

Related options:

* ``max_age``
""",
    ),
    cfg.IntOpt(
        'membership_ttl',
        default=60,
        min=0,
        help="""
The time, in seconds, that a worker keeps site membership and cell names.

Both come from Nova's API database, by a query of their own: the aggregates
that nova-scheduler holds in memory may be out of date after a SIGHUP.

Possible values:

* A positive integer.
* 0: they are read for each request with ``edge:client``.
""",
    ),
    cfg.IntOpt(
        'store_timeout',
        default=2,
        min=1,
        help="""
The longest that a request waits for the latency store, in seconds.

Connecting, the query and waiting for others that ask the same are all within
it. It also bounds the query that tells an evacuation from another move, which
goes to the database of the server's cell, the one that asks whether its host
is down if that fails, and the one that asks cells where servers are that
others are to be near to.

Possible values:

* A positive integer.

Related options:

* ``store_retry_after``
""",
    ),
    cfg.IntOpt(
        'store_retry_after',
        default=30,
        min=0,
        help="""
The time, in seconds, that a worker leaves a failed latency store alone.

Until then its requests do not wait for the store but go straight to what the
cache still has, and to ``on_store_failure``. The next request after that
tries again.

Possible values:

* A positive integer.
* 0: each request tries, and waits up to ``store_timeout``.

Related options:

* ``on_store_failure``
* ``store_timeout``
""",
    ),
)
