# SPDX-License-Identifier: Apache-2.0

"""Measure what the plug-in adds to a scheduling pass, and judge it.

The CPU time of filters and weighers, Nova's and ours, each through Nova's own
handlers, and the ratios that the design stands on. A site is judged once,
however many hosts it has: hosts of which each is a site are the dearest.
"""

import argparse
import operator
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bench import hosts
from bench import latencies
from bench import subjects
from bench.configuration import configured
from bench.measure import Formula
from bench.measure import Round
from bench.measure import count_statements
from bench.measure import median
from bench.measure import no_garbage_collection
from bench.measure import take_turns
from bench.measure import timed
from bench.plan import Plan
from bench.plan import make_plan
from bench.result import Check
from bench.result import Growth
from bench.result import Section
from bench.result import row
from bench.result import table
from bench.subjects import Subject
from edge_sched.scheduler.topology.topology import TOPOLOGY

#: The number of hosts that every ratio is judged at, as there are other
#: figures of it to compare with.
TARGET_HOSTS = 1000

#: Rounds by the number of hosts. With 30 rounds at 1000 hosts the ratios of
#: two runs differed by up to a fifth, with the load of the machine. At 10 000
#: hosts a round takes three seconds, at 100 000 half a minute.
ROUNDS = {100: 60, TARGET_HOSTS: 60, 10_000: 9, 100_000: 3}
SHORT_ROUNDS = {TARGET_HOSTS: 30}

