# SPDX-License-Identifier: Apache-2.0

"""What a path does to packets."""

import dataclasses
import math
import random

NS_PER_MS = 1_000_000


def _check(name: str, value: float, maximum: float = math.inf) -> None:
    if not 0 <= value <= maximum or math.isinf(value):
        allowed = f'0 to {maximum:g}' if maximum < math.inf else '0 or more'
        raise ValueError(f'{name} is {value!r} and has to be {allowed}')


@dataclasses.dataclass(frozen=True)
class Way:
    """One direction of a path.

    :ivar delay_ms: what every packet takes
    :ivar jitter_ms: a packet takes up to as much more, each value as likely
    :ivar loss_ratio: this share of the packets, drawn one by one, is lost
    :ivar reorder: whether a packet may overtake one that jitter holds up;
        otherwise it waits behind it
    """

    delay_ms: float
    jitter_ms: float = 0.0
    loss_ratio: float = 0.0
    reorder: bool = False

    def __post_init__(self) -> None:
        _check('delay_ms', self.delay_ms)
        _check('jitter_ms', self.jitter_ms)
        _check('loss_ratio', self.loss_ratio, 1)


@dataclasses.dataclass(frozen=True)
class Path:
    """Both directions, alike, by what a round trip makes of them.

    :ivar rtt_ms: the shortest round trip
    :ivar jitter_ms: the longest takes as much more; the median half of it
    :ivar loss_ratio: share of round trips that do not come back
    :ivar reorder: as for a way
    """

    rtt_ms: float
    jitter_ms: float = 0.0
    loss_ratio: float = 0.0
    reorder: bool = False

    def __post_init__(self) -> None:
        _check('rtt_ms', self.rtt_ms)
        _check('jitter_ms', self.jitter_ms)
        _check('loss_ratio', self.loss_ratio, 1)

    @property
    def median_ms(self) -> float:
        """The median of the round trips that come back."""
        return self.rtt_ms + self.jitter_ms / 2

    @property
    def way(self) -> Way:
        """Each of the two directions."""
        return Way(
            delay_ms=self.rtt_ms / 2,
            jitter_ms=self.jitter_ms / 2,
            loss_ratio=1 - math.sqrt(1 - self.loss_ratio),
            reorder=self.reorder,
        )


class Lane:
    """A way in use: it remembers its draws and its last packet."""

    def __init__(self, way: Way, seed: str) -> None:
        """The same seed loses the same packets and delays them alike."""
        self._way = way
        self._random = random.Random(seed)
        self._last_ns = 0

    def arrival_ns(self, now_ns: int) -> int | None:
        """When a packet that leaves now arrives; None if it is lost.

        Any clock will do, as long as it is the same for all packets.
        """
        loss, jitter = self._random.random(), self._random.random()
        if loss < self._way.loss_ratio:
            return None
        late_ms = self._way.delay_ms + jitter * self._way.jitter_ms
        arrival_ns = now_ns + round(late_ms * NS_PER_MS)
        if not self._way.reorder:
            arrival_ns = max(arrival_ns, self._last_ns)
            self._last_ns = arrival_ns
        return arrival_ns
