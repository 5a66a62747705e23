# SPDX-License-Identifier: Apache-2.0

"""Measure whole scheduling requests, with a real Placement in the process.

Nova without the plug-in, with it, and with it narrowed take turns on one
deployment. What is compared is the CPU time of the process, that of Placement
included; garbage is collected as in production.
"""

import argparse
import operator
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import nova.conf

from bench.configuration import configured
from bench.contest import contest
from bench.latencies import request_near
from bench.measure import Round
from bench.plan import make_plan
from bench.plan import spread_full
from bench.result import Check
from bench.result import Growth
from bench.result import Section
from bench.result import row
from bench.result import table
from bench.schedulers import Setup
from bench.schedulers import Turn

CONF = nova.conf.CONF

SITE_HOSTS = 50

STOCK = Setup('Nova alone', with_plugin=False)
WHOLE = Setup(
    'with ours, not narrowed',
    options={'narrow_candidates': 'never', 'cache_ttl': 0},
)
NARROWED = Setup(
    'with ours, narrowed',
    options={'narrow_candidates': 'auto', 'cache_ttl': 0},
)
ALL = (STOCK, WHOLE, NARROWED)

#: The rounds of several clouds, ``{'N=10000': [...]}``.
Clouds = Mapping[str, Sequence[Round]]

CPU: Callable[[Turn], float] = operator.attrgetter('cpu_seconds')


class Extent(NamedTuple):
    """How much is measured.

    :param sizes: numbers of hosts that growth is shown by
    :param target: of narrowed / not
    :param half_full: whether the largest is measured half full as well
    """

    sizes: Sequence[int]
    rounds: int
    target: float
    half_full: bool


FULL = Extent((2000, 5000, 10_000), 9, 0.2, True)
#: A full garbage collection more or less moves the mean of few rounds.
SHORT = Extent((10_000,), 5, 0.25, False)


def sections(options: argparse.Namespace) -> list[Section]:
    """Measure by the number of hosts, of which all have room or half."""
    sizes, rounds, target, half_full = SHORT if options.short else FULL
    grown: dict[str, Sequence[Round]] = {}
    with configured() as folder:
        for count in sizes:
            plan, cloud = make_plan(count, (SITE_HOSTS,)), f'N={count}'
            with contest(folder, plan) as turns:
                grown[cloud] = turns.rounds(ALL, request_near, rounds)
                if half_full and count == max(sizes):
                    turns.fill(spread_full(plan, 0.5))
                    grown[f'{cloud}, half full'] = turns.rounds(
                        ALL, request_near, rounds
                    )
    return [_growth(sizes, grown, target)]


def _growth(sizes: Sequence[int], grown: Clouds, target: float) -> Section:
    """What a request takes in larger clouds, whole and narrowed."""
    rows = [['', *grown]]
    for label, figure in (
        ('CPU seconds', 'cpu_seconds'),
        ('full garbage collections', 'collections'),
    ):
        rows += [_means(label, grown, setup, figure) for setup in ALL]
    rows += [
        _ratios(grown, WHOLE, STOCK),
        _ratios(grown, NARROWED, WHOLE),
        _ratios(grown, NARROWED, STOCK),
        _means('hosts judged', grown, NARROWED, 'judged'),
        _means('rings asked', grown, NARROWED, 'probes'),
        _means('queries of Placement', grown, NARROWED, 'queries'),
    ]
    ratio = _ratio(grown[f'N={max(sizes)}'], NARROWED, WHOLE)
    lines = {
        setup.name: [(n, _mean(grown[f'N={n}'], setup, CPU)) for n in sizes]
        for setup in ALL
    }
    return Section(
        'A whole request by size of the cloud',
        f'Sites of {SITE_HOSTS} hosts; all hosts have room but where it says '
        'otherwise. Placement hands out '
        f'{CONF.scheduler.max_placement_results} hosts at most. Each request '
        'looks its client up, in a store that has it at every site. Means of '
        f'{len(grown[f"N={max(sizes)}"])} rounds, as full garbage collections '
        'hit some requests and not others: the ratio to Nova alone wavers by '
        'a fifth for that, and our share (above) is what it comes to.\n\n'
        + table(rows),
        [
            Check(
                f'a request narrowed / not, at {max(sizes)} hosts',
                ratio,
                target,
            )
        ],
        [Growth('A scheduling request', 'hosts', 'CPU seconds', lines)],
    )


def _means(label: str, clouds: Clouds, setup: Setup, figure: str) -> list[str]:
    of = operator.attrgetter(figure)
    means = [_mean(rounds, setup, of) for rounds in clouds.values()]
    return row(f'{label}, {setup.name}', means, '.2f')


def _mean(
    rounds: Sequence[Round],
    setup: Setup,
    figure: Callable[[Turn], float],
) -> float:
    return statistics.fmean(figure(turns[setup.name]) for turns in rounds)


def _ratio(rounds: Sequence[Round], one: Setup, other: Setup) -> float:
    """What one takes by what the other does."""
    return _mean(rounds, one, CPU) / _mean(rounds, other, CPU)


def _ratios(clouds: Clouds, one: Setup, other: Setup) -> list[str]:
    ratios = [_ratio(rounds, one, other) for rounds in clouds.values()]
    return row(f'{one.name} / {other.name}', ratios, '.3f')
