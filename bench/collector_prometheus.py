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

"""Measure how long pairs take from Prometheus into the latency store.

    usage: python -m bench.collector_prometheus [--pairs N] [--repeats N]

A real Prometheus scrapes made-up probers on loopback; a collector asks it by
the recipe ``prober`` and writes a real MariaDB. What a round takes is compared
with what fetching and parsing the same answers alone takes, by ``requests``
and ``json``. Then one pair in a hundred changes, and another round is made.

The exit status is 1 if a round takes more than twice as long as its answers
alone, or if the other one writes anything but what changed.
"""

import argparse
import contextlib
import functools
import importlib.util
import json
import logging
import pathlib
import sys
import time
import types
from collections.abc import Sequence

import requests
from oslo_config import cfg

from bench.measure import Round
from bench.measure import median
from bench.measure import ratio
from bench.measure import rotated
from bench.measure import total
from bench.probers import Probers
from edge_sched.collector.equipment import Equipment
from edge_sched.collector.inputs.prometheus import PrometheusInput
from edge_sched.collector.metrics import Metrics
from edge_sched.collector.rounds import Collector
from edge_sched.conf import inputs as conf_inputs
from edge_sched.store import migrate
from edge_sched.store.settings import StoreSettings
from edge_sched.store.writer import Writer

PAIRS = 50_000
REPEATS = 5

#: What a round may take of the time that its answers alone take.
TARGET_RATIO = 2.0

ANSWERS = 'answers alone'
ROUND = 'whole round'

#: No input is late here, and no row is due for a new stamp.
INTERVAL_SECONDS = 1200.0
MAX_AGE_SECONDS = 36_000.0
TIMEOUT_SECONDS = 300.0


class OneCollector:
    """A collector with a database of its own."""

    def __init__(self, probers: Probers) -> None:
        settings = StoreSettings(
            _servers().server('mariadb').create_database(),
            timeout_seconds=TIMEOUT_SECONDS,
        )
        migrate.sync(settings)
        self._metrics = Metrics()
        self._store = Writer(settings)
        self._collector = Collector(
            Equipment(
                [make_input(probers)],
                self._store,
                interval_seconds=INTERVAL_SECONDS,
                max_age_seconds=MAX_AGE_SECONDS,
            ),
            self._metrics,
        )

    def round(self) -> float:
        """Make one; the seconds that it took."""
        started = time.perf_counter()
        succeeded = self._collector.round()
        seconds = time.perf_counter() - started
        if not succeeded:
            raise RuntimeError('the round failed')
        return seconds

    def written(self) -> int:
        """The rows that were written so far."""
        name = 'edge_sched_collector_rows_written_total'
        return int(self._metrics.registry.get_sample_value(name) or 0)

    def close(self) -> None:
        self._store.close()


def main(arguments: Sequence[str]) -> int:
    """Measure, print, judge."""
    options = _options(arguments)
    logging.disable(logging.INFO)
    with Probers(options.pairs) as probers:
        measured, last = _measure(probers, options.repeats)
        with contextlib.closing(last):
            problems = [
                *_judged(measured),
                *_second_round(probers, last),
            ]
    for problem in problems:
        print(f'\nMissed: {problem}')
    return 1 if problems else 0


def make_input(probers: Probers) -> PrometheusInput:
    """An input as the collector's configuration makes it."""
    conf = cfg.ConfigOpts()
    conf([], project='edge_sched', default_config_files=[])
    group = conf_inputs.register_opts(conf, 'prometheus', PrometheusInput.OPTS)
    for option, value in (
        ('url', probers.url),
        ('vantage', probers.mapping()),
        ('timeout', TIMEOUT_SECONDS),
        ('max_bytes', 1 << 30),
        ('max_series', 10 * probers.pairs),
    ):
        conf.set_override(option, value, group)
    return PrometheusInput('prometheus', conf, group, lambda vantage: True)


def answers_alone(probers: Probers, questions: Sequence[str]) -> float:
    """Fetch and parse what a round asks for; the seconds that it took."""
    started = time.perf_counter()
    with requests.Session() as session:
        for question in questions:
            answer = session.post(
                f'{probers.url}/api/v1/query',
                data={'query': question},
                timeout=TIMEOUT_SECONDS,
            )
            json.loads(answer.content)
    return time.perf_counter() - started


@functools.cache
def _servers() -> types.ModuleType:
    """Database servers of the tests, without their package: it loads Nova."""
    root = pathlib.Path(__file__).resolve().parents[1]
    spec = importlib.util.spec_from_file_location(
        'servers', root / 'tests' / 'functional' / 'store' / 'servers.py'
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Measure pairs from Prometheus into the latency store.'
    )
    parser.add_argument('--pairs', type=int, default=PAIRS)
    parser.add_argument('--repeats', type=int, default=REPEATS)
    return parser.parse_args(arguments)


def _measure(
    probers: Probers, repeats: int
) -> tuple[list[Round], OneCollector]:
    """Both in turns, once more than asked to warm up; the last collector."""
    questions = list(make_input(probers).questions().values())
    measured: list[Round] = []
    for number in range(repeats + 1):
        collector = OneCollector(probers)
        seconds = {
            name: collector.round()
            if name == ROUND
            else answers_alone(probers, questions)
            for name in rotated((ANSWERS, ROUND), number)
        }
        measured.append(seconds)
        print(
            f'{ANSWERS} {seconds[ANSWERS]:.2f} s, {ROUND} '
            f'{seconds[ROUND]:.2f} s, {collector.written()} rows written',
            flush=True,
        )
        if number < repeats:
            collector.close()
    return measured[1:], collector


def _judged(measured: Sequence[Round]) -> list[str]:
    """Print the medians; what is wrong with them."""
    figure = median(measured, ratio(total(ROUND), total(ANSWERS)))
    print(
        f'\n{ANSWERS}: {median(measured, total(ANSWERS)):.2f} s\n'
        f'{ROUND}: {median(measured, total(ROUND)):.2f} s\n'
        f'ratio: {figure:.2f}, at most {TARGET_RATIO:g}'
    )
    if figure > TARGET_RATIO:
        return [f'ratio {figure:.2f} is above {TARGET_RATIO:g}']
    return []


def _second_round(probers: Probers, collector: OneCollector) -> list[str]:
    """Make it, and print what it wrote; what is wrong with that."""
    before = collector.written()
    changed = probers.change()
    seconds = collector.round()
    written = collector.written() - before
    print(
        f'second round: {seconds:.2f} s, {changed} of {probers.pairs} pairs '
        f'changed, {written} rows written'
    )
    if written != changed:
        return [f'{written} rows written, {changed} changed']
    return []


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
