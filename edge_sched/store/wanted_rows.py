# SPDX-License-Identifier: Apache-2.0

"""What the store has that helps to measure who is wanted."""

import collections
import math
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from edge_sched.model.client import Prefix
from edge_sched.model.client import parse_prefix
from edge_sched.model.latency import DERIVED
from edge_sched.model.latency import latest_time
from edge_sched.store import clock
from edge_sched.store.ids import BATCH_VALUES
from edge_sched.store.ids import batches
from edge_sched.store.packing import candidates
from edge_sched.store.packing import pack
from edge_sched.store.packing import unpack
from edge_sched.store.schema import clients
from edge_sched.store.schema import latencies
from edge_sched.store.schema import named_prefixes
from edge_sched.store.schema import vantages

#: Who is beside a client: of the same /20 or /48. Chosen: what an access
#: network has of addresses in one region, and a site of IPv6 (RFC 6177).
_BESIDE = {4: 20, 6: 48}

#: So many rows of them are looked at: a handful of clients from some sites.
_ROWS_BESIDE = 500

#: Names at a time (chosen).
_PAGE = 500


def measured(
    connection: sa.Connection, texts: Sequence[str], max_age_seconds: float
) -> dict[str, dict[str, float]]:
    """The medians of these very prefixes, of late."""
    now = clock.now(connection)
    packed = {pack(parse_prefix(text)): text for text in texts}
    of_range = {(p.network, p.last): text for p, text in packed.items()}
    found: dict[str, dict[str, float]] = collections.defaultdict(dict)
    for batch in batches(sorted(packed), BATCH_VALUES):
        rows = connection.execute(
            _rows(clients.c.network, clients.c.last).where(
                clients.c.network.in_([p.network for p in batch]),
                latencies.c.source != DERIVED,
                latencies.c.measured_at.between(
                    now - max_age_seconds, latest_time(now)
                ),
            )
        )
        for vantage, p50_ms, lost_from, network, last in rows:
            client = of_range.get((bytes(network), bytes(last)))
            if client is not None:
                found[client][vantage] = _median_ms(p50_ms, lost_from)
    return dict(found)


def near(connection: sa.Connection, client: str) -> list[str]:
    """The vantages nearest to who is beside a client, or contains it."""
    prefix = parse_prefix(client)
    around = pack(prefix.supernet(new_prefix=_BESIDE[prefix.version]))
    beside = clients.c.network.between(around.network, around.last)
    wider = [n for n in candidates(prefix) if n < around.network]
    containing = sa.and_(
        clients.c.network.in_(wider), clients.c.last >= around.last
    )
    rows = connection.execute(
        _rows().where(sa.or_(beside, containing)).limit(_ROWS_BESIDE)
    )
    best: dict[str, float] = {}
    for vantage, p50_ms, lost_from in rows:
        rtt_ms = _median_ms(p50_ms, lost_from)
        if rtt_ms < best.get(vantage, math.inf):
            best[vantage] = rtt_ms
    return sorted(best, key=lambda vantage: (best[vantage], vantage))


def mesh(connection: sa.Connection) -> dict[tuple[str, str], float]:
    """Medians between sites, of whatever age: they hardly move."""
    rows = connection.execute(
        _rows(clients.c.site).where(
            latencies.c.site_vantage_id.is_not(None),
            latencies.c.rtt_p50_ms.is_not(None),
        )
    )
    return {(vantage, site): p50_ms for vantage, p50_ms, _, site in rows}


def named_after(
    connection: sa.Connection, after: int
) -> tuple[int, list[tuple[str, Prefix]]]:
    """What names point at, and whose they are: some, and the last id."""
    rows = connection.execute(
        sa.select(
            named_prefixes.c.id,
            clients.c.project_id,
            named_prefixes.c.network,
            named_prefixes.c.length,
        )
        .join(clients, clients.c.id == named_prefixes.c.client_id)
        .where(named_prefixes.c.id > after)
        .order_by(named_prefixes.c.id)
        .limit(_PAGE)
    ).all()
    found = [(r.project_id, unpack(bytes(r.network), r.length)) for r in rows]
    return rows[-1].id if rows else after, found


def pointed_at(
    connection: sa.Connection, names: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], list[Prefix]]:
    """What names point at, as projects see them: their own before shared."""
    stored: dict[tuple[str, str], list[Prefix]] = {}
    for batch in batches(sorted({name for name, _ in names}), BATCH_VALUES):
        rows = connection.execute(
            sa.select(
                clients.c.name,
                clients.c.project_id,
                named_prefixes.c.network,
                named_prefixes.c.length,
            )
            .join(named_prefixes, named_prefixes.c.client_id == clients.c.id)
            .where(clients.c.name.in_(batch))
        )
        for name, project_id, network, length in rows:
            prefix = unpack(bytes(network), length)
            stored.setdefault((name, project_id), []).append(prefix)
    return {
        (name, project_id): stored.get((name, project_id))
        or stored.get((name, ''), [])
        for name, project_id in names
    }


def _rows(*columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    return sa.select(
        vantages.c.name,
        latencies.c.rtt_p50_ms,
        latencies.c.lost_from,
        *columns,
    ).select_from(latencies.join(clients).join(vantages))


def _median_ms(p50_ms: float | None, lost_from: int | None) -> float:
    return math.inf if p50_ms is None or lost_from == 50 else p50_ms
