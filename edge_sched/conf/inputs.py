# SPDX-License-Identifier: Apache-2.0

"""Groups ``[edge_sched_input_<name>]``: one for each input of the collector.

Which there are, and the options of their drivers, is known only when
``[edge_sched_collector] inputs`` has been read.
"""

from collections.abc import Iterable

from oslo_config import cfg

from edge_sched.conf import checks
from edge_sched.conf import group
from edge_sched.conf import types

DRIVER = cfg.StrOpt(
    'driver',
    help="""
The kind of this input: what is read, and how.

Two inputs of one kind differ by name: each has a group of its own, and this
option in it.

Possible values:

* The name of an entry point of ``edge_sched.inputs``: ``openmetrics`` (the
  probers themselves), ``prometheus``, ``aetos``, ``file``, ``telegraf`` or
  ``atlas``, or what another package adds. Unset, it is the name of the input.
""",
)

LIMITS = (
    cfg.Opt(
        'timeout',
        type=types.FiniteFloat(min=0.1),
        default=10.0,
        help="""
The longest, in seconds, that one source of this input may take.

A source is a prober, a Prometheus or a file. What it has not said by then in
full is not taken.

Possible values:

* A finite number, 0.1 or more. It should be well below the interval between
  two rounds, which bounds the input as a whole.
""",
    ),
    cfg.IntOpt(
        'max_bytes',
        default=32 * 1024 * 1024,
        min=1024,
        help="""
The most that is read of one source of this input, in bytes.

A source that is longer is not taken at all. A prober needs 1 000 bytes a
target; several may be in memory at a time.

Possible values:

* An integer, 1024 or more.

Related options:

* ``max_series``
""",
    ),
    cfg.IntOpt(
        'max_series',
        default=500_000,
        min=1,
        help="""
The most series that are read of one source of this input, or rows of a file.

It bounds what one source can put into the latency store. A prober has some 12
series a target.

Possible values:

* A positive integer.

Related options:

* ``max_bytes``
* ``max_clients``
""",
    ),
    cfg.IntOpt(
        'max_clients',
        default=20_000,
        min=1,
        help="""
The most clients that one vantage point of this input may have, in a day.

Rows of those beyond are refused and counted: a site that is broken into can
make up clients without end. A prober with more is not read at all. The default
is the most targets that a prober takes; if you know how many yours have, say
so, with some room for those that change. Names count, and so do the other
sites that one measures, of which there are 1 000 at most.

Possible values:

* A positive integer.

Related options:

* ``clients``
""",
    ),
    cfg.ListOpt(
        'clients',
        default=[],
        help="""
The prefixes that the clients of this input are in.

Rows of any other prefix are refused and counted. Names are not looked at: they
have been made by whoever may, with ``edge-sched client set``. Nor are sites
(``site:lyon``), which are in no prefix.

Possible values:

* A list of addresses and prefixes, e.g. ``203.0.113.0/24, 2001:db8::/32``:
  the clients are these, or parts of them.
* Empty: any that are not wider than /16 (IPv4) or /32 (IPv6). A source that
  has wider ones needs to be told which.

Related options:

* ``max_clients``
""",
    ),
)


def group_of(name: str, driver: str) -> cfg.OptGroup:
    """``[edge_sched_input_<name>]``."""
    return cfg.OptGroup(
        f'edge_sched_input_{name}',
        title=f'Input {name}',
        help=f"""
An input of the collector with driver ``{driver}``, if
``[edge_sched_collector] inputs`` has it.

For a second one of this kind add another name there, and copy the group to
``[edge_sched_input_<name>]`` with ``driver = {driver}``.
""",
    )


def register_driver(conf: cfg.ConfigOpts, name: str) -> str:
    """Register the option that says what an input is; its value."""
    inputs_group = group_of(name, name)
    group.register(conf, inputs_group, [DRIVER])
    checks.check_group(conf, inputs_group.name)
    return str(conf[inputs_group.name].driver or name)


def register_opts(
    conf: cfg.ConfigOpts, name: str, opts: Iterable[cfg.Opt]
) -> str:
    """Register the options of an input; the name of its group.

    :param opts: of its driver
    """
    inputs_group = group_of(name, name)
    group.register(conf, inputs_group, [*LIMITS, *opts])
    return inputs_group.name
