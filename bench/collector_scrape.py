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

"""Measure a round of the collector over real HTTP and a real store.

    usage: python -m bench.collector_scrape [--probers N] [--targets N]
                                            [--mariadb]

A process of its own serves what so many probers publish, rendered before by
prometheus_client. Timed are: the input alone (fetched and read, nothing
stored); a first round, in which every row is new; and a second one, in which
one target in a hundred has other figures. The exit status is 1 if a round
takes longer than the collector's default interval.
"""

import argparse
import contextlib
import http.server
import logging
import multiprocessing
import pathlib
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection

from oslo_config import cfg
from prometheus_client import CollectorRegistry
from prometheus_client import Gauge
from prometheus_client import Info
from prometheus_client.openmetrics.exposition import generate_latest

from bench.servers import servers
from edge_sched import conf as edge_conf
from edge_sched.collector.equipment import Equipment
from edge_sched.collector.inputs import loading
from edge_sched.collector.inputs.base import Deadline
from edge_sched.collector.metrics import Metrics
from edge_sched.collector.rounds import Collector
from edge_sched.conf import collector as collector_conf
from edge_sched.store import migrate
from edge_sched.store.settings import StoreSettings
from edge_sched.store.writer import Writer

INTERVAL_SECONDS = 30.0

#: Of the targets of a prober, those whose figures are others in round 2.
CHANGED = 0.01

_PROBE = 'edge_sched_probe'


class Probers:
    """Pages of probers with the same targets and figures of their own."""

    def __init__(self, targets: int) -> None:
        self._clients = [
            f'10.{number // 256}.{number % 256}.0/24'
            for number in range(targets)
        ]
        self._registry = CollectorRegistry()
        self._rtt = self._gauge('rtt_seconds', 'quantile')
        self._flat = {
            name: self._gauge(name)
            for name in (
                'rtt_min_seconds',
                'rtt_raw_min_seconds',
                'pdv_seconds',
                'loss_ratio',
                'samples',
                'newest_sample_timestamp_seconds',
                'packets_sent',
                'packets_lost',
            )
        }
        self._info = Info(
            f'{_PROBE}_target',
            '',
            ('client', 'project'),
            registry=self._registry,
        )
        self._time = Gauge(
            'edge_sched_prober_time_seconds', '', registry=self._registry
        )

    def page(self, prober: int, changed: float = 0.0) -> bytes:
        """What a prober publishes.

        :param changed: the share of the targets that are slower than usual
        """
        slower = round(changed * len(self._clients))
        self._time.set(1_800_000_000.0)
        for number, client in enumerate(self._clients):
            base = 0.001 + prober * 1e-5 + number * 1e-6
            self._set(client, base + (0.005 if number < slower else 0.0))
        return generate_latest(self._registry)

    def _set(self, client: str, seconds: float) -> None:
        for quantile, more in (('0.5', 1.0), ('0.95', 2.0), ('0.99', 3.0)):
            self._rtt.labels(client, '', quantile).set(seconds * more)
        for name, value in (
            ('rtt_min_seconds', seconds * 0.9),
            ('rtt_raw_min_seconds', seconds),
            ('pdv_seconds', seconds * 1.1),
            ('loss_ratio', 0.0),
            ('samples', 300),
            ('newest_sample_timestamp_seconds', 1_800_000_000.0 - 4.2),
            ('packets_sent', 123_456),
            ('packets_lost', 0),
        ):
            self._flat[name].labels(client, '').set(value)
        self._info.labels(client, '').info({'source': 'stamp', 'address': ''})

    def _gauge(self, name: str, *labels: str) -> Gauge:
        return Gauge(
            f'{_PROBE}_{name}',
            '',
            ('client', 'project', *labels),
            registry=self._registry,
        )


