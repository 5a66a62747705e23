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

"""Measure the latency store with up to a million client prefixes, and judge.

    usage: python -m bench.store_size [--databases NAME[,NAME...]]
                                      [--prefixes N[,N...]] [--short]

Databases of its own, one after the other, in a temporary folder; each holds a
store of every size at once. Prints tables of look-ups, writing, volume and a
worker's memory; the exit status is 1 if a target is missed.
"""

import argparse
import sys
import time
from collections.abc import Sequence

from bench import store_databases
from bench import store_fill
from bench import store_lookups
from bench import store_memory
from bench import store_report
from bench import store_volume
from bench import store_worker
from bench import store_writes
from bench.alone import run_alone
from bench.measure import Round
from bench.result import Section
from bench.store_fill import Store
from bench.store_population import VANTAGES
from bench.store_result import Once
from bench.store_result import Result
from bench.store_result import Size
from bench.store_writes import Writes
from bench.store_writes import in_turns
from edge_sched.store.errors import StoreUnavailableError

DATABASES = ('sqlite', 'mysql', 'postgresql')
PREFIXES = (1000, 100_000, 1_000_000)

#: For CI: what is measured in a few minutes.
SHORT_DATABASES = ('sqlite',)
SHORT_PREFIXES = (1000, 20_000)

#: Of look-ups. In 100 rounds the pages of a large store are not all read, so
#: that each finds others.
LOOK_UP_ROUNDS = 100


def sections(options: argparse.Namespace) -> list[Section]:
    """Measure everything, on each database.

    :param options: ``short``; those of ``add_options`` need not be there
    """
    short = options.short
    databases = getattr(options, 'databases', None) or (
        SHORT_DATABASES if short else DATABASES
    )
    prefixes = getattr(options, 'prefixes', None) or (
        SHORT_PREFIXES if short else PREFIXES
    )
    clients = store_memory.SHORT_CLIENTS if short else store_memory.CLIENTS
    return store_report.sections(
        [_measured(each, sorted(prefixes), clients) for each in databases]
    )


def _measured(
    database: str, prefixes: Sequence[int], clients: Sequence[int]
) -> Result:
    """Fill a store of each size, and measure them in turns."""
    with store_databases.running(database) as new_url:
        stores = [Store(database, new_url(), count) for count in prefixes]
        kind = stores[0].kind
        version = store_databases.version(kind, stores[0].url)
        filled = [_filled(store) for store in stores]
        with store_writes.opened(stores) as writers:
            writes = {store_writes.LOAD: in_turns(writers, Writes.load)}
            for store in stores:
                store_databases.settle(kind, store.url)
            parts = [store_databases.parts(kind, each.url) for each in stores]
            look_ups, unindexed = _looked_up(stores)
            stages = [
                store_worker.stages(store.url, store.prefixes, clients)
                for store in stores
            ]
            _say(f'{version}: a worker with a store of each size')
            writes[store_writes.UPDATE] = in_turns(writers, Writes.update)
            writes[store_writes.PURGE_CLIENT] = in_turns(
                writers, Writes.purge_client
            )
            once = [_done_once(writer) for writer in writers]
        size = store_volume.rewritten_size(prefixes)
        rewritten = store_volume.rewritten(Store(database, new_url(), size))
    sizes = [
        Size(*each)
        for each in zip(prefixes, filled, parts, once, stages, strict=True)
    ]
    return Result(
        kind.title, version, sizes, look_ups, writes, unindexed, rewritten
    )


def _filled(store: Store) -> Once:
    """Fill it but for what is loaded later."""
    prefixes = store.prefixes - store_writes.RESERVED
    seconds = store_fill.fill(store, prefixes)
    _say(f'{store.kind.title}: {prefixes} prefixes in {seconds:.0f} s')
    return Once(seconds, prefixes * len(VANTAGES))


def _looked_up(
    stores: Sequence[Store],
) -> tuple[list[Round], dict[str, list[str]]]:
    """Times, and the steps of each look-up in the largest without an index."""
    with store_lookups.opened(stores) as every:
        for each in every:
            each.verify()
        unindexed = {
            what: every[-1].unindexed(what) for what in store_lookups.COLD
        }
        rounds = store_lookups.measured(every, LOOK_UP_ROUNDS)
    _say(f'{stores[0].kind.title}: {LOOK_UP_ROUNDS} rounds of look-ups')
    return rounds, unindexed


def _done_once(writer: Writes) -> dict[str, Once]:
    """Everything that takes long."""
    return {what: _once(writer, what) for what in store_writes.ONCE}


def _once(writer: Writes, what: str) -> Once:
    start = time.perf_counter()
    rows, failure = 0, ''
    try:
        rows = writer.once(what)()
    except StoreUnavailableError as error:
        failure = str(error)
    done = Once(time.perf_counter() - start, rows, failure)
    store = writer.store
    _say(f'{store.kind.title}, {store.prefixes} prefixes: {what}: {done.text}')
    return done


def _say(text: str) -> None:
    """Tell who waits."""
    print(f'{time.strftime("%X")} {text}', file=sys.stderr, flush=True)


def add_options(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument(
        '--databases',
        type=lambda text: _chosen(text.split(',')),
        help=f'default {",".join(DATABASES)}',
    )
    parser.add_argument(
        '--prefixes',
        type=lambda text: [_count(part) for part in text.split(',')],
        help=f'default {",".join(map(str, PREFIXES))}',
    )


def _chosen(names: list[str]) -> list[str]:
    unknown = set(names) - set(DATABASES)
    if unknown:
        raise argparse.ArgumentTypeError(f'no such database: {unknown}')
    return names


def _count(text: str) -> int:
    if int(text) < store_writes.RESERVED:
        raise argparse.ArgumentTypeError(
            f'{text} is less than {store_writes.RESERVED}'
        )
    return int(text)


if __name__ == '__main__':
    sys.exit(run_alone(sections, __doc__, add_options))
