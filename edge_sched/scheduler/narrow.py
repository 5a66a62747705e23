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

"""Narrows what Placement is asked for to the nearest sites with room.

Placement hands out ``[scheduler] max_placement_results`` hosts, by default
1000 and in an order that knows no distance. In a cloud of more hosts the
nearest are among them by chance, and no filter or weigher could bring them
back; and each host that is handed out costs the scheduler time.
"""

import dataclasses
import itertools
import time
from collections.abc import Iterable

import nova.conf
from nova import context as nova_context
from nova import objects
from nova.objects.request_spec import RequestSpec
from oslo_log import log as logging

from edge_sched.rings import Offer
from edge_sched.scheduler.atlas import Atlas
from edge_sched.scheduler.case import Case
from edge_sched.scheduler.judgement import Judged
from edge_sched.scheduler.judgement import judge_spots
from edge_sched.scheduler.judgement import refusal_of
from edge_sched.scheduler.judgement import refusal_of_full
from edge_sched.scheduler.lookout import Lookout
from edge_sched.scheduler.lookout import UnseenHostsError
from edge_sched.scheduler.nearest import Ranking
from edge_sched.scheduler.nearest import offers_of
from edge_sched.scheduler.region import REGION
from edge_sched.scheduler.request import EVACUATE
from edge_sched.scheduler.request import field_of
from edge_sched.scheduler.request import source_cell
from edge_sched.scheduler.room import RefusedQueryError
from edge_sched.scheduler.room import Room
from edge_sched.scheduler.terms import Terms
from edge_sched.scheduler.terms import is_bound
from edge_sched.search import Need
from edge_sched.search import Search
from edge_sched.search import Size
from edge_sched.search import find_room

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)


#: Servers of another request that may want the same places at the same time.
#: Chosen: more at once are rare, and each makes rings larger.
_RIVALS = 10

#: How many times fewer aggregates a query names if one was not taken. Chosen:
#: of 35 three tries are left, the last with two.
_FEWER = 4

#: Placement may hand out so many times what it mostly does, where it cannot be
#: asked for near sites. Chosen: 10 000 hosts take a scheduler seconds.
_MAX_LIMITS = 10


@dataclasses.dataclass(frozen=True, slots=True)
class Refused:
    """There is nothing for a request, and why, for the user.

    :param judged: the hosts that it may use
    """

    case: Case
    judged: Judged
    reason: str


def narrow(
    context: nova_context.RequestContext, spec: RequestSpec, case: Case
) -> Case | Refused:
    """Have Placement asked for the nearest hosts with room only.

    Left as they are: requests that name a destination, that nothing is known
    of, and evacuations, whose site may be down as a whole.

    :return: the case with what was searched
    """
    if (
        CONF.edge_sched.narrow_candidates == 'never'
        or not case.intent.targets
        or case.request.operation == EVACUATE
        or is_bound(spec)
    ):
        return case
    atlas = REGION.get().atlas
    measured = atlas.measured(case.measured)
    if not measured or not _is_large(atlas):
        return case
    terms = Terms.of(spec, atlas)
    offers = offers_of(
        Ranking(case, atlas, measured),
        terms,
        free_to_choose_cell=source_cell(spec) is None,
    )
    nearest = next(offers, None)
    if nearest is None:
        return _nothing(case, terms)
    try:
        search = _search(
            Room(context, spec),
            itertools.chain([nearest], offers),
            case.request.num_instances,
            terms,
        )
    except (RefusedQueryError, UnseenHostsError) as error:
        LOG.warning('Placement cannot be asked for near sites: %s', error)
        _ask_for_all(spec, atlas)
        return case
    case = dataclasses.replace(case, search=search)
    if search.full and case.intent.may_reject:
        judged = _judge_usable(case, terms)
        return Refused(case, judged, refusal_of_full(case, judged))
    if search.aggregates:
        _ask_for(spec, search, atlas)
    return case


def _is_large(atlas: Atlas) -> bool:
    """Whether Placement would not hand out all hosts."""
    if CONF.edge_sched.narrow_candidates == 'always':
        return True
    handed_out: int = CONF.scheduler.max_placement_results
    return atlas.node_count > handed_out


def _search(
    room: Room, offers: Iterable[Offer], servers: int, terms: Terms
) -> Search:
    """Look for room, ring by ring.

    As many hosts are looked for as Nova may try, and as another such request
    may take, besides those that Placement offers in vain. A query that
    Placement does not take may be too long for something before it.

    :raises RefusedQueryError: if it does not take a short one either
    :raises UnseenHostsError: if sites have hosts that no query for them finds
    """
    least = servers + terms.servers_to_avoid
    most = max(least, room.limit)
    spare = max(CONF.scheduler.max_attempts - 1, min(servers, _RIVALS))
    need = Need(least, min(least + spare, most))
    first = min(max(CONF.edge_sched.ring_hosts, need.enough), most)
    deadline = time.monotonic() + CONF.edge_sched.ring_timeout
    aggregates = room.aggregates
    while True:
        size = Size(first, most, aggregates)
        lookout = Lookout(room, terms, size, need, deadline)
        offers, again = itertools.tee(offers)
        try:
            search = find_room(offers, size, need, lookout.look_into)
        except RefusedQueryError:
            if aggregates < _FEWER:
                raise
            aggregates, offers = aggregates // _FEWER, again
        else:
            break
    if aggregates < room.aggregates:
        LOG.warning(
            'Placement does not take queries of %d aggregates, but of %d: is '
            'the buffer of its web server too small?',
            room.aggregates,
            aggregates,
        )
    return search


def _ask_for(spec: RequestSpec, search: Search, atlas: Atlas) -> None:
    """Ask for hosts in any of the aggregates, besides what is asked.

    If they are all in one cell, no other is asked: Nova reads the services
    of all compute hosts of all cells otherwise, in each request.
    """
    if field_of(spec, 'requested_destination') is None:
        spec.requested_destination = objects.Destination()
    destination = spec.requested_destination
    destination.require_aggregates(search.aggregates)
    cells_of = {offer.cells for offer in search.ring}
    if len(cells_of) == 1 and len(only := cells_of.pop()) == 1:
        destination.cell = atlas.cells[next(iter(only))]


def _ask_for_all(spec: RequestSpec, atlas: Atlas) -> None:
    """Have Placement hand out all hosts, so that the near are among them.

    Nova does so where a hint speaks of other servers, even of none. This one
    goes with the request.
    """
    if atlas.node_count <= _MAX_LIMITS * CONF.scheduler.max_placement_results:
        hints = field_of(spec, 'scheduler_hints') or {}
        spec.scheduler_hints = {**hints, 'same_host': []}


def _nothing(case: Case, terms: Terms) -> Case | Refused:
    """No host may be used: for the distance, or for other reasons."""
    judged = _judge_usable(case, terms)
    if not judged.spots or judged.decision.any_accepted:
        return case
    return Refused(case, judged, refusal_of(case, judged))


def _judge_usable(case: Case, terms: Terms) -> Judged:
    """Judge all hosts that the request may use: only to say why not."""
    usable = [
        host for area in terms.atlas.areas for host in terms.usable(area.hosts)
    ]
    spots = terms.atlas.spots(dict.fromkeys(usable), case.measured)
    return judge_spots(spots, case)
