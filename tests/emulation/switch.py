# SPDX-License-Identifier: Apache-2.0

"""How the relay carries the frames of one node to another."""

import functools
import ipaddress
import socket
from collections.abc import Sequence

from tests.emulation import stamped
from tests.emulation.carrier import Carrier
from tests.emulation.carrier import Deliver
from tests.emulation.path import Lane

#: Of an Ethernet frame; an IP packet follows, its version first.
HEADER_OCTETS = 14
#: Where a frame says its destination, by IP version (RFC 791, RFC 8200).
DESTINATION = {
    4: slice(HEADER_OCTETS + 16, HEADER_OCTETS + 20),
    6: slice(HEADER_OCTETS + 24, HEADER_OCTETS + 40),
}


class Switch:
    """Knows who has which address, and the lanes between them.

    A packet to nobody, or where there is no lane, is lost.
    """

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier
        self._owners: dict[bytes, tuple[str, Deliver]] = {}
        self._lanes: dict[tuple[str, str], Lane] = {}

    def add_node(
        self, end: socket.socket, name: str, addresses: Sequence[str]
    ) -> None:
        """Have a node; ``end`` is that of its cable."""
        for address in addresses:
            packed = ipaddress.ip_address(address).packed
            self._owners[packed] = name, end.send
        read = functools.partial(self._read, end, name)
        self._carrier.watch(end.fileno(), read)

    def set_lane(self, source: str, target: str, lane: Lane) -> None:
        """Packets that are under way keep the time they were given."""
        self._lanes[source, target] = lane

    def _read(self, end: socket.socket, source: str) -> None:
        try:
            received = stamped.receive(end)
        except OSError:
            return  # the node is gone, and its device with it
        frame = received.packet
        where = DESTINATION.get(frame[HEADER_OCTETS] >> 4)
        if where is None or frame[where] not in self._owners:
            return
        target, deliver = self._owners[frame[where]]
        lane = self._lanes.get((source, target))
        if lane:
            self._carrier.carry(received, lane, deliver)
