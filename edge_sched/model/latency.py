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
from collections.abc import Mapping
from typing import Literal, get_args

from edge_sched.model.client import Client

Percentile = Literal['p50', 'p95', 'p99']
PERCENTILES: tuple[Percentile, ...] = get_args(Percentile)

#: How far ahead of our clock a measurement may be before it is refused.
#: Chosen: hosts kept by NTP differ by far less, and no budget of age is
#: so small that it would matter.
CLOCK_SKEW_SECONDS = 5.0

#: Longest round trip that is taken for a measurement; above it is a mistake
#: of unit or a probe that should have been counted as lost (chosen: ten
#: seconds, as RFC 2681 asks for a finite waiting time).
RTT_MAX_MS = 10_000.0

#: The round trips of a row in their order, each by the share of the probes
#: sent that are not later; the shortest is of whatever came back.
_QUANTILES: Mapping[str, float] = {
    'rtt_min_ms': 0.0,
    'rtt_p50_ms': 0.5,
    'rtt_p95_ms': 0.95,
    'rtt_p99_ms': 0.99,
}

#: How far a loss ratio may be beyond a quantile before that is lost. Chosen:
#: more than binary fractions and rates of Prometheus lose, and less than one
#: probe makes in a window of 10 000.
_LOSS_ROUNDING = 1e-6

#: How far ``pdv_ms`` may be from p95 less the minimum: three figures that
#: were each rounded to whole milliseconds, the coarsest that tools print.
_PDV_ROUNDING_MS = 1.5


#: The source of a row that nobody measured: of hosts at one site.
ASSUMED = 'assumed'


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


def is_fresh(age_seconds: float, max_age_seconds: float) -> bool:
    """Whether what is so old is used; what is from the future is not."""
    return 0.0 <= age_seconds <= max_age_seconds


class BadLatencyError(ValueError):
    """A figure that no measurement can have; names the column and why."""

    def __init__(self, column: str, why: str) -> None:
        self.column = column
        self.why = why
        super().__init__(f'{column} {why}')


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

    def rtt_ms(self, percentile: Percentile) -> float | None:
        """The round trip at a percentile: ``inf`` lost, ``None`` absent."""
        match percentile:
            case 'p50':
                return self.rtt_p50_ms
            case 'p95':
                return self.rtt_p95_ms
            case 'p99':
                # What is lost stays lost further up.
                lost = math.isinf(self.rtt_p95_ms)
                return math.inf if lost else self.rtt_p99_ms

    def variation_ms(self) -> float | None:
        """PDV as carried, else p95 minus min; ``inf`` if p95 was lost."""
        if math.isinf(self.rtt_p95_ms):
            return math.inf
        if self.pdv_ms is None and self.rtt_min_ms is not None:
            return self.rtt_p95_ms - self.rtt_min_ms
        return self.pdv_ms

    @property
    def assumed(self) -> bool:
        """Whether nobody measured it."""
        return self.source == ASSUMED

    def age_seconds(self, now: float) -> float:
        """Seconds since it was measured, as of :func:`age_seconds`."""
        return age_seconds(self.measured_at, now)

    def check(self) -> None:
        """Refuse what cannot have been measured.

        :raises BadLatencyError: naming the first column that is wrong
        """
        for column in _QUANTILES:
            _check_rtt(column, getattr(self, column))
        _check_order(self)
        if self.pdv_ms is not None and not 0 <= self.pdv_ms <= RTT_MAX_MS:
            raise BadLatencyError('pdv_ms', f'is not in 0..{RTT_MAX_MS:g}')
        if self.loss_ratio is not None and not 0 <= self.loss_ratio <= 1:
            raise BadLatencyError('loss_ratio', 'is not in 0..1')
        if self.samples is not None and self.samples < 1:
            raise BadLatencyError('samples', 'is not a number >= 1')
        if not (math.isfinite(self.measured_at) and self.measured_at >= 0):
            raise BadLatencyError('measured_at', 'is not a time')
        _check_loss(self)
        self.check_variation()

    def check_variation(self) -> None:
        """Refuse a PDV that is not p95 less min, where all three are there.

        :raises BadLatencyError: naming the column
        """
        if self.pdv_ms is None or self.rtt_min_ms is None:
            return
        variation_ms = self.rtt_p95_ms - self.rtt_min_ms
        if not abs(self.pdv_ms - variation_ms) <= _PDV_ROUNDING_MS:
            raise BadLatencyError(
                'pdv_ms',
                f'{self.pdv_ms:g} is not rtt_p95_ms {self.rtt_p95_ms:g} less '
                f'rtt_min_ms {self.rtt_min_ms:g}',
            )


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


def is_lost(quantile: float, loss_ratio: float) -> bool:
    """Whether a quantile of the probes sent fell on a lost one.

    Of n probes of which k came back the nearest rank, q n rounded up, is
    beyond k just where q > k / n. So it is the same for every n: at a loss of
    0.05 the 95th percentile came back, above it was lost.

    :param quantile: 0.95 for p95; 0 is the shortest
    """
    return loss_ratio >= 1 or quantile > 1 - loss_ratio + _LOSS_ROUNDING


def _check_rtt(column: str, rtt_ms: float | None) -> None:
    if rtt_ms is None or rtt_ms == math.inf:
        return
    if not 0 < rtt_ms <= RTT_MAX_MS:
        raise BadLatencyError(
            column, f'{rtt_ms:g} is not in 0..{RTT_MAX_MS:g} ms, 0 excluded'
        )


def _check_order(latency: Latency) -> None:
    """Min <= p50 <= p95 <= p99; what is lost stays lost further up."""
    below = ('', 0.0)
    for column in _QUANTILES:
        rtt_ms = getattr(latency, column)
        if rtt_ms is None:
            continue
        if rtt_ms < below[1]:
            raise BadLatencyError(
                column, f'{rtt_ms:g} is less than {below[0]} {below[1]:g}'
            )
        below = (column, rtt_ms)


def _check_loss(latency: Latency) -> None:
    """What the loss ratio says is lost is no round trip."""
    if latency.loss_ratio is None:
        return
    for column, quantile in _QUANTILES.items():
        rtt_ms = getattr(latency, column)
        if rtt_ms is None or math.isinf(rtt_ms):
            continue
        if is_lost(quantile, latency.loss_ratio):
            raise BadLatencyError(
                column,
                f'{rtt_ms:g} contradicts loss_ratio {latency.loss_ratio:g}: '
                'of the probes sent it is one that was lost (inf)',
            )
