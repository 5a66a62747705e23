# SPDX-License-Identifier: Apache-2.0

"""What the prober takes of the machine that it runs on.

It probes 2 000 addresses of 127.0.0.0/8 by STAMP as it does by default, and
is scraped as a collector does by default. In the first run our reflector
answers for all of them, in the second for none.
"""

import argparse
import contextlib
import ipaddress
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import NamedTuple

from bench.result import Check
from bench.result import Section
from bench.result import table

TARGETS = 2000
SCRAPE_SECONDS = 30.0
#: A window of the default rates, after which the first ones are remembered.
WINDOW_SECONDS = 80.0
#: Windows that are measured, once the first is full.
WINDOWS = 2

#: What a site may spend on it: a quarter of a core and 150 MB.
MAX_CORE_SHARE = 0.25
MAX_MEGABYTES = 150.0

#: By their names, the part of the targets that never answers.
RUNS = {'all answer': 0.0, 'none answers': 1.0}

#: A service that has not started or ended by then never will.
PATIENCE_SECONDS = 60.0

#: The service, with 45 windows of the hour before in the memory of each
#: target. No round trip within the machine takes as long as these.
_SERVICE = """
from edge_sched.probe.memory import HOUR_SECONDS, PAUSE_SECONDS, Memory
from edge_sched.probe.window import Statistics

begin = Memory.__init__

def begin_full(memory, window_seconds, now):
    begin(memory, window_seconds, now - HOUR_SECONDS)
    for number in range(int(HOUR_SECONDS / PAUSE_SECONDS)):
        ms = 1000.0 + number
        memory.add(
            Statistics(64, 0.0, ms, 2 * ms, None, ms, ms, ms, 0.0),
            now - HOUR_SECONDS + (number + 1) * PAUSE_SECONDS,
        )

Memory.__init__ = begin_full
from edge_sched.cmd.prober import main
raise SystemExit(main())
"""
_REFLECTOR = """
from edge_sched.cmd.reflector import main
raise SystemExit(main())
"""


class Result(NamedTuple):
    """What one run took.

    :param core_share: 0.1 is a tenth of one core
    :param rate: packets a second
    :param lost_ratio: of the packets
    :param remembering: targets with the hour that they were given
    :param lag_ms: how late its loop was at the worst in the last minute
    """

    core_share: float
    megabytes: float
    rate: float
    lost_ratio: float
    remembering: int
    lag_ms: float


def sections(options: argparse.Namespace) -> list[Section]:
    """One run after the other."""
    windows = 0.5 if options.short else WINDOWS
    results = {}
    for name, silent in RUNS.items():
        with tempfile.TemporaryDirectory() as folder:
            results[name] = _run(pathlib.Path(folder), silent, windows)
    rows = [['run', 'packets a second', 'lost', 'loop lag, ms']]
    checks = []
    for name, each in results.items():
        cells = f'{each.rate:.0f}', f'{each.lost_ratio:.1%}'
        rows.append([name, *cells, f'{each.lag_ms:.1f}'])
        checks += [
            Check(f'share of a core, {name}', each.core_share, MAX_CORE_SHARE),
            Check(f'peak MB, {name}', each.megabytes, MAX_MEGABYTES),
            Check(
                f'targets with their hour, {name}',
                each.remembering,
                TARGETS,
                at_most=False,
            ),
        ]
    return [
        Section(
            'A prober',
            f'{TARGETS} targets in 127.0.0.0/8 by STAMP, at the default '
            'rates: 8 packets in 10 s and windows of 64. The memory of each '
            'is full from the start, with the 45 windows of an hour before, '
            f'of which new ones take the place. {windows * WINDOW_SECONDS:g} '
            f's after the first window, scraped every {SCRAPE_SECONDS:g} s; '
            'our reflector answers for all of them or for none.\n\n'
            f'{table(rows)}',
            checks,
        )
    ]


