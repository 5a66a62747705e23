# SPDX-License-Identifier: Apache-2.0

"""Measuring on a machine that others use as well: what counts is ratios.

What is compared takes turns, in a rotated order, so that a slow minute hits
all of it, and figures are compared within a round before the median of the
rounds is taken.
"""

import concurrent.futures
import contextlib
import gc
import multiprocessing
import pathlib
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

import sqlalchemy as sa

T = TypeVar('T')

#: What each has come to in its turn, ``{'RAMWeigher': 0.009}``.
Round: TypeAlias = Mapping[Any, Any]

#: What is made of a round, such as the ratio of two figures.
Formula: TypeAlias = Callable[[Round], float]

#: What oslo.db sends around a query: whether the connection that it took
#: from the pool is alive, and on SQLite the begin of the transaction.
_AROUND = ('SELECT 1', 'BEGIN')


def take_turns(
    runs: Mapping[Any, Callable[[int], Any]], rounds: int
) -> list[Round]:
    """Let all take turns, once more than asked to warm up.

    :param runs: each is called with the number of the round
    """
    names = list(runs)
    measured: list[Round] = []
    for number in range(rounds + 1):
        first = number % len(names)
        found = {
            name: runs[name](number)
            for name in (*names[first:], *names[:first])
        }
        measured.append({name: found[name] for name in names})
    return measured[1:]


def timed(
    prepare: Callable[[], Callable[[], object]],
    clock: Callable[[], float] = time.thread_time,
) -> Callable[[int], float]:
    """Something that is timed when it is its turn.

    :param prepare: what it needs anew each time; returns what is timed
    :param clock: seconds; ``time.perf_counter`` where another process works
    """

    def turn(number: int) -> float:
        run = prepare()
        start = clock()
        run()
        return clock() - start

    return turn


def median(rounds: Sequence[Round], formula: Formula) -> float:
    """The median over the rounds of what is made of each."""
    return statistics.median(map(formula, rounds))


@contextlib.contextmanager
def no_garbage_collection() -> Iterator[None]:
    """A full collection walks all hosts, and would hit one turn only."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


def apart(run: Callable[..., T], *arguments: object) -> T:
    """Run a function of a module in a process of its own."""
    with concurrent.futures.ProcessPoolExecutor(
        1, multiprocessing.get_context('spawn')
    ) as pool:
        return pool.submit(run, *arguments).result()


def private_megabytes() -> float:
    """What of this process is its own and not the same on disk."""
    gc.collect()
    rollup = pathlib.Path('/proc/self/smaps_rollup').read_text()
    _, _, line = rollup.partition('Private_Dirty:')
    return int(line.split()[0]) * 1024 / 1e6


def count_statements(run: Callable[[], object]) -> int:
    """Run something; how many SQL statements it sent to any database."""
    sent: list[str] = []

    def record(
        connection: Any, cursor: Any, statement: str, *rest: Any
    ) -> None:
        if statement.strip().upper() not in _AROUND:
            sent.append(statement)

    sa.event.listen(sa.Engine, 'before_cursor_execute', record)
    try:
        run()
    finally:
        sa.event.remove(sa.Engine, 'before_cursor_execute', record)
    return len(sent)
