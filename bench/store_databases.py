# SPDX-License-Identifier: Apache-2.0

"""The databases that a store is measured on, each started for itself.

SQLite is a file; MariaDB and PostgreSQL are the servers of the tests, with
their own defaults. Whether one goes by an index, it says itself.
"""

import contextlib
import dataclasses
import functools
import importlib.util
import pathlib
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from edge_sched.store.schema import metadata

#: These have a row a site or a collector, and are read whole.
_SMALL = ('edge_vantages', 'edge_heartbeats')

#: What oslo.db sends around a query: whether the connection that it took
#: from the pool is alive, and on SQLite the begin of the transaction.
_AROUND = ('SELECT 1', 'BEGIN')

#: Of SQLite: ``SCAN clients USING COVERING INDEX i``.
_SCAN = re.compile(r'SCAN (?P<table>\S+)')

#: What the look-up names that is no table, as SQLite has it.
_DERIVED = re.compile(r'matches|ranked|CONSTANT|\(.*')

_SERVERS = (
    pathlib.Path(__file__)
    .parents[1]
    .joinpath('tests', 'functional', 'store', 'servers.py')
)


def of_sqlite(plan: Sequence[Any]) -> list[str]:
    """The steps of an ``EXPLAIN QUERY PLAN`` that go by no index."""
    return [
        text
        for *_, text in plan
        if (scan := _SCAN.match(text))
        and scan['table'] not in _SMALL
        and not _DERIVED.fullmatch(scan['table'])
    ]


def of_mariadb(plan: Sequence[Any]) -> list[str]:
    """Those of an ``EXPLAIN``: columns ``table``, ``type``, ``key``."""
    return [
        f'{step.table}: {step.type} {step.key or ""}'.strip()
        for step in plan
        if step.type in ('ALL', 'index')
        and step.table not in _SMALL
        and not step.table.startswith('<')
    ]


def of_postgresql(plan: Sequence[Any]) -> list[str]:
    """Those of an ``EXPLAIN (FORMAT JSON)``: a tree of steps in one row."""
    ((tree,),) = plan
    return [
        f'{step["Node Type"]} of {step.get("Relation Name", "")}'.strip()
        for step in _steps(tree[0]['Plan'])
        if step.get('Relation Name') not in _SMALL
        and (
            step['Node Type'] == 'Seq Scan'
            or ('Index' in step['Node Type'] and 'Index Cond' not in step)
        )
    ]


def _steps(step: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield step
    for part in step.get('Plans', ()):
        yield from _steps(part)


@dataclasses.dataclass(frozen=True)
class Kind:
    """What is different from one database to the next.

    :param settle: statements that bring statistics up to date after a bulk
        load, as the server would do by and by
    :param bytes: the query for what a store takes on disk
    :param explain: what goes before a statement to see its plan
    :param unindexed: the steps of a plan that read a whole table or index
    """

    title: str
    settle: tuple[str, ...]
    bytes: str
    explain: str
    unindexed: Callable[[Sequence[Any]], list[str]]


KINDS = {
    'sqlite': Kind(
        title='SQLite',
        # Nobody ever does it for SQLite.
        settle=(),
        bytes='SELECT sum(pgsize) FROM dbstat',
        explain='EXPLAIN QUERY PLAN',
        unindexed=of_sqlite,
    ),
    'mysql': Kind(
        title='MariaDB',
        settle=tuple(f'ANALYZE TABLE {name}' for name in metadata.tables),
        bytes='SELECT sum(stat_value) * @@innodb_page_size FROM '
        'mysql.innodb_index_stats WHERE database_name = database() '
        "AND stat_name = 'size'",
        explain='EXPLAIN',
        unindexed=of_mariadb,
    ),
    'postgresql': Kind(
        title='PostgreSQL',
        settle=('VACUUM ANALYZE',),
        bytes='SELECT sum(pg_total_relation_size(oid)) FROM pg_class '
        "WHERE starts_with(relname, 'edge_') AND relkind = 'r'",
        explain='EXPLAIN (FORMAT JSON)',
        unindexed=of_postgresql,
    ),
}


@functools.cache
def servers() -> Any:
    """The module of the tests that starts database servers.

    By its path: the package around it is Nova's to patch.
    """
    spec = importlib.util.spec_from_file_location('servers', _SERVERS)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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


def ask(url: str, *statements: str, parameters: Any = None) -> Sequence[Any]:
    """Send statements past the store, each for itself; what the last found."""
    engine = sa.create_engine(
        url, isolation_level='AUTOCOMMIT', poolclass=sa.NullPool
    )
    rows: Sequence[Any] = ()
    with engine.connect() as connection:
        for statement in statements:
            found = connection.exec_driver_sql(statement, parameters)
            rows = found.all() if found.returns_rows else ()
    return rows


def statements(run: Callable[[], object]) -> list[tuple[str, Any]]:
    """Run something; the SQL that it sent to any database, with parameters."""
    sent: list[tuple[str, Any]] = []

    def record(
        connection: Any, cursor: Any, text: str, parameters: Any, *rest: Any
    ) -> None:
        if text.strip().upper() not in _AROUND:
            sent.append((text, parameters))

    sa.event.listen(sa.Engine, 'before_cursor_execute', record)
    try:
        run()
    finally:
        sa.event.remove(sa.Engine, 'before_cursor_execute', record)
    return sent
