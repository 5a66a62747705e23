# SPDX-License-Identifier: Apache-2.0

"""The servers of one page: what they ask for, where they are, who is near.

A page costs one query for the requests, two for the servers and groups that
they are to be near to, and some of each cell; whatever their number.
"""

import collections
import dataclasses
import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import nova.conf
from nova.objects.cell_mapping import CellMapping

from edge_sched.asking.intent import Intent
from edge_sched.asking.intent import merge
from edge_sched.asking.source import Wish
from edge_sched.asking.source import read_flavor
from edge_sched.asking.source import read_hints
from edge_sched.auditing import trouble
from edge_sched.auditing.pace import PATIENCE_SECONDS
from edge_sched.auditing.trouble import Troubles
from edge_sched.model.client import Client
from edge_sched.model.latency import Percentile
from edge_sched.model.names import normal
from edge_sched.scheduler.nova_servers import Page
from edge_sched.scheduler.nova_servers import RequestRow
from edge_sched.scheduler.nova_servers import ServerRow
from edge_sched.scheduler.nova_servers import StoredRequest
from edge_sched.scheduler.nova_servers import UnreadableRequestError
from edge_sched.scheduler.nova_servers import read_peers_of_all
from edge_sched.scheduler.nova_servers import read_requests
from edge_sched.scheduler.nova_servers import stored_request
from edge_sched.scheduler.peers import MAX_MEMBERS
from edge_sched.scheduler.peers import Peer
from edge_sched.scheduler.places import Places
from edge_sched.scheduler.places import places_of
from edge_sched.scheduler.topology.cell import servers_in
from edge_sched.scheduler.topology.topology import Topology
from edge_sched.store.reasons import reason

CONF = nova.conf.CONF

#: A client, as a project sees it.
_Seen = tuple[str, Client]

#: How many different requests a process knows by heart. Chosen: 3 MB of them;
#: servers that ask alike share them.
_KEPT = 1024

_NO_PEER = Peer(known=False)


@dataclasses.dataclass(frozen=True, slots=True)
class Subject:
    """A server that is to be judged.

    :param cell: UUID of its cell
    :param intent: what it asks for, without who is nobody
    :param places: where those of its clients are that are places
    :param zone: that was asked for, ``''`` for none
    :param chooses_hosts: whether rules of Nova's leave it few hosts
    :param others: the hosts of the other servers of its group, if it is to
        be apart from them
    :param group: the UUID of that group, ``''`` for none
    """

    server: str
    project_id: str
    cell: str
    state: ServerRow
    intent: Intent
    places: Places
    zone: str = ''
    chooses_hosts: bool = False
    others: tuple[str, ...] = ()
    group: str = ''


class Asking(NamedTuple):
    """A server, or a request for one, that asks for something."""

    row: RequestRow
    request: StoredRequest
    flavor: Wish
    hint: Wish
    intent: Intent

    @property
    def named(self) -> set[Client]:
        """The servers and groups that matter to it."""
        named = {c for c in self.intent.clients if c.server or c.group}
        if self.intent.spread and self.request.group:
            named.add(Client(group=self.request.group))
        return named


def subjects(
    page: Page,
    project_id: str | None,
    topology: Topology,
    troubles: Troubles,
) -> list[Subject]:
    """The servers of a page that can be judged.

    :param project_id: only of this one
    """
    asking = [
        each
        for row in read_requests(page, project_id)
        if (each := read_asking(row, troubles))
    ]
    seen = {(a.row.project_id, client) for a in asking for client in a.named}
    servers_of, cell_ids = _members(seen)
    cells = topology.cells
    uuid_of = {cell.id: cell.uuid for cell in cells.values()}
    for each in asking:
        cell_ids[each.row.server] = each.row.cell_id
    cell_of = {
        server: uuid_of[cell_id]
        for server, cell_id in cell_ids.items()
        if cell_id in uuid_of and not cells[uuid_of[cell_id]].is_cell0()
    }
    states = _states(cell_of, cells, troubles)
    peers = {
        each: _peer(servers, cell_of, states, troubles)
        for each, servers in servers_of.items()
    }
    return [
        _subject(each, cell_of[each.row.server], state, peers, topology)
        for each in asking
        if (state := _state(each.row.server, cell_of, states, troubles))
    ]


