# SPDX-License-Identifier: Apache-2.0

"""Group ``[edge_sched_prober]``: what a site measures, and how it says so."""

from oslo_config import cfg
from oslo_config import types as oslo_types

from edge_sched.conf import endpoint
from edge_sched.conf import group
from edge_sched.conf import served
from edge_sched.conf import types

GROUP = cfg.OptGroup(
    'edge_sched_prober',
    title='Prober',
    help="""
The service ``edge-sched-prober``, one a site.

It measures the round trip to the targets in ``target_file``, and to those that
a collector serves at ``targets_url``, and publishes the figures over HTTP,
where the collector or Prometheus scrapes them. It holds no credentials of the
cloud and reads none of the other groups.
""",
)

_WHAT = (
    cfg.StrOpt(
        'target_file',
        default='/etc/edge_sched/targets.yaml',
        help="""
The file that says whom to probe, and how: a list in YAML.

``edge-sched target list -f yaml`` writes one. It is read again on SIGHUP. If
something in it is wrong the service does not start, or goes on with the
targets that it had.

Possible values:

* An absolute path.
* Empty: there is none; then ``targets_url`` is needed.

Related options:

* ``targets_url``
""",
    ),
    cfg.StrOpt(
        'vantage',
        help="""
The name of the vantage point that the figures are of, for the operator's own
eyes: it is published with them.

The collector does not believe it. Which vantage a prober stands for is in the
collector's own configuration, or a site could speak for another.

Possible values:

* A name, such as that of the site; or unset.
""",
    ),
)

_HOW_OFTEN = (
    cfg.IntOpt(
        'packets',
        default=8,
        min=1,
        max=100,
        help="""
The number of probes in each ``interval``, for targets that state none of their
own.

They are spread evenly: one is sent in each eighth of the interval if there are
eight, at a random time within it. Probes that follow one another at once find
the same queue, and tell no more than one of them does.

Possible values:

* An integer from 1 to 100.

Related options:

* ``interval``
* ``window``
""",
    ),
    cfg.Opt(
        'interval',
        type=types.FiniteFloat(min=0.1, max=86_400),
        default=10.0,
        help="""
The time, in seconds, in which ``packets`` probes are sent, for targets that
state none of their own.

Possible values:

* A number from 0.1 to 86400.

Related options:

* ``packets``
""",
    ),
    cfg.IntOpt(
        'window',
        default=64,
        min=1,
        max=10_000,
        help="""
The number of probes that the statistics are made of, the newest ones, for
targets that state none of their own.

A percentile needs probes to stand on, or the scheduler counts it as unknown:
60 for ``p95``, and 300 for ``p99``, which is not published of fewer.

Possible values:

* An integer from 1 to 10000.

Related options:

* ``packets``
* ``interval``
""",
    ),
    cfg.Opt(
        'timeout',
        type=types.FiniteFloat(min=0.01, max=10),
        default=1.0,
        help="""
The time, in seconds, after which a probe is lost.

The probe ``tcp`` waits 0.9 seconds at the most: after one second the system
would send a lost packet again.

Possible values:

* A number from 0.01 to 10.
""",
    ),
)

_PACKETS = (
    cfg.Opt(
        'bind',
        type=oslo_types.List(item_type=oslo_types.IPAddress(), min_length=1),
        default=['0.0.0.0', '::'],  # noqa: S104
        help="""
The addresses that probes are sent from, at most one of each version of IP.

It should be an address in the network that the servers' traffic uses, not in
the one of the control plane. Targets of a version of IP without an address
are lost.

Possible values:

* A list of one or two addresses of this machine. ``0.0.0.0`` and ``::`` leave
  the choice to the routing table.
""",
    ),
    cfg.IntOpt(
        'source_ports',
        default=4,
        min=1,
        max=64,
        help="""
The number of source ports that the STAMP packets of a target take turns at.

Routers choose among parallel paths by the ports, so that with one port a
target would be measured on one of them only. The probe ``tcp`` has another
port for each packet, ``icmp`` has none.

Possible values:

* An integer from 1 to 64.

Related options:

* ``first_source_port``
""",
    ),
    cfg.PortOpt(
        'first_source_port',
        default=0,
        help="""
The first of ``source_ports`` UDP ports that STAMP packets are sent from, for
firewalls that have to know. None of them may be a reflector's own port, which
it does not answer.

Possible values:

* A port number; 0 lets the system choose all of them.

Related options:

* ``source_ports``
""",
    ),
    cfg.IntOpt(
        'dscp',
        default=0,
        min=0,
        max=63,
        help="""
The DSCP with which probes are sent (RFC 2474).

They should be treated as the traffic that they stand for. Set the same in the
reflector for the way back.

Possible values:

* An integer from 0 to 63. 46 is expedited forwarding, 0 the default class.
""",
    ),
    cfg.StrOpt(
        'stamp_key_file',
        help="""
The file with the key of STAMP's authenticated mode, which is then used for
all STAMP targets. Their reflectors need the same key.

Possible values:

* An absolute path. The file holds hexadecimal digits, or 16 to 1024 octets
  that are taken as they are, a line break at the end included.
* Unset: the unauthenticated mode.
""",
    ),
    cfg.Opt(
        'residence_max_ms',
        type=types.FiniteFloat(min=0, max=10_000),
        default=50.0,
        help="""
The longest time, in milliseconds, that a STAMP reflector is believed to have
held a packet.

What it says is taken off the round trip, unless it is longer than this or
than the round trip itself, or unlikely: more than 1 ms below the shortest one
of the window, or more than 5 ms as a rule.

Possible values:

* A number from 0 to 10000; 0 believes nothing.
""",
    ),
)

OPTS: tuple[cfg.Opt, ...] = (
    *_WHAT,
    *served.OPTS,
    *_HOW_OFTEN,
    *_PACKETS,
    *endpoint.opts(port=9862),
)


def register_opts(conf: cfg.ConfigOpts) -> None:
    group.register(conf, GROUP, OPTS)
