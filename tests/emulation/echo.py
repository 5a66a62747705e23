# SPDX-License-Identifier: Apache-2.0

"""Round trips by kernel time stamps, to check an emulated path by."""

import dataclasses
import math
import select
import socket
import statistics
import struct
import time
from collections.abc import Sequence

from tests.emulation import stamped

#: Echo requests by address family (RFC 792, RFC 4443).
ECHO_REQUEST = {socket.AF_INET: 8, socket.AF_INET6: 128}
PROTOCOL = {
    socket.AF_INET: socket.IPPROTO_ICMP,
    socket.AF_INET6: socket.IPPROTO_ICMPV6,
}
#: Type, code, checksum and identifier, which the kernel fills in; number.
HEADER = struct.Struct('!BBHHH')
#: Between two probes, in seconds (chosen: the relay is idle most of the time).
PAUSE = 0.005
#: In seconds, for the last reply (chosen: above any path that is checked).
TIMEOUT = 0.5
NS_PER_MS = 1e6

Address = tuple[str, int]


@dataclasses.dataclass(frozen=True)
class RoundTrips:
    """What came of some probes.

    :ivar sent: how many there were
    :ivar times_ms: of those that came back, in rising order
    """

    sent: int
    times_ms: Sequence[float]

    @property
    def median_ms(self) -> float:
        """Of those that came back; NaN if none did."""
        return statistics.median(self.times_ms or [math.nan])

    @property
    def p95_ms(self) -> float:
        """By nearest rank, of those that came back; NaN if none did."""
        rank = math.ceil(0.95 * len(self.times_ms))
        return self.times_ms[rank - 1] if rank else math.nan

    @property
    def loss_ratio(self) -> float:
        return 1 - len(self.times_ms) / self.sent


def ping(address: str, count: int) -> RoundTrips:
    """Echo requests from where the calling thread is; the kernel answers."""
    family = socket.AF_INET6 if ':' in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM, PROTOCOL[family]) as near:
        return _Probing(near, (address, 0)).run(count)


def probe(front: Address, far: socket.socket, count: int) -> RoundTrips:
    """UDP to the front and back from the far end of a path.

    :param far: a socket at the far end; the time that a packet waits there
        does not count
    """
    with socket.socket(far.family, socket.SOCK_DGRAM) as near:
        near.bind((far.getsockname()[0], 0))
        return _Probing(near, front, far).run(count)


class _Probing:
    def __init__(
        self,
        near: socket.socket,
        target: Address,
        far: socket.socket | None = None,
    ) -> None:
        self._near = near
        self._target = target
        self._far = far
        self._sent_ns: dict[int, int] = {}
        self._times_ms: list[float] = []
        self._sockets = [near, far] if far else [near]
        for each in self._sockets:
            stamped.ask_for_stamps(each)

    def run(self, count: int) -> RoundTrips:
        kind = ECHO_REQUEST[self._near.family]
        for number in range(count):
            packet = HEADER.pack(kind, 0, 0, 0, number)
            self._sent_ns[number] = time.time_ns()
            self._near.sendto(packet, self._target)
            self._read_for(PAUSE)
        self._read_for(TIMEOUT)
        return RoundTrips(count, sorted(self._times_ms))

    def _read_for(self, seconds: float) -> None:
        """Return early if nothing is out any more."""
        deadline = time.monotonic() + seconds
        while self._sent_ns:
            wait = max(deadline - time.monotonic(), 0)
            readable, _, _ = select.select(self._sockets, [], [], wait)
            if not readable:
                return
            for each in readable:
                self._read_one(each)

    def _read_one(self, readable: socket.socket) -> None:
        received = stamped.receive(readable)
        number = HEADER.unpack_from(received.packet)[4]
        if readable is self._far:
            self._sent_ns[number] += received.age_ns
            readable.sendto(received.packet, received.source)
        elif number in self._sent_ns:
            took_ns = received.wall_ns - self._sent_ns.pop(number)
            self._times_ms.append(took_ns / NS_PER_MS)
