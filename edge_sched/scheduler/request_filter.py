# SPDX-License-Identifier: Apache-2.0

"""The request filter: what can be done before Placement is asked.

It refuses at once what is wrong in itself, and has Placement asked for the
nearest hosts in a cloud where it would hand out any.

Nova's list of request filters is read at each call and inherited by every
worker, so ours is appended to it while the filters are loaded. If that list
should ever become something else the filter does the refusing, only later.
"""

from typing import NoReturn

import nova.conf
from nova import context as nova_context
from nova import exception
from nova.objects.request_spec import RequestSpec
from nova.scheduler import request_filter
from oslo_log import log as logging

from edge_sched.scheduler.case import CASES
from edge_sched.scheduler.case import Case
from edge_sched.scheduler.decide_hosts import LATER
from edge_sched.scheduler.narrowing.narrow import Refused
from edge_sched.scheduler.narrowing.narrow import narrow
from edge_sched.scheduler.nova_internals import request_filters
from edge_sched.scheduler.prepare import make_case
from edge_sched.scheduler.records import FILTER_NAME
from edge_sched.scheduler.records import log_record

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)


@request_filter.trace_request_filter  # type: ignore[untyped-decorator]
def edge_latency(
    ctxt: nova_context.RequestContext, request_spec: RequestSpec
) -> bool:
    """Read the request, look its clients up, narrow what Placement is asked.

    Does nothing unless ``EdgeLatencyFilter`` is enabled.

    :raises RequestFilterFailed: a hint or flavor value that makes no sense
        or a client that does not exist, if the server is new; latency data
        that is needed and cannot be had; or, if candidates are narrowed, no
        site within a required budget, or none with room
    """
    if FILTER_NAME not in CONF.filter_scheduler.enabled_filters:
        return False
    CASES.drop(request_spec)
    LATER.drop(request_spec)
    try:
        found = before_placement(ctxt, request_spec)
    except Exception:
        # The filter tries again, and knows what to do if that fails too.
        LOG.exception('Could not read a request')
        return False
    if found is None:
        return False
    if isinstance(found, Refused):
        _refuse(request_spec, found)
    CASES.put(request_spec, found)
    return True


def before_placement(
    context: nova_context.RequestContext,
    spec: RequestSpec,
    narrows: bool = True,
) -> Case | Refused | None:
    """The case of a request, which is made to ask Placement for less.

    :param narrows: whether Placement will be asked at all
    :return: ``None`` if it is none of ours
    """
    case = make_case(spec, context.request_id)
    if case is None or CONF.edge_sched.mode != 'enforce':
        return case
    if case.refusal:
        return Refused(case, case.refusal)
    if not narrows or CONF.edge_sched.narrow_candidates == 'never':
        return case
    try:
        return narrow(context, spec, case)
    except Exception:
        # The filter judges what comes without it.
        LOG.exception('Could not narrow what Placement is asked for')
        return case


def filter_by_nova(
    context: nova_context.RequestContext, spec: RequestSpec
) -> None:
    """Do what Nova's own request filters do, without ours.

    :raises RequestFilterFailed: if one of them refuses
    """
    for each in request_filters() or ():
        if each is not edge_latency:
            each(context, spec)


def _refuse(spec: RequestSpec, refused: Refused) -> NoReturn:
    """Tell the user why, and the operator too.

    :raises RequestFilterFailed: always, even if the record fails
    """
    try:
        log_record(spec, refused.case, refused.judged)
    except Exception:
        LOG.exception('Could not record a decision')
    raise exception.RequestFilterFailed(reason=refused.reason)


def register() -> None:
    """Append the request filter to Nova's, once."""
    known = request_filters()
    if known is None:
        LOG.warning(
            'This Nova has no list of request filters to add to: bad hints '
            'are refused after Placement was asked'
        )
        return
    if edge_latency not in known:
        known.append(edge_latency)
