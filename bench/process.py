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

"""Services in processes of their own, and what they take of the machine."""

import contextlib
import gc
import os
import pathlib
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from typing import NamedTuple

_TICKS = os.sysconf('SC_CLK_TCK')

#: A service that has not started by then never will.
START_SECONDS = 30.0


class Usage(NamedTuple):
    """What a process has taken so far."""

    cpu_seconds: float
    at_seconds: float

    def share_since(self, before: 'Usage') -> float:
        """The part of one core that it took, 0.1 for a tenth."""
        cpu_seconds = self.cpu_seconds - before.cpu_seconds
        return cpu_seconds / (self.at_seconds - before.at_seconds)


@contextlib.contextmanager
def running(service: str, conf: pathlib.Path) -> Iterator[int]:
    """A service with a configuration file; the id of its process.

    :param service: the module of its command, ``prober``
    """
    main = f'edge_sched.cmd.{service}'
    process = subprocess.Popen(
        [
            sys.executable,
            '-c',
            f'import sys; from {main} import main; sys.exit(main())',
            '--config-file',
            str(conf),
        ],
        stdout=subprocess.DEVNULL,
    )
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def usage(pid: int) -> Usage:
    """The CPU time of a process until now, in user and kernel space."""
    stat = pathlib.Path(f'/proc/{pid}/stat').read_text()
    # The name before may hold blanks; user and system time are 14 and 15.
    fields = stat.rpartition(')')[2].split()
    ticks = int(fields[11]) + int(fields[12])
    return Usage(ticks / _TICKS, time.monotonic())


def peak_megabytes(pid: int) -> float:
    """The most memory that a process ever had resident."""
    for line in pathlib.Path(f'/proc/{pid}/status').read_text().splitlines():
        if line.startswith('VmHWM:'):
            return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError(f'no VmHWM of process {pid}')


def private_megabytes() -> float:
    """What of this process is its own and not the same on disk."""
    gc.collect()
    text = pathlib.Path('/proc/self/smaps_rollup').read_text()
    for line in text.splitlines():
        if line.startswith('Private_Dirty:'):
            return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError('no Private_Dirty in smaps_rollup')


def scrape(port: int) -> str:
    """The metrics of a service on this machine."""
    url = f'http://127.0.0.1:{port}/metrics'
    with urllib.request.urlopen(url, timeout=START_SECONDS) as answer:
        return answer.read().decode()


def wait_for_metrics(port: int) -> None:
    """Until the service has started."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            scrape(port)
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
