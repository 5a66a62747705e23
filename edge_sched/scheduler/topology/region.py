# SPDX-License-Identifier: Apache-2.0

"""Where all hosts of Nova's region are, renewed every ``membership_ttl``."""

from collections.abc import Mapping
from typing import NamedTuple

import nova.conf

from edge_sched.scheduler.topology.atlas import Atlas
from edge_sched.scheduler.topology.membership import read_membership
from edge_sched.scheduler.topology.multiplier import multipliers_of
from edge_sched.scheduler.topology.places import World
from edge_sched.scheduler.topology.places import make_world
from edge_sched.scheduler.topology.renewed import Renewed

CONF = nova.conf.CONF


class Region(NamedTuple):
    """What was read at one time.

    :param world: the place of each host, by its name
    :param atlas: the hosts of each place, to narrow candidates by
    :param multipliers: of hosts whose aggregates say one, ``{'lyon-1': 30.0}``
    """

    world: World
    atlas: Atlas
    multipliers: Mapping[str, float]


def load_region() -> Region:
    """Read where all hosts are."""
    membership = read_membership()
    world = make_world(membership)
    return Region(
        world,
        Atlas(world, membership),
        multipliers_of(membership.aggregates),
    )


REGION: Renewed[Region] = Renewed(
    load_region, lambda: CONF.edge_sched.membership_ttl
)
