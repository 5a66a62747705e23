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
included; garbage is collected as in production. Ours is clocked within each
request, with all that Nova does for each plug-in of its lists.
"""

import argparse
import contextlib
import dataclasses
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence

import nova.conf
from nova import objects

from bench import plan
from bench import report
from bench.configuration import FOREVER_SECONDS
from bench.configuration import configure
from bench.measure import Formula
from bench.measure import Round
from bench.measure import less
from bench.measure import median
from bench.measure import ratio
from bench.measure import total
from bench.pages import show
from bench.result import Check
from bench.result import Growth
from bench.result import Section
from bench.schedulers import Setup
from bench.turns import BARE
from bench.turns import FILTER
from bench.turns import HOSTS
from bench.turns import OURS
from bench.turns import PROBES
from bench.turns import REQUEST_FILTER
from bench.turns import WALL
from bench.turns import WEIGHERS
from bench.turns import Contest
from bench.turns import contest
from bench.turns import of
from bench.turns import one_server

CONF = nova.conf.CONF

SITE_HOSTS = 50

#: As many as Placement hands out at most; all of them have room.
SHARE_HOSTS = 1000
SHARE_TARGET = 0.008

#: Of more hosts it hands out some. Half of them are full.
FULL_RATIO = 0.5
NARROWED_HOSTS = 10_000
NARROWED_TARGET = 0.3

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
LOOKED_UP = dataclasses.replace(WHOLE, name='client looked up', with_bare=True)
CACHED = Setup(
    'client in the cache',
    options={'narrow_candidates': 'never', 'cache_ttl': FOREVER_SECONDS},
    with_bare=True,
)

#: By number of hosts.
Sizes = Mapping[int, Sequence[Round]]


@dataclasses.dataclass(frozen=True)
class Extent:
    """How much is measured.

    :param sizes: numbers of hosts that growth is shown by
    :param several_rounds: with many servers in one request, 0 for none
    """

    share_rounds: int
    sizes: Sequence[int]
    rounds: int
    several_rounds: int


FULL = Extent(25, (2000, 5000, NARROWED_HOSTS), 9, 3)
SHORT = Extent(9, (NARROWED_HOSTS,), 3, 0)


def sections(options: argparse.Namespace) -> list[Section]:
    """Measure our share at one size, then growth, then many servers."""
    extent = SHORT if options.short else FULL
    grown: dict[int, list[Round]] = {}
    several: dict[int, list[Round]] = {}
    with tempfile.TemporaryDirectory() as folder:
        filters = configure(folder)
        with _contest(folder, filters, SHARE_HOSTS, full_ratio=0) as turns:
            share = turns.rounds(
                [CACHED, LOOKED_UP], same_client, extent.share_rounds
            )
            if extent.several_rounds:
                several[SHARE_HOSTS] = turns.rounds(
                    [STOCK, WHOLE], many_servers, extent.several_rounds
                )
        for count in extent.sizes:
            with _contest(folder, filters, count) as turns:
                grown[count] = turns.rounds(ALL, one_server, extent.rounds)
                if extent.several_rounds and count == max(extent.sizes):
                    several[count] = turns.rounds(
                        ALL, many_servers, extent.several_rounds
                    )
    found = [_share(share), _growth(grown)]
    return [*found, _several(several)] if several else found


def _contest(
    folder: str,
    default_filters: Sequence[str],
    count: int,
    full_ratio: float = FULL_RATIO,
) -> contextlib.AbstractContextManager[Contest]:
    made = plan.make_plan(count, SITE_HOSTS)
    room = plan.spread_full(made, full_ratio)
    return contest(folder, default_filters, made, room)


def same_client(number: int) -> objects.RequestSpec:
    """The same request in each round, so that its client can be known."""
    return one_server(0)


def many_servers(client: int) -> objects.RequestSpec:
    """A request for many servers at once, near one client."""
    spec = one_server(client)
    spec.num_instances = SERVERS
    return spec


def _share(rounds: Sequence[Round]) -> Section:
    """How much of a request is ours."""
    names = (CACHED.name, LOOKED_UP.name)
    request = [less(total(name), of(name, BARE)) for name in names]
    ours = [of(name, OURS) for name in names]
    alone = [less(of(name, OURS), of(name, BARE)) for name in names]
    rows = [
        ['CPU ms', *names],
        _row('a request', rounds, request, _ms),
        *(
            _row(part, rounds, [of(name, part) for name in names], _ms)
            for part in (REQUEST_FILTER, FILTER, WEIGHERS, BARE)
        ),
        _row('share of ours', rounds, map(ratio, ours, request), _percent),
        _row('... less bare', rounds, map(ratio, alone, request), _percent),
    ]
    return Section(
        f'Our share of select_destinations at {SHARE_HOSTS} hosts',
        f'All {SHARE_HOSTS} hosts have room, and Placement hands them all '
        f'out. Medians of {len(rounds)} rounds. What is ours has in it what '
        "Nova's handlers do for each plug-in, and that is what they do for "
        'as many plug-ins that do nothing.\n\n' + report.table(rows),
        [
            Check(
                f'share of select_destinations, {name}',
                median(rounds, ratio(mine, all_)),
                SHARE_TARGET,
                beside=f'{median(rounds, ratio(less(mine, own), all_)):.2g}'
                ' if it did nothing',
            )
            for name, all_, mine, own in zip(
                names, request, ours, alone, strict=True
            )
        ],
    )


def _growth(grown: Sizes) -> Section:
    """What a request takes in larger clouds, whole and narrowed."""
    names = [setup.name for setup in ALL]
    narrowed, whole = total(NARROWED.name), total(WHOLE.name)
    rows = [
        ['', *(f'N={count}' for count in grown)],
        *(
            _across(f'CPU seconds, {name}', grown, total(name), _seconds)
            for name in names
        ),
        *(
            _across(f'wall seconds, {name}', grown, of(name, WALL), _seconds)
            for name in names
        ),
        _across('with ours / Nova alone', grown, _TO_STOCK, _ratio),
        _across('narrowed / not', grown, ratio(narrowed, whole), _ratio),
        _across('hosts judged, narrowed', grown, _JUDGED, _count),
        _across('rings asked', grown, of(NARROWED.name, PROBES), _count),
    ]
    largest = max(grown)
    return Section(
        'A whole request by size of the cloud',
        f'Sites of {SITE_HOSTS} hosts, {FULL_RATIO:.0%} of all hosts are '
        f'full. Placement hands out {CONF.scheduler.max_placement_results} '
        'hosts at most. Each request looks its client up, in a store that '
        f'has it at every site.\n\n{report.table(rows)}',
        [
            Check(
                f'a request narrowed / not, at {largest} hosts',
                median(grown[largest], ratio(narrowed, whole)),
                NARROWED_TARGET,
            )
        ],
        [
            Growth(
                'A scheduling request',
                'hosts',
                'CPU seconds',
                {
                    name: [
                        (count, median(rounds, total(name)))
                        for count, rounds in grown.items()
                    ]
                    for name in names
                },
            )
        ],
    )


def _several(several: Sizes) -> Section:
    """What a request for many servers takes."""
    rows = [['CPU seconds', *(f'N={count}' for count in several)]]
    for setup in ALL:
        rows.append(
            [
                setup.name,
                *(
                    _seconds(median(rounds, total(setup.name)))
                    if setup.name in rounds[0]
                    else ''
                    for rounds in several.values()
                ),
            ]
        )
    rows.append(_across('with ours / Nova alone', several, _TO_STOCK, _ratio))
    return Section(
        f'{SERVERS} servers in one request',
        'Nova filters and weighs all hosts anew for each server. Medians of '
        f'{len(several[SHARE_HOSTS])} rounds.\n\n{report.table(rows)}',
    )


_TO_STOCK = ratio(total(WHOLE.name), total(STOCK.name))
_JUDGED = of(NARROWED.name, HOSTS)


def _row(
    label: str,
    rounds: Sequence[Round],
    formulas: Iterable[Formula],
    text: Callable[[float], str],
) -> list[str]:
    """Several figures of one size."""
    return [label, *(text(median(rounds, formula)) for formula in formulas)]


def _across(
    label: str, sizes: Sizes, formula: Formula, text: Callable[[float], str]
) -> list[str]:
    """One figure at each size."""
    return [label, *(text(median(each, formula)) for each in sizes.values())]


def _ms(seconds: float) -> str:
    return f'{seconds * 1e3:.2f}'


def _seconds(seconds: float) -> str:
    return f'{seconds:.2f}'


def _percent(share: float) -> str:
    return f'{share:.2%}'


def _ratio(figure: float) -> str:
    return f'{figure:.3f}'


def _count(figure: float) -> str:
    return f'{figure:.0f}'


def main(arguments: Sequence[str]) -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--short', action='store_true', help='fewer rounds, only to judge'
    )
    return show(sections(parser.parse_args(arguments)))


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
