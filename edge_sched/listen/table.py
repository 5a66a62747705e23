# SPDX-License-Identifier: Apache-2.0

"""All prefixes that connections came from lately, as many as are allowed.

A prefix *waits* until it has enough different clients; then it is *kept*, and
published while it has enough connections of them as well. Both are bounded,
each by itself. Where too many wait, the one that was silent for the longest
goes: whoever connects from ever new prefixes pushes out only such as nobody
could see yet. Where too many are kept, those with the most connections in the
window stay, and of two with as many the one that is there already: to push one
out takes more connections than it has, from ``min_clients`` clients, for each.
"""

import collections
import random
from collections.abc import Callable, Iterator
from typing import NamedTuple

from edge_sched.listen.line import Handshake
from edge_sched.listen.line import RefusedError
from edge_sched.listen.prefixes import Prefixes
from edge_sched.listen.recent import SLICES
from edge_sched.listen.recent import Recent
from edge_sched.model.latency import PASSIVE
from edge_sched.probe.series import Figures

#: Which connections are kept is no secret.
_RANDOM = random.Random()  # noqa: S311


class Passive(NamedTuple):
    """A prefix as what is published has it; nothing is added to a figure."""

    client: str
    access_ms: float = 0.0
    address: str = ''
    source: str = PASSIVE

    @property
    def key(self) -> tuple[str, str]:
        """As of a target; a prefix has no owner."""
        return self.client, ''


class Table:
    """For one thread.

    :param max_prefixes: that are kept, and as many that wait
    :param clock: seconds, never set
    :ivar pushed_out: prefixes that made way to others
    """

    def __init__(
        self,
        prefixes: Prefixes,
        min_clients: int,
        max_prefixes: int,
        window_seconds: float,
        clock: Callable[[], float],
        uniform: Callable[[], float] = _RANDOM.random,
    ) -> None:
        self._prefixes = prefixes
        self._min_clients = min_clients
        self._max_prefixes = max_prefixes
        self._slice_seconds = window_seconds / SLICES
        self._clock = clock
        self._random = uniform
        self._kept: dict[int, Recent] = {}
        self._waiting: collections.OrderedDict[int, Recent] = (
            collections.OrderedDict()
        )
        # Those who wait for no more than a place.
        self._ripe: set[int] = set()
        self._settled = self._slice(clock())
        self.pushed_out = 0

    @property
    def kept(self) -> int:
        """Prefixes with enough clients, now or in the last hour."""
        return len(self._kept)

    @property
    def waiting(self) -> int:
        """Prefixes of which too few clients were seen."""
        return len(self._waiting)

    def add(self, handshake: Handshake) -> None:
        """Take in a connection.

        :raises RefusedError: ``client`` or ``split``, by its prefix
        """
        number = self._prefixes.number(handshake.address)
        client = self._prefixes.client(handshake.address)
        now = self._clock()
        slice_number = self._slice(now)
        recent = self._kept.get(number)
        if recent is not None:
            recent.add(
                handshake.rtt_us, client, now, slice_number, self._random
            )
            recent.remember(now, self._min_clients)
            return
        recent = self._waiter(number)
        recent.add(handshake.rtt_us, client, now, slice_number, self._random)
        if number not in self._ripe and recent.clients() >= self._min_clients:
            self._ripe.add(number)
            if len(self._kept) < self._max_prefixes:
                self._keep(number, now)

    def settle(self) -> None:
        """Let go of what is old, and give places to whom they are due.

        To be called about once a second; it takes a few milliseconds if it
        has anything to do.
        """
        now = self._clock()
        slice_number = self._slice(now)
        if slice_number != self._settled:
            self._settled = slice_number
            self._forget(slice_number, now)
        if self._ripe:
            self._make_room(now)

    def figures(self, wall: float) -> Iterator[Figures | None]:
        """Of each kept prefix; ``None`` of one that has too few now.

        To be read to its end in portions, as prefixes come and go.

        :param wall: UTC epoch seconds, now
        """
        for recent in tuple(self._kept.values()):
            now = self._clock()
            recent.forget(self._slice(now))
            if not recent.is_enough(self._min_clients):
                yield None
                continue
            yield Figures(
                Passive(recent.text),
                recent.statistics(),
                None,
                None,
                wall - (now - recent.newest_at),
                recent.hour(now),
            )

    def _slice(self, now: float) -> int:
        return int(now // self._slice_seconds)

    def _waiter(self, number: int) -> Recent:
        recent = self._waiting.get(number)
        if recent is not None:
            self._waiting.move_to_end(number)
            return recent
        reason = self._prefixes.why_not(number)
        if reason:
            raise RefusedError(reason)
        if len(self._waiting) >= self._max_prefixes:
            gone, _ = self._waiting.popitem(last=False)
            self._ripe.discard(gone)
            self.pushed_out += 1
        recent = self._waiting[number] = Recent()
        return recent

    def _keep(self, number: int, now: float) -> None:
        self._ripe.discard(number)
        recent = self._waiting.pop(number)
        recent.text = self._prefixes.text(number)
        recent.remember(now, self._min_clients)
        self._kept[number] = recent

    def _forget(self, slice_number: int, now: float) -> None:
        for number, recent in tuple(self._waiting.items()):
            recent.forget(slice_number)
            if not recent:
                del self._waiting[number]
            if recent.clients() < self._min_clients:
                self._ripe.discard(number)
        for number, recent in tuple(self._kept.items()):
            recent.forget(slice_number)
            if not recent and recent.hour(now) is None:
                del self._kept[number]

    def _make_room(self, now: float) -> None:
        """Have those kept that have the most connections."""
        ripe = sorted(
            self._ripe, key=lambda n: len(self._waiting[n]), reverse=True
        )
        kept = sorted(
            self._kept, key=lambda n: len(self._kept[n]), reverse=True
        )
        free = self._max_prefixes - len(kept)
        for number in ripe:
            if free > 0:
                free -= 1
            elif len(self._waiting[number]) > len(self._kept[kept[-1]]):
                del self._kept[kept.pop()]
                self.pushed_out += 1
            else:
                return
            self._keep(number, now)
