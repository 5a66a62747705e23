# SPDX-License-Identifier: Apache-2.0

"""The session-reflector: one thread that answers until it is told to stop.

One forged packet must not set two reflectors, or one and itself, to answering
each other for ever. Two rules, each enough between reflectors of one port:

- What comes from a port that it listens at is not answered: who would hear the
  answer is a reflector. A session-sender has to send from another.
- A reply is no request (``Mirror``), whatever port it comes from. So what was
  answered once ends there, also where the other reflector has another port, or
  is something that echoes.

A reply that somebody replays is therefore answered by nothing, also if its
HMAC is right.

With a key only what passes it counts against the rates, or whoever forges the
address of a prober could silence it. What forged packets take is bounded
otherwise: their HMAC is of 96 octets however long they are, and takes 5 us
where to receive any packet takes 12 (measured). So to keep this thread busy
takes two thirds of the packets that it would take with no HMAC at all.
"""

import collections
import logging
import selectors
import socket
import time
from collections.abc import Iterable

from edge_sched.probe import sockets
from edge_sched.probe.outcome import Address
from edge_sched.probe.stamp.gate import Gate
from edge_sched.probe.stamp.mirror import Mirror
from edge_sched.probe.stamp.packet import BadPacketError
from edge_sched.probe.stamp.packet import BadSealError

LOG = logging.getLogger(__name__)

#: The port of STAMP (RFC 8762, section 4.1).
PORT = 862

#: Seconds between two lines that say what was done: chosen, as a line is for
#: who looks into the log afterwards.
SUMMARY_SECONDS = 300.0

#: Datagrams that are read from a socket before others have their turn.
READ_MAX = 256


class Reflector:
    """Answers STAMP at the addresses that it is bound to.

    :param bind: e.g. ``0.0.0.0`` and ``::``; a reply leaves from the address
        that the request went to
    :param port: 0 for any, which differs between the addresses
    :param dscp: of the replies, 0..63 (RFC 2474)
    """

    def __init__(
        self,
        bind: Iterable[Address],
        port: int,
        gate: Gate,
        mirror: Mirror,
        dscp: int = 0,
    ) -> None:
        self._bind = tuple(bind)
        self._port = port
        self._gate = gate
        self._mirror = mirror
        self._dscp = dscp
        self._sockets: list[socket.socket] = []
        self._ports: frozenset[int] = frozenset()
        self._wake, self._woken = socket.socketpair()
        self._wake.setblocking(False)
        #: Datagrams since the start by what became of them: ``answered``,
        #: ``looped`` (from a port of ours), ``denied`` (not allowed),
        #: ``refused`` (no request), ``unsealed`` (a wrong HMAC), ``limited``
        #: (too many), ``failed`` (the reply was not sent).
        self.counts: collections.Counter[str] = collections.Counter()

    @property
    def endpoints(self) -> list[sockets.Peer]:
        """Where it listens, ``[('127.0.0.1', 862)]``."""
        return [bound.getsockname() for bound in self._sockets]

    def open(self) -> None:
        """Bind; a version of IP that the host lacks is warned of.

        :raises OSError: naming an address and port that cannot be had
        """
        missing = None
        for address in self._bind:
            try:
                bound = sockets.open_reflecting(
                    address, self._port, self._dscp
                )
            except OSError as error:
                if not sockets.is_missing(error):
                    raise
                missing = error
                LOG.warning('Not bound: %s', error)
            else:
                self._sockets.append(bound)
        if missing is not None and not self._sockets:
            raise missing
        self._ports = frozenset(peer[1] for peer in self.endpoints)
        LOG.info(
            'Answering at %s',
            ', '.join(f'{peer[0]} port {peer[1]}' for peer in self.endpoints),
        )

    def serve(self) -> None:
        """Answer until ``stop``; nothing that arrives ends it."""
        with selectors.DefaultSelector() as selector:
            for readable in (self._woken, *self._sockets):
                selector.register(readable, selectors.EVENT_READ)
            summary_at = time.monotonic() + SUMMARY_SECONDS
            while True:
                wait_seconds = max(0.0, summary_at - time.monotonic())
                for key, _ in selector.select(wait_seconds):
                    if key.fileobj is self._woken:
                        self._summarise()
                        return
                    assert isinstance(key.fileobj, socket.socket)
                    self._read(key.fileobj)
                if time.monotonic() >= summary_at:
                    self._summarise()
                    summary_at += SUMMARY_SECONDS

    def stop(self) -> None:
        """End ``serve``; from another thread or a signal handler."""
        self._wake.send(b'.')

    def close(self) -> None:
        for opened in (*self._sockets, self._wake, self._woken):
            opened.close()
        self._sockets.clear()

    def _read(self, bound: socket.socket) -> None:
        for _ in range(READ_MAX):
            try:
                datagram = sockets.receive(bound)
            except BlockingIOError:
                return
            except OSError:
                self.counts['failed'] += 1
                return
            self.counts[self._answer(bound, datagram)] += 1

    def _answer(self, bound: socket.socket, datagram: sockets.Datagram) -> str:
        """What became of it, as in ``counts``."""
        octets, peer, received_ns, ttl, local = datagram
        # Before the gate, as a forged one takes nothing from the true source.
        if peer[1] in self._ports:
            return 'looped'
        if not self._gate.allows(peer[0]):
            return 'denied'
        if local is None or len(octets) > sockets.DATAGRAM_MAX_OCTETS:
            return 'refused'
        try:
            request = self._mirror.read(octets)
        except BadSealError:
            return 'unsealed'
        except BadPacketError:
            return 'refused'
        if not self._gate.admit(peer[0]):
            return 'limited'
        try:
            reply = self._mirror.reflect(request, octets, received_ns, ttl)
            bound.sendmsg([reply], [local], 0, peer)
        except OSError:
            return 'failed'
        return 'answered'

    def _summarise(self) -> None:
        LOG.info(
            'Datagrams since the start: %s',
            ', '.join(f'{n} {what}' for what, n in sorted(self.counts.items()))
            or 'none',
        )
