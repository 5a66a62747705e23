# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""A ``Latency`` as a row and back."""

import math
from typing import Any

import sqlalchemy as sa

from edge_sched.latency import Latency
from edge_sched.store.packing import unpack
from edge_sched.store.schema import NAME_LENGTH
from edge_sched.store.schema import latencies

#: The columns of a row that make a ``Latency``, but for vantage and client.
FIGURES = tuple(
    column
    for column in latencies.c
    if column.name not in ('client_id', 'vantage_id')
)


def to_row(latency: Latency) -> dict[str, Any]:
    """The ``FIGURES`` of a latency: what was lost is NULL.

    p50 9 ms, p95 and p99 lost -> ``{'rtt_p50_ms': 9.0, 'rtt_p95_ms': None,
    'rtt_p99_ms': None, 'lost_from': 95, ...}``
    """
    return {
        'rtt_min_ms': _finite(latency.rtt_min_ms),
        'rtt_p50_ms': _finite(latency.rtt_p50_ms),
        'rtt_p95_ms': _finite(latency.rtt_p95_ms),
        'rtt_p99_ms': _finite(latency.rtt_p99_ms),
        'lost_from': _lost_from(latency),
        'pdv_ms': _finite(latency.pdv_ms),
        'loss_ratio': latency.loss_ratio,
        'samples': latency.samples,
        'measured_at': latency.measured_at,
        'source': latency.source[:NAME_LENGTH],
    }


def to_latency(row: sa.Row[Any], texts: dict[object, str]) -> Latency:
    """The reverse of ``to_row``.

    :param row: with ``FIGURES``, ``vantage``, ``owner_name``, ``network``
        and ``length``; without a network the row is the name's own
    :param texts: filled with what was seen, to share equal texts
    """
    lost_from = row.lost_from or math.inf
    address = (row.network, row.length)
    if row.network is None:
        client = texts.setdefault(row.owner_name, row.owner_name)
    elif address in texts:
        client = texts[address]
    else:
        client = texts[address] = str(unpack(bytes(row.network), row.length))
    return Latency(
        vantage=texts.setdefault(row.vantage, row.vantage),
        client=client,
        rtt_min_ms=row.rtt_min_ms,
        rtt_p50_ms=math.inf if lost_from <= 50 else row.rtt_p50_ms,
        rtt_p95_ms=math.inf if lost_from <= 95 else row.rtt_p95_ms,
        rtt_p99_ms=math.inf if lost_from <= 99 else row.rtt_p99_ms,
        pdv_ms=row.pdv_ms,
        loss_ratio=row.loss_ratio,
        samples=row.samples,
        measured_at=row.measured_at,
        source=texts.setdefault(row.source, row.source),
    )


def _lost_from(latency: Latency) -> int | None:
    """The lowest quantile that was lost."""
    if latency.rtt_p50_ms == math.inf:
        return 50
    if latency.rtt_p95_ms == math.inf:
        return 95
    return 99 if latency.rtt_p99_ms == math.inf else None


def _finite(number: float | None) -> float | None:
    """``None`` for an infinity, which MariaDB does not store."""
    return None if number == math.inf else number
