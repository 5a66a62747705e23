# SPDX-License-Identifier: Apache-2.0

"""Measure the latency store with up to a million client prefixes, and judge.

Databases of its own, one after the other; each holds a store of every size at
once. Look-ups in turns, and the memory of a worker that asks.
"""

import argparse
import contextlib
import operator
import sys
import time
from collections.abc import Sequence

from bench.measure import Round
from bench.measure import median
from bench.measure import no_garbage_collection
from bench.measure import take_turns
from bench.measure import timed
from bench.result import Check
from bench.result import Growth
from bench.result import Section
from bench.result import table
from bench.store import ADDRESS
from bench.store import CACHED
from bench.store import FLOOR
from bench.store import Store
from bench.store_databases import KINDS
from bench.store_databases import ask
from bench.store_databases import running
from bench.store_population import VANTAGES
from bench.store_worker import Stage
from bench.store_worker import client_growth
from bench.store_worker import extra_megabytes
from bench.store_worker import stage_names
from bench.store_worker import stages

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
#: smallest.
MAX_RATIO = 3.0

#: Where plans are judged: a table of a few pages is better read whole.
PLANNED_PREFIXES = 100_000

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
connection as the reader has it that asks for nothing. MB are what tables and
indexes take on disk."""

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
    memory = [['private MB', 'prefixes', *stage_names(clients), 'extra']]
    checks: list[Check] = []
    memory_checks: list[Check] = []
    lines: dict[str, dict[str, Points]] = {ADDRESS: {}, CACHED: {}}
    for database in ('sqlite',) if options.short else KINDS:
        title = KINDS[database].title
        with running(database) as new_url, contextlib.ExitStack() as stack:
            stores = []
            for size in sizes:
                store = Store(new_url(), size)
                stores.append(stack.enter_context(contextlib.closing(store)))
                ask(store.url, *KINDS[database].settle)
                _say(f'{title}: {size} prefixes')
            checks.append(_plans(database, stores[-1]))
            for what, rounds in _looked_up(stores).items():
                cells, growth, points = _figures(rounds, sizes)
                look_ups.append([f'{title}: {what}', *cells, f'{growth:.2f}'])
                if what in lines:
                    lines[what][title] = points
                name = f'{title}: {what}, {sizes[-1]} / {sizes[0]}'
                is_judged = what not in (CACHED, FLOOR)
                target = MAX_RATIO if is_judged else None
                checks.append(Check(name, growth, target))
            megabytes = [f'{each.megabytes(database):.1f}' for each in stores]
            look_ups.append([f'{title}: MB on disk', *megabytes, ''])
            for store in stores:
                found = stages(store.url, store.prefixes, clients)
                cells, figures = _worker(f'{title}, {store.prefixes}', found)
                memory.append([title, f'{store.prefixes}', *cells])
                memory_checks += figures
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


def _plans(database: str, store: Store) -> Check:
    """Whether each step of each look-up goes by an index."""
    steps = store.unindexed(database)
    return Check(
        f'{KINDS[database].title}: steps without an index at {store.prefixes}',
        len(steps),
        0 if store.prefixes >= PLANNED_PREFIXES else None,
        beside='; '.join(steps),
    )


def _looked_up(stores: Sequence[Store]) -> dict[str, list[Round]]:
    """The seconds of rounds by what was looked up, and by size."""
    subjects = {
        (what, store.prefixes): timed(prepare, time.perf_counter)
        for store in stores
        for what, prepare in store.subjects().items()
    }
    with no_garbage_collection():
        measured = take_turns(subjects, LOOK_UP_ROUNDS)
    found: dict[str, list[Round]] = {}
    for each in measured:
        by_size: dict[str, dict[int, float]] = {}
        for (what, size), seconds in each.items():
            by_size.setdefault(what, {})[size] = seconds
        for what, turns in by_size.items():
            found.setdefault(what, []).append(turns)
    return found


def _figures(
    rounds: Sequence[Round], sizes: Sequence[int]
) -> tuple[list[str], float, Points]:
    """Milliseconds, how they grow within each round, and what is plotted."""
    points = [
        (size, 1e3 * median(rounds, operator.itemgetter(size)))
        for size in sizes
    ]
    growth = median(rounds, lambda each: each[sizes[-1]] / each[sizes[0]])
    return [f'{ms:.3g}' for _, ms in points], growth, points


def _worker(
    title: str, found: Sequence[Stage]
) -> tuple[list[str], list[Check]]:
    """The memory of a worker, and whether it is bounded."""
    extra = extra_megabytes(found)
    cells = [f'{each.megabytes:.1f}' for each in found]
    return [*cells, f'{extra:.1f}'], [
        Check(f'{title}: extra MB of a worker', extra, MAX_MEGABYTES),
        Check(
            f'{title}: a client more, cache full / not full',
            client_growth(found),
            MAX_GROWTH,
        ),
    ]


def _say(text: str) -> None:
    """Tell who waits."""
    print(f'{time.strftime("%X")} {text}', file=sys.stderr, flush=True)
