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

"""The ids of vantages and clients, which are made as needed."""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias, TypeVar

import sqlalchemy as sa

from edge_sched.client import Client
from edge_sched.client import Prefix
from edge_sched.latency import NewLatency
from edge_sched.store.packing import pack
from edge_sched.store.schema import clients
from edge_sched.store.schema import vantages
from edge_sched.store.upsert import insert_missing

T = TypeVar('T')

#: A client, and who owns it if it is a name; ``''`` is shared.
Owned: TypeAlias = tuple[Client, str]

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
    """``{'lyon', 'oslo'}`` -> ``{'lyon': 1, 'oslo': 7}``."""
    wanted = sorted(names)
    ids = _vantage_ids(connection, wanted)
    missing = [name for name in wanted if name not in ids]
    rows = [{'name': name} for name in missing]
    insert_missing(connection, vantages, ('name',), rows)
    return ids | _vantage_ids(connection, missing)


def client_ids_of(
    connection: sa.Connection, rows: Iterable[NewLatency]
) -> dict[Owned, int]:
    """The ids of the clients of these rows.

    Prefixes are made; a name that is no client of its owner has none.
    """
    asked = {row.client for row in rows}
    prefixes = {client.prefix for client in asked if client.prefix}
    names = {client.name for client in asked if client.name}
    return {
        (Client(prefix), ''): id_
        for prefix, id_ in _prefix_ids(connection, prefixes).items()
    } | named_ids_of(connection, names)


def named_ids_of(
    connection: sa.Connection, names: Iterable[str]
) -> dict[Owned, int]:
    """The ids of all clients of these names, whoever owns them.

    None of them can be pointed elsewhere until the transaction ends.
    """
    return {
        (Client(name=row.name), row.project_id): row.id
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


def _vantage_ids(
    connection: sa.Connection, names: Sequence[str]
) -> dict[str, int]:
    return {
        row.name: row.id
        for batch in batches(names, BATCH_VALUES)
        for row in connection.execute(
            sa.select(vantages.c.id, vantages.c.name).where(
                vantages.c.name.in_(batch)
            )
        )
    }


def _prefix_ids(
    connection: sa.Connection, prefixes: Iterable[Prefix]
) -> dict[Prefix, int]:
    packed = {prefix: pack(prefix) for prefix in prefixes}
    ranges = {(one.network, one.last): one for one in packed.values()}
    ids = _ids_of_ranges(connection, ranges)
    missing = sorted(ranges.keys() - ids.keys())
    for batch in batches(missing, BATCH_ROWS):
        insert_missing(
            connection,
            clients,
            ('network', 'last'),
            [
                {**dataclasses.asdict(ranges[one]), 'project_id': ''}
                for one in batch
            ],
        )
    ids |= _ids_of_ranges(connection, missing)
    return {
        prefix: ids[one.network, one.last] for prefix, one in packed.items()
    }


def _ids_of_ranges(
    connection: sa.Connection, ranges: Iterable[_Range]
) -> dict[_Range, int]:
    networks = sorted({network for network, _ in ranges})
    return {
        (bytes(row.network), bytes(row.last)): row.id
        for batch in batches(networks, BATCH_VALUES)
        for row in connection.execute(
            sa.select(clients.c.id, clients.c.network, clients.c.last).where(
                clients.c.network.in_(batch)
            )
        )
    }
