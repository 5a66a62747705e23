# SPDX-License-Identifier: Apache-2.0

"""TCP connect: from the SYN to what the host says to it.

A refused connection is an answer as well: the reset took the same way, and
came from the same host, unless a firewall made it (as one may make the
SYN/ACK, too). An error of a router is none.

Either is timed by the kernel: a connection by its own figure, a refusal as
``Resets`` has it. Without the capability for that, it is as late as the
process has its turn.

A SYN that is lost would be sent again after a second (RFC 6298), and the
answer to that one taken for a round trip of more than a second. So the probe
ends before.

A connection under way is an open file. With the default 8 packets in 10 s,
each given up after 0.9 s and found within 0.05 s, a silent target has 0.76 of
them at a time (measured: 1 525 of 2 000 targets). So the probe raises the soft
limit of open files when it opens, as far as the hard limit lets it:
``MAX_CONNECTING`` is enough for 10 000 silent targets. A hard limit of 1 024
leaves 768, for 1 000. Where there are more, what comes next is not sent: it is
lost and counted in ``send_errors``, whomever it was for. With 768 and 2 000
silent targets one that answers lost 55 % (measured).
"""

import asyncio
import dataclasses
import errno
import resource
import socket
import struct
from collections.abc import Collection

from edge_sched.probe import clock
from edge_sched.probe import sockets
from edge_sched.probe.inflight import InFlight
from edge_sched.probe.outcome import LOST
from edge_sched.probe.outcome import Address
from edge_sched.probe.outcome import Done
from edge_sched.probe.outcome import Outcome
from edge_sched.probe.resets import Resets

#: Chosen: a tenth before Linux sends a SYN again.
TIMEOUT_MAX_SECONDS = 0.9

#: Sockets at a time, at most. Chosen: for 8 600 probes a second to targets
#: none of which answers, with less than a third of the 28 232 source ports
#: that Linux has by default.
MAX_CONNECTING = 8192

#: Open files that are left for all else: the other probes have at most 130
#: sockets, and each scrape has one. Chosen: a good deal more.
RESERVED_FILES = 256

_ANSWERED = frozenset({0, errno.ECONNREFUSED})

#: Close by a reset: no probe is left in TIME_WAIT, at 60 s each, and the host
#: does not wait for a farewell either.
_LINGER = struct.pack('@ii', 1, 0)

#: ``tcpi_rtt`` of ``struct tcp_info``, microseconds: of a connection that was
#: just made it is the time from SYN to SYN/ACK, as the kernel saw it.
_TCP_INFO = struct.Struct('@68xI')


#: Version of IP, and local port.
_Key = tuple[int, int]


@dataclasses.dataclass(slots=True)
class _Connecting:
    """A connection under way."""

    socket: socket.socket
    #: Host and port.
    peer: tuple[str, int]
    done: Done
    sent: clock.Reading
    #: When its refusal was received, by the kernel's wall clock.
    refused_ns: int | None = None


