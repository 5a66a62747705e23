# SPDX-License-Identifier: Apache-2.0

"""The databases that a store is measured on, and a full store in one.

SQLite is a file; MariaDB and PostgreSQL are the servers of the tests, with
their own defaults.
"""

import contextlib
import dataclasses
import functools
import importlib.util
import pathlib
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from bench.store_population import VANTAGES
from bench.store_population import Crowd
from bench.store_population import inside
from bench.store_population import prefix
from bench.store_population import rows
from edge_sched.model.client import Client
from edge_sched.store import migrate
from edge_sched.store.engine import Database
from edge_sched.store.ids import batches
from edge_sched.store.reader import Reader
from edge_sched.store.schema import metadata
from edge_sched.store.settings import StoreSettings
from edge_sched.store.writer import Writer

#: What brings the statistics of each up to date after a bulk load, as a
#: server would do by and by; nobody ever does it for SQLite.
SETTLE: Mapping[str, tuple[str, ...]] = {
    'SQLite': (),
    'MariaDB': tuple(f'ANALYZE TABLE {name}' for name in metadata.tables),
    'PostgreSQL': ('VACUUM ANALYZE',),
}

ADDRESS = 'an address'
MISS = 'an address without rows'
CACHED = 'an address, cached'
FLOOR = 'SELECT 1'

#: Clients at a time when it is filled: as collectors bring them, the rows of a
#: vantage come one after the other, so those of a client are not together.
_CHUNK = 20_000

#: One in so many prefixes has a name that points there.
_NAMED = 100

#: As many as one hint may name.
_MANY = 16

_SERVERS = pathlib.Path('tests', 'functional', 'store', 'servers.py')

Prepared = Callable[[], object]


@contextlib.contextmanager
def running(database: str) -> Iterator[Callable[[], str]]:
    """A database, gone at the end; what makes a new store in it, by URL.

    :param database: of ``SETTLE``
    """
    if database == 'SQLite':
        with tempfile.TemporaryDirectory(prefix='edge_sched_') as folder:
            numbers = iter(range(1000))
            yield lambda: f'sqlite:///{folder}/{next(numbers)}.sqlite'
        return
    server = getattr(_servers(), database)()
    try:
        yield server.create_database
    finally:
        # Not only stop: one that rolls back what nobody needs takes minutes.
        server._clean_up()


def _servers() -> Any:
    """The module of the tests that starts database servers.

    By its path: the package around it is Nova's to patch.
    """
    path = pathlib.Path(__file__).parents[1] / _SERVERS
    spec = importlib.util.spec_from_file_location('servers', path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Store:
    """A store of a size, filled by our writer, and what it is asked.

    :param database: of ``SETTLE``
    :param prefixes: how many it has
    """

    def __init__(self, database: str, url: str, prefixes: int) -> None:
        self.url = url
        self.prefixes = prefixes
        # Patient: none of its look-ups may fail.
        settings = StoreSettings(
            url, timeout_seconds=60.0, cache_ttl_seconds=0.0
        )
        _fill(settings, prefixes)
        _settle(database, url)
        self._cold = Reader(settings)
        self._warm = Reader(
            dataclasses.replace(settings, cache_ttl_seconds=86_400.0)
        )
        self._database = Database(settings, 'read')

    def close(self) -> None:
        """Let go of the connections."""
        self._cold.close()
        self._warm.close()
        self._database.dispose()

    def subjects(self) -> dict[str, Callable[[], Prepared]]:
        """What is timed, each with what it needs anew: other clients."""
        crowd, names = Crowd(self.prefixes), self.prefixes // _NAMED
        kept = [crowd.inside(4)]
        finders: Mapping[str, Callable[[], list[Client]]] = {
            ADDRESS: lambda: [crowd.inside(4)],
            'an IPv6 address': lambda: [crowd.inside(6)],
            'a name': lambda: [crowd.named(names)],
            '16 addresses': lambda: [crowd.inside(4) for _ in range(_MANY)],
            MISS: lambda: [crowd.absent()],
        }
        return {
            **{
                what: functools.partial(self._look_up, what, find)
                for what, find in finders.items()
            },
            CACHED: lambda: lambda: self._warm.look_up(kept, ''),
            FLOOR: lambda: self._ping,
        }

    def _look_up(
        self, what: str, find: Callable[[], list[Client]]
    ) -> Prepared:
        clients = find()
        wanted = () if what == MISS else VANTAGES

        def run() -> None:
            answers = self._cold.look_up(clients, '').answers
            for (part,) in (answer.parts for answer in answers.values()):
                if len(part) != len(wanted):
                    raise RuntimeError(f'{what} has rows of {sorted(part)}')

        return run

    def _ping(self) -> None:
        with self._database.reading() as connection:
            connection.exec_driver_sql('SELECT 1').all()


def _fill(settings: StoreSettings, prefixes: int) -> None:
    migrate.sync(settings)
    with Writer(settings) as writer:
        for some in batches(range(prefixes), _CHUNK):
            for vantage in VANTAGES:
                writer.record(rows(some, time.time(), [vantage]))
        for number in range(prefixes // _NAMED):
            around = prefix(number * _NAMED)
            writer.set_client(f'vehicle-{number}', [inside(around)])


def _settle(database: str, url: str) -> None:
    engine = sa.create_engine(
        url, isolation_level='AUTOCOMMIT', poolclass=sa.NullPool
    )
    with engine.connect() as connection:
        for statement in SETTLE[database]:
            connection.exec_driver_sql(statement)
