# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""Measure whole scheduling requests, with a real Placement in the process.

    usage: python -m bench.select_destinations [--short]

Nova without the plug-in, with it, and with it narrowed take turns on one
deployment. What is compared is the CPU time of the process, that of Placement
included; garbage is collected as in production.
"""

import argparse
import contextlib
import dataclasses
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence

import nova.conf
from nova import objects

from bench import plan
from bench import report
from bench.alone import run_alone
from bench.configuration import configure
from bench.measure import Formula
from bench.measure import Round
from bench.measure import total
from bench.result import Check
from bench.result import Growth
from bench.result import Section
from bench.schedulers import Setup
from bench.turns import COLLECTIONS
from bench.turns import HOSTS
from bench.turns import PROBES
from bench.turns import QUERIES
from bench.turns import WALL
from bench.turns import Contest
from bench.turns import contest
from bench.turns import of
from bench.turns import one_server

CONF = nova.conf.CONF

SITE_HOSTS = 50

#: As many as Placement hands out at most. Of more hosts it hands out some.
OFFERED_HOSTS = 1000

NARROWED_HOSTS = 10_000
HALF = 0.5
NARROWED_TARGET = 0.3
#: A full garbage collection more or less moves the mean of few rounds.
SHORT_TARGET = 0.4

#: In one request.
SERVERS = 100

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


@dataclasses.dataclass(frozen=True)
class Extent:
    """How much is measured.

    :param sizes: numbers of hosts that growth is shown by
    :param target: of narrowed / not
    :param several_rounds: with many servers in one request, 0 for none
    """

    sizes: Sequence[int]
    rounds: int
    target: float
    several_rounds: int


FULL = Extent((2000, 5000, NARROWED_HOSTS), 9, NARROWED_TARGET, 3)
SHORT = Extent((NARROWED_HOSTS,), 5, SHORT_TARGET, 0)


def sections(options: argparse.Namespace) -> list[Section]:
    """Measure growth, then many servers at once."""
    extent = SHORT if options.short else FULL
    grown: dict[str, list[Round]] = {}
    several: dict[str, list[Round]] = {}
    with tempfile.TemporaryDirectory() as folder:
        filters = configure(folder)
        if extent.several_rounds:
            made = plan.make_plan(OFFERED_HOSTS, SITE_HOSTS)
            with _contest(folder, filters, made) as turns:
                several[_cloud(OFFERED_HOSTS)] = turns.rounds(
                    [STOCK, WHOLE], many_servers, extent.several_rounds
                )
        for count in extent.sizes:
            made = plan.make_plan(count, SITE_HOSTS)
            with _contest(folder, filters, made) as turns:
                cloud = _cloud(count)
                grown[cloud] = turns.rounds(ALL, one_server, extent.rounds)
                if extent.several_rounds and count == max(extent.sizes):
                    several[cloud] = turns.rounds(
                        ALL, many_servers, extent.several_rounds
                    )
                    turns.fill(plan.spread_full(made, HALF))
                    grown[f'{cloud}, half full'] = turns.rounds(
                        ALL, one_server, extent.rounds
                    )
    found = [_growth(extent, grown)]
    return [*found, _several(several)] if several else found


def _cloud(count: int) -> str:
    return f'N={count}'


def _contest(
    folder: str, default_filters: Sequence[str], made: plan.Plan
) -> contextlib.AbstractContextManager[Contest]:
    """An empty cloud: every host has room."""
    return contest(folder, default_filters, made, plan.spread_full(made, 0))


def many_servers(client: int) -> objects.RequestSpec:
    """A request for many servers at once, near one client."""
    spec = one_server(client)
    spec.num_instances = SERVERS
    return spec


def _growth(extent: Extent, grown: Clouds) -> Section:
    """What a request takes in larger clouds, whole and narrowed."""
    names = [setup.name for setup in ALL]
    largest = max(extent.sizes)
    rows = [
        ['', *grown],
        *(
            _across(f'CPU seconds, {name}', grown, total(name), _seconds)
            for name in names
        ),
        *(
            _across(f'wall seconds, {name}', grown, of(name, WALL), _seconds)
            for name in names
        ),
        *(
            _across(
                f'full garbage collections, {name}',
                grown,
                of(name, COLLECTIONS),
                _seconds,
            )
            for name in names
        ),
        _ratios('with ours / Nova alone', grown, WHOLE, STOCK),
        _ratios('narrowed / not', grown, NARROWED, WHOLE),
        _across(
            'hosts judged, narrowed', grown, of(NARROWED.name, HOSTS), _count
        ),
        _across('rings asked', grown, of(NARROWED.name, PROBES), _seconds),
        _across(
            'queries of Placement, narrowed',
            grown,
            of(NARROWED.name, QUERIES),
            _seconds,
        ),
        _ratios('narrowed / Nova alone', grown, NARROWED, STOCK),
    ]
    return Section(
        'A whole request by size of the cloud',
        f'Sites of {SITE_HOSTS} hosts; all hosts have room but where it says '
        'otherwise. Placement hands out '
        f'{CONF.scheduler.max_placement_results} hosts at most. Each request '
        'looks its client up, in a store that has it at every site. Means of '
        f'{extent.rounds} rounds, as full garbage collections hit some '
        'requests and not others: the ratio to Nova alone wavers by a fifth '
        f'for that, and our share (above) is what it comes to.\n\n'
        f'{report.table(rows)}',
        [
            Check(
                f'a request narrowed / not, at {largest} hosts',
                _mean_ratio(grown[_cloud(largest)], NARROWED, WHOLE),
                extent.target,
            )
        ],
        [
            Growth(
                'A scheduling request',
                'hosts',
                'CPU seconds',
                {
                    name: [
                        (count, _mean(grown[_cloud(count)], total(name)))
                        for count in extent.sizes
                    ]
                    for name in names
                },
            )
        ],
    )


def _several(several: Clouds) -> Section:
    """What a request for many servers takes."""
    rows = [['CPU seconds', *several]]
    for setup in ALL:
        rows.append(
            [
                setup.name,
                *(
                    _seconds(_mean(rounds, total(setup.name)))
                    if setup.name in rounds[0]
                    else ''
                    for rounds in several.values()
                ),
            ]
        )
    rows.append(_ratios('with ours / Nova alone', several, WHOLE, STOCK))
    rounds = len(several[_cloud(OFFERED_HOSTS)])
    return Section(
        f'{SERVERS} servers in one request',
        'Nova filters and weighs all hosts anew for each server. Means of '
        f'{rounds} rounds.\n\n{report.table(rows)}',
    )


def _across(
    label: str, clouds: Clouds, formula: Formula, text: Callable[[float], str]
) -> list[str]:
    """One figure of each cloud."""
    return [label, *(text(_mean(each, formula)) for each in clouds.values())]


def _ratios(label: str, clouds: Clouds, one: Setup, other: Setup) -> list[str]:
    """What one takes by what the other does."""
    return [
        label,
        *(f'{_mean_ratio(each, one, other):.3f}' for each in clouds.values()),
    ]


def _mean(rounds: Sequence[Round], formula: Formula) -> float:
    return statistics.fmean(map(formula, rounds))


def _mean_ratio(rounds: Sequence[Round], one: Setup, other: Setup) -> float:
    return _mean(rounds, total(one.name)) / _mean(rounds, total(other.name))


def _seconds(seconds: float) -> str:
    return f'{seconds:.2f}'


def _count(figure: float) -> str:
    return f'{figure:.0f}'


if __name__ == '__main__':
    sys.exit(run_alone(sections, __doc__))
