# SPDX-License-Identifier: Apache-2.0

"""What the listener takes for its lines, and what it holds of them."""

import argparse
import os
import pathlib
import socket
import subprocess
import sysconfig
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence

from bench.measure import apart
from bench.measure import median
from bench.measure import private_megabytes
from bench.measure import take_turns
from bench.measure import timed
from bench.result import Check
from bench.result import Section
from bench.result import row
from bench.result import table
from edge_sched.listen.line import Handshake
from edge_sched.listen.line import RefusedError
from edge_sched.listen.prefixes import Prefixes
from edge_sched.listen.sources import Source
from edge_sched.listen.table import Table

#: Connections of a window, and prefixes that serve: the defaults, full.
CONNECTIONS = 1_000_000
WINDOW_SECONDS = 300.0
MAX_PREFIXES = 10_000
MIN_CLIENTS = 5
#: Connections of each: those that are published have 60 at the least, also
#: when a fifth of the window is over.
EACH = CONNECTIONS // MAX_PREFIXES

#: A busy site, connections a second, and what that may take of a core.
RATE = 200
CORE_SHARE = 0.1
#: Of the unit that comes with it.
MEGABYTES = 512.0

HEADER = b'<134>Nov 30 15:30:41 haproxy[27864]: '
REQUEST = (
    b'203.0.113.7:45216 [30/Nov/2026:15:30:41.500] web web/<NOSRV> '
    b'0/-1/-1/-1/0 204 60 - - LR-- 1/1/0/0/0 0/0 "GET / HTTP/1.1" '
)


