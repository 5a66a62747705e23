# SPDX-License-Identifier: Apache-2.0

"""A store of a size, filled by our writer, and what it is asked."""

import dataclasses
import functools
import time
from collections.abc import Callable, Mapping

from bench.store_databases import KINDS
from bench.store_databases import ask
from bench.store_databases import statements
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
from edge_sched.store.settings import StoreSettings
from edge_sched.store.writer import Writer

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

Prepared = Callable[[], object]


class Store:
    """A store of a size, full.

    :param prefixes: how many it has
    """

    def __init__(self, url: str, prefixes: int) -> None:
        self.url = url
        self.prefixes = prefixes
        # Patient: none of its look-ups may fail.
        settings = StoreSettings(
            url, timeout_seconds=60.0, cache_ttl_seconds=0.0
        )
        self._cold = Reader(settings)
        self._warm = Reader(
            dataclasses.replace(settings, cache_ttl_seconds=86_400.0)
        )
        self._database = Database(settings, 'read')
        migrate.sync(settings)
        with Writer(settings) as writer:
            for some in batches(range(prefixes), _CHUNK):
                for vantage in VANTAGES:
                    writer.record(rows(some, time.time(), [vantage]))
            names = prefixes // _NAMED
            for number in range(names):
                around = prefix(number * _NAMED)
                writer.set_client(f'vehicle-{number}', [inside(around)])
        crowd = Crowd(prefixes)
        #: Clients of each kind to look up; somebody else each time.
        self._finders: Mapping[str, Callable[[], list[Client]]] = {
            ADDRESS: lambda: [crowd.inside(4)],
            'an IPv6 address': lambda: [crowd.inside(6)],
            'a name': lambda: [crowd.named(names)],
            '16 addresses': lambda: [crowd.inside(4) for _ in range(_MANY)],
            MISS: lambda: [crowd.absent()],
        }

    def close(self) -> None:
        """Let go of the connections."""
        self._cold.close()
        self._warm.close()
        self._database.dispose()

    def subjects(self) -> dict[str, Callable[[], Prepared]]:
        """What is timed, each with what it needs anew."""
        kept = self._finders[ADDRESS]()
        return {
            **{
                what: functools.partial(self._look_up, find)
                for what, find in self._finders.items()
            },
            CACHED: lambda: lambda: self._warm.look_up(kept, ''),
            FLOOR: lambda: self._ping,
        }

    def unindexed(self, database: str) -> list[str]:
        """The steps of look-ups that go by no index; each finds its rows."""
        kind = KINDS[database]
        found = []
        for what, find in self._finders.items():
            clients = find()
            sent = statements(self._look_up(lambda c=clients: c))
            for text, parameters in sent:
                explain = f'{kind.explain} {text}'
                plan = ask(self.url, explain, parameters=parameters)
                found += [f'{what}: {step}' for step in kind.unindexed(plan)]
            wanted = () if what == MISS else VANTAGES
            answers = self._cold.look_up(clients, '').answers
            for (part,) in (answer.parts for answer in answers.values()):
                if sorted(part) != sorted(wanted):
                    raise RuntimeError(f'{what} has rows of {sorted(part)}')
        return found

    def megabytes(self, database: str) -> float:
        """What tables and indexes take on disk."""
        ((size,),) = ask(self.url, KINDS[database].bytes)
        return float(size) / 1e6

    def _look_up(self, find: Callable[[], list[Client]]) -> Prepared:
        clients = find()
        return lambda: self._cold.look_up(clients, '')

    def _ping(self) -> None:
        with self._database.reading() as connection:
            connection.exec_driver_sql('SELECT 1').all()
