# SPDX-License-Identifier: Apache-2.0

"""Starts, stops and looks at the services of a cloud, one by one."""

import json
import pathlib
import signal
import time
from collections.abc import Mapping, Sequence

from tests.cloud import processes
from tests.cloud.layout import Layout
from tests.cloud.service import Service

#: Seconds for a service to get ready (chosen: six times what the slowest, 12
#: hosts that start at once beside all the others, takes on two processors).
START_SECONDS = 180.0
#: Lines of a log that an error shows.
LAST_LINES = 20


class CloudError(Exception):
    """The cloud does not do what it should; the message says which part."""


class Supervisor:
    """Services of the cloud in a folder, whether they run or not.

    :ivar layout: its files and ports
    :ivar services: by their names
    """

    def __init__(
        self, layout: Layout, services: Mapping[str, Service]
    ) -> None:
        self.layout = layout
        self.services = services

    def start(self, name: str) -> None:
        """Start a service and return when it is ready.

        :raises CloudError: if it ends or is not ready in time, with the end
            of its log
        """
        self._launch(self._service(name))
        self.wait_until_ready([name])

    def stop(self, name: str, number: int = signal.SIGTERM) -> None:
        """Stop a service, by TERM or by another signal, to the very end."""
        killed = processes.stop(self.layout, self._service(name).name, number)
        if killed:
            print(f'{name} did not end when asked to, and was killed.')

    def restart(self, name: str, number: int = signal.SIGTERM) -> None:
        """Stop it by that signal, start it, return when it is ready."""
        self.stop(name, number)
        self.start(name)

    def launch_stale(self, wanted: Sequence[Service]) -> list[str]:
        """Launch those that do not run, or not with their present files.

        :return: names of those launched; they may not be ready
        """
        launched = []
        for service in wanted:
            runs = bool(self.pids(service.name))
            if runs and self._begun(service.name)[1] == service.fingerprint():
                continue
            if runs:
                self.stop(service.name)
            self._launch(service)
            launched.append(service.name)
        return launched

    def wait_until_ready(self, names: Sequence[str]) -> None:
        """:raises CloudError: as ``start``"""
        for name in names:
            try:
                processes.wait_for(
                    name,
                    lambda name=name: self.is_ready(name) or self._ended(name),
                    START_SECONDS,
                )
            except processes.NotInTimeError as error:
                raise self._error(name, str(error)) from None
            if self._ended(name):
                raise self._error(name, f'{name} has ended')

    def is_ready(self, name: str) -> bool:
        """Whether it serves, as far as its ports and its log tell."""
        since, _ = self._begun(name)
        return self.services[name].ready(self.log_text(name, since))

    def running(self) -> set[str]:
        """The names of those that run."""
        return {each.service for each in processes.find(self.layout)}

    def pids(self, name: str) -> list[int]:
        """Its processes, the first one first."""
        found = processes.find(self.layout, self._service(name).name)
        return [each.pid for each in sorted(found, key=lambda p: not p.leads)]

    def log_size(self, name: str) -> int:
        """Bytes of its log so far: what ``log_text`` can begin at."""
        try:
            return self.layout.log(name).stat().st_size
        except FileNotFoundError:
            return 0

    def log_text(self, name: str, since: int = 0) -> str:
        """What a service has logged from that byte on."""
        try:
            with self.layout.log(name).open('rb') as log:
                log.seek(since)
                return log.read().decode(errors='replace')
        except FileNotFoundError:
            return ''

    def _service(self, name: str) -> Service:
        if name not in self.services:
            raise CloudError(
                f'{name!r} is not one of {", ".join(self.services)}'
            )
        return self.services[name]

    def _launch(self, service: Service) -> None:
        begun = [self.log_size(service.name), service.fingerprint()]
        self._record(service.name).write_text(json.dumps(begun))
        processes.launch(
            self.layout,
            service.name,
            service.command,
            dict(service.environment),
        )

    def _record(self, name: str) -> pathlib.Path:
        return self.layout.path('run', f'{name}.json')

    def _begun(self, name: str) -> tuple[int, str]:
        """Where its log was at its last start, and its fingerprint."""
        try:
            size, fingerprint = json.loads(self._record(name).read_text())
        except FileNotFoundError:
            return 0, ''
        return size, fingerprint

    def _ended(self, name: str) -> bool:
        if self.pids(name):
            return False
        # While a process takes up another program it is not to be seen.
        time.sleep(processes.LOOK_EVERY)
        return not self.pids(name)

    def _error(self, name: str, what: str) -> CloudError:
        lines = self.log_text(name, self._begun(name)[0]).splitlines()
        last = '\n'.join(lines[-LAST_LINES:])
        return CloudError(f'{what}\n{self.layout.log(name)}:\n{last}')
