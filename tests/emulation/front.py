# SPDX-License-Identifier: Apache-2.0

"""How the relay carries UDP on loopback, where nobody has a namespace."""

import functools
import socket

from tests.emulation import stamped
from tests.emulation.carrier import Carrier
from tests.emulation.path import Lane

Address = tuple[str, int]


class Front:
    """A UDP port that stands for another one, at the end of a path.

    Each source gets a port of its own at the far end, so that answers find
    their way back and the far end can tell sources apart.
    """

    def __init__(
        self, carrier: Carrier, front: socket.socket, far: Address
    ) -> None:
        """Nothing passes before there are lanes."""
        self._carrier = carrier
        self._front = front
        self._far = far
        self._forth: Lane | None = None
        self._back: Lane | None = None
        self._backs: dict[Address, socket.socket] = {}
        stamped.ask_for_stamps(front)
        carrier.watch(front.fileno(), self._read_front)

    def set_lanes(self, forth: Lane, back: Lane) -> None:
        self._forth = forth
        self._back = back

    def _read_front(self) -> None:
        received = stamped.receive(self._front)
        source = received.source
        back = self._backs.get(source) or self._open_back(source)
        if self._forth:
            deliver = functools.partial(_send, back, self._far)
            self._carrier.carry(received, self._forth, deliver)

    def _open_back(self, source: Address) -> socket.socket:
        back = socket.socket(self._front.family, socket.SOCK_DGRAM)
        stamped.ask_for_stamps(back)
        back.bind((self._front.getsockname()[0], 0))
        self._backs[source] = back
        read = functools.partial(self._read_back, back, source)
        self._carrier.watch(back.fileno(), read)
        return back

    def _read_back(self, back: socket.socket, source: Address) -> None:
        received = stamped.receive(back)
        if self._back:
            deliver = functools.partial(_send, self._front, source)
            self._carrier.carry(received, self._back, deliver)


def _send(sender: socket.socket, address: Address, packet: bytes) -> None:
    sender.sendto(packet, address)
