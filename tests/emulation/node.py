# SPDX-License-Identifier: Apache-2.0

"""A place in the network, and the processes that run there."""

import contextlib
import subprocess
from collections.abc import Sequence
from typing import Any

from tests.emulation.control import Control
from tests.emulation.namespace import Namespace

#: Seconds that a process has to end after SIGTERM (chosen).
END_SECONDS = 10.0


class Node:
    """Somebody with an address.

    :ivar name: in the network
    :ivar v4: its address
    :ivar v6: likewise; empty where the network has no IPv6
    """

    def __init__(self, name: str, v4: str, v6: str, control: Control) -> None:
        self.name = name
        self.v4 = v4
        self.v6 = v6
        self._control = control
        self._processes: list[subprocess.Popen[Any]] = []

    @property
    def addresses(self) -> list[str]:
        return [address for address in (self.v4, self.v6) if address]

    def entered(self) -> contextlib.AbstractContextManager[None]:
        """What the calling thread opens or starts meanwhile is in the node.

        Sockets, threads and processes stay there afterwards; other threads
        are not concerned.
        """
        return contextlib.nullcontext()

    def popen(
        self, command: Sequence[str], **options: Any
    ) -> subprocess.Popen[Any]:
        """Start a process in the node; it ends with the network at latest.

        :param options: of ``subprocess.Popen``
        """
        with self.entered():
            process = subprocess.Popen(command, **options)
        self._processes.append(process)
        self._control.guard(process)
        return process

    def run(
        self, command: Sequence[str], **options: Any
    ) -> subprocess.CompletedProcess[Any]:
        """Run a command in the node to its end.

        :param options: of ``subprocess.run``
        """
        with self.entered():
            return subprocess.run(command, **options)

    def close(self) -> None:
        """End the processes, politely first."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class NamespaceNode(Node):
    """A node with a network namespace."""

    def __init__(self, name: str, v4: str, v6: str, control: Control) -> None:
        super().__init__(name, v4, v6, control)
        self.namespace = Namespace()
        self.namespace.let_all_ping()

    def entered(self) -> contextlib.AbstractContextManager[None]:
        return self.namespace.entered()

    def close(self) -> None:
        super().close()
        self.namespace.close()
