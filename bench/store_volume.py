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

"""What a store takes on disk, and whether it grows when it is rewritten."""

import time
from collections.abc import Sequence

import sqlalchemy as sa

from bench import store_databases
from bench import store_fill
from bench.report import table
from bench.result import Growth
from bench.result import Section
from bench.store_databases import Part
from bench.store_fill import Store
from bench.store_population import VANTAGES
from bench.store_result import Result
from edge_sched.store.schema import latencies

#: How often every row is updated.
_TIMES = 2

#: A store is filled for it alone, and no larger one is needed.
_REWRITTEN_PREFIXES = 100_000


def rewritten_size(sizes: Sequence[int]) -> int:
    """The size that is rewritten: the largest that is not too large.

    :param sizes: prefixes of the stores, ascending
    """
    fitting = [size for size in sizes if size <= _REWRITTEN_PREFIXES]
    return max(fitting, default=sizes[0])


def rewritten(store: Store) -> list[float]:
    """Fill a store and update every row, twice; its volume to the first.

    In between the space of what was replaced is given back, as the server
    does by itself.
    """
    store_fill.fill(store, store.prefixes)
    store_databases.settle(store.kind, store.url)
    before = whole(store_databases.parts(store.kind, store.url))
    factors = []
    for _ in range(_TIMES):
        with store_databases.connected(store.url) as connection:
            connection.execute(
                sa.update(latencies).values(
                    rtt_p50_ms=latencies.c.rtt_p50_ms + 0.01,
                    measured_at=time.time(),
                )
            )
        store_databases.settle(store.kind, store.url)
        after = whole(store_databases.parts(store.kind, store.url))
        factors.append(after / before)
    return factors


def whole(parts: Sequence[Part]) -> int:
    """The bytes of all tables and indexes."""
    return sum(part.size for part in parts)


def section(results: Sequence[Result]) -> Section:
    """The table of bytes a row, and the plot of the whole."""
    head = [
        'bytes',
        'prefixes',
        'a latency row',
        'of it indexes',
        'a client',
        'of it indexes',
        'a name',
        'MB in all',
        'all rows updated',
        'and again',
    ]
    rows = [head]
    for result in results:
        rewritten_prefixes = rewritten_size(result.prefixes)
        for size in result.sizes:
            latency_rows = size.prefixes * len(VANTAGES)
            rows.append(
                [
                    result.title,
                    str(size.prefixes),
                    *_bytes(size.parts, 'edge_latencies', latency_rows),
                    *_bytes(size.parts, 'edge_clients', size.prefixes),
                    _name_bytes(size.parts, store_fill.names(size.prefixes)),
                    f'{whole(size.parts) / 1e6:.1f}',
                    *(
                        f'x {factor:.2f}'
                        if size.prefixes == rewritten_prefixes
                        else ''
                        for factor in result.rewritten
                    ),
                ]
            )
    text = (
        'What tables and indexes take on disk. Every row has every figure; '
        'a name points at one prefix, and is a client besides. In a store of '
        'its own every row was updated, the space of what was replaced given '
        'back, and all of it again.\n\n' + table(rows)
    )
    growth = Growth(
        'Volume of the store',
        'prefixes',
        'MB',
        {
            result.title: [
                (size.prefixes, whole(size.parts) / 1e6)
                for size in result.sizes
            ]
            for result in results
        },
    )
    return Section('Volume of a large store', text, growths=[growth])


def _bytes(
    parts: Sequence[Part], of_table: str, count: int
) -> tuple[str, str]:
    """Bytes a row with its indexes, and of the indexes alone."""
    own = [part for part in parts if part.table == of_table]
    indexes = sum(part.size for part in own if part.index)
    return f'{whole(own) / count:.0f}', f'{indexes / count:.0f}'


def _name_bytes(parts: Sequence[Part], names: int) -> str:
    """Bytes of what a name points at, one prefix of it."""
    own = [part for part in parts if part.table.startswith('edge_named')]
    return f'{whole(own) / names:.0f}'
