# SPDX-License-Identifier: Apache-2.0

"""The multipliers of our weighers, worked out once for many requests.

Nova asks a weigher for its multiplier host by host, and its own weighers
walk the aggregates of each. Here what they say is read with the places of the
hosts, and a request hangs it on its HostStates.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

import nova.conf
from nova.scheduler.host_manager import HostState
from oslo_log import log as logging

from edge_sched.scheduler.topology.membership import MULTIPLIER_KEY
from edge_sched.scheduler.topology.membership import Aggregate

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)

#: Where the multipliers hang on a HostState. A host that no request has
#: weighed has none of them, and its multiplier is 0.
LATENCY = 'edge_latency_weight_multiplier'
CELL = 'edge_cell_latency_weight_multiplier'


def multipliers_of(aggregates: Iterable[Aggregate]) -> dict[str, float]:
    """The lowest that its aggregates say of each host, ``{'lyon-1': 30.0}``.

    Values that are no multiplier are named in one warning, and the option
    stands for them.
    """
    default = CONF.edge_sched.latency_weight_multiplier
    multipliers: dict[str, float] = {}
    bad = set()
    for aggregate in aggregates:
        text = aggregate.metadata.get(MULTIPLIER_KEY)
        if text is None:
            continue
        multiplier = _multiplier(text)
        if multiplier is None:
            bad.add(text)
            multiplier = default
        for host in aggregate.hosts:
            multipliers[host] = min(
                multiplier, multipliers.get(host, math.inf)
            )
    if bad:
        LOG.warning(
            'Aggregate metadata %(key)s %(values)s is not a finite number of '
            '0 or more; %(default)s is used',
            {
                'key': MULTIPLIER_KEY,
                'values': sorted(bad),
                'default': default,
            },
        )
    return multipliers


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


def _multiplier(text: str) -> float | None:
    try:
        multiplier = float(text)
    except ValueError:
        return None
    usable = math.isfinite(multiplier) and multiplier >= 0
    return multiplier if usable else None
