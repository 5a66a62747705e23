# SPDX-License-Identifier: Apache-2.0

"""An HTTP session that a deadline ends, whatever the other side does.

What ``requests`` calls a timeout is one for each read, and for each address
of a name: a server that sends a byte a second, of its headers as well, holds
it for hours, and one address that swallows packets keeps it from the next.
"""

import contextlib
import http.client
import socket
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import requests
from requests import adapters
from urllib3 import HTTPConnectionPool
from urllib3 import HTTPSConnectionPool
from urllib3.exceptions import HeaderParsingError
from urllib3.util.response import assert_header_parsing

from edge_sched.http.deadline import Deadline

#: The longest that an address is waited for while there are others. A SYN
#: that is lost is sent again after a second (RFC 6298, 2.1); half of one is a
#: round trip from the other side of the world, and some to spare.
_ADDRESS_SECONDS = 1.5

#: Longest line of HTTP in bytes: a header, or the length of a chunk. Chosen:
#: what web servers take themselves; http.client takes a hundred headers.
_MAX_LINE_BYTES = 8192


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

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere: to say where, all of its body would be read first."""

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
        response_class = _Response

        def _new_conn(self) -> socket.socket:
            return _connected(
                self._dns_host, self.port, self.timeout, self.socket_options
            )

        def connect(self) -> None:
            super().connect()
            sockets.add(self.sock)

    class Pool(pool):  # type: ignore[misc]
        ConnectionCls = Connection

    return Pool


def _connected(
    host: str, port: int, timeout_seconds: float, options: Any
) -> socket.socket:
    """A connection to the first address of a name that answers.

    :raises OSError: of the last address, if none does
    """
    deadline = Deadline(timeout_seconds)
    try:
        found = socket.getaddrinfo(
            host.strip('[]'), port, type=socket.SOCK_STREAM
        )
    except UnicodeError as error:
        raise OSError(str(error)) from None
    for number, (family, kind, protocol, _, address) in enumerate(found, 1):
        share_seconds = deadline.remaining_seconds()
        if number < len(found):
            share_seconds /= len(found) - number + 1
            share_seconds = min(share_seconds, _ADDRESS_SECONDS)
        try:
            return _to_address(
                socket.socket(family, kind, protocol),
                address,
                # One of 0 would be a socket that does not wait at all.
                max(share_seconds, 0.001),
                options,
            )
        except OSError as error:
            failure = error
    raise failure


def _to_address(
    made: socket.socket, address: Any, timeout_seconds: float, options: Any
) -> socket.socket:
    try:
        for option in options:
            made.setsockopt(*option)
        made.settimeout(timeout_seconds)
        made.connect(address)
    except OSError:
        made.close()
        raise
    return made


class _Response(http.client.HTTPResponse):
    """One whose lines are bounded, and whose headers are headers.

    urllib3 reads the length of a chunk whatever it is, and writes headers
    that it cannot parse to the log.
    """

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp: Any = _Lines(self.fp)

    def begin(self) -> None:
        super().begin()
        try:
            assert_header_parsing(self.msg)
        except HeaderParsingError as error:
            raise http.client.HTTPException from error


class _Lines:
    """A stream that has no longer lines."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def readline(self, limit: int = -1) -> bytes:
        line: bytes = self._stream.readline(_MAX_LINE_BYTES + 1)
        if len(line) > _MAX_LINE_BYTES:
            raise http.client.HTTPException(
                f'a line of HTTP is longer than {_MAX_LINE_BYTES} bytes'
            )
        return line
