# SPDX-License-Identifier: Apache-2.0

"""When the kernel received the reset that refused a TCP connection.

Of a connection that was made, the kernel says how long it took. Of one that
was refused it keeps nothing but the error, which is seen when the process has
its turn. So a raw socket has the kernel copy the resets that this host
receives; each is there, with its stamp, before the connection that it refuses
has its error.
"""

import array
import logging
import socket
import struct
from collections.abc import Iterator
from typing import NamedTuple

from edge_sched.probe import sockets
from edge_sched.probe.outcome import Address

LOG = logging.getLogger(__name__)

#: Resets that are read before others have their turn: as StampProbe.
READ_MAX = 1024

#: asm-generic/socket.h, which Python's ``socket`` has no name for.
_SO_ATTACH_FILTER = 26

#: ``struct sock_filter`` and ``struct sock_fprog`` of linux/filter.h.
_INSTRUCTION = struct.Struct('@HBBI')
_PROGRAM = struct.Struct('@HP')

#: From linux/bpf_common.h: load an octet at a fixed place; the length of the
#: header of IPv4; an octet after that; jump if a bit is set; return.
_LOAD, _LENGTH, _LOAD_AFTER, _JUMP_IF_SET, _RETURN = 0x30, 0xB1, 0x50, 0x45, 6

#: Of a TCP header (RFC 9293, section 3.1): octet and bit of RST.
_FLAGS_AT = 13
_RST = 4

#: What is kept of a packet: the headers, options of IPv4 included.
_KEPT_OCTETS = 80

_PORTS = struct.Struct('!HH')

#: Packets with RST and no others, by version of IP: a raw socket of IPv4 has
#: the header of IP as well.
_FILTERS = {
    version: b''.join(
        _INSTRUCTION.pack(*each)
        for each in (
            *find_flags,
            (_JUMP_IF_SET, 0, 1, _RST),
            (_RETURN, 0, 0, _KEPT_OCTETS),
            (_RETURN, 0, 0, 0),
        )
    )
    for version, find_flags in {
        4: ((_LENGTH, 0, 0, 0), (_LOAD_AFTER, 0, 0, _FLAGS_AT)),
        6: ((_LOAD, 0, 0, _FLAGS_AT),),
    }.items()
}


class Reset(NamedTuple):
    """A reset that was received; anybody may have forged it."""

    host: str
    port: int
    local_port: int
    #: By the kernel's wall clock.
    received_ns: int


class Resets:
    """The resets that come to an address of this host.

    They are kept in the buffer of the socket, and lost if that is full: read
    when a connection was refused.

    :param bind: ``0.0.0.0`` or ``::`` for all of a version of IP
    """

    def __init__(self, bind: Address) -> None:
        self._bind = bind
        self._raw: socket.socket | None = None

    def open(self) -> None:
        """Listen, if the kernel allows; else nothing will be heard."""
        try:
            self._raw = _opened(self._bind)
        except OSError as error:
            if not sockets.is_missing(error):
                LOG.warning(
                    'What refuses a TCP connection to IPv%(version)d is timed '
                    'in the process, which is less exact on a busy host, '
                    'without the capability CAP_NET_RAW: %(error)s',
                    {'version': self._bind.version, 'error': error},
                )

    def read(self) -> Iterator[Reset]:
        """Those that came since the last time, in their order."""
        if self._raw is None:
            return
        for _ in range(READ_MAX):
            try:
                datagram = sockets.receive(self._raw)
            except OSError:
                return
            octets = datagram.octets
            if self._bind.version == 4:
                octets = octets[4 * (octets[0] & 0x0F) :]
            # What came before the filter was attached can be anything.
            if len(octets) < _PORTS.size:
                continue
            port, local_port = _PORTS.unpack_from(octets)
            yield Reset(
                datagram.peer[0], port, local_port, datagram.received_ns
            )

    def close(self) -> None:
        if self._raw is not None:
            self._raw.close()
            self._raw = None


def _opened(bind: Address) -> socket.socket:
    raw = socket.socket(
        sockets.family(bind),
        socket.SOCK_RAW | socket.SOCK_NONBLOCK,
        socket.IPPROTO_TCP,
    )
    program = array.array('B', _FILTERS[bind.version])
    at, octets = program.buffer_info()
    count = octets // _INSTRUCTION.size
    try:
        raw.setsockopt(
            socket.SOL_SOCKET, _SO_ATTACH_FILTER, _PROGRAM.pack(count, at)
        )
        raw.setsockopt(socket.SOL_SOCKET, sockets.SO_TIMESTAMPNS, 1)
        raw.setsockopt(
            socket.SOL_SOCKET, socket.SO_RCVBUF, sockets.RECEIVE_BUFFER_OCTETS
        )
        raw.bind((sockets.host(bind), 0))
    except OSError:
        raw.close()
        raise
    return raw
