# SPDX-License-Identifier: Apache-2.0

"""Packets with the time at which the kernel received them."""

import socket
import struct
import time
from typing import Any, NamedTuple

#: Of asm-generic/socket.h; the socket module has no name for it.
SO_TIMESTAMPNS = 35
TIMESPEC = struct.Struct('@ll')
NS_PER_SECOND = 1_000_000_000
#: More than any packet is long.
MOST_BYTES = 65536


class Received(NamedTuple):
    """One packet.

    :ivar source: as ``socket`` has it
    :ivar wall_ns: when the kernel had it, since 1970
    """

    packet: bytes
    source: Any
    wall_ns: int

    @property
    def age_ns(self) -> int:
        """How long it has been waiting for us."""
        return time.time_ns() - self.wall_ns


def ask_for_stamps(receiver: socket.socket) -> None:
    receiver.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)


def receive(receiver: socket.socket) -> Received:
    """Read from a socket that was asked for stamps."""
    packet, ancillary, _, source = receiver.recvmsg(MOST_BYTES, 64)
    seconds, nanoseconds = TIMESPEC.unpack(ancillary[0][2])
    return Received(packet, source, seconds * NS_PER_SECOND + nanoseconds)
