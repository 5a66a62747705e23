# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""The multipliers of our weighers, worked out once a request.

Nova asks a weigher for its multiplier host by host, and its own weighers
walk the aggregates of each. Here a request looks at each aggregate once and
hangs the result on the HostState, which is made for the request.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import nova.conf
from nova.scheduler.host_manager import HostState
from oslo_log import log as logging

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)

METADATA_KEY = 'edge_latency_weight_multiplier'

#: Where the multipliers hang on a HostState. A host that no request has
#: weighed has none of them, and its multiplier is 0.
LATENCY = 'edge_latency_weight_multiplier'
CELL = 'edge_cell_latency_weight_multiplier'


def hang_latency_multipliers(hosts: Sequence[HostState]) -> None:
    """Give each host the option, or the lowest that its aggregates say.

    Once a request: a later pass, for its next server, finds them hanging.
    """
    if all(hasattr(host, LATENCY) for host in hosts):
        return
    default = CONF.edge_sched.latency_weight_multiplier
    # Aggregate objects are shared by the hosts, so identity is equality.
    aggregates = {id(a): a for host in hosts for a in host.aggregates}
    said = _multipliers(aggregates.values(), default)
    if not said:
        _hang(hosts, LATENCY, default)
        return
    for host in hosts:
        multipliers = [
            said[key] for key in map(id, host.aggregates) if key in said
        ]
        setattr(host, LATENCY, min(multipliers, default=default))


def hang_cell_multiplier(hosts: Sequence[HostState]) -> None:
    """Give each host the option: a cell is no aggregate."""
    _hang(hosts, CELL, CONF.edge_sched.cell_latency_weight_multiplier)


def _hang(hosts: Iterable[HostState], name: str, multiplier: float) -> None:
    for host in hosts:
        setattr(host, name, multiplier)


def _multipliers(
    aggregates: Iterable[Any], default: float
) -> dict[int, float]:
    """What the aggregates with the key say, ``{id(aggregate): 30.0}``.

    Values that are no multiplier are named in one warning, and the option
    stands for them.
    """
    said = {}
    bad = set()
    for aggregate in aggregates:
        text = aggregate.metadata.get(METADATA_KEY)
        if text is None:
            continue
        multiplier = _multiplier(text)
        if multiplier is None:
            bad.add(text)
        said[id(aggregate)] = default if multiplier is None else multiplier
    if bad:
        LOG.warning(
            'Aggregate metadata %(key)s %(values)s is not a finite number of '
            '0 or more; %(default)s is used',
            {'key': METADATA_KEY, 'values': sorted(bad), 'default': default},
        )
    return said


def _multiplier(text: str) -> float | None:
    try:
        multiplier = float(text)
    except ValueError:
        return None
    usable = math.isfinite(multiplier) and multiplier >= 0
    return multiplier if usable else None
