# SPDX-License-Identifier: Apache-2.0

"""Group ``[edge_sched_reflector]``: who is answered at the client side."""

from oslo_config import cfg
from oslo_config import types

from edge_sched.conf import group
from edge_sched.conf.types import Prefix

GROUP = cfg.OptGroup(
    'edge_sched_reflector',
    title='Reflector',
    help="""
The service ``edge-sched-reflector``, which answers STAMP (RFC 8762).

It runs at the client's end of a path, or at a gateway close to it, wherever
something has to answer what ``edge-sched-prober`` sends. It keeps nothing,
needs no access to OpenStack, and reads none of the other groups.
""",
)

OPTS: tuple[cfg.Opt, ...] = (
    cfg.Opt(
        'bind',
        type=types.List(item_type=types.IPAddress(), min_length=1),
        default=['0.0.0.0', '::'],  # noqa: S104
        help="""
The addresses at which it listens.

A reply leaves from the address that its request went to, also where it
listens at all addresses of the host. A version of IP that the host lacks is
left out, with a warning.

Possible values:

* A list of one or more addresses. ``0.0.0.0`` is all of IPv4, ``::`` all of
  IPv6.

Related options:

* ``port``
""",
    ),
    cfg.PortOpt(
        'port',
        default=862,
        help="""
The UDP port at which it listens.

862 is that of the standard, which a prober expects. A process that is not
root needs ``CAP_NET_BIND_SERVICE`` for a port below 1024; systemd gives it
with ``AmbientCapabilities``.

What comes from this port is not answered, so that no two reflectors answer
each other for ever: senders have to use another one.

Possible values:

* A port number; 0 lets the system choose one for each address, which is then
  in the log.
""",
    ),
    cfg.Opt(
        'allow',
        type=types.List(item_type=Prefix(), min_length=1),
        default=['127.0.0.0/8', '::1/128'],
        help="""
The prefixes whose packets are answered; all others are dropped.

The default is the host itself, so that a reflector which nobody has set up
measures nothing for strangers. Put in the addresses of the probers. A reply
is as long as its request, so that a forged source gains nothing by it, but a
forged source can still have packets sent to somebody else.

Possible values:

* A list of one or more addresses and prefixes. ``0.0.0.0/0,::/0`` is anybody.

Related options:

* ``source_rate``
* ``key_file``
""",
    ),
    cfg.IntOpt(
        'rate',
        default=5000,
        min=1,
        max=1_000_000,
        help="""
The packets a second that are answered in all.

What comes above it is dropped, and counts as lost where it came from. One
second's worth may come at once. The default is what one process answers
without falling behind on a host that has other things to do.

Only what is to be answered counts: with ``key_file`` nobody without the key
can use it up.

Possible values:

* An integer from 1 to 1000000.

Related options:

* ``key_file``
* ``source_rate``
""",
    ),
    cfg.IntOpt(
        'source_rate',
        default=200,
        min=1,
        max=1_000_000,
        help="""
The packets a second that are answered to one address.

What comes above it is dropped, and takes nothing of ``rate``. One second's
worth may come at once. A prober with default settings sends 8 packets every
10 seconds for each of its targets; a gateway that stands for many clients is
as many targets. With ``key_file`` only what passes the key counts; without
one, whoever can forge the address of a prober can use up its rate.

Possible values:

* An integer from 1 to 1000000.

Related options:

* ``key_file``
* ``rate``
""",
    ),
    cfg.IntOpt(
        'dscp',
        default=0,
        min=0,
        max=63,
        help="""
The DSCP with which replies are sent (RFC 2474).

The way back should be treated as the traffic that it stands for. Set the same
in the prober for the way there.

Possible values:

* An integer from 0 to 63. 46 is expedited forwarding, 0 the default class.
""",
    ),
    cfg.StrOpt(
        'key_file',
        help="""
The file with the key of STAMP's authenticated mode.

With a key only requests that carry a matching HMAC-SHA-256 are answered, and
replies carry one. The prober needs the same key. The file should belong to
the user of the service and be readable by no one else.

Possible values:

* An absolute path. The file holds hexadecimal digits, or 16 to 1024 octets
  that are taken as they are, a line break at the end included.
* Unset: the unauthenticated mode.

Related options:

* ``allow``
* ``twamp_light``
""",
    ),
    cfg.BoolOpt(
        'twamp_light',
        default=False,
        help="""
Whether the short requests of TWAMP-Light senders are answered.

They have 14 to 43 octets, and the reply has 44: it is the one case where more
is sent than was received. Replies of TWAMP-Light reflectors need no option;
the prober takes them as they are. With a key it has no effect.

Possible values:

* ``true`` or ``false``

Related options:

* ``allow``
* ``key_file``
""",
    ),
)


def register_opts(conf: cfg.ConfigOpts) -> None:
    group.register(conf, GROUP, OPTS)
