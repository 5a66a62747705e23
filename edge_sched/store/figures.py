# SPDX-License-Identifier: Apache-2.0

"""A ``Latency`` as a row and back."""

import math
from collections.abc import Mapping, Sequence, Set
from typing import Any

import sqlalchemy as sa

from edge_sched.model.latency import Latency
from edge_sched.store.packing import unpack
from edge_sched.store.schema import NAME_LENGTH
from edge_sched.store.schema import clients
from edge_sched.store.schema import latencies

#: The columns of a row that make a ``Latency``, but for vantage and client.
FIGURES = (
    latencies.c.rtt_min_ms,
    latencies.c.rtt_p50_ms,
    latencies.c.rtt_p95_ms,
    latencies.c.rtt_p99_ms,
    latencies.c.lost_from,
    latencies.c.pdv_ms,
    latencies.c.loss_ratio,
    latencies.c.samples,
    latencies.c.measured_at,
    latencies.c.source,
    latencies.c.rtt_p50_hour_ms,
    latencies.c.rtt_p95_hour_ms,
    latencies.c.hour_lost_from,
    latencies.c.loss_hour_ratio,
)


def site_text(name: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """How the client is written that is the site of this name."""
    return sa.literal('site:') + name


#: How a client is written that is no prefix: ``vehicle-42``, ``site:lyon``.
NAME = sa.func.coalesce(clients.c.name, site_text(clients.c.site))


def to_row(latency: Latency) -> dict[str, Any]:
    """The ``FIGURES`` of a latency: what was lost is NULL.

    p50 9 ms, p95 and p99 lost -> ``{'rtt_p50_ms': 9.0, 'rtt_p95_ms': None,
    'rtt_p99_ms': None, 'lost_from': 95, ...}``
    """
    row = {
        'rtt_min_ms': latency.rtt_min_ms,
        'rtt_p50_ms': latency.rtt_p50_ms,
        'rtt_p95_ms': latency.rtt_p95_ms,
        'rtt_p99_ms': latency.rtt_p99_ms,
        'lost_from': None,
        'pdv_ms': latency.pdv_ms,
        'loss_ratio': latency.loss_ratio,
        'samples': latency.samples,
        'measured_at': latency.measured_at,
        'source': latency.source[:NAME_LENGTH],
        'rtt_p50_hour_ms': latency.rtt_p50_hour_ms,
        'rtt_p95_hour_ms': latency.rtt_p95_hour_ms,
        'hour_lost_from': None,
        'loss_hour_ratio': latency.loss_hour_ratio,
    }
    # Of most nothing was, and there are millions.
    return _without_lost(row) if math.inf in row.values() else row


def _without_lost(row: Mapping[str, Any]) -> dict[str, Any]:
    lost = {name for name, value in row.items() if value == math.inf}
    return {
        **row,
        **dict.fromkeys(lost),
        'lost_from': _lowest(
            lost, rtt_p50_ms=50, rtt_p95_ms=95, rtt_p99_ms=99
        ),
        'hour_lost_from': _lowest(
            lost, rtt_p50_hour_ms=50, rtt_p95_hour_ms=95
        ),
    }


def _lowest(lost: Set[str], **percents: int) -> int | None:
    """The lowest quantile that was lost; they come in their order."""
    found = (percent for name, percent in percents.items() if name in lost)
    return next(found, None)


def to_latency(row: Sequence[Any], texts: dict[object, str]) -> Latency:
    """The reverse of ``to_row``.

    By place, not by name, which is dear where there are a thousand rows.

    :param row: vantage, ``NAME`` of the client, network and length of the
        prefix, and the ``FIGURES``; without a network the row is of the name
    :param texts: filled with what was seen, to share equal texts
    """
    # At once: with a list in between it takes 8 % longer.
    (
        vantage,
        name,
        network,
        length,
        rtt_min_ms,
        rtt_p50_ms,
        rtt_p95_ms,
        rtt_p99_ms,
        lost_from,
        pdv_ms,
        loss_ratio,
        samples,
        measured_at,
        source,
        p50_hour_ms,
        p95_hour_ms,
        hour_lost_from,
        loss_hour_ratio,
    ) = row
    if network is None:
        client = texts.setdefault(name, name)
    elif (network, length) in texts:
        client = texts[network, length]
    else:
        client = str(unpack(bytes(network), length))
        texts[network, length] = client
    if lost_from is not None:
        rtt_p99_ms = math.inf
        rtt_p95_ms = math.inf if lost_from <= 95 else rtt_p95_ms
        rtt_p50_ms = math.inf if lost_from <= 50 else rtt_p50_ms
    if hour_lost_from is not None:
        p95_hour_ms = math.inf
        p50_hour_ms = math.inf if hour_lost_from <= 50 else p50_hour_ms
    return Latency(
        texts.setdefault(vantage, vantage),
        client,
        rtt_p50_ms,
        rtt_p95_ms,
        measured_at,
        rtt_min_ms,
        rtt_p99_ms,
        pdv_ms,
        loss_ratio,
        samples,
        texts.setdefault(source, source),
        p50_hour_ms,
        p95_hour_ms,
        loss_hour_ratio,
    )
