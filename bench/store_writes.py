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

"""Writing into stores of several sizes: loading, updates, and what goes.

All of it by the store's own ``Writer``, in calls as a collector or an import
makes them. What depends on the size is timed in turns; what takes long, once.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence

from bench.measure import Round
from bench.measure import Subject
from bench.measure import measure
from bench.store_fill import OLD_SECONDS
from bench.store_fill import Store
from bench.store_lookups import subject_name
from bench.store_population import VANTAGES
from bench.store_population import Crowd
from bench.store_population import prefix
from bench.store_population import rows
from edge_sched.client import Client
from edge_sched.store.ids import batches
from edge_sched.store.writer import Writer

LOAD = 'load new prefixes'
UPDATE = 'update'
PURGE_CLIENT = 'purge of a client'
UPDATE_SHARE = 'update of 1 %'
RETAIN_OLD = 'retention, 1 % is too old'
RETAIN_NONE = 'retention, nothing is too old'
PURGE_VANTAGE = 'purge of a vantage'
PURGE_ALL = 'purge of everything'

#: In the order in which they are done.
ONCE = (UPDATE_SHARE, RETAIN_OLD, RETAIN_NONE, PURGE_VANTAGE, PURGE_ALL)

#: Prefixes a call, all vantages; and clients a call, of one vantage.
LOAD_PREFIXES = 100
UPDATE_CLIENTS = 1000

ROUNDS = 7

#: What is loaded in the rounds, and once to warm up.
RESERVED = LOAD_PREFIXES * (ROUNDS + 1)


class Writes:
    """Writing into one store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._crowd = Crowd(store.prefixes)
        self._writer = Writer(store.settings())
        self._loads = batches(
            range(store.prefixes - RESERVED, store.prefixes), LOAD_PREFIXES
        )
        self._turn = 0

    def close(self) -> None:
        """Let go of the connections."""
        self._writer.close()

    def load(self) -> Subject:
        """New prefixes, seen from all vantages: ``LOAD_PREFIXES``."""

        def prepare() -> Callable[[], object]:
            new = list(rows(next(self._loads), time.time()))
            return lambda: self._writer.store_latencies(new)

        return self._subject(LOAD, prepare)

    def update(self) -> Subject:
        """A vantage has measured ``UPDATE_CLIENTS`` clients again."""

        def prepare() -> Callable[[], object]:
            self._turn += 1
            vantage = VANTAGES[self._turn % len(VANTAGES)]
            numbers = self._crowd.numbers(UPDATE_CLIENTS)
            new = list(rows(numbers, time.time(), [vantage]))
            return lambda: self._writer.record(new)

        return self._subject(UPDATE, prepare)

    def purge_client(self) -> Subject:
        """A prefix and its rows go."""

        def prepare() -> Callable[[], object]:
            client = Client(prefix=prefix(self._crowd.numbers(1)[0]))
            return lambda: self._writer.purge(client=client)

        return self._subject(PURGE_CLIENT, prepare)

    def once(self, what: str) -> Callable[[], int]:
        """What takes long; how many rows it was."""
        return {
            UPDATE_SHARE: self._update_share,
            RETAIN_OLD: self._retain,
            RETAIN_NONE: self._retain,
            PURGE_VANTAGE: lambda: self._writer.purge(vantage=VANTAGES[0]),
            PURGE_ALL: self._writer.purge,
        }[what]

    def _update_share(self) -> int:
        count = 0
        for vantage in VANTAGES:
            numbers = self._crowd.numbers(self.store.prefixes // 100)
            for some in batches(numbers, UPDATE_CLIENTS):
                new = list(rows(some, time.time(), [vantage]))
                count += self._writer.record(new).written
        return count

    def _retain(self) -> int:
        return self._writer.retain(OLD_SECONDS / 2)

    def _subject(
        self, what: str, prepare: Callable[[], Callable[[], object]]
    ) -> Subject:
        return Subject(
            subject_name(what, self.store.prefixes), prepare, time.perf_counter
        )


@contextlib.contextmanager
def opened(stores: Sequence[Store]) -> Iterator[list[Writes]]:
    """Writers into each of these stores."""
    every = [Writes(store) for store in stores]
    try:
        yield every
    finally:
        for each in every:
            each.close()


def in_turns(
    every: Sequence[Writes], choose: Callable[[Writes], Subject]
) -> list[Round]:
    """Let the stores of all sizes take turns with one kind of writing."""
    return measure([choose(each) for each in every], ROUNDS)
