# SPDX-License-Identifier: Apache-2.0

"""Latency records: what was measured between a vantage and a client.

All times are round-trip, in milliseconds (RFC 2681). A quantile is one of the
probes *sent*: a lost probe is infinitely late, so a quantile that falls on a
lost probe is ``math.inf``. ``None`` means that the record does not carry the
figure, which is something else: a lost quantile is over every budget, a
figure that is not carried is unknown.
"""

import dataclasses
import ipaddress
import math
import types
from collections.abc import Mapping
from typing import Literal, get_args

from edge_sched.model.client import Client

Percentile = Literal['p50', 'p95', 'p99']
PERCENTILES: tuple[Percentile, ...] = get_args(Percentile)

#: What of the past counts: the last hour, or the newest window alone.
Memory = Literal['hour', 'window']
MEMORIES: tuple[Memory, ...] = get_args(Memory)

#: How far ahead of our clock a measurement may be before it is refused.
#: Chosen: hosts kept by NTP differ by far less, and no budget of age is
#: so small that it would matter.
CLOCK_SKEW_SECONDS = 5.0

#: The source of a row that was made of the handshakes of a client's own
#: connections.
PASSIVE = 'tcp-passive'

#: The source of a row of a prefix that was itself not measured: of what was
#: measured of parts of it.
DERIVED = 'derived'

#: The source of a row that nobody measured: of hosts at one site.
ASSUMED = 'assumed'

#: How much older than it is a row counts beside another one of its pair, by
#: its source; of any other not at all. So no pair is fed by two in turn. One
#: of handshakes yields to one of probes for as long as that is used by
#: default; one that was derived, for centuries, to any that was measured.
SETBACK_SECONDS: Mapping[str, float] = types.MappingProxyType(
    {PASSIVE: 900.0, DERIVED: 1e10}
)


#: Times the tail of the hour beyond which the newest median is no episode but
#: another path. Chosen by picks for the next hour on noisy access links
#: (``bench/quality.py``): with 1 it had 82.5 and 78.8 % within 10 % of the
#: best as measured by either end, with 2 it has 84.1 and 79.8; and a path that
#: gets so much longer is left within a minute or two.
_TURNED_RATIO = 2.0


def latest_time(now: float) -> float:
    """The latest time that a measurement may have."""
    return now + CLOCK_SKEW_SECONDS


def age_seconds(measured_at: float, now: float) -> float:
    """Seconds since a measurement, or any sign of life.

    Below 0 if and only if it is from the future, by more than clocks differ
    that are kept in time: one of them is wrong, and nobody knows its age.

    :param now: UTC epoch seconds
    """
    age_seconds = now - measured_at
    return 0.0 if -CLOCK_SKEW_SECONDS <= age_seconds < 0 else age_seconds


def precedence_at(measured_at: float, source: str) -> float:
    """What the largest of goes before the other rows of its pair.

    UTC epoch seconds, as if it had been measured then.
    """
    return measured_at - SETBACK_SECONDS.get(source, 0.0)


def is_fresh(age_seconds: float, max_age_seconds: float) -> bool:
    """Whether what is so old is used; what is from the future is not."""
    return 0.0 <= age_seconds <= max_age_seconds


