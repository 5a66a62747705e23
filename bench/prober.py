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

"""Measure what the prober takes of the machine it runs on, and judge it.

    usage: python -m bench.prober [--targets N] [--seconds N] [--gate]

The prober probes addresses of 127.0.0.0/8 by STAMP, 8 packets a minute each,
and is scraped every 30 seconds. In the first run our reflector answers for
all of them, in the second for half of them, in the third for none. Prints the
share of a core and the memory that the prober took, in each run; with
``--gate`` the exit status is 1 if one is above its target.
"""

import argparse
import dataclasses
import ipaddress
import pathlib
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence

from bench import process
from bench.report import table

TARGETS = 2000
PACKETS = 8
INTERVAL_SECONDS = 60
SCRAPE_SECONDS = 30

#: What a site may spend on it: a quarter of a core and 150 MB.
MAX_CORE_SHARE = 0.25
MAX_MEGABYTES = 150

#: By their names, the part of the targets that never answers.
RUNS = (('all answer', 0.0), ('half are silent', 0.5), ('none answers', 1.0))


@dataclasses.dataclass(frozen=True)
class Result:
    """What one run took.

    :param core_share: 0.1 is a tenth of one core
    :param sent: packets, as the prober counts them
    :param lost: those of them that were lost
    :param lag_ms: how late its loop was at the worst in the last minute
    """

    name: str
    core_share: float
    megabytes: float
    sent: int
    lost: int
    lag_ms: float

    def missed(self) -> list[str]:
        """The targets that it missed, in words."""
        problems = []
        if self.core_share > MAX_CORE_SHARE:
            problems.append(
                f'{self.name}: {self.core_share:.1%} of a core, more than '
                f'{MAX_CORE_SHARE:.0%}'
            )
        if self.megabytes > MAX_MEGABYTES:
            problems.append(
                f'{self.name}: {self.megabytes:.0f} MB, more than '
                f'{MAX_MEGABYTES}'
            )
        return problems


def main(arguments: Sequence[str]) -> int:
    """Measure, print, judge."""
    options = _options(arguments)
    results = []
    for name, silent in RUNS:
        with tempfile.TemporaryDirectory() as folder:
            results.append(_run(pathlib.Path(folder), name, silent, options))
        print(f'{name}: done', flush=True)
    print('', report(results), sep='\n')
    problems = [each for result in results for each in result.missed()]
    for problem in problems:
        print(f'\nMissed: {problem}')
    return 1 if problems and options.gate else 0


def report(results: Sequence[Result]) -> str:
    """The table of runs, each compared with the first."""
    rows = [
        ['run', 'core', 'to the first', 'peak MB', 'sent', 'lost', 'lag ms']
    ]
    for result in results:
        rows.append(
            [
                result.name,
                f'{result.core_share:.1%}',
                f'{result.core_share / results[0].core_share:.2f}',
                f'{result.megabytes:.0f}',
                str(result.sent),
                str(result.lost),
                f'{result.lag_ms:.1f}',
            ]
        )
    return table(rows)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Measure what the prober takes of the machine.'
    )
    parser.add_argument(
        '--targets', type=int, default=TARGETS, help='how many'
    )
    parser.add_argument(
        '--seconds',
        type=int,
        default=2 * SCRAPE_SECONDS,
        help='how long each run is measured',
    )
    parser.add_argument(
        '--gate', action='store_true', help='exit with 1 if it takes too much'
    )
    return parser.parse_args(arguments)


def _run(
    folder: pathlib.Path, name: str, silent: float, options: argparse.Namespace
) -> Result:
    answering = _free_port(socket.SOCK_DGRAM)
    with socket.socket(type=socket.SOCK_DGRAM) as deaf:
        # Bound and never read: what comes in is dropped, without a word.
        deaf.bind(('0.0.0.0', 0))
        port = deaf.getsockname()[1]
        _write_targets(folder, options.targets, silent, answering, port)
        metrics_port = _free_port(socket.SOCK_STREAM)
        with (
            process.running('reflector', _reflector_conf(folder, answering)),
            process.running(
                'prober', _prober_conf(folder, metrics_port)
            ) as pid,
        ):
            process.wait_for_metrics(metrics_port)
            return _measured(name, pid, metrics_port, options.seconds)


def _measured(name: str, pid: int, port: int, seconds: int) -> Result:
    before = process.usage(pid)
    text = ''
    for pause in _pauses(seconds):
        time.sleep(pause)
        text = process.scrape(port)
    after = process.usage(pid)
    return Result(
        name,
        after.share_since(before),
        process.peak_megabytes(pid),
        int(total(text, 'edge_sched_probe_packets_sent_total')),
        int(total(text, 'edge_sched_probe_packets_lost_total')),
        1e3 * total(text, 'edge_sched_prober_loop_lag_seconds'),
    )


def _pauses(seconds: int) -> Iterator[float]:
    """Between scrapes, until the time is over; there is at least one."""
    rest = seconds
    while rest > 0:
        yield min(SCRAPE_SECONDS, rest)
        rest -= SCRAPE_SECONDS


def total(text: str, metric: str) -> float:
    """The sum of a metric over all targets."""
    return sum(
        float(line.rpartition(' ')[2])
        for line in text.splitlines()
        if line.startswith((metric + '{', metric + ' '))
    )


def _write_targets(
    folder: pathlib.Path, count: int, silent: float, answering: int, deaf: int
) -> None:
    first = ipaddress.IPv4Address('127.1.0.0')
    lines = []
    for number in range(count):
        # Silent ones are spread evenly among the others.
        is_silent = int((number + 1) * silent) > int(number * silent)
        lines.append(f'- client: {first + number}')
        lines.append(f'  port: {deaf if is_silent else answering}')
    (folder / 'targets.yaml').write_text('\n'.join(lines) + '\n')


def _prober_conf(folder: pathlib.Path, metrics_port: int) -> pathlib.Path:
    return _conf(
        folder / 'prober.conf',
        '[edge_sched_prober]',
        f'target_file = {folder}/targets.yaml',
        f'packets = {PACKETS}',
        f'interval = {INTERVAL_SECONDS}',
        f'metrics_port = {metrics_port}',
    )


def _reflector_conf(folder: pathlib.Path, port: int) -> pathlib.Path:
    return _conf(
        folder / 'reflector.conf',
        '[edge_sched_reflector]',
        'bind = 0.0.0.0',
        f'port = {port}',
        # All probes come from one address.
        'source_rate = 5000',
    )


def _conf(path: pathlib.Path, *lines: str) -> pathlib.Path:
    path.write_text('\n'.join(lines) + '\n')
    return path


def _free_port(kind: socket.SocketKind) -> int:
    with socket.socket(type=kind) as probe:
        probe.bind(('127.0.0.1', 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