def read_asking(row: RequestRow, troubles: Troubles) -> Asking | None:
    """What a server asks for, ``None`` if that is nothing of ours."""
    try:
        request = stored_request(row.spec)
    except UnreadableRequestError as error:
        why = f'its request cannot be read: {error}'
        troubles.note(trouble.UNREADABLE, row.server, why)
        return None
    flavor, hint, intent = _asked_for(
        tuple(request.extra_specs.items()),
        tuple((key, tuple(texts)) for key, texts in request.hints.items()),
        CONF.edge_sched.default_percentile,
    )
    only_flavor = CONF.edge_sched.hints == 'flavor'
    if not (flavor.asks or (hint.asks and not only_flavor)):
        return None
    if problems := (*flavor.problems, *hint.problems):
        troubles.note(trouble.SENSELESS, row.server, str(problems[0]))
    return Asking(row, request, flavor, hint, intent)


@functools.lru_cache(maxsize=_KEPT)
def _asked_for(
    extra_specs: Sequence[tuple[str, str]],
    hints: Sequence[tuple[str, Sequence[str]]],
    percentile: Percentile,
) -> tuple[Wish, Wish, Intent]:
    """What flavor and hints ask for, and both made one."""
    flavor, hint = read_flavor(dict(extra_specs)), read_hints(dict(hints))
    return flavor, hint, merge(flavor, hint, percentile)


def _members(
    seen: Iterable[_Seen],
) -> tuple[dict[_Seen, list[str]], dict[str, int | None]]:
    """The servers of each that there is, and the ids of their cells."""
    wanted = set(seen)
    servers_of: dict[_Seen, list[str]] = {}
    cell_ids: dict[str, int | None] = {}
    for project_id, row in read_peers_of_all(
        {client.server for _, client in wanted if client.server},
        {client.group for _, client in wanted if client.group},
    ):
        client = (
            Client(group=row.group) if row.group else Client(server=row.server)
        )
        if (project_id, client) not in wanted:
            continue
        servers = servers_of.setdefault((project_id, client), [])
        if row.server and len(servers) < MAX_MEMBERS:
            servers.append(row.server)
            cell_ids[row.server] = row.cell_id
    return servers_of, cell_ids


def _states(
    cell_of: Mapping[str, str],
    cells: Mapping[str, CellMapping],
    troubles: Troubles,
) -> dict[str, ServerRow]:
    """The servers that their cells have; of all cells that answer."""
    uuids_in = collections.defaultdict(list)
    for server, cell in cell_of.items():
        if cell not in troubles.away:
            uuids_in[cell].append(server)
    states, away = servers_in(
        [cells[uuid] for uuid in uuids_in], uuids_in, PATIENCE_SECONDS
    )
    for uuid, error in away.items():
        troubles.cell_away(uuid, cells[uuid].name or uuid, reason(error))
    return states


def _peer(
    servers: Sequence[str],
    cell_of: Mapping[str, str],
    states: Mapping[str, ServerRow],
    troubles: Troubles,
) -> Peer:
    hosts = {
        server: (state.host, cell_of[server])
        for server in servers
        if (state := states.get(server)) and state.host
    }
    away = any(cell_of.get(server) in troubles.away for server in servers)
    return Peer(True, hosts, away)


def _state(
    server: str,
    cell_of: Mapping[str, str],
    states: Mapping[str, ServerRow],
    troubles: Troubles,
) -> ServerRow | None:
    """The server as its cell has it, if it can be judged."""
    cell = cell_of.get(server)
    if cell in troubles.away:
        troubles.away[cell].servers += 1
        return None
    state = states.get(server)
    if cell is not None and state is None:
        troubles.note(trouble.GONE, server, 'was deleted meanwhile')
    elif state is None or not state.host:
        troubles.count(trouble.PLACELESS)
        return None
    return state


def _subject(
    asking: Asking,
    cell: str,
    state: ServerRow,
    peers: Mapping[_Seen, Peer],
    topology: Topology,
) -> Subject:
    (server, project_id, _, _), request, flavor, hint, intent = asking
    known = {c: peers.get((project_id, c), _NO_PEER) for c in asking.named}
    places = places_of(
        intent.clients, project_id, server, topology.locator, known
    )
    if nobody := places.nobody:
        intent = merge(
            flavor.without(nobody),
            hint.without(nobody),
            CONF.edge_sched.default_percentile,
        )
    others: tuple[str, ...] = ()
    group = request.group if intent.spread else ''
    if group:
        hosts = known[Client(group=group)].hosts
        others = tuple(h for s, (h, _) in hosts.items() if s != server)
    return Subject(
        server,
        project_id,
        cell,
        state,
        intent,
        places,
        normal(request.zone),
        request.chooses_hosts,
        others,
        group,
    )
