# SPDX-License-Identifier: Apache-2.0

"""The filter: who is near enough."""

from collections.abc import Iterable

from nova import exception
from nova.objects.request_spec import RequestSpec
from nova.scheduler import filters
from nova.scheduler.host_manager import HostState
from oslo_log import log as logging

from edge_sched.judging.reason import STORE_AWAY
from edge_sched.scheduler.decide_hosts import LATER
from edge_sched.scheduler.decide_hosts import judge_again
from edge_sched.scheduler.decide_hosts import judge_hosts
from edge_sched.scheduler.prepare import refuses_when_blind
from edge_sched.scheduler.spec import field_of

LOG = logging.getLogger(__name__)


class EdgeLatencyFilter(filters.BaseHostFilter):
    """Reject hosts that are measured to be too far from a client.

    A host passes if the round trip, jitter and loss between its site and
    every client of the request (``edge:client``) are within their budgets
    at the percentile asked. Without a client the filter passes every host,
    and without a budget it rejects none. A host that was never measured, or
    not lately enough (``max_age``), is unknown: it is rejected if a budget
    is required, unless ``edge:unknown`` is ``allow``. If no host is left the
    user is told the nearest site and its figure.

    Where servers of a group must be spread (``edge:spread_mode`` required) a
    host is rejected too if its site or zone has one of them, those included
    that the same request has placed before.

    It belongs at the end of ``enabled_filters``, so that it judges only
    hosts that could be used. Taking it out of there turns off all of
    edge_sched; ``[edge_sched] mode = shadow`` lets it judge and record, and
    reject nothing.
    """

    # A rebuild stays on its host, however far that is.
    RUN_ON_REBUILD = False

    # Where hosts are and what was measured is the same for all servers of a
    # request; where the servers of a group are by then is not.
    run_filter_once_per_request = False

    def filter_all(
        self,
        filter_obj_list: Iterable[HostState],
        spec_obj: RequestSpec,
    ) -> Iterable[HostState]:
        """Judge all hosts of the request at once."""
        later = LATER.get(spec_obj)
        if later is False:
            return filter_obj_list
        hosts = list(filter_obj_list)
        try:
            if later:
                return judge_again(hosts, spec_obj)
            return judge_hosts(hosts, spec_obj)
        except exception.NoValidHost:
            raise
        except Exception:
            # Nova would leave an evacuation half done for ever.
            LOG.exception(
                'Could not judge the hosts of a request',
                instance_uuid=field_of(spec_obj, 'instance_uuid'),
            )
        if hosts and not later and refuses_when_blind(spec_obj):
            raise exception.NoValidHost(reason=STORE_AWAY)
        return hosts
