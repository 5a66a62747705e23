# SPDX-License-Identifier: Apache-2.0

"""Processes of the cloud: detached, and found again by their environment.

There are no pid files that could name a stranger. Each process has the folder
of its cloud and the name of its service in its environment, its children
inherit both, and ``/proc`` shows them.
"""

import contextlib
import os
import pathlib
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from tests.cloud.layout import MARK
from tests.cloud.layout import Layout

#: Seconds between two looks at what is waited for (chosen).
LOOK_EVERY = 0.1
#: Seconds that a process has to end when asked to (chosen: above the 40 that
#: Nova's are given for what is under way).
END_SECONDS = 60.0


class Process(NamedTuple):
    """A process of the cloud."""

    pid: int
    #: The first process of a service leads a session.
    session: int
    service: str

    @property
    def leads(self) -> bool:
        return self.pid == self.session


class NotInTimeError(Exception):
    """What was waited for did not come."""


def wait_for(
    what: str, probe: Callable[[], object], seconds: float | None = None
) -> None:
    """Until the probe's answer is true.

    :param seconds: that it may take, ``END_SECONDS`` by default
    :raises NotInTimeError: naming what was waited for
    """
    seconds = END_SECONDS if seconds is None else seconds
    deadline = time.monotonic() + seconds
    while not probe():
        if time.monotonic() > deadline:
            raise NotInTimeError(f'waited {seconds:g} s in vain for {what}')
        time.sleep(LOOK_EVERY)


def find(layout: Layout, service: str | None = None) -> list[Process]:
    """Those that live, of one service or of all, by their pids."""
    found = []
    for entry in os.scandir('/proc'):
        if entry.name.isdigit():
            process = _look_at(int(entry.name), str(layout.folder))
            if process and service in (None, process.service):
                found.append(process)
    return sorted(found)


def _look_at(pid: int, folder: str) -> Process | None:
    """None if it is not of this cloud, or gone; a zombie is gone."""
    try:
        text = pathlib.Path(f'/proc/{pid}/environ').read_bytes()
        session = os.getsid(pid)
    except OSError:
        return None
    environment = dict(
        line.split('=', 1)
        for line in os.fsdecode(text).split('\0')
        if line.startswith(MARK) and '=' in line
    )
    if environment.get(MARK) != folder:
        return None
    return Process(pid, session, environment.get(f'{MARK}_SERVICE', ''))


def launch(
    layout: Layout,
    service: str,
    command: Sequence[str],
    environment: dict[str, str],
) -> None:
    """Start a service in a session of its own; what it says is in its log.

    It is no child of this process, so that nobody has to wait for its end.
    """
    with layout.log(service).open('ab') as log:
        subprocess.run(
            ['setsid', '--fork', *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=layout.folder,
            env=layout.environment(service) | environment,
            check=True,
        )


def stop(
    layout: Layout, service: str, number: int = signal.SIGTERM
) -> list[Process]:
    """Signal the service and return when it is gone; those that were killed.

    Its first process is asked, which asks the others. Who is still there
    after ``END_SECONDS`` is killed.
    """
    there = find(layout, service)
    asked = there if number == signal.SIGKILL else _first(there)
    send(asked, number)
    with contextlib.suppress(NotInTimeError):
        wait_for(f'the end of {service}', lambda: not find(layout, service))
        return []
    left = find(layout, service)
    send(left, signal.SIGKILL)
    wait_for(f'the end of {service}', lambda: not find(layout, service))
    return left


def _first(there: list[Process]) -> list[Process]:
    """Those that lead; all if their leader is gone."""
    return [each for each in there if each.leads] or there


def send(to: Sequence[Process], number: int) -> None:
    """Signal processes; those that have gone meanwhile are no error."""
    for each in to:
        with contextlib.suppress(ProcessLookupError):
            os.kill(each.pid, number)
