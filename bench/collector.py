# SPDX-License-Identifier: Apache-2.0

"""Measure rounds of the collector: pairs of vantage and client into a store.

Made-up probers are read by the collector itself, by the input ``openmetrics``
into SQLite, or scraped by a real Prometheus, which a collector asks by the
recipe ``prober`` to write a real MariaDB. What a first round takes is compared
with what fetching and parsing the same answers alone takes. In the second
round one client in a hundred has other figures.
"""

import argparse
import contextlib
import logging
import operator
import tempfile
import time
from collections.abc import Callable

import requests
from oslo_config import cfg

from bench.measure import median
from bench.measure import take_turns
from bench.probers import CHANGED
from bench.probers import CLIENTS
from bench.probers import probers
from bench.result import Check
from bench.result import Section
from bench.result import table
from bench.store_databases import servers
from edge_sched.collector.equipment import Equipment
from edge_sched.collector.inputs.base import Deadline
from edge_sched.collector.inputs.base import Input
from edge_sched.collector.inputs.openmetrics import OpenMetricsInput
from edge_sched.collector.inputs.prometheus import PrometheusInput
from edge_sched.collector.metrics import Metrics
from edge_sched.collector.rounds import Collector
from edge_sched.conf import inputs as conf_inputs
from edge_sched.store import migrate
from edge_sched.store.settings import StoreSettings
from edge_sched.store.writer import Writer
from tests.unit.collector.prometheus import Prometheus

#: Probers that the collector reads, and those that Prometheus scrapes.
READ, SCRAPED, REPEATS = 1000, 500, 5
SHORT_READ, SHORT_SCRAPED = 100, 50

#: What a round may take: the collector's default interval.
INTERVAL_SECONDS = 30.0

#: And through Prometheus, of the time that its answers alone take.
TARGET_RATIO = 2.0

#: Chosen: longer than it takes to scrape them all on two cores.
SCRAPE_SECONDS = 20
PATIENCE_SECONDS = 300.0

#: No input is late here, and no row is due for a new stamp.
LATE_SECONDS = 1200.0
MAX_AGE_SECONDS = 36_000.0

ALONE, ROUND = 'answers alone', 'whole round'


class OneCollector:
    """A collector of one input, with a store of its own."""

    def __init__(self, input_: Input, url: str) -> None:
        settings = StoreSettings(url, timeout_seconds=PATIENCE_SECONDS)
        migrate.sync(settings)
        self._metrics = Metrics()
        self._store = Writer(settings)
        equipment = Equipment(
            [input_],
            self._store,
            interval_seconds=LATE_SECONDS,
            max_age_seconds=MAX_AGE_SECONDS,
        )
        self._collector = Collector(equipment, self._metrics)

    def round(self) -> None:
        """Make one."""
        if not self._collector.round():
            raise RuntimeError('the round failed')

    def written(self) -> int:
        """The rows that were written so far."""
        name = 'edge_sched_collector_rows_written_total'
        return int(self._metrics.registry.get_sample_value(name) or 0)

    def close(self) -> None:
        """Let go of the connections."""
        self._store.close()


def sections(options: argparse.Namespace) -> list[Section]:
    """Read probers, then ask Prometheus."""
    logging.disable(logging.INFO)
    if options.short:
        return [_read(SHORT_READ, 1), _asked(SHORT_SCRAPED, 1)]
    return [_read(READ, REPEATS), _asked(SCRAPED, REPEATS)]


def _read(count: int, repeats: int) -> Section:
    """By the collector itself."""
    with (
        tempfile.TemporaryDirectory() as folder,
        probers(count) as (address, change),
    ):
        input_ = _made(
            OpenMetricsInput,
            prober=[f'site-{n} http://{address}/{n}' for n in range(count)],
        )
        numbers = iter(range(repeats + 1))
        return _measured(
            f'{count * CLIENTS} pairs read by the collector into SQLite',
            input_,
            lambda: list(input_.collect(Deadline(PATIENCE_SECONDS))),
            lambda: f'sqlite:///{folder}/{next(numbers)}.sqlite',
            change,
            count,
            repeats,
        )


