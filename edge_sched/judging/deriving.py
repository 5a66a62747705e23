# SPDX-License-Identifier: Apache-2.0

"""What parts of a prefix say of all of it, where nobody measured that.

Such a row is marked (``DERIVED``). It puts a place before one that nobody
knows anything of, and certifies no budget.
"""

import collections
import ipaddress
import math
import statistics
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from edge_sched.judging.scoring import Bands
from edge_sched.model.client import SHORTEST
from edge_sched.model.client import Client
from edge_sched.model.client import Prefix
from edge_sched.model.client import is_part
from edge_sched.model.latency import DERIVED
from edge_sched.model.latency import Latency
from edge_sched.model.latency import NewLatency

#: Parts that have to agree, none of them within another. Chosen: two may do
#: so by chance, and more are seldom measured.
LEAST_PARTS = 3

#: What is stated of a derived row. Chosen: too few for anything, which is what
#: a scheduler makes of it that does not know such rows.
_SAMPLES = 1

_Measured = tuple[Prefix, Latency]


class _Whole(NamedTuple):
    """A prefix as its first bits: it is made a thousand times as fast."""

    version: int
    length: int
    bits: int

    @property
    def wider(self) -> '_Whole':
        return _Whole(self.version, self.length - 1, self.bits >> 1)

    @property
    def prefix(self) -> Prefix:
        if self.version == 4:
            first = self.bits << 32 - self.length
            return ipaddress.IPv4Network((first, self.length))
        first = self.bits << 128 - self.length
        return ipaddress.IPv6Network((first, self.length))


def derived(
    measured: Iterable[_Measured], tie_band_ms: float
) -> list[NewLatency]:
    """The rows of all prefixes of which that was measured which says enough.

    10.0, 10.4 and 10.8 ms of ``203.0.113.0/24``, ``203.0.114.0/24`` and
    ``203.0.116.0/24`` make one of 10.4 ms of ``203.0.0.0/16``, if nothing
    else was measured there. Only the widest prefix of those that lie in one
    another gets a row, none that ``is_wide``.

    :param measured: at one vantage, all of it that is used
    """
    parts_of = collections.defaultdict[_Whole, list[Latency]](list)
    counts = collections.Counter[_Whole]()
    for prefix, latency, outermost in _in_order(measured):
        for whole in _wholes(outermost):
            parts_of[whole].append(latency)
            counts[whole] += prefix is outermost
    agreed = {
        whole
        for whole, count in counts.items()
        if count >= LEAST_PARTS and _agree(parts_of[whole], tie_band_ms)
    }
    return [
        _row(whole.prefix, parts_of[whole])
        for whole in sorted(agreed)
        if whole.wider not in agreed
    ]


def _in_order(
    measured: Iterable[_Measured],
) -> Iterator[tuple[Prefix, Latency, Prefix]]:
    """Each, with the widest of them that it is a part of."""
    outermost: Prefix | None = None
    for prefix, latency in sorted(measured, key=_place):
        if outermost is None or not is_part(prefix, outermost):
            outermost = prefix
        yield prefix, latency, outermost


def _place(measured: _Measured) -> tuple[int, int, int]:
    prefix, _ = measured
    return prefix.version, int(prefix.network_address), prefix.prefixlen


def _wholes(prefix: Prefix) -> Iterator['_Whole']:
    """All that it is a part of and that are not wide, the longest first."""
    bits = (
        int(prefix.network_address) >> prefix.max_prefixlen - prefix.prefixlen
    )
    whole = _Whole(prefix.version, prefix.prefixlen, bits)
    for _ in range(prefix.prefixlen - SHORTEST[prefix.version]):
        whole = whole.wider
        yield whole


def _agree(parts: Sequence[Latency], tie_band_ms: float) -> bool:
    """Whether all are in the tie band of the nearest."""
    rtts_ms = [part.ranked_p50_ms for part in parts]
    nearest_ms, farthest_ms = min(rtts_ms), max(rtts_ms)
    return (
        math.isfinite(farthest_ms)
        and Bands(nearest_ms, tie_band_ms).floor(farthest_ms) == nearest_ms
    )


def _row(prefix: Prefix, parts: Sequence[Latency]) -> NewLatency:
    client = Client(prefix=prefix)
    latency = Latency(
        vantage=parts[0].vantage,
        client=client.canonical,
        rtt_p50_ms=statistics.median(part.ranked_p50_ms for part in parts),
        rtt_p95_ms=statistics.median(part.held_p95_ms for part in parts),
        measured_at=min(part.measured_at for part in parts),
        samples=_SAMPLES,
        source=DERIVED,
    )
    return NewLatency(client, latency)
