# SPDX-License-Identifier: Apache-2.0

"""Rows of measurements: stored and listed. Each call needs a transaction.

``Writer`` is the way in; it brings the transaction and tries again.
"""

import dataclasses
import math
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import sqlalchemy as sa

from edge_sched.model.client import Client
from edge_sched.model.latency import SETBACK_SECONDS
from edge_sched.model.latency import Latency
from edge_sched.model.latency import NewLatency
from edge_sched.model.latency import latest_time
from edge_sched.model.latency import precedence_at
from edge_sched.store import clock
from edge_sched.store.errors import UnknownClientError
from edge_sched.store.figures import FIGURES
from edge_sched.store.figures import NAME
from edge_sched.store.figures import to_latency
from edge_sched.store.figures import to_row
from edge_sched.store.ids import BATCH_ROWS
from edge_sched.store.ids import BATCH_VALUES
from edge_sched.store.ids import batches
from edge_sched.store.ids import client_ids_of
from edge_sched.store.ids import vantage_ids_of
from edge_sched.store.named import prefixes_of
from edge_sched.store.packing import pack
from edge_sched.store.packing import pack_address
from edge_sched.store.schema import clients
from edge_sched.store.schema import latencies
from edge_sched.store.schema import vantages
from edge_sched.store.upsert import upsert_newer

#: Ids of a client and a vantage.
Key: TypeAlias = tuple[int, int]

#: The id of its client, and a row.
_Located: TypeAlias = tuple[int, NewLatency]


@dataclasses.dataclass(frozen=True, slots=True)
class Stored:
    """What became of the rows: ``written``, or ``older`` than the stored."""

    written: int
    older: int


@dataclasses.dataclass(frozen=True, slots=True)
class Recorded(Stored):
    """What became of the rows that a collector has brought.

    :param unknown: left out: of names that are no client
    :param misplaced: left out: of names that point elsewhere
    :param left_out: which those are, by their place among all rows
    """

    unknown: int
    misplaced: int
    left_out: frozenset[int] = frozenset()


@dataclasses.dataclass(frozen=True, slots=True)
class StoredLatency:
    """A row as it is listed.

    :param project_id: the owner of a client that is a name, ``''`` for a
        shared one and for whatever else is measured
    """

    latency: Latency
    project_id: str


def store(
    connection: sa.Connection,
    rows: Sequence[NewLatency],
    progress: Callable[[int], None],
) -> Stored:
    """Write rows, one after the other as far as anyone can tell.

    :raises UnknownClientError: for the first row of a name that is no client
    """
    located, unknown = _located(connection, rows)
    if unknown:
        row = min(unknown, key=lambda row: row.line)
        name = row.client.name or ''
        raise UnknownClientError(name, row.project_id, row.line)
    return _write(connection, located, progress)


def record(connection: sa.Connection, rows: Sequence[NewLatency]) -> Recorded:
    """Write rows as ``store`` does, leaving out those without a place.

    :param rows: timed by our clock, they get the time of the database
    """
    ahead_seconds = clock.ahead_seconds(connection)
    if ahead_seconds:
        rows = [row.moved(ahead_seconds) for row in rows]
    located, unknown = _located(connection, rows)
    placed = _placed(connection, located)
    stored = _write(connection, placed, lambda done: None)
    kept = {id(row) for _, row in placed}
    return Recorded(
        written=stored.written,
        older=stored.older,
        unknown=len(unknown),
        misplaced=len(located) - len(placed),
        left_out=frozenset(
            number for number, row in enumerate(rows) if id(row) not in kept
        ),
    )


def listed(
    connection: sa.Connection, client: Client | None, vantage: str | None
) -> list[StoredLatency]:
    """Rows by client and vantage: prefixes by address, sites, then names.

    :param client: only of this very prefix, or of this name or site, whoever
        owns it
    """
    statement = (
        sa.select(
            clients.c.project_id,
            # As ``to_latency`` wants them.
            vantages.c.name.label('vantage'),
            NAME.label('client_name'),
            clients.c.network,
            clients.c.length,
            *FIGURES,
        )
        .select_from(latencies.join(clients).join(vantages))
        .where(*chosen(client, vantage))
        .order_by(
            clients.c.name.is_not(None),
            clients.c.site.is_not(None),
            clients.c.name,
            clients.c.site,
            clients.c.project_id,
            clients.c.network,
            clients.c.length,
            vantages.c.name,
        )
    )
    texts: dict[object, str] = {}
    return [
        StoredLatency(to_latency(row, texts), project_id)
        for project_id, *row in connection.execute(statement)
    ]