def sections(options: argparse.Namespace) -> list[Section]:
    """Lines in turns, a service at work, and a window that is full."""
    short = options.short
    return [
        _lines(20_000 if short else 50_000, 3 if short else 5),
        _service(5.0 if short else 30.0),
        apart(_memory, CONNECTIONS // 4 if short else CONNECTIONS),
    ]


class _Clock:
    """Goes on by itself, so that a window is over after so many looks."""

    def __init__(self, looks: int) -> None:
        self._step = WINDOW_SECONDS / looks
        self.now = 1000.0

    def __call__(self) -> float:
        self.now += self._step
        return self.now


def _table(connections: int, max_prefixes: int = MAX_PREFIXES) -> Table:
    return Table(
        Prefixes(24, 56),
        MIN_CLIENTS,
        max_prefixes,
        WINDOW_SECONDS,
        _Clock(connections),
    )


def _address(number: int, prefixes: int = MAX_PREFIXES) -> bytes:
    """Of one of 50 clients in each of so many prefixes."""
    turn, prefix = divmod(number, prefixes)
    return bytes((10, prefix >> 8, prefix & 255, 1 + turn % 50))


def _stranger(number: int) -> bytes:
    """Of a provider's /32, each /56 of which is there five times."""
    prefix, client = divmod(number, MIN_CLIENTS)
    return b'\x20\x01\x0d\xb8%b%c%b' % (
        prefix.to_bytes(3),
        client,
        bytes(8),
    )


def _pair(address: bytes) -> bytes:
    family = socket.AF_INET if len(address) == 4 else socket.AF_INET6
    client = socket.inet_ntop(family, address)
    return f'client={client} rtt_us=10000'.encode()


def _lines(count: int, rounds: int) -> Section:
    served = [_pair(_address(number)) for number in range(count)]
    kinds = {
        'nginx': [HEADER + pair for pair in served],
        'HAProxy, at the end of its own': [
            HEADER + REQUEST + pair for pair in served
        ],
        'JSON': [
            b'{"client": "%b", "rtt_us": 10000}' % pair[7:-13]
            for pair in served
        ],
        'ever new prefixes': [
            HEADER + _pair(_stranger(number)) for number in range(count)
        ],
        'nothing of use': [HEADER + REQUEST] * count,
    }
    runs = {
        kind: timed(lambda lines=lines: _taking(lines))  # type: ignore[misc]
        for kind, lines in kinds.items()
    }
    measured = take_turns(runs, rounds)
    us = {
        kind: 1e6 / count * median(measured, lambda r, k=kind: r[k])  # type: ignore[misc]
        for kind in runs
    }
    rows = [
        ['', *us],
        row('us a line', us.values(), '.1f'),
        row('lines/s of a core', [1e6 / each for each in us.values()], '.0f'),
    ]
    return Section(
        'Lines of a listener',
        f'{count} lines of each kind, from octets to a window, in turns; '
        f'connections are of {MAX_PREFIXES} prefixes.\n\n{table(rows)}',
        [
            Check(
                'a line of an ever new prefix / one of nginx',
                us['ever new prefixes'] / us['nginx'],
                4.0,
            )
        ],
    )


def _taking(lines: Sequence[bytes]) -> Callable[[], None]:
    source = Source('bench', _table(len(lines)))

    def take() -> None:
        for line in lines:
            source.take_line(line)

    return take


def _service(seconds: float) -> Section:
    """Send as a busy proxy does, and look what the process took."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / 'log'
        conf = pathlib.Path(folder) / 'listener.conf'
        with socket.create_server(('127.0.0.1', 0)) as any_socket:
            port = any_socket.getsockname()[1]
        conf.write_text(
            f'[edge_sched_listener]\nsyslog_socket = {path}\n'
            f'metrics_port = {port}\n'
        )
        program = pathlib.Path(sysconfig.get_path('scripts'))
        process = subprocess.Popen(
            [program / 'edge-sched-listener', '--config-file', conf],
            stderr=subprocess.DEVNULL,
        )
        try:
            page = f'http://127.0.0.1:{port}/metrics'
            _wait_for(page)
            urllib.request.urlopen(page, timeout=30).close()
            before = _cpu_seconds(process.pid)
            sent = _send(path, seconds)
            urllib.request.urlopen(page, timeout=30).close()
            took = _cpu_seconds(process.pid) - before
        finally:
            process.terminate()
            process.wait()
    share = took / sent * RATE
    return Section(
        'A listener at work',
        f'{sent} lines of HAProxy in {seconds:g} s to the service, and a '
        f'scrape: {1e3 * took:.0f} ms of CPU.',
        [
            Check(
                f'share of a core, {RATE} connections a second',
                share,
                CORE_SHARE,
            )
        ],
    )


def _wait_for(page: str) -> None:
    """Until the service has started; its page comes last."""
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(page, timeout=30).close()
        except urllib.error.URLError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _send(path: pathlib.Path, seconds: float) -> int:
    count = int(RATE * seconds)
    begun = time.monotonic()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as unix:
        unix.connect(str(path))
        for number in range(count):
            due = begun + number / RATE
            time.sleep(max(0.0, due - time.monotonic()))
            address = _address(number % 4 * MAX_PREFIXES + number)
            unix.send(HEADER + REQUEST + _pair(address))
    return count


def _cpu_seconds(pid: int) -> float:
    stat = pathlib.Path(f'/proc/{pid}/stat').read_text()
    user, system = stat.rpartition(')')[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf('SC_CLK_TCK')


def _memory(connections: int) -> Section:
    """A window that is full, and then one more by a stranger."""
    prefixes = connections // EACH
    before = private_megabytes()
    tabled = _table(connections, prefixes)
    _fill(tabled, lambda number: _address(number, prefixes), connections)
    own = private_megabytes() - before
    kept = {each.target.key for each in tabled.figures(0.0) if each}
    start = time.thread_time()
    figures = sum(each is not None for each in tabled.figures(0.0))
    report_ms = 1e3 * (time.thread_time() - start)
    # In a fifth of the window, so that the others are not too old for it.
    _fill(tabled, _stranger, connections // 5)
    tabled.settle()
    left = {each.target.key for each in tabled.figures(0.0) if each}
    flooded = private_megabytes() - before
    rows = [
        ['', 'prefixes published', 'MB'],
        ['served', str(figures), f'{own:.0f}'],
        ['and a stranger', str(len(left)), f'{flooded:.0f}'],
    ]
    return Section(
        'A window of a listener',
        f'{connections} connections from {prefixes} prefixes; then '
        f'{connections // 5} from {connections // 5 // MIN_CLIENTS} others, '
        f'{MIN_CLIENTS} of each. To sum it up takes {report_ms:.0f} ms.\n\n'
        f'{table(rows)}',
        [
            Check('MB', flooded, MEGABYTES),
            Check(
                'share of the prefixes served that are there still',
                len(kept & left) / len(kept),
                1.0,
                at_most=False,
            ),
        ],
    )


def _fill(
    tabled: Table, address: Callable[[int], bytes], connections: int
) -> None:
    for number in range(connections):
        try:
            tabled.add(Handshake(address(number), 10_000))
        except RefusedError:
            raise AssertionError(number) from None
        # As the listener does once a second.
        if number % 5000 == 0:
            tabled.settle()
