# SPDX-License-Identifier: Apache-2.0

"""Narrows what Placement is asked for to the nearest sites with room.

Placement hands out ``[scheduler] max_placement_results`` hosts, by default
1000 and in an order that knows no distance. In a cloud of more hosts the
nearest are among them by chance, and no filter or weigher could bring them
back; and each host that is handed out costs the scheduler time.
"""

import dataclasses
from collections.abc import Iterable, Mapping

import nova.conf
from nova import context as nova_context
from nova import objects
from nova.objects.request_spec import RequestSpec
from oslo_log import log as logging

from edge_sched.judging.spread import Count
from edge_sched.judging.spread import Spot
from edge_sched.judging.spread import most_apart
from edge_sched.scheduler.case import Case
from edge_sched.scheduler.decide_hosts import refusal_of
from edge_sched.scheduler.decide_hosts import refusal_of_full
from edge_sched.scheduler.decide_hosts import told
from edge_sched.scheduler.judged import Judged
from edge_sched.scheduler.judged import judge_locations
from edge_sched.scheduler.narrowing.capacity import Capacity
from edge_sched.scheduler.narrowing.capacity import UnseenHostsError
from edge_sched.scheduler.narrowing.eligible import Eligible
from edge_sched.scheduler.narrowing.eligible import is_bound
from edge_sched.scheduler.narrowing.placement import Query
from edge_sched.scheduler.narrowing.placement import RefusedQueryError
from edge_sched.scheduler.narrowing.ranking import nearest_first
from edge_sched.scheduler.narrowing.rings import Ring
from edge_sched.scheduler.narrowing.rings import Size
from edge_sched.scheduler.narrowing.search import Search
from edge_sched.scheduler.narrowing.search import find_room
from edge_sched.scheduler.spec import EVACUATE
from edge_sched.scheduler.spec import field_of
from edge_sched.scheduler.spec import source_cell
from edge_sched.scheduler.topology.locator import Location
from edge_sched.scheduler.topology.topology import TOPOLOGY
from edge_sched.scheduler.topology.topology import Area
from edge_sched.scheduler.topology.topology import Topology

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)

#: Servers of another request that may want the same places at the same time.
#: Chosen: more at once are rare, and each makes rings larger.
_RIVALS = 10

#: Placement may hand out so many times what it mostly does, where it cannot be
#: asked for near sites. Chosen: 10 000 hosts take a scheduler seconds.
_MAX_LIMITS = 10


@dataclasses.dataclass(frozen=True, slots=True)
class Refused:
    """There is nothing for a request, and why, for the user.

    :param judged: the hosts that it may use, if they had to be known
    """

    case: Case
    reason: str
    judged: Judged | None = None


def narrow(
    context: nova_context.RequestContext, spec: RequestSpec, case: Case
) -> Case | Refused:
    """Have Placement asked for the nearest hosts with room only.

    :return: the case with what was searched
    """
    if not _gains(spec, case):
        return case
    topology = TOPOLOGY.get()
    areas = list(topology.areas(case.measured))
    locations = {area.location for area in areas}
    counts: Mapping[Location, Count] = {}
    spots: Mapping[Location, Spot] = {}
    if case.group:
        counts = case.group.counts(spec, locations, topology.locator)
        spots = case.group.spots(locations)
    crowded = counts.keys() if case.intent.spread_required else ()
    nearest = nearest_first(case, areas, counts, crowded)
    if nearest is None:
        return case
    eligible = Eligible(spec, topology)
    near = eligible.at_sites(nearest, spots)
    servers = case.request.num_instances
    places = most_apart(each.spot for each in near)
    are_too_few = min(places, default=servers) < servers
    if not near or (are_too_few and case.intent.spread_required):
        # For the distance, the servers that are there, or for other reasons.
        judged = _judge_eligible(case, eligible, areas, crowded)
        if judged.locations and not judged.any_left:
            case = told(case, judged)
            return Refused(case, refusal_of(case, judged), judged)
    if not near or are_too_few:
        return case
    try:
        query = Query(context, spec)
        search = _search(query, eligible, near, servers, places)
    except (RefusedQueryError, UnseenHostsError) as error:
        LOG.warning('Placement cannot be asked for near sites: %s', error)
        _ask_for_all(spec, topology)
        return case
    case = dataclasses.replace(case, search=search)
    if search.full and case.intent.may_reject:
        judged = _judge_eligible(case, eligible, areas, crowded)
        return Refused(case, refusal_of_full(case, judged), judged)
    if search.aggregates:
        _ask_for(spec, search, topology)
    return case


