# SPDX-License-Identifier: Apache-2.0

"""Options of the prober's group: the targets that a collector serves."""

from oslo_config import cfg

from edge_sched.conf import types

OPTS: tuple[cfg.Opt, ...] = (
    cfg.StrOpt(
        'targets_url',
        help="""
Where a collector serves this site those clients that somebody asks for and
that nobody has measured. They are probed besides the targets of the file,
which go before: a client that is in both is probed as the file says.

Only prefixes of length 24 (IPv4) and 56 (IPv6) are taken, and only the probes
``icmp`` and ``stamp``. While the collector is away those that were served last
are probed for another 15 minutes.

Possible values:

* ``https://<host>:9863/targets/<vantage>``, with the name of the vantage point
  as the collector knows it. A character that is not for a URL is written with
  a percent sign: ``New%20York``.
* Unset: there are none.

Related options:

* ``targets_user``
* ``targets_cafile``
* ``targets_max_rate``
""",
    ),
    cfg.StrOpt(
        'targets_user',
        help="""
The name that is given to the collector, by HTTP basic authentication: that of
the vantage point where the collector has a password for each
(``[edge_sched_collector] targets_password_file``).

Possible values:

* A name without a colon, or unset.

Related options:

* ``targets_password_file``
""",
    ),
    cfg.StrOpt(
        'targets_password_file',
        help="""
The file whose first line is the password of ``targets_user``.

It must be readable by the service alone. It is read each time.

Possible values:

* An absolute path; required with ``targets_user``.

Related options:

* ``targets_user``
""",
    ),
    cfg.StrOpt(
        'targets_cafile',
        help="""
The file with the certificates (PEM) that vouch for the collector.

Possible values:

* An absolute path.
* Unset: those that ``requests`` brings do, of the public authorities.
""",
    ),
    cfg.Opt(
        'targets_interval',
        type=types.FiniteFloat(min=0.5, max=3600),
        default=5.0,
        help="""
The time, in seconds, after which the collector is asked again.

Possible values:

* A number from 0.5 to 3600.

Related options:

* ``targets_url``
""",
    ),
    cfg.Opt(
        'targets_max_rate',
        type=types.FiniteFloat(min=8, max=10_000),
        default=50.0,
        help="""
The most packets a second that all targets together get which are served; those
of the file do not count.

A new one gets eight a second until 64 are sent, and then eight a minute. Where
the rate is used up, new ones wait until others are done with or gone, in the
order in which they came: 50 packets a second are six new ones at a time, or
some 300 that go on.

Possible values:

* A number from 8 to 10000.

Related options:

* ``targets_url``
""",
    ),
)
