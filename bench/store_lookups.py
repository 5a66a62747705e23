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

"""Look-ups in stores of several sizes, in turns: times, truth and plans."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from bench import queries
from bench.measure import Round
from bench.measure import Subject
from bench.measure import measure
from bench.store_databases import connected
from bench.store_fill import Store
from bench.store_fill import names
from bench.store_population import VANTAGES
from bench.store_population import Crowd
from edge_sched.client import Client
from edge_sched.store.engine import Database
from edge_sched.store.reader import Reader

ADDRESS = 'an address'
V6 = 'an IPv6 address'
NAME = 'a name'
MANY = '16 addresses'
MISS = 'an address without rows'
CACHED = 'an address, cached'
FLOOR = 'SELECT 1'

#: What is not cached, so that the database is asked each time.
COLD = (ADDRESS, V6, NAME, MANY, MISS)

#: As many as one hint may name.
_MANY = 16


class LookUps:
    """Look-ups in one store; each asks for somebody else."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._crowd = Crowd(store.prefixes)
        self._cold = Reader(store.settings(cache_ttl_seconds=0.0))
        self._warm = Reader(store.settings(cache_ttl_seconds=86_400.0))
        self._database = Database(store.settings(), 'read')
        self._choose: Mapping[str, Callable[[], list[Client]]] = {
            ADDRESS: lambda: [self._crowd.v4()],
            V6: lambda: [self._crowd.v6()],
            NAME: lambda: [self._crowd.named(names(store.prefixes))],
            MANY: lambda: [self._crowd.v4() for _ in range(_MANY)],
            MISS: lambda: [self._crowd.absent()],
        }

    def close(self) -> None:
        """Let go of the connections."""
        self._cold.close()
        self._warm.close()
        self._database.dispose()

    def subjects(self) -> list[Subject]:
        """Everything that is timed, by ``subject_name``."""
        kept = [self._crowd.v4()]
        self._warm.look_up(kept, '')
        return [
            *(self._subject(what, self._prepared(what)) for what in COLD),
            self._subject(
                CACHED, lambda: lambda: self._warm.look_up(kept, '')
            ),
            self._subject(FLOOR, lambda: self._ping),
        ]

    def verify(self) -> None:
        """Be sure that look-ups find what they should before timing them."""
        for what in COLD:
            clients = self._choose[what]()
            answers = self._cold.look_up(clients, '').answers
            vantages = () if what == MISS else VANTAGES
            for client, answer in answers.items():
                (part,) = answer.parts
                if sorted(part) != sorted(vantages):
                    raise RuntimeError(f'{client} has rows of {sorted(part)}')

    def unindexed(self, what: str) -> list[str]:
        """The steps of a look-up that read a whole table or index."""
        kind = self.store.kind
        clients = self._choose[what]()
        found = []
        for text, parameters in queries.sent(
            lambda: self._cold.look_up(clients, '')
        ):
            with connected(self.store.url) as connection:
                plan = connection.exec_driver_sql(
                    f'{kind.explain} {text}', parameters
                ).all()
            found += kind.unindexed(plan)
        return found

    def _subject(
        self, what: str, prepare: Callable[[], Callable[[], object]]
    ) -> Subject:
        return Subject(
            subject_name(what, self.store.prefixes), prepare, time.perf_counter
        )

    def _prepared(self, what: str) -> Callable[[], Callable[[], object]]:
        def prepare() -> Callable[[], object]:
            clients = self._choose[what]()
            return lambda: self._cold.look_up(clients, '')

        return prepare

    def _ping(self) -> None:
        with self._database.reading() as connection:
            connection.exec_driver_sql('SELECT 1').all()


def subject_name(what: str, prefixes: int) -> str:
    """``an address of 1000``."""
    return f'{what} of {prefixes}'


def measured(every: Sequence[LookUps], rounds: int) -> list[Round]:
    """Let the look-ups of all sizes take turns."""
    subjects = [subject for each in every for subject in each.subjects()]
    return measure(subjects, rounds)


@contextlib.contextmanager
def opened(stores: Sequence[Store]) -> Iterator[list[LookUps]]:
    """Look-ups in each of these stores."""
    every = [LookUps(store) for store in stores]
    try:
        yield every
    finally:
        for each in every:
            each.close()
