# SPDX-License-Identifier: Apache-2.0

"""Which reply answers which probe, and how long it took (no sockets here)."""

import dataclasses
import math
import secrets
from typing import NamedTuple

import cachetools

from edge_sched.probe import clock
from edge_sched.probe.clock import Reading
from edge_sched.probe.outcome import LOST
from edge_sched.probe.outcome import Done
from edge_sched.probe.outcome import Outcome
from edge_sched.probe.stamp import timestamp
from edge_sched.probe.stamp.packet import BadPacketError
from edge_sched.probe.stamp.packet import BadSealError
from edge_sched.probe.stamp.packet import Reply
from edge_sched.probe.stamp.packet import unpack_reply

#: The longest residence that a reflector is given credit for. Chosen: on a
#: busy node a process waits its turn for 25 ms at the 95th percentile
#: (measured at a load of 8 on 2 processors). What a window of them amounts to
#: is judged by ``probe.residence``.
RESIDENCE_MAX_MS = 50.0

#: Sessions that are remembered; the least recently used go first. 20 000
#: targets by 6 source ports, 46 MB (measured).
MAX_SESSIONS = 1 << 17

#: Source port (its number in order), host and port of the target.
Path = tuple[int, str, int]


class Session:
    """One path and its numbers (RFC 8972, section 3); equal by identity."""

    __slots__ = ('_sequence', 'ssid')

    def __init__(self) -> None:
        #: Not 0, which stands for none; hard to guess, as whoever wants to
        #: forge a reply must.
        self.ssid = 1 + secrets.randbelow(0xFFFF)
        self._sequence = -1

    def next_sequence(self) -> int:
        """0, 1, 2, ... (RFC 8762, section 4.2.1), in 32 bits."""
        self._sequence = (self._sequence + 1) & 0xFFFFFFFF
        return self._sequence


class Flight(NamedTuple):
    """A probe under way."""

    sent: Reading
    done: Done


#: What a reply must name to end a probe: session, sequence number, and T1 as
#: it was sent.
Key = tuple[Session, int, int]


def unguessable(time_ns: int) -> int:
    """T1 as it is sent: the second, and 32 random bits for a fraction.

    A target knows our clock and how many packets were sent, and so what
    another is sent; not every peer returns the identifier of RFC 8972. All
    return T1, which nobody needs (we noted when it was), and that it is exact
    to a second only is what the error estimate beside it says.
    """
    return timestamp.encode(time_ns) >> 32 << 32 | secrets.randbits(32)


@dataclasses.dataclass(slots=True)
class Counters:
    """What was odd since the start, in datagrams."""

    #: Errors that the kernel reported instead of a datagram.
    receive_errors: int = 0
    #: Times that the wall clock was stepped while probes were under way.
    clock_steps: int = 0
    #: Replies that came too late, twice, or to nothing that was asked.
    unexpected: int = 0
    #: Datagrams from where no probe went, or of another session.
    strangers: int = 0
    #: Datagrams that are no STAMP packet.
    malformed: int = 0
    #: Replies whose HMAC does not match.
    bad_seals: int = 0
    #: Replies whose residence time could not be credited.
    uncredited: int = 0


class Ledger:
    """Sessions, and what a reply is worth.

    :param key: of the authenticated mode
    :param residence_max_ms: residence above it is not credited
    """

    def __init__(
        self,
        timeout_seconds: float,
        key: bytes | None = None,
        residence_max_ms: float = RESIDENCE_MAX_MS,
    ) -> None:
        self.counters = Counters()
        self._timeout_ns = round(timeout_seconds * 1e9)
        self._key = key
        self._residence_max_ns = round(residence_max_ms * 1e6)
        self._step_seen_ns = -math.inf
        self._sessions: cachetools.LRUCache[Path, Session] = (
            cachetools.LRUCache(MAX_SESSIONS)
        )

    def session(self, path: Path) -> Session:
        """The session of a path; a path that is new begins one."""
        session = self._sessions.get(path)
        if session is None:
            session = self._sessions[path] = Session()
        return session

    def identify(self, path: Path, octets: bytes) -> tuple[Key, Reply] | None:
        """The probe that a datagram says it answers; ``None`` if none."""
        session = self._sessions.get(path)
        if session is None:
            self.counters.strangers += 1
            return None
        try:
            reply = unpack_reply(octets, self._key)
        except BadSealError:
            self.counters.bad_seals += 1
            return None
        except BadPacketError:
            self.counters.malformed += 1
            return None
        if reply.ssid not in (0, session.ssid):
            self.counters.strangers += 1
            return None
        key = session, reply.sender_sequence, reply.sender_timestamp
        return key, reply

    def outcome(
        self, flight: Flight, reply: Reply, received_ns: int, seen: Reading
    ) -> Outcome:
        """What the reply makes of the probe; late is lost.

        T1 is what was noted at sending, not what the reply repeats.

        :param received_ns: T4, by the kernel's wall clock
        :param seen: both clocks now
        """
        raw_ns, stepped = clock.trip(flight.sent, received_ns, seen)
        if stepped and flight.sent.before_ns >= self._step_seen_ns:
            # Whatever was sent before that saw the same step.
            self.counters.clock_steps += 1
            self._step_seen_ns = seen.after_ns
        if raw_ns > self._timeout_ns:
            self.counters.unexpected += 1
            return LOST
        residence_ns = reply.residence_ns(seen.wall_ns)
        if not self._credible(residence_ns, raw_ns):
            self.counters.uncredited += 1
            return Outcome(raw_ns / 1e6, raw_ns / 1e6, refused=True)
        return Outcome((raw_ns - residence_ns) / 1e6, raw_ns / 1e6)

    def _credible(self, residence_ns: int, raw_ns: int) -> bool:
        return 0 <= residence_ns < raw_ns and (
            residence_ns <= self._residence_max_ns
        )
