# SPDX-License-Identifier: Apache-2.0

"""The weighers: who is nearest, and which cell is worth most."""

from collections.abc import Sequence

import nova.conf
from nova.objects.request_spec import RequestSpec
from nova.scheduler import weights
from nova.scheduler.host_manager import HostState
from oslo_log import log as logging

from edge_sched.judging.decision import worth_of_cells
from edge_sched.scheduler.scores import SCORES
from edge_sched.scheduler.scores import Scores

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)

#: Where the multipliers of the weighers hang on a HostState: Nova asks for
#: them host by host. One that no request has weighed has none, which is 0.
LATENCY_MULTIPLIER = 'edge_latency_weight_multiplier'
CELL_MULTIPLIER = 'edge_cell_latency_weight_multiplier'


class _ScoreWeigher(weights.BaseHostWeigher):
    """A weigher of the scores that the filter left.

    Scores are absolute, so the bounds are declared: Nova then leaves them as
    they are instead of stretching 0.1 ms of difference to everything.
    """

    minval = 0.0
    maxval = 1.0

    def weigh_objects(
        self,
        weighed_obj_list: Sequence[weights.WeighedHost],
        weight_properties: RequestSpec,
    ) -> list[float]:
        """Weigh all hosts at once; all 0 for a request without scores."""
        scores = SCORES.get(weight_properties)
        if scores:
            hosts = [weighed.obj for weighed in weighed_obj_list]
            try:
                return self._weigh(hosts, scores, weight_properties)
            except Exception:
                LOG.exception('Could not weigh the hosts of a request')
        return [0.0] * len(weighed_obj_list)

    def _weigh(
        self, hosts: Sequence[HostState], scores: Scores, spec: RequestSpec
    ) -> list[float]:
        raise NotImplementedError

    def _weigh_object(
        self, obj: HostState, weight_properties: RequestSpec
    ) -> float:
        """One host; Nova wants the method, and calls the one above."""
        alone = weights.WeighedHost(obj, 0.0)
        (weight,) = self.weigh_objects([alone], weight_properties)
        return weight


class EdgeLatencyWeigher(_ScoreWeigher):
    """Prefer the hosts that are nearest to the clients of the request.

    Hosts within budget come before those that nobody measured, and these
    before the ones over budget; within a class the nearer wins, in bands of
    ``tie_band_ms``, in which Nova's own weighers decide. With ``fit`` all
    hosts well within budget are equal. A host that is unknown, or whose
    measurement is too old, has 0.5, or 0 where the request has no budget.
    Where servers of a group are to be spread (``edge:spread``), fewer of them
    at the site or zone go before nearer. Without ``edge:client`` and anything
    to spread, or with ``EdgeLatencyFilter`` not enabled, every host has 0.

    ``[edge_sched] latency_weight_multiplier = 0`` turns it off; aggregate
    metadata ``edge_latency_weight_multiplier`` sets it for the hosts of an
    aggregate.
    """

    def _weigh(
        self, hosts: Sequence[HostState], scores: Scores, spec: RequestSpec
    ) -> list[float]:
        """The scores, and the multipliers hung on the hosts."""
        default = CONF.edge_sched.latency_weight_multiplier
        for host in hosts:
            own = scores.multipliers.get(host.host, default)
            setattr(host, LATENCY_MULTIPLIER, own)
        return scores.of(hosts, spec)

    def weight_multiplier(self, host_state: HostState) -> float:
        """The option, or what the aggregates of the host say."""
        return getattr(host_state, LATENCY_MULTIPLIER, 0.0)


class EdgeCellLatencyWeigher(_ScoreWeigher):
    """Prefer the cell with the most near hosts.

    A server never leaves its cell, and a build that failed is tried again
    in the same cell only: a cell is worth what its k-th best host is worth,
    with k = ``[scheduler] max_attempts``, and 0 if it has fewer. It decides
    between hosts that are about equally near. Without ``edge:client`` and
    anything to spread every host has 0.

    ``[edge_sched] cell_latency_weight_multiplier = 0`` turns it off.
    """

    def _weigh(
        self, hosts: Sequence[HostState], scores: Scores, spec: RequestSpec
    ) -> list[float]:
        """The worth of each host's cell."""
        multiplier = CONF.edge_sched.cell_latency_weight_multiplier
        for host in hosts:
            setattr(host, CELL_MULTIPLIER, multiplier)
        return worth_of_cells(
            [host.cell_uuid for host in hosts],
            scores.of(hosts, spec),
            CONF.scheduler.max_attempts,
        )

    def weight_multiplier(self, host_state: HostState) -> float:
        """The option: a cell is no aggregate."""
        return getattr(host_state, CELL_MULTIPLIER, 0.0)
