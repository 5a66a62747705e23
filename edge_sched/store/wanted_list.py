# SPDX-License-Identifier: Apache-2.0

"""The list of who is wanted. Each call needs a transaction."""

import collections
import ipaddress
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from edge_sched.model.client import parse_prefix
from edge_sched.model.wanted import WantedTarget
from edge_sched.store import clock
from edge_sched.store.ids import BATCH_VALUES
from edge_sched.store.ids import batches
from edge_sched.store.packing import pack
from edge_sched.store.packing import pack_address
from edge_sched.store.packing import unpack
from edge_sched.store.schema import wanted
from edge_sched.store.schema import wanted_asks
from edge_sched.store.schema import wanted_probes
from edge_sched.store.schema import wanted_sites
from edge_sched.store.upsert import insert_missing
from edge_sched.store.wanted_probes import target_of
from edge_sched.store.wanting import lock
from edge_sched.wanted.admission import Admission
from edge_sched.wanted.admission import Ask
from edge_sched.wanted.admission import Place
from edge_sched.wanted.admission import admit
from edge_sched.wanted.progress import State


class Entry(NamedTuple):
    """A client on the list.

    :param wanted_at: since when sites are looked for, UTC epoch seconds, as
        are all times
    :param done_at: when they were chosen
    :param asked_at: when somebody last asked for it
    :param standing: whether a server stands that names it
    :param sites: who probes it, and since when
    """

    id: int
    target: WantedTarget
    state: State
    wanted_at: float
    done_at: float | None
    asked_at: float
    standing: bool
    sites: Mapping[str, float]


def places(connection: sa.Connection) -> list[tuple[Place, bool]]:
    """Who has a place, those first who had it first."""
    return [(place, standing) for _, place, standing in _places(connection)]


def entries(connection: sa.Connection) -> list[Entry]:
    """All of them, those first that were wanted first."""
    found = connection.execute(
        sa.select(wanted).order_by(wanted.c.wanted_at, wanted.c.id)
    ).all()
    asks = connection.execute(
        sa.select(
            wanted_asks.c.wanted_id,
            sa.func.max(wanted_asks.c.asked_at),
            sa.func.max(sa.case((wanted_asks.c.standing, 1), else_=0)),
        ).group_by(wanted_asks.c.wanted_id)
    )
    asked = {row[0]: (row[1], bool(row[2])) for row in asks}
    probed_by = collections.defaultdict[int, dict[str, float]](dict)
    for row in connection.execute(sa.select(wanted_probes)):
        probed_by[row.wanted_id][row.vantage] = row.since
    return [
        Entry(
            row.id,
            target_of(row),
            row.state,
            row.wanted_at,
            row.done_at,
            *asked[row.id],
            probed_by[row.id],
        )
        for row in found
        # An ask may have been made meanwhile.
        if row.id in asked
    ]


def want(
    connection: sa.Connection, asks: Sequence[Ask], max_clients: int
) -> Admission:
    """Give places to those who ask; see ``admission``."""
    now = clock.now(connection)
    lock(connection)
    listed = _places(connection)
    found = admit(
        [(place, standing) for _, place, standing in listed], asks, max_clients
    )
    ids = {place: id_ for id_, place, _ in listed}
    _delete_asks(
        connection, [(ids[p], p.project_id) for p in found.dropped if p in ids]
    )
    if not found.admitted:
        return found
    _insert(
        connection, {a.target.client: a.target for a in found.admitted}, now
    )
    id_of = _ids(connection, [ask.target.client for ask in found.admitted])
    insert_missing(
        connection,
        wanted_asks,
        ('wanted_id', 'project_id'),
        [
            {
                'wanted_id': id_of[ask.target.client],
                'project_id': ask.project_id,
                'standing': ask.standing,
                'since': now,
                'asked_at': now,
            }
            for ask in found.admitted
        ],
    )
    for standing in (False, True):
        _renew(
            connection,
            [
                (id_of[a.target.client], a.project_id)
                for a in found.admitted
                if a.standing is standing
            ],
            {'asked_at': now, **({'standing': True} if standing else {})},
        )
    _note_other_addresses(connection, found.admitted)
    _delete_unasked(connection)
    return found


