# SPDX-License-Identifier: Apache-2.0

"""Which sites ask whom they are to probe, and who that is.

Each call needs a transaction.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from edge_sched.model.wanted import WantedTarget
from edge_sched.store import clock
from edge_sched.store.ids import BATCH_VALUES
from edge_sched.store.ids import batches
from edge_sched.store.packing import unpack
from edge_sched.store.packing import unpack_address
from edge_sched.store.schema import wanted
from edge_sched.store.schema import wanted_asks
from edge_sched.store.schema import wanted_probes
from edge_sched.store.schema import wanted_sites
from edge_sched.store.upsert import insert_missing
from edge_sched.wanted.progress import State

#: So many sites may ask. Chosen: ten times those of a large cloud.
_MAX_SITES = 10_000


class Change(NamedTuple):
    """What becomes of an entry.

    :param id: of the entry
    :param add: sites that begin to probe it
    :param drop: sites that end
    """

    id: int
    state: State
    add: Sequence[str] = ()
    drop: Sequence[str] = ()


def targets(
    connection: sa.Connection, vantage: str, asked_within_seconds: float
) -> tuple[list[WantedTarget], float | None]:
    """Whom a site is to probe, and how long ago it was noted that it asks."""
    now = clock.now(connection)
    is_asked = sa.exists().where(
        wanted_asks.c.wanted_id == wanted.c.id,
        wanted_asks.c.asked_at >= now - asked_within_seconds,
    )
    rows = connection.execute(
        sa.select(wanted)
        .join(wanted_probes, wanted_probes.c.wanted_id == wanted.c.id)
        .where(wanted_probes.c.vantage == vantage, is_asked)
        .order_by(wanted.c.network, wanted.c.last)
    )
    found = [target_of(row) for row in rows]
    heard_at = connection.scalar(
        sa.select(wanted_sites.c.heard_at).where(
            wanted_sites.c.vantage == vantage
        )
    )
    if heard_at is None:
        return found, None
    return found, now - heard_at


def hear(connection: sa.Connection, vantage: str) -> None:
    """Note that a site asks."""
    now = clock.now(connection)
    heard = connection.execute(
        sa.update(wanted_sites)
        .where(wanted_sites.c.vantage == vantage)
        .values(heard_at=now)
    )
    if heard.rowcount:
        return
    known = connection.scalar(sa.select(sa.func.count(wanted_sites.c.vantage)))
    if (known or 0) < _MAX_SITES:
        row = {'vantage': vantage, 'heard_at': now}
        insert_missing(connection, wanted_sites, ('vantage',), [row])


def sites(connection: sa.Connection, within_seconds: float) -> list[str]:
    """Those that have asked within a time."""
    now = clock.now(connection)
    # A site that is gone would be there until a clock that was set back is on.
    lately = wanted_sites.c.heard_at.between(
        now - within_seconds, now + within_seconds
    )
    return list(
        connection.scalars(
            sa.select(wanted_sites.c.vantage)
            .where(lately)
            .order_by(wanted_sites.c.vantage)
        )
    )


def rename(
    connection: sa.Connection, old: str, new: str, *, keep: bool
) -> None:
    """Have a site probe, and ask, by another name.

    :param keep: and by its old one as well
    """
    for table, keys in (
        (wanted_probes, ('wanted_id', 'vantage')),
        (wanted_sites, ('vantage',)),
    ):
        rows = connection.execute(
            sa.select(table).where(table.c.vantage == old)
        ).all()
        insert_missing(
            connection,
            table,
            keys,
            [{**row._mapping, 'vantage': new} for row in rows],
        )
        if not keep:
            connection.execute(sa.delete(table).where(table.c.vantage == old))


def change(connection: sa.Connection, changes: Sequence[Change]) -> None:
    """Have sites begin or end; one that is gone meanwhile is left alone."""
    now = clock.now(connection)
    there = {
        id_
        for batch in batches([each.id for each in changes], BATCH_VALUES)
        for id_ in connection.scalars(
            sa.select(wanted.c.id).where(wanted.c.id.in_(batch))
        )
    }
    for each in changes:
        if each.id not in there:
            continue
        times = (
            {'wanted_at': now, 'done_at': None}
            if each.state == 'probing'
            else {'done_at': now}
        )
        connection.execute(
            sa.update(wanted)
            .where(wanted.c.id == each.id, wanted.c.state != each.state)
            .values(state=each.state, **times)
        )
        for batch in batches(each.drop, BATCH_VALUES):
            connection.execute(
                sa.delete(wanted_probes).where(
                    wanted_probes.c.wanted_id == each.id,
                    wanted_probes.c.vantage.in_(batch),
                )
            )
        insert_missing(
            connection,
            wanted_probes,
            ('wanted_id', 'vantage'),
            [
                {'wanted_id': each.id, 'vantage': vantage, 'since': now}
                for vantage in each.add
            ],
        )


def target_of(row: sa.Row[Any]) -> WantedTarget:
    """What is probed for a row of ``wanted``."""
    return WantedTarget(
        str(unpack(bytes(row.network), row.length)),
        str(unpack_address(bytes(row.address))),
        row.probe,
        row.port,
        row.access_ms,
    )