def _asked(count: int, repeats: int) -> Section:
    """By a Prometheus."""
    with (
        probers(count) as (address, change),
        _prometheus(address, count) as prometheus,
    ):
        input_ = _made(
            PrometheusInput,
            url=prometheus.url,
            vantage=[f'site-{n} prober-{n}:9862' for n in range(count)],
            timeout=PATIENCE_SECONDS,
            max_bytes=1 << 30,
            max_series=20 * count * CLIENTS,
        )
        questions = list(input_.questions().values())
        _wait(prometheus.url, count, changed=False)

        def change_all() -> None:
            change()
            _wait(prometheus.url, count, changed=True)

        return _measured(
            f'{count * CLIENTS} pairs from a Prometheus into MariaDB',
            input_,
            lambda: [_query(prometheus.url, each) for each in questions],
            servers().server('mariadb').create_database,
            change_all,
            count,
            repeats,
            TARGET_RATIO,
        )


def _measured(
    title: str,
    input_: Input,
    alone: Callable[[], object],
    new_url: Callable[[], str],
    change: Callable[[], None],
    count: int,
    repeats: int,
    target_ratio: float | None = None,
) -> Section:
    """First rounds and answers alone in turns, then a second round.

    :param alone: fetches and parses what a round asks for
    :param new_url: makes a database
    :param change: has a client of each prober have other figures
    """
    with contextlib.ExitStack() as stack:
        collectors: list[OneCollector] = []

        def make_round(number: int) -> float:
            made = OneCollector(input_, new_url())
            collectors.append(stack.enter_context(contextlib.closing(made)))
            return _seconds(made.round)

        rounds = take_turns(
            {ALONE: lambda number: _seconds(alone), ROUND: make_round}, repeats
        )
        change()
        *_, last = collectors
        before = last.written()
        second = _seconds(last.round)
        written = last.written() - before
    fetched, first = (
        median(rounds, operator.itemgetter(name)) for name in (ALONE, ROUND)
    )
    ratio = median(rounds, lambda each: each[ROUND] / each[ALONE])
    rows = [
        [ALONE, ROUND, 'second round', 'rows that it wrote'],
        [
            f'{fetched:.2f} s',
            f'{first:.2f} s',
            f'{second:.2f} s',
            f'{written}',
        ],
    ]
    wrong = abs(written - count * CHANGED)
    return Section(
        title,
        f'Medians of {repeats} rounds, in turns.\n\n{table(rows)}',
        [
            Check(
                'seconds of a round',
                max(first, second),
                None if target_ratio else INTERVAL_SECONDS,
            ),
            Check(f'{ROUND} / {ALONE}', ratio, target_ratio),
            Check('rows of the second round too many or too few', wrong, 0),
        ],
    )


def _made(kind: type[Input], **values: object) -> Input:
    """An input as the collector's configuration makes it."""
    conf = cfg.ConfigOpts()
    conf([], project='edge_sched', default_config_files=[])
    group = conf_inputs.register_opts(conf, 'bench', kind.OPTS)
    for name, value in values.items():
        conf.set_override(name, value, group)
    return kind('bench', conf, group, lambda vantage: True)


def _prometheus(address: str, count: int) -> Prometheus:
    """One that scrapes so many probers."""
    targets = [
        {
            'targets': [address],
            'labels': {
                'instance': f'prober-{number}:9862',
                '__metrics_path__': f'/{number}',
            },
        }
        for number in range(count)
    ]
    job = {
        'job_name': 'edge-sched-prober',
        'scrape_interval': f'{SCRAPE_SECONDS}s',
        'static_configs': targets,
    }
    return Prometheus(scrape_configs=[job])


def _wait(url: str, count: int, changed: bool) -> None:
    """Until every prober has been scraped since the change."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not _query(url, f'count(bench_changed == {changed:d}) == {count}'):
        if time.monotonic() > deadline:
            raise RuntimeError('Prometheus has not scraped all probers')
        time.sleep(1)


def _query(url: str, query: str) -> list[object]:
    answer = requests.post(
        f'{url}/api/v1/query', data={'query': query}, timeout=PATIENCE_SECONDS
    )
    found: list[object] = answer.json()['data']['result']
    return found


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
