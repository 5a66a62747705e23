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

"""The databases that a store is measured on, each started for itself.

SQLite is a file; MariaDB and PostgreSQL are the servers of the tests, with
their own defaults but for what ``NOTES`` says.
"""

import contextlib
import dataclasses
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from bench import store_plans
from bench.servers import servers


@dataclasses.dataclass(frozen=True, slots=True)
class Part:
    """A table or an index of it, and what it takes on disk.

    :param index: ``''`` for the table itself
    """

    table: str
    index: str
    size: int


@dataclasses.dataclass(frozen=True)
class Kind:
    """What is different from one database to the next.

    :param hasten: statements for the session of a bulk load
    :param settle: statements that bring statistics up to date after it, as
        the server would do by and by
    :param parts: the query for every ``Part``
    :param explain: what goes before a statement to see its plan
    :param unindexed: the steps of a plan that go by no index
    """

    title: str
    version: str
    hasten: tuple[str, ...]
    settle: tuple[str, ...]
    parts: str
    explain: str
    unindexed: Callable[[Sequence[Any]], list[str]]


_TABLES = (
    'edge_clients',
    'edge_latencies',
    'edge_named_prefixes',
    'edge_named_prefix_ancestors',
)

KINDS = {
    'sqlite': Kind(
        title='SQLite',
        version='SELECT sqlite_version()',
        hasten=('PRAGMA synchronous = OFF', 'PRAGMA cache_size = -500000'),
        # Nobody ever does it for SQLite.
        settle=(),
        parts="""
            SELECT tbl_name, CASE type WHEN 'table' THEN '' ELSE s.name END,
                pgsize
            FROM dbstat AS d JOIN sqlite_schema AS s ON s.name = d.name
            WHERE d.aggregate = 1
        """,
        explain='EXPLAIN QUERY PLAN',
        unindexed=store_plans.of_sqlite,
    ),
    'mysql': Kind(
        title='MariaDB',
        version='SELECT version()',
        hasten=('SET foreign_key_checks = 0',),
        settle=tuple(f'ANALYZE TABLE {table}' for table in _TABLES),
        parts="""
            SELECT table_name,
                CASE index_name WHEN 'PRIMARY' THEN '' ELSE index_name END,
                stat_value * @@innodb_page_size
            FROM mysql.innodb_index_stats
            WHERE database_name = database() AND stat_name = 'size'
        """,
        explain='EXPLAIN',
        unindexed=store_plans.of_mariadb,
    ),
    'postgresql': Kind(
        title='PostgreSQL',
        version='SHOW server_version',
        hasten=('SET session_replication_role = replica',),
        settle=('VACUUM ANALYZE',),
        parts="""
            SELECT relname, '', pg_table_size(oid)
            FROM pg_class
            WHERE starts_with(relname, 'edge_') AND relkind = 'r'
            UNION ALL
            SELECT t.relname, i.relname, pg_relation_size(i.oid)
            FROM pg_index AS x JOIN pg_class AS t ON t.oid = x.indrelid
                JOIN pg_class AS i ON i.oid = x.indexrelid
            WHERE starts_with(t.relname, 'edge_')
        """,
        explain='EXPLAIN (FORMAT JSON)',
        unindexed=store_plans.of_postgresql,
    ),
}


@contextlib.contextmanager
def running(database: str) -> Iterator[Callable[[], str]]:
    """A database, gone at the end; what makes a new store in it, by URL.

    :param database: of ``KINDS``
    """
    if database == 'sqlite':
        with tempfile.TemporaryDirectory(prefix='edge_sched_') as folder:
            numbers = iter(range(1000))
            yield lambda: f'sqlite:///{folder}/{next(numbers)}.sqlite'
        return
    server = getattr(servers(), KINDS[database].title)()
    try:
        yield server.create_database
    finally:
        # Not only stop: one that rolls back what nobody needs takes minutes.
        server._clean_up()


@contextlib.contextmanager
def connected(url: str) -> Iterator[sa.Connection]:
    """A connection past the store, each statement of it for itself."""
    engine = sa.create_engine(url, isolation_level='AUTOCOMMIT')
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def version(kind: Kind, url: str) -> str:
    """``MariaDB 10.11.6``."""
    with connected(url) as connection:
        text: str = connection.exec_driver_sql(kind.version).scalar_one()
    number, *_ = re.split('[- ]', text)
    return f'{kind.title} {number}'


def settle(kind: Kind, url: str) -> None:
    """Do what the server would do by and by."""
    with connected(url) as connection:
        for statement in kind.settle:
            connection.exec_driver_sql(statement)


def parts(kind: Kind, url: str) -> list[Part]:
    """What each table and index takes on disk."""
    with connected(url) as connection:
        rows = connection.exec_driver_sql(kind.parts).all()
    return [Part(row[0], row[1], int(row[2])) for row in rows]
