# SPDX-License-Identifier: Apache-2.0

"""Sockets that say when a datagram came, how, and to which address.

Linux only: some of its names are missing in Python's ``socket`` before 3.14.
"""

import errno
import socket
import struct
import time
from collections.abc import Iterable
from typing import Any, NamedTuple

from edge_sched.probe.outcome import Address

# asm-generic/socket.h and linux/in.h.
SO_TIMESTAMPNS = 35
_IP_PKTINFO = 8
_IP_RECVTTL = 12

# Level and type of the ancillary messages.
_STAMP = socket.SOL_SOCKET, SO_TIMESTAMPNS
_TTL4 = socket.IPPROTO_IP, socket.IP_TTL
_TTL6 = socket.IPPROTO_IPV6, socket.IPV6_HOPLIMIT
_LOCAL4 = socket.IPPROTO_IP, _IP_PKTINFO
_LOCAL6 = socket.IPPROTO_IPV6, socket.IPV6_PKTINFO

#: What a socket may hold of datagrams not read yet. Chosen: 900 of them or
#: more (the kernel doubles the figure, and a small one counts as 768 to 2304
#: octets), which is what 5 000 a second are in a sixth of one. The kernel
#: grants ``net.core.rmem_max`` at the most, 212 992 by default.
RECEIVE_BUFFER_OCTETS = 1 << 20

#: The longest datagram that is read whole: one of a jumbo frame.
DATAGRAM_MAX_OCTETS = 9000

_TIMESPEC = struct.Struct('@ll')
_INT = struct.Struct('@i')
_ANCILLARY_OCTETS = 256

#: Where a datagram came from, as ``socket`` has it: host and port first.
Peer = tuple[Any, ...]


class Datagram(NamedTuple):
    """One datagram; ``ttl`` and ``local`` only from ``open_reflecting``."""

    #: One octet more than the longest if it was longer.
    octets: bytes
    peer: Peer
    #: The wall clock as the kernel received it, nanoseconds since 1970.
    received_ns: int
    #: TTL or hop limit as it arrived.
    ttl: int = 0
    #: How to send from the address that it was sent to: an ancillary message
    #: for ``sendmsg``; ``None`` if that was no address of one host.
    local: tuple[int, int, bytes] | None = None


def family(address: Address) -> socket.AddressFamily:
    return socket.AF_INET if address.version == 4 else socket.AF_INET6


def host(address: Address) -> str:
    """The text that ``socket`` has for an address, where ipaddress differs.

    Some addresses of IPv6 have two forms that are equally right.
    """
    return socket.inet_ntop(family(address), address.packed)


def open_socket(address: Address, port: int, dscp: int = 0) -> socket.socket:
    """A bound socket that does not block.

    :param port: 0 for any
    :raises OSError: naming address and port
    """
    try:
        udp = socket.socket(
            family(address), socket.SOCK_DGRAM | socket.SOCK_NONBLOCK
        )
    except OSError as error:
        raise _named(error, address, port) from None
    try:
        udp.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        udp.setsockopt(
            socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_OCTETS
        )
        if address.version == 4:
            udp.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, dscp << 2)
        else:
            udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, dscp << 2)
        udp.bind((host(address), port))
    except OSError as error:
        udp.close()
        raise _named(error, address, port) from None
    return udp


def open_reflecting(address: Address, port: int, dscp: int) -> socket.socket:
    """A socket whose datagrams come with ``ttl`` and ``local``."""
    udp = open_socket(address, port, dscp)
    if address.version == 4:
        udp.setsockopt(socket.IPPROTO_IP, _IP_RECVTTL, 1)
        udp.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
    else:
        udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
        udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    return udp


def is_missing(error: OSError) -> bool:
    """Whether the host does without this version of IP."""
    return error.errno == errno.EAFNOSUPPORT


def receive(udp: socket.socket) -> Datagram:
    """The next datagram.

    :raises BlockingIOError: if there is none
    :raises OSError: if the kernel has an error to report instead
    """
    octets, ancillary, _, peer = udp.recvmsg(
        DATAGRAM_MAX_OCTETS + 1, _ANCILLARY_OCTETS
    )
    return _with_ancillary(octets, peer, ancillary)


def _with_ancillary(
    octets: bytes, peer: Peer, ancillary: Iterable[tuple[int, int, bytes]]
) -> Datagram:
    messages = {(level, kind): data for level, kind, data in ancillary}
    received_ns = time.time_ns()
    if _STAMP in messages:
        seconds, nanoseconds = _TIMESPEC.unpack(messages[_STAMP])
        received_ns = seconds * 10**9 + nanoseconds
    ttl = 0
    for hops in (_TTL4, _TTL6):
        if hops in messages:
            (ttl,) = _INT.unpack(messages[hops])
    local = None
    if _LOCAL4 in messages:
        local = _local4(messages[_LOCAL4])
    elif _LOCAL6 in messages:
        local = _local6(messages[_LOCAL6])
    return Datagram(octets, peer, received_ns, ttl, local)


def _local4(data: bytes) -> tuple[int, int, bytes] | None:
    """``in_pktinfo``: interface, our address, the packet's destination.

    The last two differ for a broadcast. Routing, not the interface that it
    came by, says where the answer goes.
    """
    ours, destination = data[4:8], data[8:12]
    if ours != destination:
        return None
    return *_LOCAL4, bytes(4) + ours + bytes(4)


def _local6(data: bytes) -> tuple[int, int, bytes] | None:
    """``in6_pktinfo``: the packet's destination, interface."""
    destination = data[:16]
    if destination[0] == 0xFF:
        return None
    return *_LOCAL6, destination + bytes(4)


def _named(error: OSError, address: Address, port: int) -> OSError:
    return OSError(error.errno, error.strerror, f'{address} port {port}')
