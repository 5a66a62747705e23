# SPDX-License-Identifier: Apache-2.0

"""The relay as seen by those who use it."""

import json
import os
import pathlib
import socket
import subprocess
import sys
import threading
from typing import Any

from tests.emulation.errors import NotPossibleError

ROOT = pathlib.Path(__file__).parents[2]
#: Seconds for the relay to start or to do what it is told (chosen: far more
#: than either takes on a busy machine).
PATIENCE = 30.0


class Control:
    """A relay of our own; ends with us or when closed.

    :ivar pid: of the relay
    :ivar doubt: why times may be off by much; empty if there is no reason
    """

    def __init__(self) -> None:
        """Start it.

        :raises NotPossibleError: if it does not start
        """
        self._lock = threading.Lock()
        self._socket, theirs = socket.socketpair(
            socket.AF_UNIX, socket.SOCK_SEQPACKET
        )
        self._socket.settimeout(PATIENCE)
        with theirs:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    '-m',
                    'tests.emulation.relay',
                    str(theirs.fileno()),
                ],
                pass_fds=[theirs.fileno()],
                cwd=ROOT,
            )
        self.pid = self._process.pid
        self.doubt = str(json.loads(self._answer()))

    def order(self, order: str, *fds: int, **arguments: Any) -> None:
        """Have something done; returns when it is.

        :param fds: at most one; the relay gets a copy
        """
        message = json.dumps({'order': order, **arguments}).encode()
        with self._lock:
            socket.send_fds(self._socket, [message], fds)
            self._answer()

    def guard(self, process: subprocess.Popen[Any]) -> None:
        """Have a process killed when the relay ends."""
        pidfd = os.pidfd_open(process.pid)
        try:
            self.order('guard', pidfd)
        finally:
            os.close(pidfd)

    def close(self) -> None:
        """Returns when the relay is gone, and what it guarded."""
        self._socket.close()
        self._process.wait(PATIENCE)

    def _answer(self) -> bytes:
        answer = self._socket.recv(65536)
        if not answer:
            raise NotPossibleError(
                f'the relay has ended with {self._process.wait(PATIENCE)}'
            )
        return answer
