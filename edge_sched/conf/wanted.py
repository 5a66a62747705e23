# SPDX-License-Identifier: Apache-2.0

"""Group ``[edge_sched_wanted]``: whom sites probe because he is asked for."""

import ipaddress
from typing import Any

from oslo_config import cfg
from oslo_config import types as oslo_types

from edge_sched.conf import group
from edge_sched.conf.types import Prefix
from edge_sched.model.client import parse_prefix
from edge_sched.model.wanted import LENGTHS
from edge_sched.probe.target import STAMP_PORT
from edge_sched.wanted.permitted import Gateway
from edge_sched.wanted.permitted import Permitted


class _Allowed(Prefix):
    """A prefix that clients as they are measured fit into."""

    def __call__(
        self, value: Any
    ) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
        prefix = super().__call__(value)
        length = LENGTHS[prefix.version]
        if prefix.prefixlen > length:
            raise ValueError(
                f'{value!r} is longer than /{length}, as which clients are '
                'measured'
            )
        return prefix


class _Gateway(oslo_types.ConfigType):
    """``198.51.100.0/22 192.0.2.1 stamp:862 12.5``."""

    def __init__(self) -> None:
        super().__init__(type_name='gateway value')

    def __call__(self, value: Any) -> Gateway:
        if isinstance(value, Gateway):
            return value
        prefix, *others = value.split() or ['']
        if not 1 <= len(others) <= 3:
            raise ValueError(
                f'{value!r} is not: PREFIX ADDRESS [PROBE] [ACCESS_MS]'
            )
        address = str(ipaddress.ip_address(others[0]))
        probe, port, access_ms = 'icmp', 0, 0.0
        for part in others[1:]:
            kind, _, number = part.partition(':')
            if kind == 'stamp':
                probe, port = kind, int(number or STAMP_PORT)
                if not 1 <= port <= 65535:
                    raise ValueError(f'{part!r} has no port')
            elif part != 'icmp':
                access_ms = float(part)
                if not 0 <= access_ms <= 10_000:
                    raise ValueError(f'{part!r} is not 0 to 10000 ms')
        return Gateway(
            parse_prefix(prefix),
            address,
            'stamp' if probe == 'stamp' else 'icmp',
            port,
            access_ms,
        )

    def _formatter(self, value: Any) -> str:
        gateway = self(value)
        probe = f'stamp:{gateway.port}' if gateway.port else 'icmp'
        return (
            f'{gateway.prefix} {gateway.address} {probe} {gateway.access_ms}'
        )


GROUP = cfg.OptGroup(
    'edge_sched_wanted',
    title='Clients that nobody measured',
    help="""
Which clients are probed by sites because servers, or requests that were
refused, name them, and nobody has measured them.

``edge-sched-auditor`` and nova-scheduler both read this group in
``nova.conf``: the one puts clients on the list, the other says so to who is
refused. It is off until an operator says who may be probed.
""",
)

OPTS: tuple[cfg.Opt, ...] = (
    cfg.Opt(
        'allow',
        type=oslo_types.List(item_type=_Allowed()),
        default=[],
        help="""
The prefixes whose clients may be wanted. If it is empty nobody is.

Any project can name any address, and have your sites probe it. A client is
measured as the /24 (IPv4) or /56 (IPv6) that it is in. Private, multicast and
other addresses that are none of the Internet are wanted only if a prefix of
such addresses alone is named: ``10.0.0.0/8``, not ``0.0.0.0/0``.

Possible values:

* A list of prefixes, none longer than /24 or /56. ``0.0.0.0/0,::/0`` is
  everybody on the Internet.

Related options:

* ``deny``
* ``max_clients``
""",
    ),
    cfg.Opt(
        'deny',
        type=oslo_types.List(item_type=Prefix()),
        default=[],
        help="""
The prefixes whose clients are never wanted, whatever ``allow`` says.

A client that has any address in one of them is left out as a whole. Put in
who has asked not to be probed: he is taken off the list when the auditor is
started next.

Possible values:

* A list of addresses and prefixes.

Related options:

* ``allow``
""",
    ),
    cfg.IntOpt(
        'max_clients',
        default=1000,
        min=1,
        max=10_000,
        help="""
How many clients may be wanted at once, those of each project counted by
themselves.

A project has a quarter of it at the most. If there is no place left, servers
that stand take those of requests that were made last. It bounds what all
sites send: at most 12 of them probe a client, and 6 for as long as it is
wanted.

Possible values:

* An integer from 1 to 10000.

Related options:

* ``allow``
""",
    ),
    cfg.MultiOpt(
        'gateway',
        item_type=_Gateway(),
        help="""
What is probed in place of the clients behind it: a gateway of an access
network, whose phones answer nobody.

May be given any number of times; of several that are before a client the one
of the longest prefix is probed. What ``allow`` does not name is not wanted all
the same.

Possible values:

* ``PREFIX ADDRESS [PROBE] [ACCESS_MS]``: whose clients are behind it; its
  address; ``icmp`` (the default) or ``stamp``, with a port if that is not 862
  (``stamp:8620``); and the round trip between it and the clients, in
  milliseconds, by default 0. ``198.51.100.0/22 192.0.2.1 stamp 12.5``

Related options:

* ``allow``
""",
    ),
    cfg.BoolOpt(
        'named',
        default=True,
        help="""
Whether the prefixes of named clients are wanted before anybody asks.

So the first server that names ``vehicle-42`` need not be refused. They count
in the share of the project that has the name; those of shared names have a
share of their own.

Possible values:

* ``true`` or ``false``

Related options:

* ``allow``
* ``max_clients``
""",
    ),
    cfg.IntOpt(
        'interval',
        default=5,
        min=1,
        max=60,
        help="""
The time, in seconds, between two looks of ``edge-sched-auditor`` at the newest
requests, and at what sites have measured.

Each costs Nova's API database two short queries by id.

Possible values:

* An integer from 1 to 60.
""",
    ),
    cfg.StrOpt(
        'geo_database',
        help="""
A file that tells where addresses are, in the MaxMind DB format (``.mmdb``).

With it, and ``edge:location`` in the metadata of the aggregates that are
sites, the nearest sites probe a client first. ``edge-sched-auditor`` reads it,
when it starts; it needs the Python package ``maxminddb``, which comes with
``pip install '.[geo]'``. What it has no position of is looked for by
probing alone. This project comes with no such file; mind the terms of yours.

Possible values:

* An absolute path, or unset.
""",
    ),
)


def register_opts(conf: cfg.ConfigOpts) -> None:
    group.register(conf, GROUP, OPTS)


def permitted(conf: cfg.ConfigOpts) -> Permitted:
    """Who may be wanted, as both auditor and scheduler read it."""
    wanted = conf.edge_sched_wanted
    return Permitted(
        tuple(wanted.allow), tuple(wanted.deny), tuple(wanted.gateway or ())
    )
