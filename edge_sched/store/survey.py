# SPDX-License-Identifier: Apache-2.0

"""What is in the store, for reports. Nothing is counted by row.

A store of millions of rows is asked only what an index answers, vantage by
vantage or client by client: whether it has a row, and whether a fresh one.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from edge_sched.model.client import Client
from edge_sched.model.latency import DERIVED
from edge_sched.model.latency import latest_time
from edge_sched.store.cache import Key
from edge_sched.store.packing import unpack
from edge_sched.store.schema import clients
from edge_sched.store.schema import heartbeats
from edge_sched.store.schema import latencies
from edge_sched.store.schema import vantages
from edge_sched.store.settings import StoreSettings
from edge_sched.store.transactions import patiently_reading

#: Clients at a time. Chosen: more connections than that are no trouble.
PAGE = 1000

#: Whether a client has a row that was not derived.
WAS_MEASURED = sa.exists().where(
    latencies.c.client_id == clients.c.id, latencies.c.source != DERIVED
)

_HAS_ROW = sa.exists().where(latencies.c.vantage_id == vantages.c.id)


@dataclasses.dataclass(frozen=True, slots=True)
class Survey:
    """From where something was measured, and who is at work.

    :param vantages: that have a row
    :param heartbeats: ``{'1/1': 1700000000.0}``, UTC epoch seconds
    """

    vantages: frozenset[str]
    heartbeats: Mapping[str, float]


def survey(settings: StoreSettings) -> Survey:
    """Look at every vantage and every collector.

    :raises StoreUnavailableError: if it cannot be read in time
    """
    with patiently_reading(settings) as connection:
        measured = connection.scalars(_names().where(_HAS_ROW)).all()
        heard = connection.execute(
            sa.select(heartbeats.c.name, heartbeats.c.beaten_at)
        ).all()
    return Survey(
        frozenset(measured), {row.name: row.beaten_at for row in heard}
    )


def fresh_vantages(
    settings: StoreSettings, now: float, max_age_seconds: float
) -> frozenset[str]:
    """Those that have a row which is used.

    :param now: UTC epoch seconds
    :raises StoreUnavailableError: if it cannot be read in time
    """
    is_fresh = latencies.c.measured_at.between(
        now - max_age_seconds, latest_time(now)
    )
    return _vantages_with(settings, is_fresh)


def vantages_ahead(settings: StoreSettings, now: float) -> frozenset[str]:
    """Those that have a row from the future; each row is looked at.

    :raises StoreUnavailableError: if it cannot be read in time
    """
    is_ahead = latencies.c.measured_at > latest_time(now)
    return _vantages_with(settings, is_ahead)


def measured_clients(settings: StoreSettings) -> Iterator[list[Key]]:
    """All clients that were measured from anywhere, some at a time.

    In the order in which they came, each as it is stored: an address by the
    prefix that was measured, a name with the project that owns it.

    :raises StoreUnavailableError: if it cannot be read in time
    """
    page = (
        sa.select(
            clients.c.id,
            clients.c.network,
            clients.c.length,
            clients.c.name,
            clients.c.project_id,
            clients.c.site,
        )
        .where(
            clients.c.id > sa.bindparam('after'),
            WAS_MEASURED,
        )
        .order_by(clients.c.id)
        .limit(PAGE)
    )
    after = 0
    while True:
        with patiently_reading(settings) as connection:
            rows = connection.execute(page, {'after': after}).all()
        if not rows:
            return
        after = rows[-1].id
        yield [_key(row) for row in rows]


def _key(row: sa.Row[Any]) -> Key:
    if row.network is not None:
        prefix = unpack(bytes(row.network), row.length)
        return Client(prefix=prefix), ''
    if row.site is not None:
        return Client(site=row.site), ''
    return Client(name=row.name), row.project_id


def _vantages_with(
    settings: StoreSettings, condition: sa.ColumnElement[bool]
) -> frozenset[str]:
    has_such_row = _HAS_ROW.where(condition)
    with patiently_reading(settings) as connection:
        return frozenset(
            connection.scalars(_names().where(has_such_row)).all()
        )


def _names() -> sa.Select[tuple[str]]:
    return sa.select(vantages.c.name)
