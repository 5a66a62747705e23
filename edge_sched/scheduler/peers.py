# SPDX-License-Identifier: Apache-2.0

"""Servers and server groups that another server is to be near to.

Whatever a project names is asked for in the same way: by one query of Nova's
API database for all that a request names, and, where that finds servers, by
one of each of their cells, all at once. So nobody learns by words or by time
whether a server that is none of theirs is there.
"""

import dataclasses
import math
import threading
import time
from collections.abc import (
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
    Set,
)

import cachetools
import nova.conf
from nova.objects.cell_mapping import CellMapping
from oslo_log import log as logging

from edge_sched.model.client import Client
from edge_sched.scheduler import nova_internals
from edge_sched.scheduler.nova_internals import PeerRow
from edge_sched.scheduler.topology.cell import hosts_of_servers

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)

#: How many servers of groups one request looks for at the most: with its 16
#: clients they are asked for in one query. The groups that it names share
#: them. Nova bounds a group by a quota, which may be none.
MAX_MEMBERS = nova_internals.SERVERS_A_QUERY - 20

#: Servers that a process keeps at most, 3 MB of them.
_KEPT_SERVERS = 10_000


@dataclasses.dataclass(frozen=True, slots=True)
class Peer:
    """A server, or the servers of a group.

    :param known: whether it is one of the project that asks
    :param hosts: where those are that have a host: its name, and the UUID of
        its cell, ``{'5f7a...': ('lyon-1', '9d2c...')}`` by UUID
    :param away: whether a cell did not tell where some are
    """

    known: bool
    hosts: Mapping[str, tuple[str, str]] = dataclasses.field(
        default_factory=dict
    )
    away: bool = False


class Peers:
    """Finds peers, and keeps what it found for ``cache_ttl``.

    What may be otherwise in a moment is not kept: who has no host yet, a group
    of which nobody has, and whose cell was away.
    """

    def __init__(self, max_servers: int = _KEPT_SERVERS) -> None:
        self._lock = threading.Lock()
        #: Of a project and a client, with the time that it was found.
        self._kept: cachetools.LRUCache[
            tuple[str, Client], tuple[float, Peer]
        ] = cachetools.LRUCache(
            max_servers, getsizeof=lambda kept: 1 + len(kept[1].hosts)
        )

    def find(
        self,
        clients: Sequence[Client],
        project_id: str,
        cells: Collection[CellMapping],
    ) -> dict[Client, Peer]:
        """Find servers and groups, as a project sees them.

        If the API database is away, all that are not kept are.

        :param cells: those that there are
        """
        ttl_seconds = CONF.edge_sched.cache_ttl
        now = time.monotonic()
        found: dict[Client, Peer] = {}
        with self._lock:
            for client in clients:
                found_at, peer = self._kept.get((project_id, client), _NEVER)
                if now - found_at < ttl_seconds:
                    found[client] = peer
        missing = [client for client in clients if client not in found]
        if missing:
            try:
                asked = _ask(missing, project_id, cells)
            except Exception:
                LOG.warning(
                    'Cannot tell where servers are that others are to be '
                    'near to',
                    exc_info=True,
                )
                asked = dict.fromkeys(missing, _AWAY)
            found |= asked
            if ttl_seconds:
                self._keep(project_id, asked, now)
        return found

    def forget(self) -> None:
        """Ask anew at the next call."""
        with self._lock:
            self._kept.clear()

    def _keep(
        self, project_id: str, found: Mapping[Client, Peer], now: float
    ) -> None:
        with self._lock:
            for client, peer in found.items():
                if not peer.known or (peer.hosts and not peer.away):
                    self._kept[project_id, client] = now, peer


_NEVER = -math.inf, Peer(known=False)
_AWAY = Peer(known=True, away=True)


def _ask(
    clients: Sequence[Client], project_id: str, cells: Collection[CellMapping]
) -> dict[Client, Peer]:
    groups = [client.group for client in clients if client.group]
    share = MAX_MEMBERS // max(1, len(groups))
    rows = nova_internals.read_peers(
        project_id,
        [client.server for client in clients if client.server],
        groups,
        # One more tells that there are more.
        share + 1,
    )
    servers = dict(_servers_of(rows, share))
    hosts, away = _hosts_of(set().union(*servers.values()), rows, cells)
    return {
        client: Peer(
            known=client in servers,
            hosts={s: hosts[s] for s in servers.get(client, ()) if s in hosts},
            away=not away.isdisjoint(servers.get(client, ())),
        )
        for client in clients
    }


def _servers_of(
    rows: Iterable[PeerRow], share: int
) -> Iterator[tuple[Client, Sequence[str]]]:
    """The servers of each client that there is, of a group at most a share."""
    servers: dict[Client, list[str]] = {}
    for row in rows:
        client = (
            Client(group=row.group) if row.group else Client(server=row.server)
        )
        of_client = servers.setdefault(client, [])
        if row.server:
            of_client.append(row.server)
    for client, of_client in servers.items():
        if len(of_client) > share:
            LOG.warning(
                'Server group %(group)s has many servers: only the first '
                '%(share)d count for who is to be near to it',
                {'group': client.group, 'share': share},
            )
        yield client, of_client[:share]


def _hosts_of(
    servers: Set[str], rows: Iterable[PeerRow], cells: Collection[CellMapping]
) -> tuple[dict[str, tuple[str, str]], set[str]]:
    """The host of each server that has one, and its cell; whose is away."""
    id_of = {
        row.server: row.cell_id
        for row in rows
        if row.server in servers and row.cell_id is not None
    }
    ids = set(id_of.values())
    uuid_of = {cell.id: cell.uuid for cell in cells}
    # Servers are in cell0 that have found no host.
    asked = [c for c in cells if c.id in ids and not c.is_cell0()]
    host_of, cells_away = hosts_of_servers(asked, sorted(id_of))
    hosts: dict[str, tuple[str, str]] = {}
    away = set()
    for server, cell_id in id_of.items():
        # A cell may have come after they were read.
        cell = uuid_of.get(cell_id)
        if cell is None or cell in cells_away:
            away.add(server)
        elif host := host_of.get(server):
            hosts[server] = host, cell
    return hosts, away


PEERS = Peers()
