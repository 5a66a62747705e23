# SPDX-License-Identifier: Apache-2.0

"""Who could be probed from a site. Each call needs a transaction."""

import dataclasses
import math

import sqlalchemy as sa

from edge_sched.model.client import Prefix
from edge_sched.model.latency import DERIVED
from edge_sched.store.packing import unpack
from edge_sched.store.schema import clients
from edge_sched.store.schema import latencies
from edge_sched.store.schema import named_prefixes
from edge_sched.store.schema import vantages
from edge_sched.store.survey import WAS_MEASURED


@dataclasses.dataclass(frozen=True, slots=True)
class Candidate:
    """A prefix that was measured from anywhere, or that a name points at.

    :param rtt_p50_ms: as measured from the site, ``inf`` if lost; ``None``
        if never measured from there
    :param nearer: how many other vantages are nearer to it; 0 if ``None``
    :param anywhere: whether it was measured from anywhere
    :param named: whether a named client points at it
    """

    prefix: Prefix
    rtt_p50_ms: float | None = None
    nearer: int = 0
    anywhere: bool = False
    named: bool = False


def candidates(connection: sa.Connection, vantage: str) -> list[Candidate]:
    """Every prefix of the store and of the named clients, in no order.

    The database compares the vantages, since a large store has millions of
    rows; what comes over is one row a prefix.

    :param vantage: the site, which need not be known
    """
    here = latencies.alias('here')
    other = latencies.alias('other')
    is_nearer = sa.or_(
        other.c.rtt_p50_ms < here.c.rtt_p50_ms,
        # A median that was lost is NULL.
        sa.and_(here.c.rtt_p50_ms.is_(None), other.c.rtt_p50_ms.is_not(None)),
    )
    nearer = (
        sa.select(sa.func.count())
        .where(other.c.client_id == here.c.client_id, is_nearer)
        .correlate(here)
        .scalar_subquery()
    )
    vantage_id = (
        sa.select(vantages.c.id)
        .where(vantages.c.name == vantage)
        .scalar_subquery()
    )
    measured = connection.execute(
        sa.select(
            clients.c.network,
            clients.c.length,
            here.c.client_id,
            here.c.rtt_p50_ms,
            # Not counted for the rest.
            sa.case((here.c.client_id.is_not(None), nearer)).label('nearer'),
        )
        .select_from(
            clients.outerjoin(
                here,
                sa.and_(
                    here.c.client_id == clients.c.id,
                    here.c.vantage_id == vantage_id,
                    here.c.source != DERIVED,
                ),
            )
        )
        .where(clients.c.network.is_not(None), WAS_MEASURED)
    )
    found = {}
    for row in measured:
        rtt_p50_ms = row.rtt_p50_ms
        if row.client_id is not None and rtt_p50_ms is None:
            rtt_p50_ms = math.inf
        prefix = unpack(bytes(row.network), row.length)
        found[prefix] = Candidate(prefix, rtt_p50_ms, row.nearer or 0, True)
    named = connection.execute(
        sa.select(named_prefixes.c.network, named_prefixes.c.length).distinct()
    )
    for row in named:
        prefix = unpack(bytes(row.network), row.length)
        found[prefix] = dataclasses.replace(
            found.get(prefix, Candidate(prefix)), named=True
        )
    return list(found.values())
