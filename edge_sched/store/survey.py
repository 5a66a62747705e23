# SPDX-License-Identifier: Apache-2.0

"""What is in the store, for a status report. Nothing is counted by row.

A store of millions of rows is asked only what an index answers, vantage by
vantage: whether it has a row, and whether it has a fresh one.
"""

import dataclasses
from collections.abc import Mapping

import sqlalchemy as sa

from edge_sched.model.latency import latest_time
from edge_sched.store.schema import heartbeats
from edge_sched.store.schema import latencies
from edge_sched.store.schema import vantages
from edge_sched.store.settings import StoreSettings
from edge_sched.store.transactions import patiently_reading

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
