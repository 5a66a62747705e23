# SPDX-License-Identifier: Apache-2.0

"""What every way of probing has in common."""

import ipaddress
import math
from collections.abc import Callable
from typing import NamedTuple, Protocol

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Outcome(NamedTuple):
    """How one probe ended; both times are ``inf`` if it was lost."""

    #: The round trip that counts (STAMP: residence time is credited).
    rtt_ms: float
    #: As it was on the clock, with no credit given.
    raw_rtt_ms: float
    #: Whether the far end claimed a credit that cannot be.
    refused: bool = False


LOST = Outcome(math.inf, math.inf)

Done = Callable[[Outcome], None]


class Probe(Protocol):
    """One way of probing, with the sockets it needs; it serves all targets.

    All methods are called in the thread of one asyncio loop.
    """

    @property
    def send_errors(self) -> int:
        """Packets that could not be sent, since the start; all were lost."""

    async def open(self) -> None:
        """Open the sockets.

        :raises OSError: if they cannot be had; the message says what to do
        """

    def send(self, address: Address, port: int, turn: int, done: Done) -> None:
        """Send one packet now.

        :param port: 0 where the protocol has none
        :param turn: counts the packets of this target from 0; a probe that
            varies its source port chooses it by this number
        :param done: called exactly once, in the loop: with the round trip, or
            with ``LOST`` after the probe's time-out, or at once if the packet
            cannot be sent
        """

    def close(self) -> None:
        """Close the sockets; what is under way is lost."""
