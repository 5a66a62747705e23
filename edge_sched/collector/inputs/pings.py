# SPDX-License-Identifier: Apache-2.0

"""What points of Telegraf's plug-in ``ping`` say. Pure.

https://docs.influxdata.com/telegraf/v1/input-plugins/ping/
"""

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from edge_sched.collector.inputs import pooled
from edge_sched.collector.inputs.line_protocol import Point
from edge_sched.model.plausible import is_lost

_PERCENTILE = re.compile(r'percentile([0-9]{1,3})_ms')

_MEAN = 'average_response_ms'

#: What is beyond it is the rounding of a division.
_ROUNDING = 1e-9


class Ping(NamedTuple):
    """One point: some packets to one client.

    :param at: UTC epoch seconds
    :param sent: 1 or more
    :param received: of these
    :param rtts_ms: fields of the packets that came back, none if none did;
        of a single packet that which is its round trip
    """

    at: float
    sent: int
    received: int
    rtts_ms: Mapping[str, float]

    @property
    def loss_ratio(self) -> float:
        """Of the packets sent, 0 to 1."""
        return 1 - self.received / self.sent

    @property
    def rtt_ms(self) -> float:
        """Of a single packet."""
        return self.rtts_ms[_MEAN] if self.received else math.inf


def read(point: Point) -> Ping | None:
    """``None`` if nothing was sent, as there is no such host.

    :raises ValueError: saying which field is missing
    """
    fields = point.fields
    sent = int(fields.get('packets_transmitted', 0))
    if sent < 1:
        return None
    # On Windows others than the client may have answered.
    received = fields.get('reply_received', fields.get('packets_received'))
    if received is None:
        raise ValueError('has no field packets_received')
    if received >= 1 and _MEAN not in fields:
        raise ValueError(f'has no field {_MEAN}')
    # Some are answered twice.
    received = min(int(received), sent)
    if sent == 1:
        # Many are kept, and who writes lines may put anything into them.
        fields = {_MEAN: fields[_MEAN]} if received else {}
    return Ping(point.time_ns / 1e9, sent, received, fields)


def figures(pings: Sequence[Ping]) -> Mapping[str, Any]:
    """Fields of a reading.

    Points of single packets are pooled. One of several has statistics of its
    own, and the newest counts: its percentiles, if there are any, else its
    mean, which is to rank by.

    :param pings: of one client, the newest last
    """
    newest = pings[-1]
    if newest.sent > 1:
        return _of_several(newest)
    rtts_ms = [ping.rtt_ms for ping in pings if ping.sent == 1]
    return {**pooled.figures(rtts_ms), 'source': 'telegraf ping'}


def _of_several(ping: Ping) -> Mapping[str, Any]:
    rtts_ms = ping.rtts_ms
    p50_ms, p95_ms, p99_ms = (
        _of_sent(ping, quantile) for quantile in (0.5, 0.95, 0.99)
    )
    exact = p50_ms is not None and p95_ms is not None
    if not exact:
        # Of what came back; what was lost the loss says.
        p50_ms = p50_ms or rtts_ms.get(_MEAN)
        p95_ms, p99_ms = rtts_ms.get('maximum_response_ms'), None
    return {
        'rtt_p50_ms': p50_ms,
        'rtt_p95_ms': p95_ms,
        'rtt_p99_ms': p99_ms,
        'rtt_min_ms': rtts_ms.get('minimum_response_ms'),
        'loss_ratio': ping.loss_ratio,
        'samples': ping.sent if exact else min(ping.sent, pooled.MEAN_SAMPLES),
        'source': 'telegraf ping' if exact else 'telegraf ping mean',
    }


def _of_sent(ping: Ping, quantile: float) -> float | None:
    """A quantile of the packets sent, by percentiles of those received.

    With one in a hundred lost the p95 of those sent is the p95.96 of those
    that came back: between the percentiles that are there, as if evenly.
    ``None`` if they do not reach as far.
    """
    if is_lost(quantile, ping.loss_ratio):
        return math.inf
    known = sorted(
        (int(found[1]) / 100, rtt_ms)
        for field, rtt_ms in ping.rtts_ms.items()
        if (found := _PERCENTILE.fullmatch(field))
    )
    wanted = quantile * ping.sent / ping.received
    for share, rtt_ms in known:
        if abs(share - wanted) < _ROUNDING:
            return rtt_ms
    for (share, rtt_ms), (above, above_ms) in itertools.pairwise(known):
        if share < wanted < above:
            part = (wanted - share) / (above - share)
            return rtt_ms + part * (above_ms - rtt_ms)
    return None
