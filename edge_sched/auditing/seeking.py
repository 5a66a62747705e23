# SPDX-License-Identifier: Apache-2.0

"""Which sites probe whom, round by round, by what they have sent so far."""

import collections
import time
from collections.abc import Callable, Mapping, Sequence

import nova.conf

from edge_sched.scheduler.topology.topology import TOPOLOGY
from edge_sched.store.wanted import Wanted
from edge_sched.store.wanted_list import Entry
from edge_sched.store.wanted_probes import Change
from edge_sched.wanted.geography import Position
from edge_sched.wanted.geography import nearest
from edge_sched.wanted.progress import Sought
from edge_sched.wanted.progress import is_due
from edge_sched.wanted.progress import step

CONF = nova.conf.CONF

#: How long the mesh of sites is kept. Chosen: it hardly moves, and is 64 000
#: rows in a cloud of 1000 sites.
_MESH_SECONDS = 60.0

#: So many sites are said to be near by each who tells. Chosen: two rounds.
_NEAR = 8


class Seeking:
    """Chooses them.

    :param locate: where an address is, if there is a database that tells
    """

    def __init__(
        self,
        wanted: Wanted,
        locate: Callable[[str], Position | None] | None = None,
    ) -> None:
        self._wanted = wanted
        self._locate = locate
        self._mesh_ms: Mapping[tuple[str, str], float] = {}
        self._mesh_at: float | None = None
        #: By client, while they are looked for.
        self._near: dict[str, Sequence[str]] = {}
        #: How many clients are how far.
        self.states: Mapping[str, int] = collections.Counter()
        #: Whether anybody asks whom to probe.
        self.any_sites = False

    def seek(self) -> None:
        """Have the next sites probe those whom all have answered for."""
        wanted = self._wanted
        sites, now = wanted.sites(), wanted.now()
        self.any_sites = bool(sites)
        entries = wanted.entries()
        self.states = collections.Counter(entry.state for entry in entries)
        due = [
            entry for entry in entries if is_due(_sought(entry), now, sites)
        ]
        clients = [entry.target.client for entry in due]
        self._near = {client: self._near.get(client, ()) for client in clients}
        if not due:
            return
        heard = wanted.measured(clients, CONF.edge_sched.max_age)
        mesh_ms = self._mesh()
        changes = []
        for entry in due:
            client = entry.target.client
            found = step(
                _sought(entry),
                now,
                sites,
                mesh_ms,
                heard.get(client, {}),
                self._near_of(entry, sites),
            )
            if found:
                changes.append(Change(entry.id, *found))
        if changes:
            wanted.change(changes)

    def _mesh(self) -> Mapping[tuple[str, str], float]:
        now = time.monotonic()
        if self._mesh_at is None or now - self._mesh_at > _MESH_SECONDS:
            self._mesh_ms, self._mesh_at = self._wanted.mesh(), now
        return self._mesh_ms

    def _near_of(self, entry: Entry, sites: Sequence[str]) -> Sequence[str]:
        """The sites that are likely to be near: by who is beside, by map."""
        client = entry.target.client
        if not self._near[client] and not entry.sites:
            probing = frozenset(sites)
            beside = [s for s in self._wanted.near(client) if s in probing]
            on_map = self._on_map(entry.target.address, probing)
            self._near[client] = tuple(
                dict.fromkeys([*beside[:_NEAR], *on_map[:_NEAR]])
            )
        return self._near[client]

    def _on_map(self, address: str, sites: frozenset[str]) -> Sequence[str]:
        position = self._locate and self._locate(address)
        if not position:
            return []
        positions = {
            site: there
            for site, there in TOPOLOGY.get().positions.items()
            if site in sites
        }
        return list(nearest(position, positions))


def _sought(entry: Entry) -> Sought:
    return Sought(entry.state, entry.sites, entry.done_at)
