# SPDX-License-Identifier: Apache-2.0

"""ICMP echo, by icmplib: one socket for each version of IP.

The time of the reply is the kernel's, as STAMP has it. In user space a ping
over 10 ms was 0.27 ms longer, and more on a busy host.

Identifier and sequence number go up in step for all targets, so that each can
read off its own pings what the others are sent. What a reply must prove is
that its sender saw the request: by a token that no other request has.
"""

import asyncio
import logging
import secrets
import socket
import time
from collections.abc import Collection
from typing import Any, NamedTuple

import icmplib

from edge_sched.probe import clock
from edge_sched.probe import sockets
from edge_sched.probe.inflight import InFlight
from edge_sched.probe.outcome import LOST
from edge_sched.probe.outcome import Address
from edge_sched.probe.outcome import Done
from edge_sched.probe.outcome import Outcome

#: Of random octets at the head of each payload. Chosen: 128 bits, which
#: nobody guesses in the second that a probe is under way.
TOKEN_OCTETS = 16

#: What follows, for 56 octets as ping(8) sends. Some hosts do not return it.
PADDING = bytes(56 - TOKEN_OCTETS)

#: Before the payload of an echo reply (RFC 792 and RFC 4443).
HEADER_OCTETS = 8

#: Packets that are read before others have their turn: as StampProbe.
READ_MAX = 1024

#: RFC 792 and RFC 4443, by version of IP.
ECHO_REPLY = {4: 0, 6: 129}

LOG = logging.getLogger(__name__)

_SOCKETS = {4: icmplib.ICMPv4Socket, 6: icmplib.ICMPv6Socket}


class _Echo(NamedTuple):
    """A request under way."""

    sent: clock.Reading
    done: Done


class IcmpProbe:
    """Measures by ICMP echo; a ``Probe``.

    icmplib makes, sends and reads the packets. Its ``receive`` is not used:
    it waits, and has no time of the kernel's.

    :param timeout_seconds: a reply that takes longer is none
    :param bind: source addresses, one a version of IP; targets of a version
        that has none are lost
    :param dscp: of every packet, 0..63 (RFC 2474)
    """

    def __init__(
        self, timeout_seconds: float, bind: Collection[Address], dscp: int = 0
    ) -> None:
        self.send_errors = 0
        self._timeout_seconds = timeout_seconds
        self._bind = bind
        self._traffic_class = dscp << 2
        self._id = secrets.randbelow(1 << 16)
        self._sequence = secrets.randbelow(1 << 16)
        self._sockets: dict[int, Any] = {}

    async def open(self) -> None:
        """Open the sockets; a version of IP that is missing is warned of.

        :raises OSError: if the kernel allows neither kind of socket, or an
            address cannot be had
        """
        self._loop = asyncio.get_running_loop()
        self._flights: InFlight[tuple[str, bytes], _Echo] = InFlight(
            self._loop, self._timeout_seconds, lambda echo: echo.done(LOST)
        )
        try:
            for address in self._bind:
                self._open(address)
        except OSError:
            self.close()
            raise

    def send(self, address: Address, port: int, turn: int, done: Done) -> None:
        self._sequence = (self._sequence + 1) & 0xFFFF
        token = secrets.token_bytes(TOKEN_OCTETS)
        request = icmplib.ICMPRequest(
            sockets.host(address),
            self._id,
            self._sequence,
            token + PADDING,
            traffic_class=self._traffic_class,
        )
        before_ns = time.monotonic_ns()
        try:
            self._sockets[address.version].send(request)
        except (KeyError, icmplib.ICMPLibError):
            self.send_errors += 1
            done(LOST)
            return
        wall_ns = round(request.time * 1e9)
        sent = clock.Reading(before_ns, wall_ns, time.monotonic_ns())
        self._flights.add((request.destination, token), _Echo(sent, done))

    def close(self) -> None:
        self._flights.close()
        for icmp in self._sockets.values():
            self._loop.remove_reader(icmp.sock)
            icmp.close()
        self._sockets.clear()

    def _open(self, address: Address) -> None:
        try:
            icmp = _opened(address)
        except icmplib.ICMPSocketError as error:
            cause = error.__context__
            if isinstance(cause, OSError) and sockets.is_missing(cause):
                LOG.warning(
                    'Targets of IPv%(version)d will be lost: %(error)s',
                    {'version': address.version, 'error': cause},
                )
                return
            raise OSError(f'no ICMP from {address}: {error}') from error
        self._sockets[address.version] = icmp
        self._loop.add_reader(icmp.sock, self._read, address.version, icmp)

    def _read(self, version: int, icmp: Any) -> None:
        for _ in range(READ_MAX):
            try:
                datagram = sockets.receive(icmp.sock)
            except OSError:
                return
            reply = icmp._parse_reply(datagram.octets, datagram.peer[0], 0)
            if reply is not None and reply.type == ECHO_REPLY[version]:
                # Raw sockets have the header of IPv4 before it.
                payload = datagram.octets[-reply.bytes_received :][
                    HEADER_OCTETS:
                ]
                key = reply.source, payload[:TOKEN_OCTETS]
                self._take(key, datagram.received_ns)

    def _take(self, key: tuple[str, bytes], received_ns: int) -> None:
        seen = clock.read()
        echo = self._flights.take(key)
        if echo is None:
            return
        trip_ns = clock.trip(echo.sent, received_ns, seen).nanoseconds
        if trip_ns > self._timeout_seconds * 1e9:
            echo.done(LOST)
        else:
            echo.done(Outcome(trip_ns / 1e6, trip_ns / 1e6))


def _opened(address: Address) -> Any:
    """An ICMP socket, without privileges if the kernel allows.

    :raises OSError: if it allows neither kind
    :raises icmplib.ICMPSocketError: if the address cannot be had
    """
    for privileged in (False, True):
        try:
            icmp = _SOCKETS[address.version](sockets.host(address), privileged)
        except icmplib.SocketPermissionError:
            continue
        icmp.blocking = False
        icmp.sock.setsockopt(socket.SOL_SOCKET, sockets.SO_TIMESTAMPNS, 1)
        icmp.sock.setsockopt(
            socket.SOL_SOCKET, socket.SO_RCVBUF, sockets.RECEIVE_BUFFER_OCTETS
        )
        return icmp
    raise OSError(
        'the probe icmp is not allowed: the service needs the capability '
        'CAP_NET_RAW, or a group in the range of the sysctl '
        'net.ipv4.ping_group_range'
    )
