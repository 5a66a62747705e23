# SPDX-License-Identifier: Apache-2.0

"""Group ``[edge_sched_listener]``: whose connections are taken in."""

from oslo_config import cfg
from oslo_config import types as oslo_types

from edge_sched.conf import endpoint
from edge_sched.conf import group
from edge_sched.conf import types

GROUP = cfg.OptGroup(
    'edge_sched_listener',
    title='Listener',
    help="""
The service ``edge-sched-listener``, one a site, at its proxy.

It takes in the round trip of each connection that the site serves, as nginx,
HAProxy or an amphora of Octavia log it, and publishes figures of prefixes as
``edge-sched-prober`` does. It holds no credentials of the cloud, writes
nothing to disk, and reads none of the other groups.

One of ``syslog_port``, ``syslog_socket``, ``files`` and ``beacon_port`` has to
be set.
""",
)

_SOURCES = (
    cfg.StrOpt(
        'vantage',
        help="""
The name of the vantage point that the figures are of, for the operator's own
eyes: it is published with them.

The collector does not believe it, as it does not believe a prober's.

Possible values:

* A name, such as that of the site; or unset.
""",
    ),
    cfg.PortOpt(
        'syslog_port',
        min=1,
        help="""
The UDP port at which lines come in by syslog (RFC 3164 or RFC 5424).

A line ends with ``client=203.0.113.7 rtt_us=12345``, or is a JSON object with
these two keys. Lines that are no such thing are counted and dropped.

Possible values:

* A port number; unset: no syslog by UDP.

Related options:

* ``syslog_bind``
* ``allow``
""",
    ),
    cfg.Opt(
        'syslog_bind',
        type=oslo_types.List(item_type=oslo_types.IPAddress(), min_length=1),
        default=['127.0.0.1'],
        help="""
The addresses at which syslog comes in.

The default is for a proxy on the same machine. For amphorae of Octavia it is
an address in the management network of the load balancers.

Possible values:

* A list of one or more addresses of this machine. ``0.0.0.0`` is all of IPv4,
  ``::`` all of IPv6.

Related options:

* ``syslog_port``
* ``allow``
""",
    ),
    cfg.Opt(
        'allow',
        type=oslo_types.List(item_type=types.Prefix(), min_length=1),
        default=['127.0.0.0/8', '::1/128'],
        help="""
The prefixes whose syslog is taken; what others send is counted and dropped.

Whoever sends from there speaks for every client, and an address of UDP can be
forged. So no wider than needed, and in a network that strangers cannot send
into.

Possible values:

* A list of one or more addresses and prefixes.

Related options:

* ``syslog_bind``
""",
    ),
    cfg.StrOpt(
        'syslog_socket',
        help="""
The path of a socket of Unix that lines come in at, as at ``syslog_port``.

It is made when the service starts. Whoever may enter its folder may write to
it. A proxy that runs in a chroot needs it in there.

Possible values:

* An absolute path, e.g. ``/run/edge-sched-listener/log``; unset: none.
""",
    ),
    cfg.ListOpt(
        'files',
        default=[],
        help="""
Log files whose lines are read as they are written.

A line is as at ``syslog_port``. What a file has when the service starts is
left out. It may be moved away or cut by who rotates it, and may be missing.

Possible values:

* A list of absolute paths.
""",
    ),
    cfg.PortOpt(
        'beacon_port',
        min=1,
        help="""
The TCP port at which the listener itself accepts connections, to measure
them: it answers whatever comes with HTTP's 204, and closes.

An application or a page can have its clients connect to it before they are
served at the site. It is open to anybody who can reach it.

Possible values:

* A port number; unset: none.

Related options:

* ``beacon_bind``
""",
    ),
    cfg.Opt(
        'beacon_bind',
        type=oslo_types.List(item_type=oslo_types.IPAddress(), min_length=1),
        default=['0.0.0.0', '::'],  # noqa: S104
        help="""
The addresses at which connections are accepted.

A version of IP that the host lacks is left out, with a warning.

Possible values:

* A list of one or more addresses of this machine. ``0.0.0.0`` is all of IPv4,
  ``::`` all of IPv6.

Related options:

* ``beacon_port``
""",
    ),
)

_FIGURES = (
    cfg.IntOpt(
        'ipv4_length',
        default=24,
        min=16,
        max=28,
        help="""
The length of the prefixes of IPv4 that figures are of.

Possible values:

* An integer from 16 to 28.

Related options:

* ``min_clients``
""",
    ),
    cfg.IntOpt(
        'ipv6_length',
        default=56,
        min=32,
        max=60,
        help="""
The length of the prefixes of IPv6 that figures are of.

A client is a /64, as a device has many addresses in one. In mobile networks
each phone has its own, and a /56 is up to 256 of them. In fixed networks a
/56 is often one household, which is never published by itself: where that is
so, take the length that is given to a town or an access router, e.g. 44.

Possible values:

* An integer from 32 to 60.

Related options:

* ``min_clients``
""",
    ),
    cfg.IntOpt(
        'min_clients',
        default=5,
        min=2,
        max=50,
        help="""
The different clients that a prefix must have in the window to be published.

Clients are addresses of IPv4 and /64 of IPv6. They are kept, as long as the
window is, as numbers that only this process can tell apart.

Possible values:

* An integer from 2 to 50.

Related options:

* ``window``
""",
    ),
    cfg.IntOpt(
        'window',
        default=300,
        min=5,
        max=3600,
        help="""
The time, in seconds, whose connections the figures are made of.

It goes on by a fifth at a time, so that they are of four fifths of it at
least. A prefix is published that has 60 connections in it, as many as a budget
at p95 needs; one at p99 needs 300. With many more, 300 of them are kept, from
all of the window.

Possible values:

* An integer from 5 to 3600.

Related options:

* ``max_prefixes``
""",
    ),
    cfg.IntOpt(
        'max_prefixes',
        default=10_000,
        min=1,
        max=100_000,
        help="""
The most prefixes that are kept, and the most that wait for enough clients.

Where there are more, those with the most connections stay. Each that is kept
takes 7 KB at the most.

Possible values:

* An integer from 1 to 100000. The collector takes ``max_clients`` of its input
  (20 000) of a vantage.

Related options:

* ``min_clients``
""",
    ),
    cfg.Opt(
        'split_prefixes',
        type=oslo_types.List(item_type=types.Prefix()),
        default=[],
        help="""
Prefixes whose clients are behind a proxy that answers in their place.

Some mobile networks have one, for the ports of the web at least (split TCP).
A handshake with it says how far the proxy is, not the phone. Connections from
there are counted and dropped. To measure them, have a prober measure the
proxy, or the gateway, with the ``access_ms`` of what is behind it.

Possible values:

* A list of addresses and prefixes. A prefix that figures would be of is left
  out if any of it is among them.
""",
    ),
)

OPTS: tuple[cfg.Opt, ...] = (
    *_SOURCES,
    *_FIGURES,
    *endpoint.opts(port=9865),
)


def register_opts(conf: cfg.ConfigOpts) -> None:
    group.register(conf, GROUP, OPTS)