def drop(connection: sa.Connection, places: Collection[Place]) -> None:
    """Take places away; whom nobody else asks for is forgotten."""
    lock(connection)
    gone = [
        (id_, place.project_id)
        for id_, place, _ in _places(connection)
        if place in places
    ]
    _delete_asks(connection, gone)
    _delete_unasked(connection)


def expire(connection: sa.Connection, older_than_seconds: float) -> int:
    """Forget whom nobody has asked for since; how many places are free."""
    now = clock.now(connection)
    asked_at = wanted_asks.c.asked_at
    gone = connection.execute(
        sa.delete(wanted_asks).where(
            # What is from the future nobody would forget.
            sa.or_(
                asked_at < now - older_than_seconds,
                asked_at > now + older_than_seconds,
            )
        )
    )
    _delete_unasked(connection)
    connection.execute(
        sa.delete(wanted_sites).where(
            wanted_sites.c.heard_at < now - older_than_seconds
        )
    )
    return gone.rowcount


def _places(connection: sa.Connection) -> list[tuple[int, Place, bool]]:
    rows = connection.execute(
        sa.select(
            wanted.c.id,
            wanted.c.network,
            wanted.c.length,
            wanted_asks.c.project_id,
            wanted_asks.c.standing,
        )
        .join(wanted_asks, wanted_asks.c.wanted_id == wanted.c.id)
        .order_by(wanted_asks.c.since, wanted.c.id)
    )
    return [
        (
            id_,
            Place(str(unpack(bytes(network), length)), project_id),
            bool(standing),
        )
        for id_, network, length, project_id, standing in rows
    ]


def _insert(
    connection: sa.Connection, of: Mapping[str, WantedTarget], now: float
) -> None:
    insert_missing(
        connection,
        wanted,
        ('network', 'last'),
        [
            {
                **pack(parse_prefix(client))._asdict(),
                **_probed(target),
                'state': 'probing',
                'wanted_at': now,
            }
            for client, target in of.items()
        ],
    )


def _probed(target: WantedTarget) -> dict[str, Any]:
    """What of a target is not its client."""
    return {
        'address': pack_address(ipaddress.ip_address(target.address)),
        'probe': target.probe,
        'port': target.port,
        'access_ms': target.access_ms,
    }


def _ids(connection: sa.Connection, texts: Sequence[str]) -> dict[str, int]:
    networks = {pack(parse_prefix(text)).network: text for text in texts}
    return {
        networks[bytes(network)]: id_
        for batch in batches(sorted(networks), BATCH_VALUES)
        for id_, network in connection.execute(
            sa.select(wanted.c.id, wanted.c.network).where(
                wanted.c.network.in_(batch)
            )
        )
    }


def _renew(
    connection: sa.Connection,
    keys: Sequence[tuple[int, str]],
    values: Mapping[str, Any],
) -> None:
    by_project = collections.defaultdict(list)
    for id_, project_id in keys:
        by_project[project_id].append(id_)
    for project_id, ids in by_project.items():
        for batch in batches(ids, BATCH_VALUES):
            connection.execute(
                sa.update(wanted_asks)
                .where(
                    wanted_asks.c.project_id == project_id,
                    wanted_asks.c.wanted_id.in_(batch),
                )
                .values(**values)
            )


def _note_other_addresses(
    connection: sa.Connection, asks: Sequence[Ask]
) -> None:
    """Another one that is named, of those that answered nothing.

    It has its turn when they are tried again, and not before: whoever names
    two by turns has no more probes sent than by one.
    """
    silent = connection.execute(
        sa.select(wanted).where(wanted.c.state == 'silent')
    ).all()
    named = {ask.target.client: ask.target for ask in asks}
    for row in silent:
        before = target_of(row)
        target = named.get(before.client, before)
        if target != before:
            connection.execute(
                sa.update(wanted)
                .where(wanted.c.id == row.id)
                .values(**_probed(target))
            )


def _delete_asks(
    connection: sa.Connection, keys: Sequence[tuple[int, str]]
) -> None:
    for id_, project_id in keys:
        connection.execute(
            sa.delete(wanted_asks).where(
                wanted_asks.c.wanted_id == id_,
                wanted_asks.c.project_id == project_id,
            )
        )


def _delete_unasked(connection: sa.Connection) -> None:
    is_asked = sa.exists().where(wanted_asks.c.wanted_id == wanted.c.id)
    connection.execute(sa.delete(wanted).where(~is_asked))
