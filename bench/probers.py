# SPDX-License-Identifier: Apache-2.0

"""Made-up probers, all of them one process that serves what they publish."""

import contextlib
import http.server
import multiprocessing
import socket
import time
from collections.abc import Callable, Iterator
from multiprocessing.sharedctypes import Synchronized

#: Of each prober, and how many of them have other figures after a change.
CLIENTS = 100
CHANGED = 1

Change = Callable[[], None]


def page(prober: int, changed: bool) -> str:
    """What one prober publishes: ``OpenMetrics``."""
    now = time.time()
    lines = [
        f'bench_changed {changed:d}',
        f'edge_sched_prober_time_seconds {now}',
    ]
    for client in range(CLIENTS):
        labels = f'client="198.18.{prober % 256}.{client}",project=""'
        seconds = 0.005 + prober * 1e-5 + client * 1e-4
        if changed and client < CHANGED:
            seconds += 0.0005
        lines += [
            f'edge_sched_probe_{name} {value}'
            for name, value in (
                (f'rtt_seconds{{{labels},quantile="0.5"}}', seconds),
                (f'rtt_seconds{{{labels},quantile="0.95"}}', seconds * 1.5),
                (f'rtt_seconds{{{labels},quantile="0.99"}}', seconds * 2),
                (f'rtt_min_seconds{{{labels}}}', seconds * 0.9),
                (f'pdv_seconds{{{labels}}}', seconds * 0.6),
                (f'loss_ratio{{{labels}}}', 0.0),
                (f'samples{{{labels}}}', 64),
                (f'newest_sample_timestamp_seconds{{{labels}}}', now - 1),
                (f'target_info{{{labels},source="stamp",address=""}}', 1),
            )
        ]
    return '\n'.join([*lines, '# EOF\n'])


@contextlib.contextmanager
def probers(count: int) -> Iterator[tuple[str, Change]]:
    """Serve so many; the address, and what changes their figures."""
    changed = multiprocessing.Value('b', False)
    # Another process: scraping must not take turns with what is measured.
    with socket.create_server(('127.0.0.1', 0), backlog=1024) as listening:
        process = multiprocessing.Process(
            target=_serve, args=(listening, count, changed), daemon=True
        )
        process.start()
        host, port = listening.getsockname()
        try:
            yield f'{host}:{port}', lambda: setattr(changed, 'value', True)
        finally:
            process.terminate()
            process.join()


def _serve(
    listening: socket.socket, count: int, changed: Synchronized
) -> None:
    """Be all of them: ``/7`` is prober 7."""
    pages = [
        [page(prober, after).encode() for prober in range(count)]
        for after in (False, True)
    ]

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = pages[changed.value][int(self.path[1:])]
            self.send_response(200)
            self.send_header(
                'Content-Type', 'application/openmetrics-text; version=1.0.0'
            )
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
