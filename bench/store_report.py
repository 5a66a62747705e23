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

"""What was measured of stores of several sizes, as tables and checks."""

import math
from collections.abc import Callable, Sequence

from bench import store_lookups
from bench import store_memory
from bench import store_volume
from bench import store_writes
from bench.report import table
from bench.result import Check
from bench.result import Growth
from bench.result import Section
from bench.store_population import VANTAGES
from bench.store_result import Result

#: How much longer a look-up may take in the largest store than in the
#: smallest.
MAX_RATIO = 3.0

#: Where plans are judged: a table of a few pages is better read whole.
PLANNED_PREFIXES = 100_000

_GROWTH = 'largest / smallest'


def sections(results: Sequence[Result]) -> list[Section]:
    """All of it, for each database."""
    return [
        _look_ups(results),
        _writes(results),
        store_volume.section(results),
        store_memory.section(results),
    ]


def _look_ups(results: Sequence[Result]) -> Section:
    prefixes = results[0].prefixes
    kinds = (*store_lookups.COLD, store_lookups.CACHED, store_lookups.FLOOR)
    rows = [['ms', *map(str, prefixes), _GROWTH]]
    for result in results:
        rows += [
            _timed(result, what, f'{result.title}: {what}', _milliseconds)
            for what in kinds
        ]
    text = (
        f'{", ".join(result.version for result in results)}. Each prefix has '
        f'a row of each of {len(VANTAGES)} vantages, and is inside of another '
        'that has as many. A look-up goes through the reader of the '
        'scheduler, without its cache unless it says so, and asks for '
        f'somebody else each time. Medians of {len(results[0].look_ups)} '
        'rounds, wall time; stores of all sizes take turns, and are compared '
        'within each round. `SELECT 1` is the floor: a connection as the '
        'reader has it that asks for nothing.\n\n' + table(rows)
    )
    checks = [check for result in results for check in _checks(result)]
    growths = [
        _growth(results, f'Look-up of {what}', what, 'ms', 1e3)
        for what in (store_lookups.ADDRESS, store_lookups.CACHED)
    ]
    return Section('Look-ups in a large store', text, checks, growths)


def _checks(result: Result) -> list[Check]:
    """Whether look-ups grow gently, and go by indexes."""
    smallest, *_, largest = result.prefixes
    floor = result.growth(store_lookups.FLOOR)
    steps = [
        f'{what}: {step}'
        for what, found in result.unindexed.items()
        for step in found
    ]
    return [
        *(
            Check(
                f'{result.title}: {what}, {largest} / {smallest}',
                result.growth(what),
                MAX_RATIO,
                beside=f'floor {floor:.2f}',
            )
            for what in store_lookups.COLD
        ),
        Check(
            f'{result.title}: steps without an index at {largest}',
            len(steps),
            0 if largest >= PLANNED_PREFIXES else None,
            beside='; '.join(steps),
        ),
    ]


def _writes(results: Sequence[Result]) -> Section:
    prefixes = results[0].prefixes
    rows = [['', *map(str, prefixes), _GROWTH]]
    for result in results:
        rows.append(
            [
                f'{result.title}: filled beforehand',
                *(size.filled.text for size in result.sizes),
                '',
            ]
        )
        rows += [
            _timed(result, what, f'{result.title}: {text}', form)
            for what, (text, form) in _WRITES.items()
        ]
        rows += [
            [
                f'{result.title}: {what}',
                *(size.once[what].text for size in result.sizes),
                '',
            ]
            for what in store_writes.ONCE
        ]
    text = (
        'The store\'s own writer, in calls as an import and the collector '
        f'make them: {store_writes.LOAD_PREFIXES} new prefixes with a row of '
        f'each vantage, or up to {store_writes.UPDATE_CLIENTS} rows of one '
        f'vantage again. Medians of {store_writes.ROUNDS} rounds, in which '
        'stores of all sizes take turns; what has rows and seconds was done '
        'once. What a store is filled with beforehand is made by SQL in the '
        'database, in the order in which collectors would bring it. The '
        'servers need not flush what they commit, SQLite does.\n\n'
        + table(rows)
    )
    growths = [
        _growth(results, f'Writing: {what}', what, 's', 1) for what in _WRITES
    ]
    checks = [
        Check(
            f'{result.title}, {size.prefixes}: {what}: {once.failure}',
            math.nan,
            0,
        )
        for result in results
        for size in result.sizes
        for what, once in size.once.items()
        if once.failure
    ]
    return Section('Writing into a large store', text, checks, growths)


def _milliseconds(seconds: float) -> str:
    return f'{1e3 * seconds:.3g}'


#: What is done in turns, how it is called, and how its seconds are shown.
_WRITES: dict[str, tuple[str, Callable[[float], str]]] = {
    store_writes.LOAD: (
        'new rows a second',
        lambda s: f'{store_writes.LOAD_PREFIXES * len(VANTAGES) / s:.0f}',
    ),
    store_writes.UPDATE: (
        'updated rows a second',
        lambda s: f'{store_writes.UPDATE_CLIENTS / s:.0f}',
    ),
    store_writes.PURGE_CLIENT: (
        'purge of a prefix, ms',
        _milliseconds,
    ),
}


def _timed(
    result: Result, what: str, text: str, form: Callable[[float], str]
) -> list[str]:
    """The line of something that was done in turns."""
    return [
        text,
        *(form(result.seconds(what, count)) for count in result.prefixes),
        f'{result.growth(what):.2f}',
    ]


def _growth(
    results: Sequence[Result], title: str, what: str, unit: str, factor: float
) -> Growth:
    """The plot of something that was done in turns."""
    return Growth(
        title,
        'prefixes',
        unit,
        {
            result.title: [
                (count, factor * result.seconds(what, count))
                for count in result.prefixes
            ]
            for result in results
        },
    )
