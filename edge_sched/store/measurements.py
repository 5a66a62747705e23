# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""Rows of measurements: stored, listed, purged. Each call needs a transaction.

``Writer`` is the way in; it brings the transaction and tries again.
"""

import dataclasses
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

import sqlalchemy as sa

from edge_sched.client import Client
from edge_sched.latency import Latency
from edge_sched.latency import NewLatency
from edge_sched.store.figures import FIGURES
from edge_sched.store.figures import to_latency
from edge_sched.store.figures import to_row
from edge_sched.store.ids import BATCH_ROWS
from edge_sched.store.ids import BATCH_VALUES
from edge_sched.store.ids import batches
from edge_sched.store.ids import client_ids_of
from edge_sched.store.ids import vantage_ids_of
from edge_sched.store.packing import pack
from edge_sched.store.schema import clients
from edge_sched.store.schema import latencies
from edge_sched.store.schema import vantages
from edge_sched.store.upsert import upsert_newer


@dataclasses.dataclass(frozen=True, slots=True)
class Stored:
    """What became of the rows: ``written``, or ``older`` than the stored."""

    written: int
    older: int


@dataclasses.dataclass(frozen=True, slots=True)
class StoredLatency:
    """A row as it is listed.

    :param project_id: the owner of a client that is a name, ``''`` for a
        shared one and for a prefix
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
    vantage_ids = vantage_ids_of(connection, {r.latency.vantage for r in rows})
    client_ids = client_ids_of(connection, rows)
    keys = [
        (
            client_ids[row.client, row.project_id],
            vantage_ids[row.latency.vantage],
        )
        for row in rows
    ]
    times = _times(connection, {client_id for client_id, _ in keys})
    newest: dict[tuple[int, int], Latency] = {}
    older = 0
    for key, row in zip(keys, rows, strict=True):
        if row.latency.measured_at < times.get(key, 0.0):
            older += 1
        else:
            times[key] = row.latency.measured_at
            newest[key] = row.latency
    done = len(rows) - len(newest)
    # In the order of the key, so that two writers do not lock each other out.
    for batch in batches(sorted(newest), BATCH_ROWS):
        upsert_newer(
            connection,
            latencies,
            ('client_id', 'vantage_id'),
            'measured_at',
            [
                {
                    'client_id': client_id,
                    'vantage_id': vantage_id,
                    **to_row(newest[client_id, vantage_id]),
                }
                for client_id, vantage_id in batch
            ],
        )
        done += len(batch)
        progress(done)
    return Stored(written=len(rows) - older, older=older)


def listed(
    connection: sa.Connection, client: Client | None, vantage: str | None
) -> list[StoredLatency]:
    """Rows by client and vantage: prefixes by address, then names.

    :param client: only of this very prefix, or of this name, whoever owns it
    """
    statement = (
        sa.select(
            vantages.c.name.label('vantage'),
            clients.c.name.label('owner_name'),
            clients.c.project_id,
            clients.c.network,
            clients.c.length,
            *FIGURES,
        )
        .select_from(latencies.join(clients).join(vantages))
        .where(*_chosen(client, vantage))
        .order_by(
            clients.c.name.is_not(None),
            clients.c.name,
            clients.c.project_id,
            clients.c.network,
            clients.c.length,
            vantages.c.name,
        )
    )
    texts: dict[object, str] = {}
    return [
        StoredLatency(to_latency(row, texts), row.project_id)
        for row in connection.execute(statement)
    ]


def purge(
    connection: sa.Connection,
    *,
    older_than_seconds: float | None = None,
    client: Client | None = None,
    vantage: str | None = None,
) -> int:
    """Delete the rows that meet every condition given; all if none is.

    Prefixes and vantages that are left without a row go as well, names do
    not.

    :returns: the number of rows
    """
    conditions = []
    if older_than_seconds is not None:
        oldest = time.time() - older_than_seconds
        conditions.append(latencies.c.measured_at < oldest)
    if client is not None:
        ids = sa.select(clients.c.id).where(*_chosen(client, None))
        conditions.append(latencies.c.client_id.in_(ids))
    if vantage is not None:
        ids = sa.select(vantages.c.id).where(*_chosen(None, vantage))
        conditions.append(latencies.c.vantage_id.in_(ids))
    purged = connection.execute(sa.delete(latencies).where(*conditions))
    row_of = sa.select(latencies.c.client_id)
    connection.execute(
        sa.delete(clients).where(
            clients.c.name.is_(None),
            ~row_of.where(latencies.c.client_id == clients.c.id).exists(),
        )
    )
    connection.execute(
        sa.delete(vantages).where(
            ~row_of.where(latencies.c.vantage_id == vantages.c.id).exists()
        )
    )
    return purged.rowcount


def _chosen(
    client: Client | None, vantage: str | None
) -> Iterator[sa.ColumnElement[bool]]:
    if client is not None and client.prefix is not None:
        packed = pack(client.prefix)
        yield clients.c.network == packed.network
        yield clients.c.last == packed.last
    elif client is not None:
        yield clients.c.name == client.name
    if vantage is not None:
        yield vantages.c.name == vantage


def _times(
    connection: sa.Connection, client_ids: Iterable[int]
) -> dict[tuple[int, int], float]:
    """When the stored rows of these clients were measured."""
    return {
        (row.client_id, row.vantage_id): row.measured_at
        for batch in batches(sorted(client_ids), BATCH_VALUES)
        for row in connection.execute(
            sa.select(
                latencies.c.client_id,
                latencies.c.vantage_id,
                latencies.c.measured_at,
            ).where(latencies.c.client_id.in_(batch))
        )
    }