def chosen(
    client: Client | None, vantage: str | None
) -> Iterator[sa.ColumnElement[bool]]:
    """The conditions on clients and vantages, as of ``listed``."""
    if client is not None and client.prefix is not None:
        packed = pack(client.prefix)
        yield clients.c.network == packed.network
        yield clients.c.last == packed.last
    elif client is not None and client.site is not None:
        yield clients.c.site == client.site
    elif client is not None:
        yield clients.c.name == client.name
    if vantage is not None:
        yield vantages.c.name == vantage


def _located(
    connection: sa.Connection, rows: Sequence[NewLatency]
) -> tuple[list[_Located], list[NewLatency]]:
    """Rows with the ids of their clients, and rows of unknown names."""
    located: list[_Located] = []
    unknown: list[NewLatency] = []
    client_ids = client_ids_of(connection, rows)
    for client_id, row in zip(client_ids, rows, strict=True):
        if client_id is None:
            unknown.append(row)
        else:
            located.append((client_id, row))
    return located, unknown


def _placed(
    connection: sa.Connection, rows: Sequence[_Located]
) -> list[_Located]:
    """The rows without those of names that point elsewhere by now."""
    probed = {
        client_id for client_id, row in rows if row.client.name and row.address
    }
    prefixes = prefixes_of(connection, probed)

    def is_placed(client_id: int, row: NewLatency) -> bool:
        if row.client.name is None or row.address is None:
            return True
        address = pack_address(row.address)
        return any(
            prefix.network <= address <= prefix.last
            for prefix in prefixes[client_id]
        )

    return [located for located in rows if is_placed(*located)]


def _write(
    connection: sa.Connection,
    rows: Sequence[_Located],
    progress: Callable[[int], None],
) -> Stored:
    vantage_ids = vantage_ids_of(
        connection, {row.latency.vantage for _, row in rows}
    )
    keyed = [
        ((client_id, vantage_ids[row.latency.vantage]), row.latency)
        for client_id, row in rows
    ]
    sites = {client_id for client_id, row in rows if row.client.site}
    # A clock that was ahead must not keep out what comes after it.
    latest = latest_time(clock.now(connection))
    times = _times(connection, keyed, latest)
    newest: dict[Key, Latency] = {}
    older = 0
    for key, latency in keyed:
        counted_at = latency.precedence_at
        if counted_at < times.get(key, -math.inf):
            older += 1
        else:
            times[key] = counted_at
            newest[key] = latency
    done = len(rows) - len(newest)
    # In the order of the key, so that two writers do not lock each other out.
    for batch in batches(sorted(newest), BATCH_ROWS):
        upsert_newer(
            connection,
            latencies,
            ('client_id', 'vantage_id'),
            'measured_at',
            latest,
            [
                {
                    'client_id': client_id,
                    'vantage_id': vantage_id,
                    'site_vantage_id': (
                        vantage_id if client_id in sites else None
                    ),
                    **to_row(newest[client_id, vantage_id]),
                }
                for client_id, vantage_id in batch
            ],
            ('source', SETBACK_SECONDS),
        )
        done += len(batch)
        progress(done)
    return Stored(written=len(rows) - older, older=older)


def _times(
    connection: sa.Connection,
    rows: Sequence[tuple[Key, Latency]],
    latest: float,
) -> dict[Key, float]:
    """When stored rows count as measured, where one of these may yield.

    It seldom may, so that this seldom reads more than a few.
    """
    oldest = min((row.precedence_at for _, row in rows), default=latest)
    asked: dict[int, set[int]] = {}
    for (client_id, vantage_id), _ in rows:
        asked.setdefault(client_id, set()).add(vantage_id)
    return {
        (client_id, vantage_id): precedence_at(measured_at, source)
        for client_ids in batches(sorted(asked), BATCH_VALUES)
        for vantage_ids in batches(
            sorted(set().union(*(asked[id_] for id_ in client_ids))),
            BATCH_VALUES,
        )
        for client_id, vantage_id, measured_at, source in connection.execute(
            sa.select(
                latencies.c.client_id,
                latencies.c.vantage_id,
                latencies.c.measured_at,
                latencies.c.source,
            ).where(
                latencies.c.client_id.in_(client_ids),
                latencies.c.vantage_id.in_(vantage_ids),
                latencies.c.measured_at.between(oldest, latest),
            )
        )
    }
