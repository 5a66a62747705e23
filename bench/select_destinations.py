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
from bench.contest import SITE_HOSTS
from bench.contest import compete
from bench.latencies import request_near
from bench.measure import Round
from bench.result import Check
from bench.result import Growth
from bench.result import Section
from bench.result import row
from bench.result import table
from bench.schedulers import Setup
from bench.schedulers import Turn

CONF = nova.conf.CONF

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


#: Hosts of a cloud, and what share of them is full.
Size = tuple[int, float]


class Extent(NamedTuple):
    """How much is measured.

    :param target: of narrowed / not, in the largest cloud
    """

    clouds: Mapping[str, Size]
    rounds: int
    target: float


LARGEST = 'N=10000'
FULL = Extent(
    {
        'N=2000': (2000, 0.0),
        'N=5000': (5000, 0.0),
        LARGEST: (10_000, 0.0),
        f'{LARGEST}, half full': (10_000, 0.5),
    },
    rounds=9,
    target=0.2,
)
#: A full garbage collection more or less moves the mean of few rounds.
SHORT = Extent({LARGEST: (10_000, 0.0)}, rounds=5, target=0.25)


def sections(options: argparse.Namespace) -> list[Section]:
    """Measure by the number of hosts, of which all have room or half."""
    extent = SHORT if options.short else FULL
    with configured() as folder:
        grown = {
            name: compete(
                folder, hosts, ALL, request_near, extent.rounds, full_ratio
            )
            for name, (hosts, full_ratio) in extent.clouds.items()
        }
    return [_growth(extent, grown)]


def _growth(extent: Extent, grown: Clouds) -> Section:
    """What a request takes in larger clouds, whole and narrowed."""
    rows = [
        ['', *grown],
        *(_means('CPU seconds', grown, each, 'cpu_seconds') for each in ALL),
        _ratios(grown, WHOLE, STOCK),
        _ratios(grown, NARROWED, WHOLE),
        _ratios(grown, NARROWED, STOCK),
        _means('hosts judged', grown, NARROWED, 'judged'),
        _means('rings asked', grown, NARROWED, 'probes'),
        _means('queries of Placement', grown, NARROWED, 'queries'),
    ]
    lines = {
        setup.name: [
            (hosts, _mean(grown[name], setup, CPU))
            for name, (hosts, full_ratio) in extent.clouds.items()
            if not full_ratio
        ]
        for setup in ALL
    }
    return Section(
        'A whole request by size of the cloud',
        f'Sites of {SITE_HOSTS} hosts; all hosts have room but where it says '
        'otherwise. Placement hands out '
        f'{CONF.scheduler.max_placement_results} hosts at most. Each request '
        'looks its client up, in a store that has it at every site. Means of '
        f'{extent.rounds} rounds, as full garbage collections '
        'hit some requests and not others: the ratio to Nova alone wavers by '
        'a fifth for that, and our share (above) is what it comes to.\n\n'
        + table(rows),
        [
            Check(
                f'a request narrowed / not, {LARGEST}',
                _ratio(grown[LARGEST], NARROWED, WHOLE),
                extent.target,
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