def main(arguments: Sequence[str]) -> int:
    """Measure, print, judge."""
    options = _options(arguments)
    logging.basicConfig(level=logging.INFO, format='    %(message)s')
    logging.getLogger('alembic').setLevel(logging.WARNING)
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        serving = stack.enter_context(_served(options))
        conf = _configured(folder, options, serving.port)
        settings = StoreSettings.from_conf(conf)
        migrate.sync(settings)
        print(
            f'{options.probers} probers of {options.targets} targets, '
            f'{serving.kilobytes:.0f} kB each; '
            f'{settings.url.get_backend_name()}'
        )
        inputs = loading.load(conf, ['openmetrics'], lambda vantage: True)

        def collect() -> None:
            deadline = Deadline(10 * INTERVAL_SECONDS)
            harvests = list(inputs[0].collect(deadline))
            assert not any(harvest.failed for harvest in harvests)

        # Patient, so that what takes too long is measured all the same.
        collector = Collector(
            Equipment(
                inputs,
                stack.enter_context(Writer(settings)),
                interval_seconds=10 * INTERVAL_SECONDS,
                max_age_seconds=100 * INTERVAL_SECONDS,
            ),
            Metrics(),
        )
        alone = _seconds('fetched and read alone', collect)
        first = _seconds('round 1, all new', collector.round)
        serving.change()
        second = _seconds('round 2, 1 % changed', collector.round)
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f'round 1 is {first / alone:.1f}, round 2 {second / alone:.1f} times '
        f'the input alone; at most {peak_mib:.0f} MiB'
    )
    missed = max(first, second) > INTERVAL_SECONDS
    if missed:
        print(f'\nMissed: a round took longer than {INTERVAL_SECONDS:.0f} s')
    return int(missed)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog='python -m bench.collector_scrape',
        description='Measure a round of the collector.',
    )
    parser.add_argument('--probers', type=int, default=500)
    parser.add_argument('--targets', type=int, default=200)
    parser.add_argument(
        '--mariadb',
        action='store_true',
        help='a MariaDB that is started for it, instead of SQLite',
    )
    return parser.parse_args(arguments)


def _seconds(name: str, work: Callable[[], object]) -> float:
    begun, cpu = time.monotonic(), time.process_time()
    work()
    took = time.monotonic() - begun
    print(f'{name}: {took:.1f} s, {time.process_time() - cpu:.1f} s of CPU')
    return took


class _Serving:
    """The process that serves the pages, seen from here."""

    def __init__(self, told: Connection) -> None:
        self._told = told
        self.port, self.kilobytes = told.recv()

    def change(self) -> None:
        """From now on one target in a hundred is slower."""
        self._told.send('change')
        self._told.recv()


@contextlib.contextmanager
def _served(options: argparse.Namespace) -> Iterator[_Serving]:
    here, there = multiprocessing.Pipe()
    process = multiprocessing.Process(
        target=_serve,
        args=(there, options.probers, options.targets),
        daemon=True,
    )
    process.start()
    try:
        yield _Serving(here)
    finally:
        process.terminate()
        process.join()


def _serve(told: Connection, count: int, targets: int) -> None:
    probers = Probers(targets)
    pages = [probers.page(prober) for prober in range(count)]
    changed = [probers.page(prober, CHANGED) for prober in range(count)]

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = pages[int(self.path.split('/')[1])]
            self.send_response(200)
            self.send_header('Content-Length', str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(http.server.ThreadingHTTPServer):
        request_queue_size = 128

    def follow() -> None:
        while told.recv():
            pages[:] = changed
            told.send('changed')

    with Server(('127.0.0.1', 0), Handler) as server:
        told.send((server.server_port, len(pages[0]) / 1000))
        threading.Thread(target=follow, daemon=True).start()
        server.serve_forever()


def _configured(
    folder: str, options: argparse.Namespace, port: int
) -> cfg.ConfigOpts:
    path = pathlib.Path(folder, 'edge_sched.conf')
    lines = [
        '[edge_sched_database]',
        f'connection = {_store_url(folder, options)}',
        '[edge_sched_input_openmetrics]',
        *(
            f'prober = site-{number} http://127.0.0.1:{port}/{number}/metrics'
            for number in range(options.probers)
        ),
    ]
    path.write_text('\n'.join(lines) + '\n')
    conf = cfg.ConfigOpts()
    edge_conf.register_opts(conf)
    collector_conf.register_opts(conf)
    conf([], default_config_files=[str(path)], default_config_dirs=[])
    return conf


def _store_url(folder: str, options: argparse.Namespace) -> str:
    if not options.mariadb:
        return f'sqlite:///{folder}/latency.sqlite'
    return servers().server('mariadb').create_database()


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
