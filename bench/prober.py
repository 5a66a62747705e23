# SPDX-License-Identifier: Apache-2.0

"""Measure what the prober takes of the machine it runs on, and judge it.

The prober probes 2 000 addresses of 127.0.0.0/8 by STAMP, 8 packets a minute
each, and is scraped every 30 seconds. In the first run our reflector answers
for all of them, in the second for half of them, in the third for none.
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
from collections.abc import Iterator
from typing import NamedTuple

import requests

from bench.measure import proc_megabytes
from bench.result import Check
from bench.result import Section
from bench.result import table

TARGETS = 2000
PACKETS = 8
INTERVAL_SECONDS = 60
SCRAPE_SECONDS = 30
#: Of each run, in their short form one.
SCRAPES = 2

#: What a site may spend on it: a quarter of a core and 150 MB.
MAX_CORE_SHARE = 0.25
MAX_MEGABYTES = 150

#: By their names, the part of the targets that never answers.
RUNS = {'all answer': 0.0, 'half are silent': 0.5, 'none answers': 1.0}

#: A service that has not started or ended by then never will.
PATIENCE_SECONDS = 30.0


class Result(NamedTuple):
    """What one run took.

    :param core_share: 0.1 is a tenth of one core
    :param sent: packets, as the prober counts them
    :param lost: those of them that were lost
    :param lag_ms: how late its loop was at the worst in the last minute
    """

    core_share: float
    megabytes: float
    sent: float
    lost: float
    lag_ms: float


def sections(options: argparse.Namespace) -> list[Section]:
    """One run after the other."""
    scrapes = 1 if options.short else SCRAPES
    results = {}
    for name, silent in RUNS.items():
        with tempfile.TemporaryDirectory() as folder:
            results[name] = _run(pathlib.Path(folder), silent, scrapes)
    head = ['run', 'core', 'to the first', 'peak MB', 'sent', 'lost', 'lag ms']
    rows, checks = [head], []
    first = results['all answer'].core_share
    for name, (share, megabytes, sent, lost, lag_ms) in results.items():
        cells = [f'{share:.1%}', f'{share / first:.2f}', f'{megabytes:.0f}']
        cells += [f'{sent:.0f}', f'{lost:.0f}', f'{lag_ms:.1f}']
        rows.append([name, *cells])
        checks += [
            Check(f'share of a core, {name}', share, MAX_CORE_SHARE),
            Check(f'peak MB, {name}', megabytes, MAX_MEGABYTES),
        ]
    text = (
        f'{TARGETS} targets, {PACKETS} packets each in {INTERVAL_SECONDS} s.'
    )
    return [Section('A prober', f'{text}\n\n{table(rows)}', checks)]


def _run(folder: pathlib.Path, silent: float, scrapes: int) -> Result:
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
packets = {PACKETS}
interval = {INTERVAL_SECONDS}
metrics_port = {metrics_port}
"""
    with socket.socket(type=socket.SOCK_DGRAM) as deaf:
        # Bound and never read: what comes in is dropped, without a word.
        deaf.bind(('0.0.0.0', 0))
        (folder / 'targets.yaml').write_text(
            ''.join(_targets(silent, answering, deaf.getsockname()[1]))
        )
        with (
            _running('reflector', folder, reflector),
            _running('prober', folder, prober) as pid,
        ):
            _wait_for(metrics_port)
            before, start = _cpu_seconds(pid), time.monotonic()
            for _ in range(scrapes):
                time.sleep(SCRAPE_SECONDS)
                text = _scrape(metrics_port)
            seconds = time.monotonic() - start
            return Result(
                (_cpu_seconds(pid) - before) / seconds,
                proc_megabytes(f'{pid}/status', 'VmHWM'),
                _total(text, 'edge_sched_probe_packets_sent_total'),
                _total(text, 'edge_sched_probe_packets_lost_total'),
                1e3 * _total(text, 'edge_sched_prober_loop_lag_seconds'),
            )


def _targets(silent: float, answering: int, deaf: int) -> Iterator[str]:
    first = ipaddress.IPv4Address('127.1.0.0')
    for number in range(TARGETS):
        # Silent ones are spread evenly among the others.
        is_silent = int((number + 1) * silent) > int(number * silent)
        port = deaf if is_silent else answering
        yield f'- client: {first + number}\n  port: {port}\n'


@contextlib.contextmanager
def _running(service: str, folder: pathlib.Path, conf: str) -> Iterator[int]:
    """A service, by the module of its command; the id of its process."""
    path = folder / f'{service}.conf'
    path.write_text(conf)
    code = (
        f'from edge_sched.cmd.{service} import main; raise SystemExit(main())'
    )
    process = subprocess.Popen(
        [sys.executable, '-c', code, '--config-file', str(path)],
        stdout=subprocess.DEVNULL,
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


def _scrape(port: int) -> str:
    url = f'http://127.0.0.1:{port}/metrics'
    return requests.get(url, timeout=PATIENCE_SECONDS).text


def _wait_for(port: int) -> None:
    """Until the service has started."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            _scrape(port)
            return
        except requests.ConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _total(text: str, metric: str) -> float:
    """The sum of a metric over all targets."""
    return sum(
        float(line.rpartition(' ')[2])
        for line in text.splitlines()
        if line.startswith((metric + '{', metric + ' '))
    )


def _free_port(kind: socket.SocketKind) -> int:
    with socket.socket(type=kind) as probe:
        probe.bind(('127.0.0.1', 0))
        port: int = probe.getsockname()[1]
        return port
