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

"""Measure our share of a whole scheduling request, with a real Placement.

    usage: python -m bench.request_share [--short]

The CPU time of the process, that of Placement included; garbage is collected
as in production. Ours is clocked within each request, with all that Nova does
for each plug-in of its lists.
"""

import argparse
import dataclasses
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence

from nova import objects

from bench import plan
from bench import report
from bench.alone import run_alone
from bench.configuration import FOREVER_SECONDS
from bench.configuration import configure
from bench.measure import Formula
from bench.measure import Round
from bench.measure import less
from bench.measure import median
from bench.measure import ratio
from bench.measure import total
from bench.result import Check
from bench.result import Section
from bench.schedulers import Setup
from bench.turns import BARE
from bench.turns import FILTER
from bench.turns import OURS
from bench.turns import REQUEST_FILTER
from bench.turns import WEIGHERS
from bench.turns import contest
from bench.turns import of
from bench.turns import one_server

SITE_HOSTS = 50

#: As many as Placement hands out at most; all of them have room.
HOSTS = 1000
TARGET = 0.008

CACHED = Setup(
    'client in the cache',
    options={'narrow_candidates': 'never', 'cache_ttl': FOREVER_SECONDS},
    with_bare=True,
)
LOOKED_UP = dataclasses.replace(
    CACHED,
    name='client looked up',
    options={'narrow_candidates': 'never', 'cache_ttl': 0},
)

FULL_ROUNDS, SHORT_ROUNDS = 25, 9


def sections(options: argparse.Namespace) -> list[Section]:
    """Let requests with a known client and with another take turns."""
    count = SHORT_ROUNDS if options.short else FULL_ROUNDS
    made = plan.make_plan(HOSTS, SITE_HOSTS)
    room = plan.spread_full(made, 0)
    with tempfile.TemporaryDirectory() as folder:
        filters = configure(folder)
        with contest(folder, filters, made, room) as turns:
            rounds = turns.rounds([CACHED, LOOKED_UP], same_client, count)
    return [_share(rounds)]


def same_client(number: int) -> objects.RequestSpec:
    """The same request in each round, so that its client can be known."""
    return one_server(0)


def _share(rounds: Sequence[Round]) -> Section:
    """How much of a request is ours."""
    names = (CACHED.name, LOOKED_UP.name)
    ours = [of(name, OURS) for name in names]
    alone = [less(of(name, OURS), of(name, BARE)) for name in names]
    rows = [
        ['CPU ms', *names],
        _row('a request', rounds, [_request] * 2, _ms),
        *(
            _row(part, rounds, [of(name, part) for name in names], _ms)
            for part in (REQUEST_FILTER, FILTER, WEIGHERS, BARE)
        ),
        _row('share of ours', rounds, map(_of_request, ours), _percent),
        _row('... less bare', rounds, map(_of_request, alone), _percent),
    ]
    return Section(
        f'Our share of select_destinations at {HOSTS} hosts',
        f'All {HOSTS} hosts have room, and Placement hands them all '
        f'out. Medians of {len(rounds)} rounds. A request is the mean of both '
        'kinds, as full garbage collections hit now the one, now the other. '
        "What is ours has in it what Nova's handlers do for each plug-in, and "
        'that is what they do for as many plug-ins that do nothing.\n\n'
        + report.table(rows),
        [
            _check(rounds, CACHED, TARGET),
            _check(rounds, LOOKED_UP, None),
        ],
    )


def _check(
    rounds: Sequence[Round], setup: Setup, target: float | None
) -> Check:
    bare = median(rounds, _of_request(of(setup.name, BARE)))
    return Check(
        f'share of select_destinations, {setup.name}',
        median(rounds, _of_request(of(setup.name, OURS))),
        target,
        beside=f'{bare:.2g} if it did nothing',
    )


def _request(measured: Round) -> float:
    """The mean of both kinds, without the plug-ins that do nothing."""
    return statistics.fmean(
        less(total(name), of(name, BARE))(measured)
        for name in (CACHED.name, LOOKED_UP.name)
    )


def _of_request(part: Formula) -> Formula:
    return ratio(part, _request)


def _row(
    label: str,
    rounds: Sequence[Round],
    formulas: Iterable[Formula],
    text: Callable[[float], str],
) -> list[str]:
    """Several figures of one size."""
    return [label, *(text(median(rounds, formula)) for formula in formulas)]


def _ms(seconds: float) -> str:
    return f'{seconds * 1e3:.2f}'


def _percent(share: float) -> str:
    return f'{share:.2%}'


if __name__ == '__main__':
    sys.exit(run_alone(sections, __doc__))