def _gains(spec: RequestSpec, case: Case) -> bool:
    """Whether anything is to be gained.

    Not for requests that name a destination, that nothing is known of, and
    evacuations, whose site may be down as a whole.
    """
    always = CONF.edge_sched.narrow_candidates == 'always'
    handed_out = CONF.scheduler.max_placement_results
    return (
        bool(case.intent.targets)
        and case.request.operation != EVACUATE
        and not is_bound(spec)
        and (always or TOPOLOGY.get().node_count > handed_out)
    )


def _search(
    query: Query, eligible: Eligible, near: Ring, servers: int, places: Count
) -> Search:
    """Look for room.

    As many hosts are looked for as Nova may try, and as another such request
    may take, besides those that Placement offers in vain.

    :param places: at how many servers can be apart at the most, on each level
    :raises RefusedQueryError: if Placement does not take even a short query
    :raises UnseenHostsError: if sites have hosts that no query for them finds
    """
    least = servers + eligible.servers_to_avoid
    most = max(least, CONF.scheduler.max_placement_results)
    again = CONF.scheduler.max_attempts - 1
    spare = max(again, min(servers, _RIVALS))
    enough = min(least + spare, most)
    first = min(max(CONF.edge_sched.ring_hosts, enough), most)
    apart = 0
    if places and servers > 1:
        # From all others, and what is tried again from all, if it can be.
        apart = min(servers if again else servers - 1, min(places) - 1)
    size = Size(
        least, enough, first, most, query.limit, query.aggregates, apart
    )
    return find_room(near, size, Capacity(query, eligible, size).ask)


def _ask_for(spec: RequestSpec, search: Search, topology: Topology) -> None:
    """Ask for hosts in any of the aggregates, besides what is asked.

    If they are all in one cell, no other is asked: Nova reads the services
    of all compute hosts of all cells otherwise, in each request. A server that
    lives has its cell already, or may leave it.
    """
    is_new = source_cell(spec) is None
    if field_of(spec, 'requested_destination') is None:
        spec.requested_destination = objects.Destination()
    destination = spec.requested_destination
    destination.require_aggregates(search.aggregates)
    cells = {each.cell for each in search.ring}
    if is_new and len(cells) == 1:
        destination.cell = topology.cells[cells.pop()]


def _ask_for_all(spec: RequestSpec, topology: Topology) -> None:
    """Have Placement hand out all hosts, so that the near are among them.

    Nova does so where a hint speaks of other servers, even of none. This one
    goes with the request.
    """
    most = _MAX_LIMITS * CONF.scheduler.max_placement_results
    if topology.node_count <= most:
        hints = field_of(spec, 'scheduler_hints') or {}
        spec.scheduler_hints = {**hints, 'same_host': []}


def _judge_eligible(
    case: Case,
    eligible: Eligible,
    areas: Iterable[Area],
    crowded: Iterable[Location],
) -> Judged:
    """Judge all hosts that the request may use: only to say why not."""
    location_of = {
        host: area.location
        for area in areas
        for host in eligible.of(area.hosts)
    }
    locations = list(location_of.values())
    return judge_locations(
        locations, case, set(crowded).intersection(locations)
    )
