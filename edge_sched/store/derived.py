# SPDX-License-Identifier: Apache-2.0

"""Rows that are made of others: of a prefix, by what was measured of parts.

Each call needs a transaction; ``Writer`` is the way in.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from edge_sched.model.client import Prefix
from edge_sched.model.latency import DERIVED
from edge_sched.model.latency import Latency
from edge_sched.model.latency import NewLatency
from edge_sched.model.latency import latest_time
from edge_sched.store import clock
from edge_sched.store import measurements
from edge_sched.store.figures import FIGURES
from edge_sched.store.figures import NAME
from edge_sched.store.figures import to_latency
from edge_sched.store.ids import BATCH_VALUES
from edge_sched.store.ids import batches
from edge_sched.store.packing import pack
from edge_sched.store.packing import unpack
from edge_sched.store.retention import delete_rows
from edge_sched.store.schema import clients
from edge_sched.store.schema import latencies
from edge_sched.store.schema import vantages


def measured_prefixes(
    connection: sa.Connection, vantage: str, max_age_seconds: float
) -> list[tuple[Prefix, Latency]]:
    """The prefixes that were measured there, as far as their rows are used."""
    now = clock.now(connection)
    rows = connection.execute(
        sa.select(
            vantages.c.name,
            NAME,
            clients.c.network,
            clients.c.length,
            *FIGURES,
        )
        .select_from(latencies.join(clients).join(vantages))
        .where(
            vantages.c.name == vantage,
            clients.c.network.is_not(None),
            latencies.c.source != DERIVED,
            latencies.c.measured_at.between(
                now - max_age_seconds, latest_time(now)
            ),
        )
    )
    texts: dict[object, str] = {}
    return [
        (unpack(bytes(row.network), row.length), to_latency(row, texts))
        for row in rows
    ]


def replace(
    connection: sa.Connection, vantage: str, rows: Sequence[NewLatency]
) -> None:
    """Have these be what is derived there, and nothing else."""
    is_derived = latencies.c.source == DERIVED
    before = connection.execute(
        sa.select(
            latencies.c.client_id,
            latencies.c.vantage_id,
            clients.c.network,
            clients.c.length,
        )
        .select_from(latencies.join(clients).join(vantages))
        .where(vantages.c.name == vantage, is_derived)
    ).all()
    measurements.store(connection, rows, lambda done: None)
    stay = {pack(row.client.prefix) for row in rows if row.client.prefix}
    gone = [
        (row.client_id, row.vantage_id)
        for row in before
        if pack(unpack(bytes(row.network), row.length)) not in stay
    ]
    for keys in batches(sorted(gone), BATCH_VALUES):
        delete_rows(connection, (is_derived,), keys)
