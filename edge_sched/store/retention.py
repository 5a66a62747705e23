# SPDX-License-Identifier: Apache-2.0

"""Rows that go: purged on request, or too old.

They are found without a lock and deleted piece by piece, so that neither
other writers nor a Galera cluster choke on it, and no statement outlasts a
time-out however many there are. There is no index on ``measured_at``: it
would be written with every measurement, to save one scan in a while.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import sqlalchemy as sa

from edge_sched.model.client import Client
from edge_sched.store.ids import BATCH_VALUES
from edge_sched.store.ids import batches
from edge_sched.store.measurements import Key
from edge_sched.store.measurements import chosen
from edge_sched.store.schema import clients
from edge_sched.store.schema import heartbeats
from edge_sched.store.schema import latencies
from edge_sched.store.schema import vantages

T = TypeVar('T')

Conditions = Sequence[sa.ColumnElement[bool]]

#: Keys of rows to delete that are read at once. Those of a vantage are found
#: by its index, from where SQLite and PostgreSQL sort all that are left, each
#: time. Chosen: 10 MB of memory, and 20 times in a million rows.
READ_KEYS = 50_000

_row = sa.select(latencies.c.client_id)

#: Prefixes, sites and vantages are there for their rows; names stay without.
#: Only prefixes have a length, and no index has it: SQLite prefers the index
#: of names to a list of thirty ids.
UNUSED: dict[sa.Table, sa.ColumnElement[bool]] = {
    clients: (clients.c.length.is_not(None) | clients.c.site.is_not(None))
    & ~_row.where(latencies.c.client_id == clients.c.id).exists(),
    vantages: ~_row.where(latencies.c.vantage_id == vantages.c.id).exists(),
}


class Run(Protocol):
    """Does some work in a transaction of its own."""

    def __call__(self, work: Callable[[sa.Connection], T]) -> T: ...


class Remover:
    """Deletes by many short transactions."""

    def __init__(self, read: Run, write: Run) -> None:
        self._read = read
        self._write = write

    def delete(
        self,
        oldest: float | None = None,
        client: Client | None = None,
        vantage: str | None = None,
    ) -> int:
        """Delete the rows that meet all that is given; how many there were.

        :param oldest: measured before, in UTC epoch seconds
        :param client: of this very prefix, or of this name or site
        """
        which = self._read(
            functools.partial(
                _conditions, oldest=oldest, client=client, vantage=vantage
            )
        )
        deleted = 0
        keys: Sequence[Key] = [(0, 0)]
        while keys := self._read(
            functools.partial(_next_keys, which=which, after=keys[-1])
        ):
            for batch in batches(keys, BATCH_VALUES):
                deleted += self._write(
                    functools.partial(delete_rows, which=which, keys=batch)
                )
        return deleted

    def delete_unused(self, *tables: sa.Table) -> None:
        """Delete what has no row in tables of ``UNUSED``."""
        for table in tables:
            unused = self._read(functools.partial(_unused_ids, table=table))
            for ids in batches(unused, BATCH_VALUES):
                self._write(
                    functools.partial(_delete_unused, table=table, ids=ids)
                )


def delete_old_heartbeats(connection: sa.Connection, oldest: float) -> None:
    """Delete those of collectors that have not been at work since."""
    connection.execute(
        sa.delete(heartbeats).where(heartbeats.c.beaten_at < oldest)
    )


def _conditions(
    connection: sa.Connection,
    oldest: float | None,
    client: Client | None,
    vantage: str | None,
) -> Conditions:
    """What a row must meet to go."""
    found: list[sa.ColumnElement[bool]] = []
    if oldest is not None:
        found.append(latencies.c.measured_at < oldest)
    if client is not None:
        ids = sa.select(clients.c.id).where(*chosen(client, None))
        of_client = connection.scalars(ids).all()
        found.append(latencies.c.client_id.in_(of_client))
    if vantage is not None:
        ids = sa.select(vantages.c.id).where(*chosen(None, vantage))
        of_vantage = connection.scalars(ids).all()
        found.append(latencies.c.vantage_id.in_(of_vantage))
    return found


def _next_keys(
    connection: sa.Connection, which: Conditions, after: Key
) -> list[Key]:
    """The next rows that go, many of them.

    :param after: the last one of those before, ``(0, 0)`` at first
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
            *which,
        )
        .order_by(latencies.c.client_id, latencies.c.vantage_id)
        .limit(READ_KEYS)
    )
    return [(row.client_id, row.vantage_id) for row in rows]


def delete_rows(
    connection: sa.Connection, which: Conditions, keys: Sequence[Key]
) -> int:
    """Delete rows among these that still go; how many there were.

    Their prefixes and sites go with their last row.
    """
    client_ids = sorted({key[0] for key in keys})
    deleted = connection.execute(
        sa.delete(latencies).where(
            latencies.c.client_id.in_(client_ids),
            latencies.c.vantage_id.in_(sorted({key[1] for key in keys})),
            *which,
        )
    )
    _delete_unused(connection, clients, client_ids)
    return deleted.rowcount


def _unused_ids(connection: sa.Connection, table: sa.Table) -> Sequence[int]:
    """The ids in a table of ``UNUSED`` that have no row."""
    ids = sa.select(table.c.id).where(UNUSED[table]).order_by(table.c.id)
    return connection.scalars(ids).all()


def _delete_unused(
    connection: sa.Connection, table: sa.Table, ids: Sequence[int]
) -> None:
    """Delete those of these ids that still have no row."""
    connection.execute(
        sa.delete(table).where(table.c.id.in_(ids), UNUSED[table])
    )
