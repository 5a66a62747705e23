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

"""Rows that go: purged on request, or too old. Each call needs a transaction.

What is too old is found without a lock and deleted piece by piece, so that
neither other writers nor a Galera cluster choke on it. There is no index on
``measured_at``: it would be written with every measurement, to save one scan
in a while.
"""

import time
from collections.abc import Sequence

import sqlalchemy as sa

from edge_sched.client import Client
from edge_sched.store.ids import BATCH_VALUES
from edge_sched.store.measurements import Key
from edge_sched.store.measurements import chosen
from edge_sched.store.schema import clients
from edge_sched.store.schema import heartbeats
from edge_sched.store.schema import latencies
from edge_sched.store.schema import vantages

_row = sa.select(latencies.c.client_id)

#: Prefixes and vantages are there for their rows; names stay without.
UNUSED: dict[sa.Table, sa.ColumnElement[bool]] = {
    clients: clients.c.name.is_(None)
    & ~_row.where(latencies.c.client_id == clients.c.id).exists(),
    vantages: ~_row.where(latencies.c.vantage_id == vantages.c.id).exists(),
}


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
        ids = sa.select(clients.c.id).where(*chosen(client, None))
        conditions.append(latencies.c.client_id.in_(ids))
    if vantage is not None:
        ids = sa.select(vantages.c.id).where(*chosen(None, vantage))
        conditions.append(latencies.c.vantage_id.in_(ids))
    purged = connection.execute(sa.delete(latencies).where(*conditions))
    for table, is_unused in UNUSED.items():
        connection.execute(sa.delete(table).where(is_unused))
    return purged.rowcount


def old_keys(
    connection: sa.Connection, oldest: float, after: Key
) -> list[Key]:
    """The next rows that were measured before ``oldest``, a batch of them.

    :param after: the last one of the batch before, ``(0, 0)`` at first
    """
    client_id, vantage_id = after
    rows = connection.execute(
        sa.select(latencies.c.client_id, latencies.c.vantage_id)
        .where(
            # Both, since no database takes the second for a range.
            latencies.c.client_id >= client_id,
            sa.or_(
                latencies.c.client_id > client_id,
                latencies.c.vantage_id > vantage_id,
            ),
            latencies.c.measured_at < oldest,
        )
        .order_by(latencies.c.client_id, latencies.c.vantage_id)
        .limit(BATCH_VALUES)
    )
    return [(row.client_id, row.vantage_id) for row in rows]


def delete_old(
    connection: sa.Connection, oldest: float, keys: Sequence[Key]
) -> int:
    """Delete rows among these that are still as old; how many there were."""
    deleted = connection.execute(
        sa.delete(latencies).where(
            latencies.c.client_id.in_(sorted({key[0] for key in keys})),
            latencies.c.vantage_id.in_(sorted({key[1] for key in keys})),
            latencies.c.measured_at < oldest,
        )
    )
    return deleted.rowcount


def delete_old_heartbeats(connection: sa.Connection, oldest: float) -> None:
    """Delete those of collectors that have not been at work since."""
    connection.execute(
        sa.delete(heartbeats).where(heartbeats.c.beaten_at < oldest)
    )


def unused_ids(connection: sa.Connection, table: sa.Table) -> Sequence[int]:
    """The ids in a table of ``UNUSED`` that have no row."""
    ids = sa.select(table.c.id).where(UNUSED[table]).order_by(table.c.id)
    return connection.scalars(ids).all()


def delete_unused(
    connection: sa.Connection, table: sa.Table, ids: Sequence[int]
) -> None:
    """Delete those of these ids that still have no row."""
    connection.execute(
        sa.delete(table).where(table.c.id.in_(ids), UNUSED[table])
    )
