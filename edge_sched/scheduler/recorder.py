# SPDX-License-Identifier: Apache-2.0

"""The recorder: what the weighers made of the hosts, for the record in full.

It is a weigher, as one that comes after all others sees what they have added
up, and nothing of Nova has to be changed for it.
"""

import dataclasses
import functools
import operator
from collections.abc import Mapping, Sequence

import nova.conf
from nova.objects.request_spec import RequestSpec
from nova.scheduler import weights
from nova.scheduler.host_manager import HostState
from nova.weights import normalize
from oslo_log import log as logging

from edge_sched.judging.ranking import Ranking
from edge_sched.scheduler.case import Case
from edge_sched.scheduler.judged import Judged
from edge_sched.scheduler.records import FILTER_NAME
from edge_sched.scheduler.records import Weighed
from edge_sched.scheduler.records import log_record
from edge_sched.scheduler.scores import SCORES
from edge_sched.scheduler.spec import PerRequest
from edge_sched.scheduler.topology.locator import Location

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)

_HANDLER = weights.HostWeightHandler()


@dataclasses.dataclass(frozen=True, slots=True)
class Pending:
    """What is to be recorded once its hosts are weighed.

    :param location_of: where each host is that came in, by its name
    """

    case: Case
    judged: Judged
    location_of: Mapping[str, Location]


PENDING: PerRequest[Pending] = PerRequest('pending')


def log_placed(
    spec: RequestSpec,
    case: Case,
    judged: Judged,
    hosts: Sequence[HostState],
    left: Sequence[HostState],
) -> None:
    """Log the record of a request for which hosts are left.

    In full it waits for the weighers, if there is anything for them to do and
    nobody rejects hosts after us, which may leave nothing.
    """
    weighed = None
    if CONF.edge_sched.record_detail == 'full':
        names = (host.host for host in hosts)
        location_of = dict(zip(names, judged.locations, strict=True))
        pending = Pending(case, judged, location_of)
        try:
            if len(left) == 1:
                weighed = _weighed(spec, pending, left, {})
            elif _is_awaited():
                PENDING.put(spec, pending)
                return
        except Exception:
            # The filter would take it for hosts that cannot be judged.
            LOG.exception('Could not record what became of hosts')
    log_record(spec, case, judged, weighed)


def _is_awaited() -> bool:
    """Whether the recorder gets to see what our filter has left."""
    group = CONF.filter_scheduler
    weighers = _weighers(tuple(group.weight_classes))
    return group.enabled_filters[-1] == FILTER_NAME and any(
        isinstance(weigher, EdgeRecorder) for weigher in weighers
    )


class EdgeRecorder(weights.BaseHostWeigher):
    """Log the decision record in full; prefer nobody.

    It is the last of our weighers where ``[edge_sched] record_detail`` is
    ``full``, and not there otherwise. What comes after it in
    ``weight_classes`` is missing in the records. Each request is weighed
    once more by each weigher, to tell what it gave.
    """

    def weigh_objects(
        self,
        weighed_obj_list: Sequence[weights.WeighedHost],
        weight_properties: RequestSpec,
    ) -> list[float]:
        """Log what is pending, once; 0 for each host."""
        pending = PENDING.get(weight_properties)
        if pending:
            PENDING.drop(weight_properties)
            hosts = [weighed.obj for weighed in weighed_obj_list]
            try:
                _log_weighed(weight_properties, pending, hosts)
            except Exception:
                LOG.exception('Could not record a decision')
        return [0.0] * len(weighed_obj_list)

    def weight_multiplier(self, host_state: HostState) -> float:
        """Of nothing."""
        return 0.0

    def _weigh_object(
        self, obj: HostState, weight_properties: RequestSpec
    ) -> float:
        """Nova wants the method."""
        return 0.0


def _log_weighed(
    spec: RequestSpec, pending: Pending, hosts: Sequence[HostState]
) -> None:
    weighed = None
    try:
        weighed = _weighed(spec, pending, hosts, _given(hosts, spec))
    except Exception:
        LOG.exception('Could not record what the weighers made of hosts')
    log_record(spec, pending.case, pending.judged, weighed)


@functools.cache
def _weighers(
    weight_classes: tuple[str, ...],
) -> Sequence[weights.BaseHostWeigher]:
    """The weighers as nova-scheduler has them, in its order."""
    classes = _HANDLER.get_matching_classes(list(weight_classes))
    return [weigher() for weigher in classes]


def _given(
    hosts: Sequence[HostState], spec: RequestSpec
) -> dict[str, list[float]]:
    """What each weigher by itself gives the hosts, as Nova works it out.

    Of those that have the same name, together.
    """
    weighed = [weights.WeighedHost(host, 0.0) for host in hosts]
    given: dict[str, list[float]] = {}
    for weigher in _weighers(tuple(CONF.filter_scheduler.weight_classes)):
        if isinstance(weigher, EdgeRecorder):
            continue
        alone = list(
            normalize(
                weigher.weigh_objects(weighed, spec),
                weigher.minval,
                weigher.maxval,
            )
        )
        # To ask for the multiplier of each host takes longer than all else.
        if any(alone):
            multipliers = map(weigher.weight_multiplier, hosts)
            alone = list(map(operator.mul, multipliers, alone))
        name = type(weigher).__name__
        before = given.get(name)
        given[name] = (
            list(map(operator.add, before, alone)) if before else alone
        )
    return given


def _weighed(
    spec: RequestSpec,
    pending: Pending,
    hosts: Sequence[HostState],
    given: Mapping[str, Sequence[float]],
) -> Weighed:
    locations = [pending.location_of[host.host] for host in hosts]
    names = [host.host for host in hosts]
    ranking = Ranking(names, locations, given)
    scores = SCORES.get(spec)
    if scores is None:
        return Weighed(ranking, [0.0] * len(hosts), {}, {})
    default = CONF.edge_sched.latency_weight_multiplier
    group = pending.case.group
    return Weighed(
        ranking,
        [scores.multipliers.get(name, default) for name in names],
        dict(zip(locations, scores.of(hosts, spec), strict=True)),
        group.counts(spec, set(locations), scores.locator) if group else {},
    )
