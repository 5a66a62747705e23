# SPDX-License-Identifier: Apache-2.0

"""Named clients: set, unset, listed. Each call needs a transaction."""

import dataclasses
from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from edge_sched.model.client import Prefix
from edge_sched.store.errors import TooManyClientsError
from edge_sched.store.errors import UnknownClientError
from edge_sched.store.ids import BATCH_VALUES
from edge_sched.store.ids import batches
from edge_sched.store.packing import Packed
from edge_sched.store.packing import candidates
from edge_sched.store.packing import pack
from edge_sched.store.packing import unpack
from edge_sched.store.schema import ancestors
from edge_sched.store.schema import clients
from edge_sched.store.schema import latencies
from edge_sched.store.schema import named_prefixes
from edge_sched.store.upsert import insert_missing


@dataclasses.dataclass(frozen=True, slots=True)
class NamedClient:
    """A name and what it points at.

    :param project_id: the owner, ``''`` if it is shared
    :param prefixes: in the order of addresses
    """

    name: str
    project_id: str
    prefixes: tuple[Prefix, ...]


def set_client(
    connection: sa.Connection,
    name: str,
    prefixes: Iterable[Prefix],
    project_id: str,
    most: int | None = None,
) -> None:
    """Point a name at these prefixes and no others.

    If it pointed elsewhere, its own rows are of the old place and go.

    :param most: names that its owner may have if this is a new one
    :raises TooManyClientsError: if it has as many
    """
    if most is not None and not _has_room(connection, name, project_id, most):
        raise TooManyClientsError
    insert_missing(
        connection,
        clients,
        ('name', 'project_id'),
        [{'name': name, 'project_id': project_id}],
    )
    # Locked, so that of two who set it at once one comes after the other.
    client_id: int = connection.execute(
        sa.select(clients.c.id).where(*_is(name, project_id)).with_for_update()
    ).scalar_one()
    wanted = {pack(prefix): prefix for prefix in prefixes}
    if wanted.keys() == set(prefixes_of(connection, [client_id])[client_id]):
        return
    for table in (named_prefixes, latencies):
        connection.execute(
            sa.delete(table).where(table.c.client_id == client_id)
        )
    for packed, prefix in wanted.items():
        made = connection.execute(
            sa.insert(named_prefixes).values(
                client_id=client_id, **packed._asdict()
            )
        )
        assert made.inserted_primary_key is not None
        connection.execute(
            sa.insert(ancestors),
            [
                {
                    'named_prefix_id': made.inserted_primary_key.id,
                    'network': network,
                }
                for network in candidates(prefix)
            ],
        )


def unset_client(
    connection: sa.Connection, name: str, project_id: str
) -> None:
    """Forget a name, what it points at and its own rows.

    :raises UnknownClientError: if there is none
    """
    gone = connection.execute(sa.delete(clients).where(*_is(name, project_id)))
    if not gone.rowcount:
        raise UnknownClientError(name, project_id)


def listed(
    connection: sa.Connection,
    project_id: str | None = None,
    name: str | None = None,
) -> list[NamedClient]:
    """Names, by name and owner; the shared one first.

    :param project_id: only of this one, and those that are shared
    :param name: only this one
    """
    matters: list[sa.ColumnElement[bool]] = [clients.c.name.is_not(None)]
    if project_id is not None:
        matters.append(clients.c.project_id.in_(('', project_id)))
    if name is not None:
        matters.append(clients.c.name == name)
    rows = connection.execute(
        sa.select(
            clients.c.name,
            clients.c.project_id,
            named_prefixes.c.network,
            named_prefixes.c.length,
        )
        .select_from(clients.outerjoin(named_prefixes))
        .where(*matters)
        .order_by(
            clients.c.name,
            clients.c.project_id,
            named_prefixes.c.network,
            named_prefixes.c.length,
        )
    )
    found: dict[tuple[str, str], list[Prefix]] = {}
    for row in rows:
        prefixes = found.setdefault((row.name, row.project_id), [])
        if row.network is not None:
            prefixes.append(unpack(bytes(row.network), row.length))
    return [
        NamedClient(name, project_id, tuple(prefixes))
        for (name, project_id), prefixes in found.items()
    ]


def prefixes_of(
    connection: sa.Connection, client_ids: Iterable[int]
) -> dict[int, list[Packed]]:
    """What each of these names points at, by its id."""
    found: dict[int, list[Packed]] = {id_: [] for id_ in client_ids}
    for batch in batches(sorted(found), BATCH_VALUES):
        rows = connection.execute(
            sa.select(
                named_prefixes.c.client_id,
                named_prefixes.c.network,
                named_prefixes.c.last,
                named_prefixes.c.length,
            ).where(named_prefixes.c.client_id.in_(batch))
        )
        for row in rows:
            found[row.client_id].append(
                Packed(bytes(row.network), bytes(row.last), row.length)
            )
    return found


def _has_room(
    connection: sa.Connection, name: str, project_id: str, most: int
) -> bool:
    """Whether an owner may have a name, or has it.

    Of several who ask at once each may be the last: they are few.
    """
    names = connection.scalars(
        sa.select(clients.c.name).where(
            clients.c.name.is_not(None), clients.c.project_id == project_id
        )
    ).all()
    return name in names or len(names) < most


def _is(name: str, project_id: str) -> Sequence[sa.ColumnElement[bool]]:
    return clients.c.name == name, clients.c.project_id == project_id
