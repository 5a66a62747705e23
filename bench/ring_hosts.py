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

"""Measure what the size of the first ring costs, to choose its default.

    usage: python -m bench.ring_hosts [--short]

Each host that Placement hands out takes the scheduler time, and each ring that
has no room takes another query of Placement: small rings are cheap in an empty
cloud, large ones in a full one. All sizes take turns on one deployment, at
several levels of fill, with sites of many hosts and of few.
"""

import argparse
import dataclasses
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence

import nova.conf

from bench import plan
from bench import report
from bench.alone import run_alone
from bench.configuration import configure
from bench.measure import Round
from bench.measure import median
from bench.measure import ratio
from bench.measure import total
from bench.result import Check
from bench.result import Growth
from bench.result import Section
from bench.schedulers import Setup
from bench.turns import HOSTS
from bench.turns import PROBES
from bench.turns import contest
from bench.turns import of
from bench.turns import one_server

CONF = nova.conf.CONF

RING_HOSTS = (25, 50, 100, 200, 400)
PATIENCE_SECONDS = 600

Fill = Callable[[plan.Plan], plan.Room]
FILLS: Mapping[str, Fill] = {
    'half of the hosts full': lambda made: plan.spread_full(made, 0.5),
    '90 % full': lambda made: plan.spread_full(made, 0.9),
    '98 % full': lambda made: plan.spread_full(made, 0.98),
    '90 % of the sites full': lambda made: plan.sites_full(made, 0.9),
}


@dataclasses.dataclass(frozen=True)
class Extent:
    """How much is measured.

    :param site_hosts: sizes of sites
    """

    hosts: int
    site_hosts: Sequence[int]
    rounds: int


FULL = Extent(10_000, (50, 10), 15)
SHORT = Extent(2000, (10,), 5)

#: By fill.
Fills = Mapping[str, Sequence[Round]]


def sections(options: argparse.Namespace) -> list[Section]:
    """Measure all sizes at all levels, for each size of sites."""
    extent = SHORT if options.short else FULL
    measured: dict[int, dict[str, Sequence[Round]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        default_filters = configure(folder)
        default = CONF.edge_sched.ring_hosts
        for site_hosts in extent.site_hosts:
            made = plan.make_plan(extent.hosts, site_hosts)
            with contest(
                folder, default_filters, made, plan.all_free(made)
            ) as turns:
                measured[site_hosts] = {}
                for name, fill in FILLS.items():
                    turns.fill(fill(made))
                    measured[site_hosts][name] = turns.rounds(
                        [setup_of(size) for size in RING_HOSTS],
                        one_server,
                        extent.rounds,
                        collected=False,
                    )
    return [
        *(
            _section(extent, site_hosts, fills)
            for site_hosts, fills in measured.items()
        ),
        _choice(measured, default),
    ]


def setup_of(ring_hosts: int) -> Setup:
    """A scheduler with rings of that size."""
    return Setup(
        f'{ring_hosts}',
        options={
            'narrow_candidates': 'always',
            'ring_hosts': ring_hosts,
            'cache_ttl': 0,
            # However busy the machine is.
            'ring_timeout': PATIENCE_SECONDS,
        },
    )


def costs(rounds: Sequence[Round]) -> dict[int, float]:
    """What a request takes with rings of each size, by that of the cheapest.

    Compared within each round, as each has a client of its own.
    """
    seconds = {
        size: median(rounds, total(setup_of(size).name)) for size in RING_HOSTS
    }
    least = min(seconds, key=seconds.__getitem__)
    under = total(setup_of(least).name)
    return {
        size: median(rounds, ratio(total(setup_of(size).name), under))
        for size in RING_HOSTS
    }


def _section(extent: Extent, site_hosts: int, fills: Fills) -> Section:
    rows = [['ring_hosts', *fills]]
    for size in RING_HOSTS:
        name = setup_of(size).name
        rows.append(
            [
                name,
                *(
                    f'{median(rounds, total(name)):.3f} s, '
                    f'{median(rounds, of(name, HOSTS)):.0f} hosts, '
                    f'{median(rounds, of(name, PROBES)):.0f} rings'
                    for rounds in fills.values()
                ),
            ]
        )
    return Section(
        f'Size of rings, {extent.hosts} hosts at sites of {site_hosts}',
        'CPU seconds of a whole request, the hosts that the scheduler was '
        'handed out for it, and the rings that were asked for room. Medians '
        f'of {extent.rounds} rounds, without the collection of garbage.\n\n'
        + report.table(rows),
        growths=[
            Growth(
                f'Size of rings, sites of {site_hosts} hosts',
                'ring_hosts',
                'CPU seconds',
                {
                    fill: [
                        (size, median(rounds, total(setup_of(size).name)))
                        for size in RING_HOSTS
                    ]
                    for fill, rounds in fills.items()
                },
            )
        ],
    )


def _choice(measured: Mapping[int, Fills], default: int) -> Section:
    """Which size is best in all that was measured."""
    found = [
        costs(rounds)
        for fills in measured.values()
        for rounds in fills.values()
    ]
    means = {
        size: statistics.fmean(each[size] for each in found)
        for size in RING_HOSTS
    }
    best = min(means, key=means.__getitem__)
    rows = [['ring_hosts', 'mean', 'worst']]
    for size, mean in means.items():
        worst = max(each[size] for each in found)
        rows.append([f'{size}', f'{mean:.2f}', f'{worst:.2f}'])
    return Section(
        'Which size is best',
        'What a request takes by what it takes with the best size at the '
        'same fill, over all of them. Requests are compared each with the '
        'same one at other sizes, before medians are taken: that of all '
        'seconds of a size, as above, jumps where requests are of two kinds.'
        f'\n\n{report.table(rows)}',
        [
            Check(
                'ring_hosts that cost least',
                best,
                beside=f'the default is {default}',
            ),
        ],
    )


if __name__ == '__main__':
    sys.exit(run_alone(sections, __doc__))
