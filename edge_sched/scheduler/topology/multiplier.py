# SPDX-License-Identifier: Apache-2.0

"""The multipliers of our weighers, worked out once for many requests.

Nova asks a weigher for its multiplier host by host, and its own weighers
walk the aggregates of each. Here what they say is read with the places of the
hosts, and a request hangs it on its HostStates.
"""

from collections.abc import Mapping, Sequence

import nova.conf
from nova.scheduler.host_manager import HostState

CONF = nova.conf.CONF

#: Where the multipliers hang on a HostState. A host that no request has
#: weighed has none of them, and its multiplier is 0.
LATENCY = 'edge_latency_weight_multiplier'
CELL = 'edge_cell_latency_weight_multiplier'


def hang_latency_multipliers(
    hosts: Sequence[HostState], multipliers: Mapping[str, float]
) -> None:
    """Give each host its own multiplier, or else the option."""
    default = CONF.edge_sched.latency_weight_multiplier
    for host in hosts:
        setattr(host, LATENCY, multipliers.get(host.host, default))


def hang_cell_multiplier(hosts: Sequence[HostState]) -> None:
    """Give each host the option: a cell is no aggregate."""
    multiplier = CONF.edge_sched.cell_latency_weight_multiplier
    for host in hosts:
        setattr(host, CELL, multiplier)
