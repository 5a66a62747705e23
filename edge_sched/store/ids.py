# SPDX-License-Identifier: Apache-2.0

"""The ids of vantages and clients, which are made as needed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, TypeAlias, TypeVar

import sqlalchemy as sa

from edge_sched.model.latency import NewLatency
from edge_sched.store.errors import OutrunError
from edge_sched.store.packing import Packed
from edge_sched.store.packing import pack
from edge_sched.store.schema import clients
from edge_sched.store.schema import vantages
from edge_sched.store.upsert import insert_missing

T = TypeVar('T')

#: A name and who owns it; ``''`` is shared.
Owned: TypeAlias = tuple[str, str]

#: A client as the store tells it from others; a site is its name alone.
_Stored: TypeAlias = Packed | Owned | str

#: Rows a statement. Chosen: larger ones are not faster, and PyMySQL sends
#: them as one packet, which servers bound (16 MB in MariaDB).
BATCH_ROWS = 1000

#: Values in one IN list; below 1000 the databases look each up in the index.
BATCH_VALUES = 500

#: First and last address, as stored.
_Range = tuple[bytes, bytes]


def vantage_ids_of(
    connection: sa.Connection, names: Iterable[str]
) -> dict[str, int]:
    """``{'lyon', 'oslo'}`` -> ``{'lyon': 1, 'oslo': 7}``.

    :raises OutrunError: if one was deleted right after it was found or made
    """
    return _ids_of_names(connection, vantages.c.name, names, {})


def site_ids_of(
    connection: sa.Connection, names: Iterable[str]
) -> dict[str, int]:
    """The ids of the clients that are these sites, as ``vantage_ids_of``."""
    others = {'project_id': ''}
    return _ids_of_names(connection, clients.c.site, names, others)


def client_ids_of(
    connection: sa.Connection, rows: Iterable[NewLatency]
) -> list[int | None]:
    """The id of the client of each row.

    Prefixes and sites are made; a name that is no client of its owner has
    none.

    :raises OutrunError: if one was deleted right after it was found or made
    """
    # Not by client: the hash of an address is Python's own code.
    stored_as = [_stored_as(row) for row in rows]
    prefixes: set[Packed] = set()
    sites: set[str] = set()
    names: set[str] = set()
    for one in stored_as:
        if isinstance(one, Packed):
            prefixes.add(one)
        elif isinstance(one, str):
            sites.add(one)
        else:
            names.add(one[0])
    ids = (
        _prefix_ids(connection, prefixes)
        | site_ids_of(connection, sites)
        | _named_ids(connection, names)
    )
    return [ids.get(one) for one in stored_as]


def _stored_as(row: NewLatency) -> _Stored:
    client = row.client
    if client.prefix is not None:
        return pack(client.prefix)
    return client.site or (client.name or '', row.project_id)


def _named_ids(
    connection: sa.Connection, names: Iterable[str]
) -> dict[Owned, int]:
    """The ids of all clients of these names, whoever owns them.

    None of them can be pointed elsewhere until the transaction ends.
    """
    return {
        (row.name, row.project_id): row.id
        for batch in batches(sorted(names), BATCH_VALUES)
        for row in connection.execute(
            sa.select(clients.c.id, clients.c.name, clients.c.project_id)
            .where(clients.c.name.in_(batch))
            .order_by(clients.c.id)
            .with_for_update(read=True)
        )
    }


def batches(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """``[1, 2, 3, 4, 5]`` by 2 -> ``[1, 2]``, ``[3, 4]``, ``[5]``."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def _ids_of_names(
    connection: sa.Connection,
    column: sa.Column[Any],
    names: Iterable[str],
    others: Mapping[str, str],
) -> dict[str, int]:
    """The ids by what is in a unique column; what is missing is made.

    :param others: what else such a row has
    :raises OutrunError: if one was deleted right after it was found or made
    """
    wanted = sorted(names)
    ids = _found_ids(connection, column, wanted)
    missing = [name for name in wanted if name not in ids]
    for batch in batches(missing, BATCH_ROWS):
        rows = [{column.name: name, **others} for name in batch]
        insert_missing(connection, column.table, (column.name,), rows)
    ids |= _found_ids(connection, column, missing)
    if any(name not in ids for name in missing):
        raise OutrunError(
            f'a row of {column.table} was deleted while rows were written'
        )
    return ids


def _found_ids(
    connection: sa.Connection, column: sa.Column[Any], names: Sequence[str]
) -> dict[str, int]:
    id_ = column.table.c.id
    return {
        row[1]: row[0]
        for batch in batches(names, BATCH_VALUES)
        for row in connection.execute(
            sa.select(id_, column).where(column.in_(batch))
        )
    }


def _prefix_ids(
    connection: sa.Connection, prefixes: AbstractSet[Packed]
) -> dict[Packed, int]:
    ids = _ids_of_ranges(connection, prefixes)
    missing = sorted(prefix for prefix in prefixes if prefix[:2] not in ids)
    for batch in batches(missing, BATCH_ROWS):
        insert_missing(
            connection,
            clients,
            ('network', 'last'),
            [{**prefix._asdict(), 'project_id': ''} for prefix in batch],
        )
    ids |= _ids_of_ranges(connection, missing)
    if any(prefix[:2] not in ids for prefix in missing):
        raise OutrunError('a prefix was deleted while rows were written')
    return {prefix: ids[prefix[:2]] for prefix in prefixes}


def _ids_of_ranges(
    connection: sa.Connection, prefixes: Iterable[Packed]
) -> dict[_Range, int]:
    networks = sorted({prefix.network for prefix in prefixes})
    return {
        (bytes(network), bytes(last)): id_
        for batch in batches(networks, BATCH_VALUES)
        for id_, network, last in connection.execute(
            sa.select(clients.c.id, clients.c.network, clients.c.last).where(
                clients.c.network.in_(batch)
            )
        )
    }
