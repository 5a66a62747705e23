# SPDX-License-Identifier: Apache-2.0

"""Group ``[edge_sched_api]``: what tenants may ask, and how often."""

from oslo_config import cfg

from edge_sched.conf import group
from edge_sched.model.client import SHORTEST

GROUP = cfg.OptGroup(
    'edge_sched_api',
    title='API',
    help="""
The service ``edge-sched-api``, which tells tenants what is near before they
create a server.

It reads ``[edge_sched_database]``, ``[keystone_authtoken]``, ``[oslo_policy]``
and ``[oslo_middleware]`` as well, and ``[edge_sched]`` as Nova's configuration
has it, which must be the same as the scheduler's.
""",
)

OPTS: tuple[cfg.Opt, ...] = (
    cfg.ListOpt(
        'nova_config_files',
        default=[],
        help="""
Where Nova's configuration is, which says where its API database and Placement
are.

Possible values:

* A list of files and directories of ``*.conf`` files, later ones winning. If
  it is empty, what Nova reads, ``/etc/nova/nova.conf`` mostly.
""",
    ),
    cfg.IntOpt(
        'requests_per_minute',
        default=300,
        min=1,
        help="""
How many requests a project may make in a minute, of each process that serves.

Who makes more is told when to come back (429). As many may come at once.

Possible values:

* A positive integer.
""",
    ),
    cfg.IntOpt(
        'placement_queries',
        default=4,
        min=1,
        help="""
How many questions for room each process has Placement answer at a time, all
but one of one project at the most.

Others wait, for ``[edge_sched] ring_timeout`` at the longest, and are told to
come back then (503). It keeps tenants who ask from slowing down those who
create servers.

Possible values:

* A positive integer.
""",
    ),
    cfg.IntOpt(
        'max_clients_per_project',
        default=100,
        min=0,
        help="""
How many names a project may have, those included that the operator gave it.

Possible values:

* 0: none more. Those that it has it may point elsewhere.
* A positive integer.
""",
    ),
    cfg.IntOpt(
        'shortest_ipv4_prefix',
        default=SHORTEST[4],
        min=0,
        max=32,
        help="""
The length of the largest IPv4 prefix that a project may name.

A server near a prefix is near whatever is measured in it; one of a whole
provider says nothing.

Possible values:

* A prefix length, from 0 to 32.

Related options:

* ``shortest_ipv6_prefix``
""",
    ),
    cfg.IntOpt(
        'shortest_ipv6_prefix',
        default=SHORTEST[6],
        min=0,
        max=128,
        help="""
The length of the largest IPv6 prefix that a project may name.

Possible values:

* A prefix length, from 0 to 128.

Related options:

* ``shortest_ipv4_prefix``
""",
    ),
    cfg.StrOpt(
        'camara_provider',
        default='',
        max_length=64,
        help="""
Who has the sites, for those who ask by CAMARA's Simple Edge Discovery.

That API (release r3.1) is answered under ``/simple-edge-discovery/v2rc2`` if
this is set, as ``edgeCloudProvider``. It is meant to stand behind a gateway
which sees to the consent of who has a device: see the administrator guide.

Possible values:

* The name of a company, of 64 characters at the most.
* An empty string: that API does not exist.
""",
    ),
)


def register_opts(conf: cfg.ConfigOpts) -> None:
    group.register(conf, GROUP, OPTS)
