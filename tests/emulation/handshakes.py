# SPDX-License-Identifier: Apache-2.0

"""Handshakes as they are on the wire, whatever the kernel makes of them."""

import collections
import socket
import struct
import threading

from tests.emulation import stamped
from tests.emulation.link import DEVICE
from tests.emulation.link import ETH_P_ALL
from tests.emulation.node import Node

#: Ethernet, IPv4 without options, TCP (RFC 791, RFC 9293).
PACKET = struct.Struct('!14x9xB2x4s4sHH4x4xxB')
SYN, ACK = 0x02, 0x10
US_PER_NS = 1e-3

#: Address and port of a client.
End = tuple[bytes, int]


class Handshakes:
    """Times those that a node answers, from its SYN/ACK to the ACK.

    :ivar rtts_us: by the client's address; one of which a packet was sent
        again is left out, as it has no time (RFC 6298, section 3)
    """

    def __init__(self, node: Node, port: int) -> None:
        """Listen from now on.

        :param port: of the node, that clients connect to
        """
        self.rtts_us: dict[str, list[float]] = collections.defaultdict(list)
        self._port = port
        self._answered: dict[End, int] = {}
        self._again: set[End] = set()
        with node.entered():
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self._socket.bind((DEVICE, ETH_P_ALL))
        self._socket.settimeout(0.1)
        stamped.ask_for_stamps(self._socket)
        self._is_open = True
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def close(self) -> None:
        self._is_open = False
        self._thread.join()
        self._socket.close()

    def _listen(self) -> None:
        while self._is_open:
            try:
                packet, _, at_ns = stamped.receive(self._socket)
            except TimeoutError:
                continue
            if len(packet) >= PACKET.size and packet[12:15] == b'\x08\0\x45':
                self._look(packet, at_ns)

    def _look(self, packet: bytes, at_ns: int) -> None:
        protocol, source, target, *ports, flags = PACKET.unpack_from(packet)
        if protocol != socket.IPPROTO_TCP:
            return
        if flags & (SYN | ACK) == SYN | ACK and ports[0] == self._port:
            end = target, ports[1]
            if end in self._answered:
                self._again.add(end)
            self._answered[end] = at_ns
        elif flags & (SYN | ACK) == ACK and ports[1] == self._port:
            end = source, ports[0]
            answered_ns = self._answered.pop(end, None)
            if answered_ns is not None and end not in self._again:
                self.rtts_us[socket.inet_ntoa(source)].append(
                    (at_ns - answered_ns) * US_PER_NS
                )
