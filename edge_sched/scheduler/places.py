# SPDX-License-Identifier: Apache-2.0

"""Clients that are places: sites, and where servers and groups of them are.

They are looked up when Nova schedules, so who has moved is followed by the
next move of those that are to be near.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence, Set

import nova.conf
from oslo_log import log as logging

from edge_sched.judging.place import Place
from edge_sched.judging.place import answer_of
from edge_sched.model.client import Client
from edge_sched.model.keys import BadValueError
from edge_sched.model.keys import NoHostYetError
from edge_sched.model.keys import unknown_client
from edge_sched.model.latency import Answer
from edge_sched.scheduler.peers import PEERS
from edge_sched.scheduler.peers import Peer
from edge_sched.scheduler.topology.locator import Locator
from edge_sched.scheduler.topology.topology import TOPOLOGY

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class Where:
    """Where a client is; nobody's, if it is nowhere and that is all right.

    :param places: all that are known
    :param unplaced: whether it cannot be told now if these are all
    :param problem: why it is none of the project, or nowhere yet
    """

    places: Set[Place] = frozenset()
    unplaced: bool = False
    problem: BadValueError | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Places:
    """Where those clients of a request are that are places."""

    where: Mapping[Client, Where] = dataclasses.field(default_factory=dict)

    @property
    def nobody(self) -> Set[Client]:
        """Those that have nobody to be near to."""
        return {c for c, where in self.where.items() if where == _NOWHERE}

    def problem(self, client: Client) -> BadValueError:
        """What is wrong with a client that is not known."""
        where = self.where.get(client, _NOWHERE)
        return where.problem or unknown_client(client)

    def measured_as(self, clients: Iterable[Client]) -> list[Client]:
        """What the store is to be asked for, for some clients."""
        asked: dict[Client, None] = {}
        for client in clients:
            if client in self.where:
                asked |= dict.fromkeys(_vantages(self.where[client]).values())
            else:
                asked[client] = None
        return list(asked)

    def answer(
        self, client: Client, found: Mapping[Client, Answer], now: float
    ) -> Answer:
        """What is known of a client.

        :param found: of each that the store was asked for
        :param now: UTC epoch seconds
        """
        if client not in self.where:
            return found[client]
        where = self.where[client]
        if where.problem:
            return Answer(known=False)
        return answer_of(
            where.places,
            {name: found[as_] for name, as_ in _vantages(where).items()},
            CONF.edge_sched.same_site_rtt_ms,
            now,
            where.unplaced,
        )


_NOWHERE = Where()
_UNPLACED = Where(unplaced=True)


def find_places(
    clients: Sequence[Client], project_id: str, server: str | None
) -> Places:
    """Find those clients of a request that are places.

    Whatever goes wrong, it cannot be told where they are.

    :param project_id: whose server is to be near
    :param server: its UUID: nobody is near to itself
    """
    asked = [c for c in clients if not (c.prefix or c.name)]
    if not asked:
        return Places()
    where = {c: _NOWHERE for c in asked if server and c.server == server}
    others = [client for client in asked if client not in where]
    try:
        where |= _find(others, project_id, server)
    except Exception:
        LOG.warning('Cannot tell which sites there are', exc_info=True)
        where |= dict.fromkeys(others, _UNPLACED)
    return Places(where)


def places_of(
    clients: Sequence[Client],
    project_id: str,
    server: str,
    locator: Locator,
    peers: Mapping[Client, Peer],
) -> Places:
    """The same of a server that lives, where its peers have been found.

    :param peers: as the project sees them
    """
    return Places(
        {
            client: _NOWHERE
            if client.server == server
            else _where(client, project_id, server, locator, peers)
            for client in clients
            if not (client.prefix or client.name)
        }
    )


def _find(
    clients: Sequence[Client], project_id: str, server: str | None
) -> dict[Client, Where]:
    topology = TOPOLOGY.get()
    asked = [client for client in clients if not client.site]
    cells = topology.cells.values()
    peers = PEERS.find(asked, project_id, cells) if asked else {}
    return {
        client: _where(client, project_id, server, topology.locator, peers)
        for client in clients
    }


def _where(
    client: Client,
    project_id: str,
    server: str | None,
    locator: Locator,
    peers: Mapping[Client, Peer],
) -> Where:
    if client.site:
        return _of_site(client, client.site, locator, project_id)
    return _of_peer(client, peers[client], locator, server)


def _of_site(
    client: Client, site: str, locator: Locator, project_id: str
) -> Where:
    if not locator.knows_site(site, project_id):
        return Where(problem=unknown_client(client))
    return Where(frozenset([Place((site,), (site,))]))


def _of_peer(
    client: Client, peer: Peer, locator: Locator, server: str | None
) -> Where:
    if not peer.known:
        return Where(problem=unknown_client(client))
    hosts = {host for uuid, host in peer.hosts.items() if uuid != server}
    if client.server and not hosts and not peer.away:
        return Where(problem=NoHostYetError(client))
    locations = [locator.location(host, cell) for host, cell in hosts]
    places = {Place(each.chain, each.names['site']) for each in locations}
    return Where(frozenset(places), unplaced=peer.away)


def _vantages(where: Where) -> dict[str, Client]:
    """The vantages that speak for it, as what is measured."""
    names = (name for place in where.places for name in place.chain)
    return {name: Client(site=name) for name in names}
