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

"""Made-up probers, and a real Prometheus that scrapes them."""

import http.server
import multiprocessing
import socket
import time
from types import TracebackType
from typing import Self

import requests

from tests.unit.collector.prometheus import Prometheus

#: Of each prober, and how many of them have other figures after a change.
CLIENTS = 100
CHANGED = 1

#: Chosen: longer than it takes to scrape them all on two cores.
SCRAPE_SECONDS = 20
PATIENCE_SECONDS = 300.0


class Probers:
    """As many as it takes, with a hundred clients each, while it is entered.

    :param pairs: of vantage and client, a multiple of a hundred
    """

    def __init__(self, pairs: int) -> None:
        self.pairs = pairs
        self._count = pairs // CLIENTS
        self._changed = multiprocessing.Value('b', False)

    def __enter__(self) -> Self:
        # Another process: scraping must not take turns with what is measured.
        self._listening = socket.create_server(('127.0.0.1', 0), backlog=1024)
        self._process = multiprocessing.Process(
            target=_serve, args=(self._listening, self._changed), daemon=True
        )
        self._process.start()
        self._prometheus = Prometheus(scrape_configs=[self._job()])
        self.url = self._prometheus.url
        self._wait(changed=False)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._prometheus.close()
        self._process.terminate()
        self._process.join()
        self._listening.close()

    def mapping(self) -> list[str]:
        """What the option ``vantage`` of an input is."""
        return [f'site-{n} prober-{n}:9862' for n in range(self._count)]

    def change(self) -> int:
        """Wait until some pairs have other figures; how many."""
        self._changed.value = True
        self._wait(changed=True)
        return self._count * CHANGED

    def _job(self) -> dict[str, object]:
        address = f'127.0.0.1:{self._listening.getsockname()[1]}'
        return {
            'job_name': 'edge-sched-prober',
            'scrape_interval': f'{SCRAPE_SECONDS}s',
            'static_configs': [
                {
                    'targets': [address],
                    'labels': {
                        'instance': f'prober-{number}:9862',
                        '__metrics_path__': f'/{number}',
                    },
                }
                for number in range(self._count)
            ],
        }

    def _wait(self, changed: bool) -> None:
        """Until every prober has been scraped since the change."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        query = f'count(bench_changed == {changed:d}) == {self._count}'
        while time.monotonic() < deadline:
            answer = requests.post(
                f'{self.url}/api/v1/query', data={'query': query}, timeout=60
            ).json()
            if answer['data']['result']:
                return
            time.sleep(1)
        raise RuntimeError('Prometheus has not scraped all probers')


def exposition(prober: int, changed: bool) -> str:
    """What one prober publishes."""
    now = time.time()
    lines = [
        f'bench_changed {changed:d}',
        f'edge_sched_prober_time_seconds {now}',
    ]
    for client in range(CLIENTS):
        address = f'198.18.{prober % 256}.{client}'
        labels = f'client="{address}",project=""'
        median = 0.005 + prober * 1e-5 + client * 1e-4
        if changed and client < CHANGED:
            median += 0.0005
        lines += [
            f'edge_sched_probe_{name} {value}'
            for name, value in (
                (f'rtt_seconds{{{labels},quantile="0.5"}}', f'{median:.6f}'),
                (
                    f'rtt_seconds{{{labels},quantile="0.95"}}',
                    f'{median * 1.5:.6f}',
                ),
                (f'loss_ratio{{{labels}}}', 0.015625),
                (f'samples{{{labels}}}', 64),
                (f'newest_sample_timestamp_seconds{{{labels}}}', now - 1),
                (
                    f'target_info{{{labels},source="stamp",'
                    f'address="{address}"}}',
                    1,
                ),
            )
        ]
    return '\n'.join([*lines, ''])


def _serve(listening: socket.socket, changed: 'multiprocessing.Value') -> None:
    """Be all of them: ``/7`` is prober 7."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = exposition(int(self.path[1:]), changed.value).encode()
            self.send_response(200)
            self.send_header('Content-Type', 'text/plain; version=0.0.4')
            self.send_header('Content-Length', str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(
        listening.getsockname(), Handler, bind_and_activate=False
    )
    server.socket.close()
    server.socket = listening
    server.serve_forever()
