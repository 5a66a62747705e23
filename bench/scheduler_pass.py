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

"""Measure what the plug-in adds to a scheduling pass, and judge it.

    usage: bench/scheduler_pass.py [--hosts N[,N...]] [--rounds N] [--short]

Prints the CPU time of filters and weighers, Nova's and ours, each through
Nova's own handlers, and the ratios that the design stands on. The exit
status is 1 if one of them is above its target.
"""

import argparse
import pathlib
import sys
import tempfile

# Run by its path, a script finds only what is beside it.
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import nova.conf

from bench import queries
from bench import region
from bench import report
from bench import site_count
from bench import store
from bench.alone import run_alone
from bench.configuration import configure
from bench.measure import Round
from bench.measure import measure
from bench.result import Check
from bench.result import Section
from bench.subjects import Bench
from edge_sched.scheduler.region import REGION

CONF = nova.conf.CONF

HOSTS = (100, 1000, 10_000, 100_000)

#: Rounds by the number of hosts that they are enough for. With 30 rounds at
#: 1000 hosts the ratios of two runs differed by up to a fifth, with the load
#: of the machine. At 10 000 hosts a round takes three seconds, at 100 000 half
#: a minute.
ROUNDS = ((1000, 60), (10_000, 9), (sys.maxsize, 3))
SHORT_ROUNDS = 30


def sections(options: argparse.Namespace) -> list[Section]:
    """Measure at each number of hosts.

    :param options: ``short``, and ``hosts`` and ``rounds`` if they are given
    """
    hosts = getattr(options, 'hosts', None)
    given_rounds = getattr(options, 'rounds', None)
    if hosts is None:
        hosts = [report.TARGET_HOSTS] if options.short else HOSTS
    measured: dict[int, list[Round]] = {}
    checks: list[Check] = []
    with tempfile.TemporaryDirectory() as folder:
        default_filters = configure(folder)
        # Narrowing has benchmarks of its own, with Placement and cells.
        CONF.set_override('narrow_candidates', 'never', 'edge_sched')
        for count in hosts:
            bench = _make_bench(folder, count)
            checks += _check_queries(bench, count)
            rounds = given_rounds or _rounds(count, options.short)
            measured[count] = measure(bench.subjects(default_filters), rounds)
        by_sites = [
            site_count.section(
                folder,
                default_filters,
                given_rounds or _rounds(site_count.HOSTS, options.short),
            )
            for count in hosts
            if count == site_count.HOSTS
        ]
    text = (
        'CPU time of the thread, garbage collection off, each plug-in by '
        "Nova's own handlers and where Nova would run it; medians of rounds "
        'in which all take turns. The floor is a plug-in that does nothing.'
    )
    return [
        Section(
            'A scheduling pass',
            '\n\n'.join(
                [text, report.costs(measured), report.ratios(measured)]
            ),
            [*report.checks(measured), *checks],
            [report.growth(measured)] if len(measured) > 1 else [],
        ),
        *by_sites,
    ]


def add_options(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument(
        '--hosts',
        type=lambda text: [int(part) for part in text.split(',')],
        help='numbers of hosts, default 100,1000,10000,100000',
    )
    parser.add_argument(
        '--rounds', type=int, help='rounds at each number of hosts'
    )


def _rounds(count: int, short: bool) -> int:
    if short:
        return SHORT_ROUNDS
    return next(rounds for most, rounds in ROUNDS if count <= most)


def _make_bench(folder: str, count: int) -> Bench:
    """Make a region and its latency store."""
    hosts = region.build(count)
    store.fill(f'{folder}/latency-{count}.sqlite', hosts.sites)
    REGION.forget()
    return Bench(hosts)


def _check_queries(bench: Bench, count: int) -> list[Check]:
    """The SQL statements of a request: cold, cached and without hints."""
    REGION.get()
    cases = (
        ('without hints', 0, bench.pass_without_hints()),
        ('whose client is not cached', 1, bench.our_pass()),
        ('whose client is cached', 0, bench.our_pass()),
    )
    return [
        Check(
            f'queries of a request {text}, {count} hosts',
            queries.count(run),
            allowed,
        )
        for text, allowed, run in cases
    ]


if __name__ == '__main__':
    sys.exit(run_alone(sections, __doc__, add_options))