class TcpProbe:
    """Measures by TCP connect; a ``Probe``.

    Each connection has a source port of its own, so the packets of a target
    take the parallel paths that a router chooses by ports.

    :param timeout_seconds: at most ``TIMEOUT_MAX_SECONDS`` of it
    :param bind: source addresses, one a version of IP; targets of a version
        that has none are lost
    :param dscp: of every packet, 0..63 (RFC 2474)
    """

    def __init__(
        self, timeout_seconds: float, bind: Collection[Address], dscp: int = 0
    ) -> None:
        self.send_errors = 0
        self._timeout_seconds = min(timeout_seconds, TIMEOUT_MAX_SECONDS)
        self._bind = {address.version: address for address in bind}
        self._resets: dict[int, Resets] = {
            address.version: Resets(address) for address in bind
        }
        self._traffic_class = dscp << 2

    async def open(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._flights: InFlight[_Key, _Connecting] = InFlight(
            self._loop, self._timeout_seconds, self._lose
        )
        for resets in self._resets.values():
            resets.open()
        self._max_connecting = _raise_limit() - RESERVED_FILES

    def send(self, address: Address, port: int, turn: int, done: Done) -> None:
        bind = self._bind.get(address.version)
        if bind is None or len(self._flights) >= self._max_connecting:
            self.send_errors += 1
            done(LOST)
            return
        try:
            tcp = self._opened(bind)
        except OSError:
            self.send_errors += 1
            done(LOST)
            return
        key = address.version, tcp.getsockname()[1]
        peer = sockets.host(address), port
        connecting = _Connecting(tcp, peer, done, clock.read())
        error = tcp.connect_ex(peer)
        self._flights.add(key, connecting)
        if error == errno.EINPROGRESS:
            self._loop.add_writer(tcp, self._ready, key)
            return
        if error not in _ANSWERED:
            self.send_errors += 1
        self._finish(key, error)

    def close(self) -> None:
        self._flights.close()
        for resets in self._resets.values():
            resets.close()

    def _opened(self, bind: Address) -> socket.socket:
        tcp = socket.socket(
            sockets.family(bind), socket.SOCK_STREAM | socket.SOCK_NONBLOCK
        )
        try:
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
            if bind.version == 4:
                tcp.setsockopt(
                    socket.IPPROTO_IP, socket.IP_TOS, self._traffic_class
                )
            else:
                tcp.setsockopt(
                    socket.IPPROTO_IPV6,
                    socket.IPV6_TCLASS,
                    self._traffic_class,
                )
            tcp.bind((sockets.host(bind), 0))
        except OSError:
            tcp.close()
            raise
        return tcp

    def _ready(self, key: _Key) -> None:
        connecting = self._flights.get(key)
        assert connecting is not None
        self._loop.remove_writer(connecting.socket)
        error = connecting.socket.getsockopt(
            socket.SOL_SOCKET, socket.SO_ERROR
        )
        self._finish(key, error)

    def _finish(self, key: _Key, error: int) -> None:
        """Close a connection that was made or was not, and say which."""
        if error == errno.ECONNREFUSED:
            self._hear(key[0])
        connecting = self._flights.take(key)
        assert connecting is not None
        with connecting.socket:
            rtt_ms = _rtt_ns(connecting, error) / 1e6
        if error in _ANSWERED:
            connecting.done(Outcome(rtt_ms, rtt_ms))
        else:
            connecting.done(LOST)

    def _hear(self, version: int) -> None:
        """Note when connections under way were refused.

        Whoever forges a reset can do so before the true one only, as that
        ends the connection: the last one that was received counts.
        """
        for reset in self._resets[version].read():
            connecting = self._flights.get((version, reset.local_port))
            if connecting and connecting.peer == (reset.host, reset.port):
                connecting.refused_ns = reset.received_ns

    def _lose(self, connecting: _Connecting) -> None:
        self._loop.remove_writer(connecting.socket)
        connecting.socket.close()
        connecting.done(LOST)


def _raise_limit() -> int:
    """Allow as many open files as are of use; how many of these there are."""
    wanted = MAX_CONNECTING + RESERVED_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    granted = min(wanted, hard)
    if soft < granted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (granted, hard))
    return granted


def _rtt_ns(connecting: _Connecting, error: int) -> int:
    """From the SYN to its answer, by the kernel if that knows."""
    seen = clock.read()
    refused_ns = connecting.refused_ns
    if error and refused_ns is not None:
        return clock.trip(connecting.sent, refused_ns, seen).nanoseconds
    rtt_ns = seen.after_ns - connecting.sent.before_ns
    if not error:
        return min(rtt_ns, kernel_rtt_us(connecting.socket) * 1000 or rtt_ns)
    return rtt_ns


def kernel_rtt_us(tcp: socket.socket) -> int:
    """Microseconds; 0 if the kernel does not know."""
    info = tcp.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO.size)
    rtt_us: int = _TCP_INFO.unpack(info)[0]
    return rtt_us
