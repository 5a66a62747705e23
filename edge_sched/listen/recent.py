# SPDX-License-Identifier: Apache-2.0

"""The newest connections of one prefix, and what they amount to.

The window is made of slices, and goes on by one slice at a time. Of each a
sample is kept, in which every connection is as likely to be (Vitter 1985,
algorithm R): so it is of the whole window, however many connections there
are, and takes no more memory.
"""

import array
import bisect
from collections.abc import Callable
from typing import Any

from edge_sched.judging.scoring import SAMPLES_NEEDED
from edge_sched.probe.memory import Hour
from edge_sched.probe.memory import Memory
from edge_sched.probe.window import P99_SAMPLES
from edge_sched.probe.window import Statistics
from edge_sched.probe.window import nearest_rank

#: Of a window. Chosen: it is at least four fifths of what was asked for.
SLICES = 5

#: Connections of a window that is published, and remembered. Of fewer no p95
#: is known; and being the longest prefix it would hide a row of a wider one
#: that knows it.
WINDOW_SAMPLES = SAMPLES_NEEDED['p95']

#: Connections of a slice that are kept: a full slice alone carries a p95, and
#: all of them a p99.
SLICE_SAMPLES = P99_SAMPLES // SLICES

#: Connections of one client that count in a slice. Chosen: a fifth, so that
#: among five clients who connect often none decides about a quantile alone.
CLIENT_SAMPLES = SLICE_SAMPLES // 5


class Recent:
    """For one thread.

    :ivar newest_at: of the newest connection, kept or not; none before it
    :ivar text: the prefix, once it is one that may be published
    """

    # Arrays, as there are many: 16 bytes a connection.
    __slots__ = (
        '_clients',
        '_first',
        '_memory',
        '_rtts_us',
        '_seen',
        '_slices',
        'newest_at',
        'text',
    )

    newest_at: float
    # Of the newest slice: where it begins, and how many it has seen.
    _first: int
    _seen: int

    def __init__(self) -> None:
        self._rtts_us = array.array('I')
        self._clients = array.array('Q')
        self._slices = array.array('Q')
        self._memory: Memory | None = None
        self.text = ''

    def __len__(self) -> int:
        """Connections that are kept."""
        return len(self._rtts_us)

    def add(
        self,
        rtt_us: int,
        client: int,
        now: float,
        slice_number: int,
        random: Callable[[], float],
    ) -> None:
        """Take in a connection.

        :param now: seconds, by a clock that is never set
        :param slice_number: which is now; they follow one another
        """
        self.newest_at = now
        if not self._slices or self._slices[-1] != slice_number:
            self.forget(slice_number)
            self._first = len(self._slices)
            self._seen = 0
        of_slice = self._clients[self._first :]
        if of_slice.count(client) >= CLIENT_SAMPLES:
            return
        self._seen += 1
        if len(of_slice) < SLICE_SAMPLES:
            self._rtts_us.append(rtt_us)
            self._clients.append(client)
            self._slices.append(slice_number)
            return
        at = int(random() * self._seen)
        if at < SLICE_SAMPLES:
            self._rtts_us[self._first + at] = rtt_us
            self._clients[self._first + at] = client

    def forget(self, slice_number: int) -> None:
        """What is older than the window that ends with this slice."""
        oldest = slice_number - SLICES + 1
        if not self._slices or self._slices[0] >= oldest:
            return
        gone = bisect.bisect_left(self._slices, oldest)
        arrays: tuple[array.array[Any], ...] = (
            self._rtts_us,
            self._clients,
            self._slices,
        )
        for each in arrays:
            del each[:gone]
        self._first = max(0, self._first - gone)

    def clients(self) -> int:
        """How many different ones the connections are of."""
        return len(set(self._clients))

    def is_enough(self, min_clients: int) -> bool:
        """Whether the window tells of the prefix, and of nobody in it."""
        return len(self) >= WINDOW_SAMPLES and self.clients() >= min_clients

    def remember(self, now: float, min_clients: int) -> None:
        """Keep of the window what the hour needs, if it is time for that."""
        if self._memory is None:
            self._memory = Memory(0.0, now)
        if not self._memory.is_due(now):
            return
        if self.is_enough(min_clients):
            self._memory.add(self.statistics(), now)

    def hour(self, now: float) -> Hour | None:
        """As of a prober; ``None`` while no window was remembered."""
        return None if self._memory is None else self._memory.hour(now)

    def statistics(self) -> Statistics:
        """Of the connections, of which there is at least one."""
        ranked = sorted(self._rtts_us)
        samples = len(ranked)
        return Statistics(
            samples=samples,
            loss_ratio=None,
            rtt_p50_ms=nearest_rank(ranked, 50) / 1e3,
            rtt_p95_ms=nearest_rank(ranked, 95) / 1e3,
            rtt_p99_ms=(
                nearest_rank(ranked, 99) / 1e3
                if samples >= P99_SAMPLES
                else None
            ),
            rtt_min_ms=ranked[0] / 1e3,
            raw_min_ms=None,
            pdv_ms=None,
            refused_ratio=None,
        )
