# SPDX-License-Identifier: Apache-2.0

"""What a create would come to, by what nova-scheduler itself would do.

    found = preview(context, ServerWish({'edge:client': ['203.0.113.7']}))
    found.reason or found.sites[0].name

The request goes through the same request filters, is judged by the same code
and asks Placement the same. What other filters of Nova's would reject is not
known here, nor which of equally near sites its other weighers prefer.
"""

import dataclasses
from collections.abc import Sequence

import nova.conf
from nova import context as nova_context
from nova import exception
from nova.objects.request_spec import RequestSpec

from edge_sched.asking.intent import Intent
from edge_sched.judging.reason import STORE_AWAY
from edge_sched.scheduler.case import Case
from edge_sched.scheduler.decide_hosts import refusal_of
from edge_sched.scheduler.decide_hosts import told
from edge_sched.scheduler.judged import Judged
from edge_sched.scheduler.judged import judge_locations
from edge_sched.scheduler.narrowing.eligible import Eligible
from edge_sched.scheduler.narrowing.narrow import Refused
from edge_sched.scheduler.preview.room import Room
from edge_sched.scheduler.preview.room import room_for
from edge_sched.scheduler.preview.sites import Site
from edge_sched.scheduler.preview.sites import Usable
from edge_sched.scheduler.preview.sites import sites_of
from edge_sched.scheduler.preview.wish import ServerWish
from edge_sched.scheduler.preview.wish import request_of
from edge_sched.scheduler.records import FILTER_NAME
from edge_sched.scheduler.request_filter import before_placement
from edge_sched.scheduler.request_filter import filter_by_nova
from edge_sched.scheduler.spec import CREATE
from edge_sched.scheduler.spec import Request
from edge_sched.scheduler.topology.topology import TOPOLOGY
from edge_sched.scheduler.topology.topology import Topology
from edge_sched.store.errors import StoreUnavailableError

CONF = nova.conf.CONF

#: Of a flavor that no host has room for, whatever it is near to: Nova itself
#: gives no reason.
NO_ROOM = 'no host has room for it'


@dataclasses.dataclass(frozen=True, slots=True)
class Preview:
    """What a create would come to.

    :param case: ``None`` if Nova itself refuses it
    :param reason: why it would be refused, ``''`` if it would not
    :param sites: those that the project may know of, best first
    """

    case: Case | None
    reason: str
    sites: Sequence[Site]


def preview(context: nova_context.RequestContext, wish: ServerWish) -> Preview:
    """Judge a create.

    :param context: of the project that asks
    :raises BadWishError: if there is no such flavor or zone
    :raises StoreUnavailableError: if the latency store cannot be asked
    :raises NoAnswerError: if Placement does not answer
    :raises RefusedQueryError: if Placement does not take the query
    :raises Exception: what Nova's API database fails with
    """
    spec = request_of(context, wish)
    try:
        filter_by_nova(context, spec)
    except exception.RequestFilterFailed as error:
        return Preview(None, str(error), ())
    topology = TOPOLOGY.get()
    # Before ours has it ask for near sites alone.
    eligible = Eligible(spec, topology)
    asks = wish.flavor is not None
    found = None
    if is_on():
        found = before_placement(context, spec, narrows=asks)
    refused = found if isinstance(found, Refused) else None
    case = found.case if isinstance(found, Refused) else found
    if case and case.outcome == 'store_failure':
        raise StoreUnavailableError(STORE_AWAY)
    if refused and not refused.judged:
        return Preview(case, refused.reason, ())
    room = None
    if asks:
        room = _room(context, spec, case, refused, topology)
    areas = topology.areas(case.measured if case else frozenset())
    usable = [
        Usable(area, hosts, hosts & room.hosts if room else hosts)
        for area in areas
        if (hosts := eligible.of(area.hosts))
    ]
    case = case or _nothing_asked(spec)
    judged = _judged(case, usable)
    sites = sites_of(usable, judged, room, topology, context.project_id)
    if refused:
        return Preview(case, refused.reason, sites)
    # Only hosts with room would come so far.
    left = [each for each in usable if each.left]
    if room and not left:
        return Preview(case, NO_ROOM, sites)
    verdicts = judged.decision.verdicts
    if CONF.edge_sched.mode != 'enforce' or any(
        verdicts[each.area.location].accepted for each in left
    ):
        return Preview(case, '', sites)
    judged = _judged(case, left)
    case = told(case, judged)
    return Preview(case, refusal_of(case, judged), sites)


def is_on() -> bool:
    """Whether anything of ours is in force, be it only in shadow."""
    return (
        FILTER_NAME in CONF.filter_scheduler.enabled_filters
        and CONF.edge_sched.mode != 'off'
    )


def _room(
    context: nova_context.RequestContext,
    spec: RequestSpec,
    case: Case | None,
    refused: Refused | None,
    topology: Topology,
) -> Room:
    """Who has room, by a query more unless the request is refused already."""
    search = case.search if case else None
    if not refused:
        ring = search.aggregates if search else ()
        return room_for(context, spec, ring, topology)
    full = search.full if search else ()
    hosts = (topology.hosts_in[aggregate] for aggregate in full)
    nobody = frozenset[str]()
    return Room(nobody, nobody.union(*hosts), is_cut=False)


def _judged(case: Case, usable: Sequence[Usable]) -> Judged:
    return judge_locations([each.area.location for each in usable], case, ())


def _nothing_asked(spec: RequestSpec) -> Case:
    """Of a request that is none of ours: all hosts are equal."""
    return Case(Request(CREATE, spec.project_id), Intent(()))