@dataclasses.dataclass(frozen=True, slots=True)
class Latency:
    """Statistics of round-trip time between one vantage and one client.

    :param vantage: where it was measured from, e.g. ``lyon``
    :param client: whom the row stands for, as stored, e.g.
        ``203.0.113.0/24``, ``vehicle-42``, ``site:oslo``
    :param rtt_p50_ms: the median; ``inf`` if it fell on a lost probe
    :param rtt_p95_ms: the 95th percentile, likewise
    :param measured_at: UTC epoch seconds of the newest probe
    :param rtt_min_ms: the shortest
    :param rtt_p99_ms: the 99th percentile, ``inf`` if lost
    :param pdv_ms: packet delay variation, p95 minus min (RFC 5481)
    :param loss_ratio: round-trip loss, 0 to 1 (RFC 6673)
    :param samples: probes *sent* in the window; ``None`` is unstated
    :param source: who measured, free text, e.g. ``stamp``
    :param rtt_p50_hour_ms: the median of the p50 of all windows of the last
        hour, ``inf`` if that was lost
    :param rtt_p95_hour_ms: what the p95 of nine in ten of them did not exceed,
        likewise; it is there if and only if the other one is
    :param loss_hour_ratio: the share of all their probes that was lost
    """

    vantage: str
    client: str
    rtt_p50_ms: float
    rtt_p95_ms: float
    measured_at: float
    rtt_min_ms: float | None = None
    rtt_p99_ms: float | None = None
    pdv_ms: float | None = None
    loss_ratio: float | None = None
    samples: int | None = None
    source: str = ''
    rtt_p50_hour_ms: float | None = None
    rtt_p95_hour_ms: float | None = None
    loss_hour_ratio: float | None = None

    def held_ms(self, percentile: Percentile) -> float | None:
        """What is held against a budget: ``inf`` lost, ``None`` absent.

        That of the hour, if it is there, but never less than the newest
        median: a path whose median goes over is over at once.
        """
        held_ms: float | None = getattr(self, f'held_{percentile}_ms')
        return held_ms

    @property
    def held_p50_ms(self) -> float:
        """See ``held_ms``."""
        return max(self.rtt_p50_ms, self.rtt_p50_hour_ms or 0.0)

    @property
    def held_p95_ms(self) -> float:
        """See ``held_ms``."""
        hour_ms = self.rtt_p95_hour_ms
        if hour_ms is None:
            return self.rtt_p95_ms
        newest_ms = self.rtt_p50_ms
        return hour_ms if hour_ms >= newest_ms else newest_ms

    @property
    def held_p99_ms(self) -> float | None:
        """That of the newest window; what is lost stays lost further up."""
        p95_ms = self.held_p95_ms
        if math.isinf(p95_ms):
            return math.inf
        return self.rtt_p99_ms and max(self.rtt_p99_ms, p95_ms)

    @property
    def ranked_p50_ms(self) -> float:
        """What is compared with other places: ``inf`` lost.

        The median of the hour, or the newest where that is far beyond what
        nine in ten windows of the hour had in their tails.
        """
        newest_ms, p95_ms = self.rtt_p50_ms, self.rtt_p95_hour_ms
        p50_ms = self.rtt_p50_hour_ms
        if p50_ms is None or p95_ms is None:
            return newest_ms
        if newest_ms > _TURNED_RATIO * p95_ms or newest_ms == math.inf:
            return newest_ms
        return p50_ms

    def variation_ms(self) -> float | None:
        """What is held against a jitter budget; ``inf`` if p95 was lost.

        p95 as it is held, less the shortest of the newest window. PDV as
        carried if there is no hour, or no shortest. Handshakes have none: a
        SYN that was lost is not seen.
        """
        if self.source == PASSIVE:
            return None
        if math.isinf(self.held_p95_ms):
            return math.inf
        from_hour = self.rtt_p95_hour_ms is not None
        if self.rtt_min_ms is not None and (from_hour or self.pdv_ms is None):
            return self.held_p95_ms - self.rtt_min_ms
        return self.pdv_ms

    @property
    def held_loss_ratio(self) -> float | None:
        """What is held against a loss budget.

        That of the hour, if it is there: of a window of 64 probes a single
        one that is lost is more than most budgets. But where the newest
        median was lost it is no less than that of the newest window.

        ``bench/loss.py``, of 100 requests with budgets of 0.1 to 5 %: the next
        hour is over the budget of 5 to 7 that are found within by the hour,
        and of 24 to 27 by the newest window; 49 to 51 keep it either way.
        """
        hour_ratio, ratio = self.loss_hour_ratio, self.loss_ratio
        if hour_ratio is None or ratio is None:
            return ratio if hour_ratio is None else hour_ratio
        if self.rtt_p50_ms == math.inf and ratio > hour_ratio:
            return ratio
        return hour_ratio

    def of_window(self) -> 'Latency':
        """The newest window alone."""
        if self.rtt_p95_hour_ms is None and self.loss_hour_ratio is None:
            return self
        return dataclasses.replace(
            self,
            rtt_p50_hour_ms=None,
            rtt_p95_hour_ms=None,
            loss_hour_ratio=None,
        )

    @property
    def precedence_at(self) -> float:
        """See :func:`precedence_at`."""
        return precedence_at(self.measured_at, self.source)

    @property
    def assumed(self) -> bool:
        """Whether nobody measured it."""
        return self.source == ASSUMED

    def age_seconds(self, now: float) -> float:
        """Seconds since it was measured, as of :func:`age_seconds`."""
        return age_seconds(self.measured_at, now)


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What the store has for one client, ready to be judged.

    :param known: ``False`` for a name that is no client of this project
    :param parts: a client that is an address, a prefix or a site has one
        part; a named client has one a prefix that it points at (one if it
        points at none), because each is judged. A part maps a vantage to the
        row of the longest prefix there that contains the whole of it, or to
        the name's own row, which goes before: ``{'lyon': Latency(...)}``; for
        a site to the row of either direction. A vantage without a row is
        absent. A server has one part, a server group one for each place that
        its servers are at.
    :param heartbeat_at: when the collector that was at work least lately
        was, UTC epoch seconds; ``None`` if there is no collector
    :param unplaced: whether it cannot be told now where a server is, or all
        those of a group
    """

    known: bool
    parts: tuple[Mapping[str, Latency], ...] = ()
    heartbeat_at: float | None = None
    unplaced: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class NewLatency:
    """A measurement on its way into the store.

    :param client: who it is of; a name must be a client that exists
    :param project_id: the owner of a name, ``''`` for a shared one; always
        ``''`` for whatever is no name
    :param line: where it was read, for messages; the header is 1
    :param address: what was probed, if it was the client itself; it tells
        whether a name has been pointed elsewhere since
    """

    client: Client
    latency: Latency
    project_id: str = ''
    line: int = 0
    address: ipaddress.IPv4Address | ipaddress.IPv6Address | None = None

    def moved(self, seconds: float) -> 'NewLatency':
        """The same, measured so much later."""
        measured_at = self.latency.measured_at + seconds
        return dataclasses.replace(
            self,
            latency=dataclasses.replace(self.latency, measured_at=measured_at),
        )
