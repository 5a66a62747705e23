# SPDX-License-Identifier: Apache-2.0

"""The session-sender: one for all targets of a prober.

A few sockets for each version of IP, each with a source port that it keeps,
so that the packets of a target take the parallel paths that a router chooses
by ports (ECMP). They are not connected. An ICMP error is therefore heard of by
nobody, and the probe is lost when its time is up; were it asked for, the next
packet to another target would fail by it.
"""

import asyncio
import collections
import contextlib
import functools
import ipaddress
import logging
import socket
from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

from edge_sched.probe import clock
from edge_sched.probe import sockets
from edge_sched.probe.inflight import InFlight
from edge_sched.probe.outcome import LOST
from edge_sched.probe.outcome import Address
from edge_sched.probe.outcome import Done
from edge_sched.probe.stamp.ledger import RESIDENCE_MAX_MS
from edge_sched.probe.stamp.ledger import Counters
from edge_sched.probe.stamp.ledger import Flight
from edge_sched.probe.stamp.ledger import Key
from edge_sched.probe.stamp.ledger import Ledger
from edge_sched.probe.stamp.ledger import unguessable
from edge_sched.probe.stamp.packet import Request
from edge_sched.probe.stamp.packet import pack_request

LOG = logging.getLogger(__name__)

#: Datagrams that are read from a socket before others have their turn:
#: chosen, about what its receive buffer holds, and 20 ms of work.
READ_MAX = 1024

_ANY = (ipaddress.IPv4Address('0.0.0.0'), ipaddress.IPv6Address('::'))  # noqa: S104


class _Lane(NamedTuple):
    """A socket with its source port."""

    number: int
    socket: socket.socket


class StampProbe:
    """Measures by STAMP; a ``Probe``.

    :param timeout_seconds: a reply that takes longer is none
    :param source_ports: for each version of IP
    :param first_source_port: they are this one and the next ones; 0: any
    :param key: of the authenticated mode, which is then used for all targets
    :param dscp: of every packet, 0..63 (RFC 2474)
    :param residence_max_ms: what a reflector says to have held a packet for
        is not credited above this
    :param bind: source addresses, one a version of IP; none: any of the
        host. Targets of a version that is not among them are lost.
    """

    def __init__(
        self,
        timeout_seconds: float = 1.0,
        source_ports: int = 4,
        first_source_port: int = 0,
        key: bytes | None = None,
        dscp: int = 0,
        residence_max_ms: float = RESIDENCE_MAX_MS,
        bind: Collection[Address] = (),
        read_clock: Callable[[], clock.Reading] = clock.read,
    ) -> None:
        self._timeout_seconds = timeout_seconds
        self._source_ports = source_ports
        self._first_source_port = first_source_port
        self._key = key
        self._dscp = dscp
        self._bind = bind or _ANY
        self._read_clock = read_clock
        self._ledger = Ledger(timeout_seconds, key, residence_max_ms)
        self._lanes = collections.defaultdict[int, list[_Lane]](list)
        self.send_errors = 0

    @property
    def counters(self) -> Counters:
        return self._ledger.counters

    @property
    def clock_steps(self) -> int:
        return self.counters.clock_steps

    async def open(self) -> None:
        """Open the sockets; a version of IP that is missing is warned of.

        :raises OSError: naming an address and port that cannot be had
        """
        self._loop = asyncio.get_running_loop()
        self._flights: InFlight[Key, Flight] = InFlight(
            self._loop, self._timeout_seconds, lambda flight: flight.done(LOST)
        )
        with contextlib.ExitStack() as undo:
            undo.callback(self._close_sockets)
            for address in self._bind:
                for lane in self._opened(address):
                    self._lanes[address.version].append(lane)
            undo.pop_all()
        for lane in self._all_lanes():
            self._loop.add_reader(
                lane.socket, functools.partial(self._read, lane)
            )

    def send(self, address: Address, port: int, turn: int, done: Done) -> None:
        lanes = self._lanes[address.version]
        if not lanes:
            self._fail(done)
            return
        lane = lanes[turn % len(lanes)]
        peer = sockets.host(address), port
        session = self._ledger.session((lane.number, *peer))
        sequence = session.next_sequence()
        bits = unguessable(self._read_clock().wall_ns)
        request = Request(sequence, bits, ssid=session.ssid)
        octets = pack_request(request, self._key)
        sent = self._read_clock()
        try:
            lane.socket.sendto(octets, peer)
        except OSError:
            self._fail(done)
            return
        self._flights.add((session, sequence, bits), Flight(sent, done))

    def close(self) -> None:
        self._flights.close()
        for lane in self._all_lanes():
            self._loop.remove_reader(lane.socket)
        self._close_sockets()

    def _fail(self, done: Done) -> None:
        self.send_errors += 1
        done(LOST)

    def _opened(self, address: Address) -> Iterator[_Lane]:
        """The lanes of one version of IP; none if the host lacks it."""
        for number in range(self._source_ports):
            port = self._first_source_port and self._first_source_port + number
            try:
                opened = sockets.open_socket(address, port, self._dscp)
            except OSError as error:
                if not sockets.is_missing(error):
                    raise
                LOG.warning(
                    'Targets of IPv%(version)d will be lost: %(error)s',
                    {'version': address.version, 'error': error},
                )
                return
            yield _Lane(number, opened)

    def _read(self, lane: _Lane) -> None:
        for _ in range(READ_MAX):
            try:
                datagram = sockets.receive(lane.socket)
            except BlockingIOError:
                return
            except OSError:
                self.counters.receive_errors += 1
                return
            self._take(lane, datagram)

    def _take(self, lane: _Lane, datagram: sockets.Datagram) -> None:
        seen = self._read_clock()
        host, port = datagram.peer[:2]
        answer = self._ledger.identify(
            (lane.number, host, port), datagram.octets
        )
        if answer is None:
            return
        key, reply = answer
        flight = self._flights.take(key)
        if flight is None:
            self.counters.unexpected += 1
            return
        flight.done(
            self._ledger.outcome(flight, reply, datagram.received_ns, seen)
        )

    def _all_lanes(self) -> list[_Lane]:
        return [lane for lanes in self._lanes.values() for lane in lanes]

    def _close_sockets(self) -> None:
        for lane in self._all_lanes():
            lane.socket.close()
        self._lanes.clear()
