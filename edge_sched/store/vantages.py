# SPDX-License-Identifier: Apache-2.0

"""Vantage points: listed, renamed. Each call needs a transaction."""

import dataclasses
import time
from typing import Any

import sqlalchemy as sa

from edge_sched.model.latency import SETBACK_SECONDS
from edge_sched.model.latency import latest_time
from edge_sched.store import clock
from edge_sched.store import wanted_probes
from edge_sched.store.errors import StoreError
from edge_sched.store.ids import BATCH_ROWS
from edge_sched.store.ids import batches
from edge_sched.store.ids import site_ids_of
from edge_sched.store.ids import vantage_ids_of
from edge_sched.store.schema import clients
from edge_sched.store.schema import latencies
from edge_sched.store.schema import vantages
from edge_sched.store.upsert import upsert_newer


class UnknownVantageError(StoreError):
    """A vantage that nothing was measured from."""

    def __init__(self, name: str) -> None:
        super().__init__(f'nothing was measured from {name!r}')


class VantageTakenError(StoreError):
    """A new name that has measurements of its own."""

    def __init__(self, name: str, count: int) -> None:
        super().__init__(f'{name!r} has rows already ({count})')


@dataclasses.dataclass(frozen=True, slots=True)
class Vantage:
    """What is stored of one vantage.

    :param clients: how many clients were measured from it: its rows
    :param measured_at: the newest of them that is not from the future, UTC
        epoch seconds; if all are, the newest
    :param sources: what measured them, ``('stamp',)``
    """

    name: str
    clients: int
    measured_at: float
    sources: tuple[str, ...]


def listed(connection: sa.Connection) -> list[Vantage]:
    """Every vantage that has a row, by name."""
    latest = latest_time(time.time())
    measured_at = latencies.c.measured_at
    usable_at = sa.case((measured_at <= latest, measured_at))
    rows = connection.execute(
        sa.select(
            vantages.c.name,
            latencies.c.source,
            sa.func.count().label('clients'),
            sa.func.coalesce(
                sa.func.max(usable_at), sa.func.max(measured_at)
            ).label('measured_at'),
        )
        .select_from(vantages.join(latencies))
        .group_by(vantages.c.name, latencies.c.source)
        .order_by(vantages.c.name, latencies.c.source)
    )
    found: dict[str, list[sa.Row[tuple[str, str, int, float]]]] = {}
    for row in rows:
        found.setdefault(row.name, []).append(row)
    return [
        Vantage(
            name,
            sum(row.clients for row in parts),
            max(
                (row.measured_at for row in parts),
                key=lambda at: (at <= latest, at),
            ),
            tuple(row.source for row in parts if row.source),
        )
        for name, parts in found.items()
    ]


def rename(
    connection: sa.Connection, old: str, new: str, *, keep: bool, merge: bool
) -> int:
    """Give the rows of a vantage to another name, and those of the site.

    And the clients that it is to probe as they are wanted.

    :param keep: leave them under the old name as well
    :param merge: the new name may have rows: of each client the newer stays
    :returns: the number of rows that were measured there
    :raises UnknownVantageError: if it has none
    :raises VantageTakenError: if the new name has any, or is the old one
    """
    old_id = _locked_id(connection, old)
    new_id = vantage_ids_of(connection, [new])[new]
    taken = _count(connection, new_id)
    if taken and (old_id == new_id or not merge):
        raise VantageTakenError(new, taken)
    copied = _copy(connection, latencies.c.vantage_id, old_id, new_id)
    if not keep:
        _delete(connection, old_id)
    _rename_site(connection, old, new, keep=keep)
    wanted_probes.rename(connection, old, new, keep=keep)
    return copied


def _rename_site(
    connection: sa.Connection, old: str, new: str, *, keep: bool
) -> None:
    """Have what was measured of a site be of another."""
    old_id = connection.execute(
        sa.select(clients.c.id).where(clients.c.site == old).with_for_update()
    ).scalar_one_or_none()
    if old_id is None:
        return
    new_id = site_ids_of(connection, [new])[new]
    _copy(connection, latencies.c.client_id, old_id, new_id)
    if not keep:
        # And its rows.
        connection.execute(sa.delete(clients).where(clients.c.id == old_id))


def _locked_id(connection: sa.Connection, name: str) -> int:
    """The id of a vantage with rows, which gets no new ones meanwhile."""
    found: int | None = connection.execute(
        sa.select(vantages.c.id)
        .where(vantages.c.name == name)
        .with_for_update()
    ).scalar_one_or_none()
    if found is None or not _count(connection, found):
        raise UnknownVantageError(name)
    return found


def _count(connection: sa.Connection, vantage_id: int) -> int:
    return connection.execute(
        sa.select(sa.func.count()).where(latencies.c.vantage_id == vantage_id)
    ).scalar_one()


def _copy(
    connection: sa.Connection,
    column: sa.Column[int],
    from_id: int,
    to_id: int,
) -> int:
    """Have the rows of one vantage at another, where they are newer.

    :param column: whose ids these are: of vantages, or of clients likewise
    """
    rows = connection.execute(
        sa.select(latencies)
        .where(column == from_id)
        .order_by(latencies.c.client_id, latencies.c.vantage_id)
        .with_for_update()
    ).all()
    latest = latest_time(clock.now(connection))
    for batch in batches(rows, BATCH_ROWS):
        upsert_newer(
            connection,
            latencies,
            ('client_id', 'vantage_id'),
            'measured_at',
            latest,
            [_moved(row, column.name, to_id) for row in batch],
            ('source', SETBACK_SECONDS),
        )
    return len(rows)


def _moved(row: sa.Row[Any], column: str, to_id: int) -> dict[str, Any]:
    moved = {**row._mapping, column: to_id}
    if moved['site_vantage_id'] is not None:
        moved['site_vantage_id'] = moved['vantage_id']
    return moved


def _delete(connection: sa.Connection, vantage_id: int) -> int:
    deleted = connection.execute(
        sa.delete(latencies).where(latencies.c.vantage_id == vantage_id)
    )
    connection.execute(sa.delete(vantages).where(vantages.c.id == vantage_id))
    return deleted.rowcount
