# SPDX-License-Identifier: Apache-2.0

"""Measure the latency store with up to a million client prefixes, and judge.

Databases of its own, one after the other; each holds a store of every size at
once. Look-ups in turns, and the memory of a worker that asks.
"""

import argparse
import contextlib
import operator
import time
from collections.abc import Sequence

from nova.scheduler import filters
from nova.scheduler import weights

from bench.measure import Round
from bench.measure import apart
from bench.measure import median
from bench.measure import no_garbage_collection
from bench.measure import private_megabytes
from bench.measure import take_turns
from bench.measure import timed
from bench.result import Check
from bench.result import Growth
from bench.result import Section
from bench.result import row
from bench.result import table
from bench.store_databases import ADDRESS
from bench.store_databases import CACHED
from bench.store_databases import FLOOR
from bench.store_databases import SETTLE
from bench.store_databases import Store
from bench.store_databases import running
from bench.store_population import VANTAGES
from bench.store_population import Crowd
from edge_sched import plugins
from edge_sched.store.reader import Reader
from edge_sched.store.settings import StoreSettings

PREFIXES = (1000, 100_000, 1_000_000)
SHORT_PREFIXES = (1000, 20_000)

#: In 100 rounds the pages of a large store are not all read, so that each
#: look-up finds others.
LOOK_UP_ROUNDS = 100

#: Clients that a worker answers for. By half of the first stage nothing is
#: warming up any more, and by the third the cache of answers is full.
CLIENTS = (1, 1000, 2000, 8000)
SHORT_CLIENTS = (1, 1000, 2000, 4000)

#: How much longer a look-up may take in the largest store than in the
#: smallest. Where one reads a whole table or index, it takes a thousand times
#: as long.
MAX_RATIO = 3.0

#: What a worker may take for the plug-in's answers.
MAX_MEGABYTES = 20.0

#: Of what a client takes that comes before the cache is full. Chosen: one that
#: comes after should take nothing, but memory is not measured to the byte.
MAX_GROWTH = 0.1

#: What is plotted: milliseconds by size.
Points = list[tuple[float, float]]

LOOK_UPS = f"""\
By client prefixes. Each has a row of each of {len(VANTAGES)} vantages, and is
inside of another that has as many. A look-up goes through the reader of the
scheduler, without its cache unless it says so, and asks for somebody else each
time. Medians of {LOOK_UP_ROUNDS} rounds, wall time in ms; stores of all sizes
take turns, and are compared within each round. `SELECT 1` is the floor: a
connection as the reader has it that asks for nothing."""

MEMORY = """\
A process imports what a worker of nova-scheduler does, loads the plug-in, and
its reader answers for so many clients, each a new one, with the cache as it is
by default. Private and dirty memory, after a garbage collection; extra is the
last figure without that of the loaded plug-in."""


def sections(options: argparse.Namespace) -> list[Section]:
    """Measure everything, on each database."""
    sizes = SHORT_PREFIXES if options.short else PREFIXES
    clients = SHORT_CLIENTS if options.short else CLIENTS
    look_ups = [['', *map(str, sizes), 'largest / smallest']]
    stages = [f'after {count}' for count in clients]
    memory = [['private MB', 'prefixes', 'loaded', *stages, 'extra']]
    checks: list[Check] = []
    memory_checks: list[Check] = []
    lines: dict[str, dict[str, Points]] = {ADDRESS: {}, CACHED: {}}
    for database in ('SQLite',) if options.short else SETTLE:
        with running(database) as new_url, contextlib.ExitStack() as stack:
            stores = []
            for size in sizes:
                store = Store(database, new_url(), size)
                stores.append(stack.enter_context(contextlib.closing(store)))
            rounds = _looked_up(stores)
            for what in stores[0].subjects():
                points, growth = _figures(rounds, what, sizes)
                if what in lines:
                    lines[what][database] = points
                cells = [f'{ms:.3g}' for _, ms in points]
                look_ups.append(
                    [f'{database}: {what}', *cells, f'{growth:.2f}']
                )
                name = f'{database}: {what}, {sizes[-1]} / {sizes[0]}'
                is_judged = what not in (CACHED, FLOOR)
                target = MAX_RATIO if is_judged else None
                checks.append(Check(name, growth, target))
            for store in stores:
                found = apart(_worker, store.url, store.prefixes, clients)
                extra = found[-1] - found[0]
                cells = row(f'{store.prefixes}', [*found, extra], '.1f')
                memory.append([database, *cells])
                title = f'{database}, {store.prefixes}'
                memory_checks += _bounds(title, clients, found)
    growths = [
        Growth(f'Look-up of {what}', 'prefixes', 'ms', of_databases)
        for what, of_databases in lines.items()
    ]
    return [
        Section(
            'Look-ups in a large store',
            f'{LOOK_UPS}\n\n{table(look_ups)}',
            checks,
            growths,
        ),
        Section(
            'Memory of a worker',
            f'{MEMORY}\n\n{table(memory)}',
            memory_checks,
        ),
    ]


def _looked_up(stores: Sequence[Store]) -> list[Round]:
    """The seconds of each round, by what was looked up and by size."""
    subjects = {
        (what, store.prefixes): timed(prepare, time.perf_counter)
        for store in stores
        for what, prepare in store.subjects().items()
    }
    with no_garbage_collection():
        return take_turns(subjects, LOOK_UP_ROUNDS)


def _figures(
    rounds: Sequence[Round], what: str, sizes: Sequence[int]
) -> tuple[Points, float]:
    """Milliseconds by size, and how they grow within each round."""
    points: Points = [
        (size, 1e3 * median(rounds, operator.itemgetter((what, size))))
        for size in sizes
    ]
    largest, smallest = (what, sizes[-1]), (what, sizes[0])
    return points, median(rounds, lambda each: each[largest] / each[smallest])


def _worker(url: str, prefixes: int, clients: Sequence[int]) -> list[float]:
    """The memory of a worker: loaded, and after so many clients, in MB."""
    kept: list[object] = []
    for module in (filters, plugins):
        kept += [cls() for cls in module.all_filters()]
    for module in (weights, plugins):
        kept += [cls() for cls in module.all_weighers()]
    # Patient, else as configured by default.
    reader = Reader(StoreSettings(url, timeout_seconds=60.0))
    crowd = Crowd(prefixes)
    found = [private_megabytes()]
    asked = 0
    for count in clients:
        for _ in range(asked, count):
            reader.look_up([crowd.anyone()], '')
        asked = count
        found.append(private_megabytes())
    return found


def _bounds(
    title: str, clients: Sequence[int], found: Sequence[float]
) -> list[Check]:
    """Whether the memory of a worker is bounded.

    :param found: when it is loaded, after the first client, before the cache
        of answers is full, when it is, and later
    """
    loaded, first, filling, full, last = found
    one, some, many, most = clients
    before = (filling - first) / (some - one)
    after = (last - full) / (most - many)
    return [
        Check(f'{title}: extra MB of a worker', last - loaded, MAX_MEGABYTES),
        Check(
            f'{title}: a client more, cache full / not full',
            after / before,
            MAX_GROWTH,
        ),
    ]
