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

"""A large store in a short time: what the Writer would leave, by bulk SQL.

The database makes the rows itself from the ids of the clients. As with a
collector, which reads one prober after the other, the rows of a vantage come
one after the other, so those of a client are not beside each other.
"""

import dataclasses
import time
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from bench import store_population
from bench.store_databases import KINDS
from bench.store_databases import Kind
from edge_sched.store import migrate
from edge_sched.store import named
from edge_sched.store.engine import Database
from edge_sched.store.ids import BATCH_ROWS
from edge_sched.store.ids import batches
from edge_sched.store.ids import vantage_ids_of
from edge_sched.store.packing import pack
from edge_sched.store.schema import clients
from edge_sched.store.schema import latencies
from edge_sched.store.settings import StoreSettings
from edge_sched.store.upsert import insert_missing

#: Clients at a time. Chosen: their rows fit into the memory of a database
#: with its own defaults, 128 MB.
_CHUNK = 20_000

#: One in so many clients was measured long ago.
OLD_SHARE = 100
OLD_SECONDS = 30 * 86_400.0

#: One in so many prefixes has a name that points there, at least ten of them.
_NAME_SHARE = 100
_LEAST_NAMES = 10


@dataclasses.dataclass(frozen=True)
class Store:
    """A store of a size, somewhere.

    :param database: of ``KINDS``
    :param prefixes: how many it has when it is full
    """

    database: str
    url: str
    prefixes: int

    @property
    def kind(self) -> Kind:
        """What is special about its database."""
        return KINDS[self.database]

    def settings(self, **others: Any) -> StoreSettings:
        """As configured, but patient: none of its look-ups may fail."""
        return StoreSettings(self.url, **{'timeout_seconds': 60.0, **others})


def names(prefixes: int) -> int:
    """How many named clients a store of so many prefixes has."""
    return max(prefixes // _NAME_SHARE, _LEAST_NAMES)


def fill(store: Store, prefixes: int) -> float:
    """Make the tables, and fill them up to so many prefixes; its seconds."""
    start = time.perf_counter()
    database = Database(store.settings(), 'create')
    migrate.sync(store.settings())
    try:
        with database.writing() as connection:
            vantage_ids = vantage_ids_of(connection, store_population.VANTAGES)
        engine = sa.create_engine(store.url)
        _fill_rows(store.kind, engine, prefixes, list(vantage_ids.values()))
        engine.dispose()
        with database.writing() as connection:
            count = names(store.prefixes)
            for number in range(count):
                around = store_population.prefix(number * prefixes // count)
                named.set_client(
                    connection,
                    store_population.name(number),
                    [store_population.inside(around)],
                    project_id='',
                )
    finally:
        database.dispose()
    return time.perf_counter() - start


def _fill_rows(
    kind: Kind, engine: sa.Engine, prefixes: int, vantage_ids: Sequence[int]
) -> None:
    measured_at = time.time()
    last_id = 0
    for numbers in batches(range(prefixes), _CHUNK):
        with engine.connect() as connection:
            for statement in kind.hasten:
                connection.exec_driver_sql(statement)
            for some in batches(numbers, BATCH_ROWS):
                _add_clients(connection, some)
            for vantage_id in vantage_ids:
                connection.execute(_rows(vantage_id, last_id, measured_at))
            last_id = connection.scalar(sa.select(sa.func.max(clients.c.id)))
            connection.commit()


def _add_clients(connection: sa.Connection, numbers: Sequence[int]) -> None:
    insert_missing(
        connection,
        clients,
        ('network', 'last'),
        [
            {
                **pack(store_population.prefix(number))._asdict(),
                'project_id': '',
            }
            for number in numbers
        ],
    )


def _rows(vantage_id: int, after: int, measured_at: float) -> sa.Insert:
    """A row of each client whose id is above ``after``."""
    id_ = clients.c.id
    p50_ms = 1 + (id_ * 7 + vantage_id * 13) % 9973 / 97.0
    age_seconds = sa.case((id_ % OLD_SHARE == 0, OLD_SECONDS), else_=1.0)
    figures = {
        'client_id': id_,
        'vantage_id': sa.literal(vantage_id),
        'rtt_min_ms': p50_ms - 0.3,
        'rtt_p50_ms': p50_ms,
        'rtt_p95_ms': p50_ms * 1.1,
        'rtt_p99_ms': p50_ms * 1.3,
        'pdv_ms': p50_ms * 0.1 + 0.3,
        'loss_ratio': sa.literal(0.001),
        'samples': sa.literal(300),
        'measured_at': measured_at - age_seconds,
        'source': sa.literal('prober'),
    }
    return sa.insert(latencies).from_select(
        list(figures),
        sa.select(*figures.values()).where(id_ > after).order_by(id_),
    )
