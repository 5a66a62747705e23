# SPDX-License-Identifier: Apache-2.0

"""A port that clients connect to for nothing but to be measured.

The kernel has timed the handshake when a connection is accepted. What the
client says then is not looked at: the answer is always the same.
"""

import asyncio
import logging
import socket
from collections.abc import Iterable

from edge_sched.listen.sources import Source
from edge_sched.probe import sockets
from edge_sched.probe.outcome import Address
from edge_sched.probe.tcp import kernel_rtt_us

LOG = logging.getLogger(__name__)

#: What a browser takes for success, from a page of any origin.
ANSWER = (
    b'HTTP/1.1 204 No Content\r\n'
    b'Access-Control-Allow-Origin: *\r\n'
    b'Cache-Control: no-store\r\n'
    b'Connection: close\r\n'
    b'\r\n'
)

#: Connections that are open at a time; those beyond are measured, and closed
#: at once. Chosen: 256 files are half a MB in the kernel.
MAX_CONNECTIONS = 256

#: What a connection has to ask in. Chosen: a handshake of TLS or a lost packet
#: is sent again within it.
TIMEOUT_SECONDS = 5.0

#: Connections that are accepted before others have their turn.
ACCEPT_MAX = 64

#: How long a port rests that cannot accept, as where files have run out.
PAUSE_SECONDS = 1.0

_BACKLOG = 1024
_REQUEST_OCTETS = 8192


class Beacon:
    """Accepts, measures, answers and closes, until it is closed itself."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, source: Source
    ) -> None:
        self._loop = loop
        self._source = source
        self._listening: list[socket.socket] = []
        self._open: dict[socket.socket, asyncio.TimerHandle] = {}
        self._resting: dict[socket.socket, asyncio.TimerHandle] = {}

    def open(self, bind: Iterable[Address], port: int) -> None:
        """Listen at these addresses; a version that is not there is warned of.

        :raises OSError: naming an address and port that cannot be had
        """
        missing = None
        for address in bind:
            try:
                listening = _listening(address, port)
            except OSError as error:
                if not sockets.is_missing(error):
                    raise
                missing = error
                LOG.warning('Not bound: %s', error)
                continue
            self._listening.append(listening)
            self._listen(listening)
        if missing is not None and not self._listening:
            raise missing
        self._source.is_up = True

    def close(self) -> None:
        self._source.is_up = False
        for timer in self._resting.values():
            timer.cancel()
        for listening in self._listening:
            self._loop.remove_reader(listening)
            listening.close()
        for accepted in tuple(self._open):
            self._end(accepted)

    def _listen(self, listening: socket.socket) -> None:
        self._loop.add_reader(listening, self._accept, listening)

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(ACCEPT_MAX):
            try:
                accepted, peer = listening.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError:
                self._source.refused['failed'] += 1
                self._loop.remove_reader(listening)
                self._resting[listening] = self._loop.call_later(
                    PAUSE_SECONDS, self._listen, listening
                )
                return
            self._measure(accepted, peer[0])

    def _measure(self, accepted: socket.socket, host: str) -> None:
        try:
            rtt_us = kernel_rtt_us(accepted)
        except OSError:
            rtt_us = 0
        self._source.take(host, rtt_us)
        if len(self._open) >= MAX_CONNECTIONS:
            accepted.close()
            return
        accepted.setblocking(False)
        self._open[accepted] = self._loop.call_later(
            TIMEOUT_SECONDS, self._end, accepted
        )
        self._loop.add_reader(accepted, self._answer, accepted)

    def _answer(self, accepted: socket.socket) -> None:
        """Answer the first thing that is said.

        It is read, or the kernel would reset the connection and with it the
        answer.
        """
        try:
            if accepted.recv(_REQUEST_OCTETS):
                accepted.send(ANSWER)
        except OSError:
            pass
        self._end(accepted)

    def _end(self, accepted: socket.socket) -> None:
        self._open.pop(accepted).cancel()
        self._loop.remove_reader(accepted)
        accepted.close()


def _listening(address: Address, port: int) -> socket.socket:
    try:
        listening = socket.create_server(
            (sockets.host(address), port),
            family=sockets.family(address),
            backlog=_BACKLOG,
        )
    except OSError as error:
        raise OSError(
            error.errno, error.strerror, f'{address} port {port}'
        ) from None
    listening.setblocking(False)
    return listening
