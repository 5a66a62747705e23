# SPDX-License-Identifier: Apache-2.0

"""What another plug-in would add to nova-scheduler."""

from nova.scheduler import filters
from nova.scheduler import weights


class NeighbourFilter(filters.BaseHostFilter):
    """Passes all hosts, as its base class does."""


class NeighbourWeigher(weights.BaseHostWeigher):
    """Weighs all hosts alike."""

    def _weigh_object(self, host_state: object, request: object) -> float:
        return 0.0
