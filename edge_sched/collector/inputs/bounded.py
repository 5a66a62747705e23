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

"""An HTTP session that a deadline ends, whatever the other side does.

What ``requests`` calls a timeout is one for each read: a server that sends a
byte a second, of its headers as well, holds it for hours.
"""

import contextlib
import socket
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import requests
from requests import adapters
from urllib3 import HTTPConnectionPool
from urllib3 import HTTPSConnectionPool

from edge_sched.collector.inputs.base import Deadline


class BoundedSession(requests.Session):
    """All of its connections are shut at the deadline.

    with BoundedSession() as session, session.shut_at(deadline):
        session.get(url, timeout=deadline.remaining_seconds())

    The reader then gets an error. The time limit of each request is still
    needed, for name resolution and connecting. Neither proxies nor passwords
    are taken from the environment.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        for scheme in ('http://', 'https://'):
            self.mount(scheme, _Adapter(self._sockets))

    @contextlib.contextmanager
    def shut_at(self, deadline: Deadline) -> Iterator[None]:
        """Within it, the deadline holds."""
        timer = threading.Timer(deadline.remaining_seconds(), self._shut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _shut(self) -> None:
        for each in list(self._sockets):
            with contextlib.suppress(OSError):
                # TLS would say good-bye first, and wait for an answer.
                socket.socket.shutdown(each, socket.SHUT_RDWR)


class _Adapter(adapters.HTTPAdapter):
    """Notes the socket of each connection that it makes."""

    def __init__(self, sockets: weakref.WeakSet[socket.socket]) -> None:
        self._sockets = sockets
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {
            'http': _noting(HTTPConnectionPool, self._sockets),
            'https': _noting(HTTPSConnectionPool, self._sockets),
        }


def _noting(pool: Any, sockets: weakref.WeakSet[socket.socket]) -> Any:
    class Connection(pool.ConnectionCls):  # type: ignore[misc]
        def connect(self) -> None:
            super().connect()
            sockets.add(self.sock)

    class Pool(pool):  # type: ignore[misc]
        ConnectionCls = Connection

    return Pool