def _run(folder: pathlib.Path, silent: float, windows: float) -> Result:
    answering = _free_port(socket.SOCK_DGRAM)
    metrics_port = _free_port(socket.SOCK_STREAM)
    reflector = f"""
[edge_sched_reflector]
bind = 0.0.0.0
port = {answering}
# All probes come from one address.
source_rate = 5000
"""
    prober = f"""
[edge_sched_prober]
target_file = {folder}/targets.yaml
metrics_port = {metrics_port}
"""
    with socket.socket(type=socket.SOCK_DGRAM) as deaf:
        # Bound and never read: what comes in is dropped, without a word.
        deaf.bind(('0.0.0.0', 0))
        (folder / 'targets.yaml').write_text(
            ''.join(_targets(silent, answering, deaf.getsockname()[1]))
        )
        with (
            _running(_REFLECTOR, folder / 'reflector.conf', reflector),
            _running(_SERVICE, folder / 'prober.conf', prober) as pid,
        ):
            _wait_for(metrics_port)
            time.sleep(WINDOW_SECONDS)
            first = _scrape(metrics_port)
            before, start = _cpu_seconds(pid), time.monotonic()
            end = start + windows * WINDOW_SECONDS
            while (left := end - time.monotonic()) > 0:
                time.sleep(min(SCRAPE_SECONDS, left))
                last = _scrape(metrics_port)
            seconds = time.monotonic() - start
            sent, lost = (
                _total(last, name) - _total(first, name)
                for name in (
                    'edge_sched_probe_packets_sent_total',
                    'edge_sched_probe_packets_lost_total',
                )
            )
            return Result(
                (_cpu_seconds(pid) - before) / seconds,
                _peak_megabytes(pid),
                sent / seconds,
                lost / sent,
                sum(
                    value >= 1
                    for value in _values(
                        last, 'edge_sched_probe_rtt_hour_seconds', '"0.5"'
                    )
                ),
                1e3 * _total(last, 'edge_sched_prober_loop_lag_seconds'),
            )


def _targets(silent: float, answering: int, deaf: int) -> Iterator[str]:
    first = ipaddress.IPv4Address('127.1.0.0')
    for number in range(TARGETS):
        # Silent ones are spread evenly among the others.
        is_silent = int((number + 1) * silent) > int(number * silent)
        port = deaf if is_silent else answering
        yield f'- client: {first + number}\n  port: {port}\n'


@contextlib.contextmanager
def _running(code: str, path: pathlib.Path, conf: str) -> Iterator[int]:
    """A service; the id of its process."""
    path.write_text(conf)
    process = subprocess.Popen(
        [sys.executable, '-c', code, '--config-file', str(path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def _cpu_seconds(pid: int) -> float:
    """Of a process until now, in user and kernel space."""
    stat = pathlib.Path(f'/proc/{pid}/stat').read_text()
    # The name before may hold blanks; user and system time are 14 and 15.
    user, system = stat.rpartition(')')[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf('SC_CLK_TCK')


def _peak_megabytes(pid: int) -> float:
    """The most that a process ever had resident."""
    status = pathlib.Path(f'/proc/{pid}/status').read_text()
    _, _, line = status.partition('VmHWM:')
    return int(line.split()[0]) * 1024 / 1e6


def _scrape(port: int) -> str:
    url = f'http://127.0.0.1:{port}/metrics'
    with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as page:
        text: str = page.read().decode()
        return text


def _wait_for(port: int) -> str:
    """Until the service has started."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return _scrape(port)
        except urllib.error.URLError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _values(text: str, metric: str, label: str = '') -> Iterator[float]:
    """Of a metric, of all targets."""
    for line in text.splitlines():
        if line.startswith((metric + '{', metric + ' ')) and label in line:
            yield float(line.rpartition(' ')[2])


def _total(text: str, metric: str) -> float:
    return sum(_values(text, metric))


def _free_port(kind: socket.SocketKind) -> int:
    with socket.socket(type=kind) as probe:
        probe.bind(('127.0.0.1', 0))
        port: int = probe.getsockname()[1]
        return port
