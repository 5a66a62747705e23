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

"""The multiplier of a weigher, once for each set of aggregates.

Nova asks a weigher for its multiplier host by host, and its own weighers
walk the aggregates of each. Here a request walks each set of aggregates
once and hangs the result on the HostState, which is made for the request.
"""

import math
from collections.abc import Iterable, Sequence

import nova.conf
from nova.scheduler.filters import utils as filters_utils
from nova.scheduler.host_manager import HostState
from oslo_log import log as logging

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)

METADATA_KEY = 'edge_latency_weight_multiplier'
_ATTRIBUTE = 'edge_latency_weight_multiplier'


def hang_multipliers(hosts: Iterable[HostState]) -> None:
    """Give each host its multiplier, for ``multiplier_of`` to find."""
    default = CONF.edge_sched.latency_weight_multiplier
    bad: set[str] = set()
    # Aggregate objects are shared by the hosts, so identity is equality.
    known: dict[tuple[int, ...], float] = {}
    for host in hosts:
        aggregates = tuple(map(id, host.aggregates))
        multiplier = known.get(aggregates)
        if multiplier is None:
            values = filters_utils.aggregate_values_from_key(
                host, METADATA_KEY
            )
            multiplier = _lowest(sorted(values), default, bad)
            known[aggregates] = multiplier
        setattr(host, _ATTRIBUTE, multiplier)
    if bad:
        LOG.warning(
            'Aggregate metadata %(key)s %(values)s is not a finite number of '
            '0 or more; %(default)s is used',
            {'key': METADATA_KEY, 'values': sorted(bad), 'default': default},
        )


def multiplier_of(host: HostState) -> float:
    """The multiplier of a host, 0 if the request has none to weigh."""
    return getattr(host, _ATTRIBUTE, 0.0)


def _lowest(values: Sequence[str], default: float, bad: set[str]) -> float:
    """The lowest value, as with Nova's own multipliers.

    :param bad: takes the values that are no multiplier
    """
    multipliers = []
    for value in values:
        try:
            multiplier = float(value)
        except ValueError:
            multiplier = math.nan
        if not (math.isfinite(multiplier) and multiplier >= 0):
            bad.add(value)
            multiplier = default
        multipliers.append(multiplier)
    return min(multipliers, default=default)
