# SPDX-License-Identifier: Apache-2.0

"""Lines that come as datagrams: syslog by UDP, or at a socket of Unix."""

import asyncio
import contextlib
import functools
import ipaddress
import os
import pathlib
import socket
from collections.abc import Iterator, Sequence

from edge_sched.listen.line import MAX_OCTETS
from edge_sched.listen.sources import Source
from edge_sched.model.client import Prefix

#: Datagrams that are read before others have their turn. Chosen: at some 10
#: us each, 2.5 ms.
READ_MAX = 256

#: Senders whose right is remembered. Chosen: many times the proxies of a site.
_REMEMBERED = 4096


class Datagrams:
    """Reads one socket until it is closed.

    :param opened: is closed with it
    :param allow: senders by UDP that are heard; ``None`` is whoever can send
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        opened: socket.socket,
        source: Source,
        allow: Sequence[Prefix] | None = None,
    ) -> None:
        self._loop = loop
        self._socket = opened
        self._source = source
        self._allow = allow
        self._may_send = functools.lru_cache(_REMEMBERED)(self._is_allowed)
        loop.add_reader(opened, self._read)
        source.is_up = True

    def close(self) -> None:
        self._source.is_up = False
        self._loop.remove_reader(self._socket)
        self._socket.close()

    def _read(self) -> None:
        for _ in range(READ_MAX):
            try:
                line, sender = self._socket.recvfrom(MAX_OCTETS + 1)
            except BlockingIOError:
                return
            except OSError:
                self._source.refused['failed'] += 1
                return
            if self._allow is None or self._may_send(sender[0]):
                self._source.take_line(line)
            else:
                self._source.refused['denied'] += 1

    def _is_allowed(self, host: str) -> bool:
        assert self._allow is not None
        # A zone, as in fe80::1%eth0, is of this machine.
        address = ipaddress.ip_address(host.partition('%')[0])
        return any(address in prefix for prefix in self._allow)


@contextlib.contextmanager
def unix_socket(path: str) -> Iterator[socket.socket]:
    """A socket of Unix, which goes when it is left.

    All may write to it who may enter its folder: proxies log as users of
    their own. One that an earlier process has left is replaced.

    :raises OSError: naming the path
    """
    place = pathlib.Path(path)
    opened = socket.socket(
        socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK
    )
    with opened:
        try:
            if place.is_socket():
                place.unlink()
            opened.bind(path)
            os.chmod(path, 0o666)  # noqa: S103
        except OSError as error:
            raise OSError(error.errno, error.strerror, path) from None
        try:
            yield opened
        finally:
            place.unlink(missing_ok=True)
