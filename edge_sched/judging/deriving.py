# SPDX-License-Identifier: Apache-2.0

"""What parts of a prefix say of all of it, where nobody measured that.

Such a row is marked (``DERIVED``). It puts a place before one that nobody
knows anything of, and certifies no budget.
"""

import bisect
import itertools
import math
import statistics
from collections.abc import Iterable, Iterator, Sequence

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
    ordered = sorted(measured, key=_place)
    return [
        _row(whole, [latency for _, latency in parts])
        for _, of_version in itertools.groupby(ordered, _version)
        for whole, parts in _wholes([*of_version], tie_band_ms)
    ]


def _place(measured: _Measured) -> tuple[int, int, int]:
    prefix, _ = measured
    return prefix.version, int(prefix.network_address), prefix.prefixlen


def _version(measured: _Measured) -> int:
    prefix, _ = measured
    return prefix.version


def _wholes(
    measured: Sequence[_Measured], tie_band_ms: float
) -> Iterator[tuple[Prefix, Sequence[_Measured]]]:
    """The widest whose parts say enough, with all that was measured in them.

    Those that end where parts go asunder are looked at, the wider ones first:
    none between has other parts. One by one they would be a hundred of IPv6.

    :param measured: of one version, in the order of ``_place``
    """
    rtts_ms = [latency.ranked_p50_ms for _, latency in measured]
    # Where those begin that are parts of no other, and by which address.
    begin = list(_outermost(measured))
    first_of = [int(measured[at][0].network_address) for at in begin]
    begin.append(len(measured))
    spans = [(0, len(first_of), 0)]
    while spans:
        first, end, wider = spans.pop()
        if end - first < LEAST_PARTS:
            continue
        prefix, _ = measured[begin[first]]
        left = (first_of[first] ^ first_of[end - 1]).bit_length()
        length = prefix.max_prefixlen - left
        shortest = max(wider, SHORTEST[prefix.version])
        parts = slice(begin[first], begin[end])
        if shortest <= length and _agree(rtts_ms[parts], tie_band_ms):
            yield prefix.supernet(new_prefix=shortest), measured[parts]
            continue
        upper_half = first_of[end - 1] >> left - 1 << left - 1
        middle = bisect.bisect_left(first_of, upper_half, first, end)
        spans.append((middle, end, length + 1))
        spans.append((first, middle, length + 1))


def _outermost(measured: Sequence[_Measured]) -> Iterator[int]:
    """Where those are that are within no other."""
    outermost: Prefix | None = None
    for at, (prefix, _) in enumerate(measured):
        if outermost is None or not is_part(prefix, outermost):
            outermost = prefix
            yield at


def _agree(rtts_ms: Sequence[float], tie_band_ms: float) -> bool:
    """Whether all are in the tie band of the nearest."""
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