#: Other numbers of sites, and what the filter may cost of ComputeFilter there.
#: Chosen: little more than is measured, so that a quarter more is too much.
SHAPES: Mapping[int, float] = {TARGET_HOSTS // 5: 0.3, TARGET_HOSTS: 0.6}

#: What all of ours may cost at any of them.
SHARE_TARGET = 0.08

#: Whose growth is plotted.
PLOTTED = (
    subjects.DEFAULT_FILTERS,
    subjects.ALL_WEIGHERS,
    subjects.OUR_PASS,
    subjects.EMPTY_PASS,
)

#: What is timed at the other shapes.
SHAPED = (
    *PLOTTED,
    subjects.OUR_FILTER,
    subjects.COMPUTE_FILTER,
    subjects.EMPTY_FILTER,
)

#: By a number, of hosts or of sites.
Measured = Mapping[int, Sequence[Round]]


class Criterion(NamedTuple):
    """A ratio of costs, and what it must be.

    :param floor: the same ratio of a plug-in that does nothing
    :param targets: the largest value allowed, by the number of hosts
    """

    name: str
    formula: Formula
    floor: Formula
    targets: Mapping[int, float]

    def check(
        self, rounds: Sequence[Round], where: str, target: float | None
    ) -> Check:
        """Its figure beside what it must be."""
        floor = f'floor {median(rounds, self.floor):.3f}'
        figure = median(rounds, self.formula)
        return Check(f'{self.name}, {where}', figure, target, beside=floor)


def _by(over: str, under: str) -> Formula:
    return lambda turns: turns[over] / turns[under]


def _of_nova(over: str, less: str = '') -> Formula:
    """What something costs, or more than another, of what Nova's cost."""
    return lambda turns: (
        (turns[over] - turns.get(less, 0.0))
        / (turns[subjects.DEFAULT_FILTERS] + turns[subjects.ALL_WEIGHERS])
    )


#: Targets are those of the first release (nova 34.0.0, Python 3.11).
FILTER = Criterion(
    'EdgeLatencyFilter / ComputeFilter',
    _by(subjects.OUR_FILTER, subjects.COMPUTE_FILTER),
    _by(subjects.EMPTY_FILTER, subjects.COMPUTE_FILTER),
    {1000: 0.2},
)
SHARE = Criterion(
    '(ours - empty) / (default filters + all weighers)',
    _of_nova(subjects.OUR_PASS, subjects.EMPTY_PASS),
    _of_nova(subjects.EMPTY_PASS, subjects.EMPTY_PASS),
    {1000: 0.08, 10_000: 0.11, 100_000: 0.11},
)
CRITERIA = (
    FILTER,
    Criterion(
        'EdgeLatencyWeigher / RAMWeigher',
        _by(subjects.OUR_WEIGHER, subjects.RAM_WEIGHER),
        _by(subjects.EMPTY_WEIGHER, subjects.RAM_WEIGHER),
        {1000: 0.8},
    ),
    Criterion(
        'EdgeCellLatencyWeigher / RAMWeigher',
        _by(subjects.OUR_CELL_WEIGHER, subjects.RAM_WEIGHER),
        _by(subjects.EMPTY_WEIGHER, subjects.RAM_WEIGHER),
        {},
    ),
    SHARE,
    Criterion(
        'ours / (default filters + all weighers)',
        _of_nova(subjects.OUR_PASS),
        _of_nova(subjects.EMPTY_PASS),
        {},
    ),
    Criterion(
        'no hints: ours / empty',
        _by(subjects.WITHOUT_HINTS, subjects.EMPTY_PASS),
        _by(subjects.EMPTY_PASS, subjects.EMPTY_PASS),
        {1000: 1.5},
    ),
)


def sections(options: argparse.Namespace) -> list[Section]:
    """Measure at each number of hosts, and at each number of sites."""
    by_hosts: dict[int, list[Round]] = {}
    by_sites: dict[int, list[Round]] = {}
    checks: list[Check] = []
    rounds = SHORT_ROUNDS if options.short else ROUNDS
    # Narrowing has benchmarks of its own, with Placement and cells.
    with configured(narrow_candidates='never') as folder:
        for count, enough in rounds.items():
            made = _prepared(folder, make_plan(count))
            checks += _check_queries(made, count)
            by_hosts[count] = _measured(made, enough)
        for sites in SHAPES:
            plan = make_plan(TARGET_HOSTS, (TARGET_HOSTS // sites,))
            made = _prepared(folder, plan)
            shaped = {name: made[name] for name in SHAPED}
            by_sites[sites] = _measured(shaped, rounds[TARGET_HOSTS])
    return [_by_hosts(by_hosts, checks), _by_sites(by_sites)]


def _prepared(folder: str, plan: Plan) -> dict[str, Subject]:
    made = subjects.subjects(hosts.build(plan))
    latencies.fill(folder, list(plan.hosts_at))
    return made


def _measured(made: Mapping[str, Subject], rounds: int) -> list[Round]:
    with no_garbage_collection():
        turns = {name: timed(prepare) for name, prepare in made.items()}
        return take_turns(turns, rounds)


def _check_queries(made: Mapping[str, Subject], count: int) -> list[Check]:
    """The SQL statements of a request: without hints, cold and cached."""
    TOPOLOGY.get()
    return [
        Check(
            f'queries of a request {text}, {count} hosts',
            count_statements(made[name]()),
            allowed,
        )
        for text, allowed, name in (
            ('without hints', 0, subjects.WITHOUT_HINTS),
            ('whose client is not cached', 1, subjects.OUR_PASS),
            ('whose client is cached', 0, subjects.OUR_PASS),
        )
    ]


def _by_hosts(measured: Measured, checks: Sequence[Check]) -> Section:
    costs = {count: _us(each, count) for count, each in measured.items()}
    lines = {
        name: [(count, each[name]) for count, each in costs.items()]
        for name in PLOTTED
    }
    growth = Growth('Cost of a pass', 'hosts', 'CPU us a host', lines)
    return Section(
        'A scheduling pass',
        'CPU time of the thread, garbage collection off, each plug-in by '
        "Nova's own handlers and where Nova would run it; medians of rounds "
        'in which all take turns. The floor is a plug-in that does nothing.'
        f'\n\n{_table({f"N={n}": each for n, each in costs.items()})}',
        [
            *(
                each.check(rounds, f'{count} hosts', each.targets.get(count))
                for each in CRITERIA
                for count, rounds in measured.items()
            ),
            *checks,
        ],
        [growth] if len(measured) > 1 else [],
    )


def _by_sites(measured: Measured) -> Section:
    checks, costs = [], {}
    for sites, rounds in measured.items():
        costs[f'{sites} sites'] = _us(rounds, TARGET_HOSTS)
        checks.append(FILTER.check(rounds, f'{sites} sites', SHAPES[sites]))
        checks.append(SHARE.check(rounds, f'{sites} sites', SHARE_TARGET))
    return Section(
        f'{TARGET_HOSTS} hosts at many sites',
        'As above, where it is sites of 10 to 50 hosts; here they are of 5 '
        f'and of one.\n\n{_table(costs)}',
        checks,
    )


def _us(rounds: Sequence[Round], count: int) -> dict[str, float]:
    """Microseconds that each has taken a host, of so many hosts."""
    return {
        name: 1e6 * median(rounds, operator.itemgetter(name)) / count
        for name in rounds[0]
    }


def _table(costs: Mapping[str, Mapping[str, float]]) -> str:
    """A row for each that was timed, a column for each cloud."""
    columns = list(costs.values())
    rows = [['us/host', *costs]]
    for name in columns[0]:
        rows.append(row(name, [each[name] for each in columns], '.2f'))
    return table(rows)
