# SPDX-License-Identifier: Apache-2.0

"""Measure our share of a whole scheduling request, with a real Placement.

The CPU time of the process, that of Placement included; garbage is collected
as in production. Ours is clocked within each request, with all that Nova does
for each plug-in of its lists.
"""

import argparse
import statistics
from collections.abc import Sequence

from bench.configuration import FOREVER_SECONDS
from bench.configuration import configured
from bench.contest import compete
from bench.latencies import request_near
from bench.measure import Round
from bench.measure import median
from bench.result import Check
from bench.result import Section
from bench.result import row
from bench.result import table
from bench.schedulers import BARE
from bench.schedulers import FILTERS
from bench.schedulers import OURS
from bench.schedulers import RECORDER
from bench.schedulers import REQUEST_FILTERS
from bench.schedulers import WEIGHERS
from bench.schedulers import Setup

#: As many as Placement hands out at most; all of them have room.
HOSTS = 1000

#: The target of each kind, and what it is configured with.
KINDS: dict[str, tuple[float | None, dict[str, object]]] = {
    'client in the cache': (0.008, {'cache_ttl': FOREVER_SECONDS}),
    'client looked up': (None, {'cache_ttl': 0}),
    'recorded in full': (
        None,
        {'cache_ttl': FOREVER_SECONDS, 'record_detail': 'full'},
    ),
}
SETUPS = [
    Setup(
        name,
        options={
            'narrow_candidates': 'never',
            'record_detail': 'short',
            **options,
        },
        with_bare=True,
    )
    for name, (_, options) in KINDS.items()
]

FULL_ROUNDS, SHORT_ROUNDS = 25, 9

PARTS = {
    'our request filter': REQUEST_FILTERS,
    'our filter': FILTERS,
    'our weighers': WEIGHERS,
    'the recorder': RECORDER,
    'plug-ins that do nothing': BARE,
}


def sections(options: argparse.Namespace) -> list[Section]:
    """Let requests with a known client and with another take turns."""
    count = SHORT_ROUNDS if options.short else FULL_ROUNDS
    with configured() as folder:
        # The same request in each, so that its client can be known.
        turns = compete(
            folder, HOSTS, SETUPS, lambda _: request_near(0), count
        )
    return [_share(turns)]


def _share(rounds: Sequence[Round]) -> Section:
    """How much of a request is ours."""
    names = [setup.name for setup in SETUPS]

    def cpu_ms(name: str, part: Sequence[str]) -> float:
        return 1e3 * median(rounds, lambda turns: turns[name].cpu_of(part))

    def share(name: str, part: Sequence[str], less: Sequence[str]) -> float:
        return median(
            rounds,
            lambda turns: (
                (turns[name].cpu_of(part) - turns[name].cpu_of(less))
                / _request(turns)
            ),
        )

    request_ms = 1e3 * median(rounds, _request)
    rows = [
        ['CPU ms', *names],
        row('a request', [request_ms] * len(names), '.2f'),
    ]
    for label, part in PARTS.items():
        rows.append(row(label, [cpu_ms(name, part) for name in names], '.2f'))
    for label, less in (('share of ours', ()), ('... less bare', BARE)):
        shares = [share(name, OURS, less) for name in names]
        rows.append(row(label, shares, '.2%'))
    return Section(
        f'Our share of select_destinations at {HOSTS} hosts',
        f'All {HOSTS} hosts have room, and Placement hands them all '
        f'out. Medians of {len(rounds)} rounds. A request is the mean of all '
        'kinds, as full garbage collections hit now the one, now the other. '
        "What is ours has in it what Nova's handlers do for each plug-in, and "
        'that is what they do for as many plug-ins that do nothing.\n\n'
        + table(rows),
        [
            Check(
                f'share of select_destinations, {name}',
                share(name, OURS, ()),
                target,
                beside=f'{share(name, BARE, ()):.2g} if it did nothing',
            )
            for name, (target, _) in KINDS.items()
        ],
    )


def _request(turns: Round) -> float:
    """The mean, without the plug-ins that do nothing and the recorder."""
    return statistics.fmean(
        turn.cpu_seconds - turn.cpu_of((*BARE, *RECORDER))
        for turn in turns.values()
    )
