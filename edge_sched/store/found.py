# SPDX-License-Identifier: Apache-2.0

"""What a look-up found, for each that it was for."""

import math
import time
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from edge_sched.model.client import Client
from edge_sched.model.latency import Answer
from edge_sched.model.latency import Latency
from edge_sched.model.latency import latest_time
from edge_sched.store.figures import to_latency

#: ``asked`` of the rows of names, and of sites, from elsewhere and from there;
#: a prefix has its number.
NAMES = -1
TO_SITES = -2
FROM_SITES = -3

#: So much older a row between sites counts if nothing answered. Chosen: four
#: rounds of a collector by default, in which the other end is heard of again.
_SILENT_SECONDS = 120.0


class Found:
    """The rows of a statement, sorted by whom they are for."""

    def __init__(self, rows: Sequence[sa.Row[Any]]) -> None:
        self._prefixes: dict[int, dict[str, Latency]] = {}
        #: (name, project) -> part -> vantage -> row; part 0 is the name's own
        self._names: dict[tuple[str, str], dict[int, dict[str, Latency]]] = {}
        #: ``site:oslo`` -> vantage -> row
        self._sites: dict[str, dict[str, Latency]] = {}
        of_sites: list[tuple[int, Latency]] = []
        #: One object for equal texts, since the cache keeps many rows.
        texts: dict[object, str] = {}
        self._heartbeat_at: float | None = None
        for heartbeat_at, asked, part_id, owner_project, *row in rows:
            vantage, owner_name, *_ = row
            self._heartbeat_at = heartbeat_at
            if asked <= TO_SITES:
                of_sites.append((asked, to_latency(row, texts)))
                continue
            if asked == NAMES:
                owner = (owner_name, owner_project)
                parts = self._names.setdefault(owner, {})
                part = parts.setdefault(part_id, {})
            else:
                part = self._prefixes.setdefault(asked, {})
            if vantage is not None:
                latency = to_latency(row, texts)
                part[latency.vantage] = latency
        self._add_sites(of_sites)

    def _add_sites(self, rows: list[tuple[int, Latency]]) -> None:
        """Keep the newest row between two sites, of equal ones that to it.

        One from the future, which nobody uses, is kept if it is the only one.
        And one by which probes are lost counts as if it were older: it may be
        the reflector at that end that is down, and not the path.
        """
        latest = latest_time(time.time())

        def place(row: tuple[int, Latency]) -> tuple[bool, float, int]:
            asked, latency = row
            measured_at = latency.measured_at
            if latency.rtt_p50_ms == math.inf:
                measured_at -= _SILENT_SECONDS
            return latency.measured_at <= latest, measured_at, asked

        for _, latency in sorted(rows, key=place):
            part = self._sites.setdefault(latency.client, {})
            part[latency.vantage] = latency

    def of_prefix(self, number: int) -> Answer:
        parts = (self._prefixes.get(number, {}),)
        return Answer(True, parts, self._heartbeat_at)

    def of_site(self, client: Client) -> Answer:
        """A site without a row is as known as an address without."""
        parts = (self._sites.get(client.canonical, {}),)
        return Answer(True, parts, self._heartbeat_at)

    def of_name(self, name: str, project_id: str) -> Answer:
        """The project's own client of this name goes before the shared."""
        parts = self._names.get((name, project_id))
        if parts is None:
            parts = self._names.get((name, ''))
        if parts is None:
            return Answer(known=False)
        own = parts.get(0, {})
        pointed = [
            part | own for number, part in sorted(parts.items()) if number
        ]
        return Answer(True, tuple(pointed) or (own,), self._heartbeat_at)
