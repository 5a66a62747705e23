# SPDX-License-Identifier: Apache-2.0

"""How servers stood when they were last audited.

The auditor writes it, a batch of servers at a time; who moves servers reads
all of it.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from edge_sched.model.latency import latest_time
from edge_sched.model.standing import HOUR_SECONDS
from edge_sched.model.standing import Hour
from edge_sched.model.standing import ServerStanding
from edge_sched.store import clock
from edge_sched.store.ids import BATCH_VALUES
from edge_sched.store.ids import batches
from edge_sched.store.schema import standings
from edge_sched.store.settings import StoreSettings
from edge_sched.store.transactions import Transacting
from edge_sched.store.transactions import patiently_reading
from edge_sched.store.upsert import upsert_newer

#: Infinity is no number to MariaDB.
_MAY_BE_LOST = {'judged_ms': 'judged_lost', 'best_ms': 'best_lost'}


class Standings(Transacting):
    """What the auditor keeps; each call is one transaction.

    All of them raise ``StoreUnavailableError`` if the database does not do
    what it should, in which case nothing was written.
    """

    def hours(self, servers: Sequence[str]) -> dict[str, Hour]:
        """What is known of these, by server, of those that were audited."""

        columns = [standings.c[name] for name in ('server', *Hour._fields)]

        def read(connection: sa.Connection) -> dict[str, Hour]:
            hours = {}
            for batch in batches(servers, BATCH_VALUES):
                of_batch = standings.c.server.in_(batch)
                rows = connection.execute(sa.select(*columns).where(of_batch))
                hours.update({server: Hour(*hour) for server, *hour in rows})
            return hours

        return self._store.read(read)

    def record(self, found: Iterable[ServerStanding]) -> None:
        """Write how servers stand; what another auditor found later stays."""
        rows = [_row(each) for each in found]

        def write(connection: sa.Connection) -> None:
            latest = latest_time(clock.now(connection))
            upsert_newer(
                connection, standings, ['server'], 'audited_at', latest, rows
            )

        self._store.write(write)

    def forget(self, oldest: float) -> None:
        """Delete servers that were not audited since.

        And those of more than an hour ahead, by an auditor whose clock was
        wrong: nobody may look at them again until then.
        """

        def write(connection: sa.Connection) -> None:
            audited_at = standings.c.audited_at
            latest = clock.now(connection) + HOUR_SECONDS
            connection.execute(
                sa.delete(standings).where(
                    sa.or_(audited_at < oldest, audited_at > latest)
                )
            )

        self._store.write(write)


def read_standings(settings: StoreSettings) -> list[ServerStanding]:
    """Every server, in no order.

    :raises StoreUnavailableError: if it cannot be read in time
    """
    with patiently_reading(settings) as connection:
        rows = connection.execute(sa.select(standings))
        return [_standing(row._asdict()) for row in rows]


def read_over_since(settings: StoreSettings) -> dict[str, float]:
    """Since when servers are over, of those that were so when last audited.

    :raises StoreUnavailableError: if it cannot be read in time
    """
    columns = standings.c.server, standings.c.over_since
    of_those = standings.c.over_since.is_not(None)
    with patiently_reading(settings) as connection:
        rows = connection.execute(sa.select(*columns).where(of_those))
        return dict(rows.tuples().all())


def _row(standing: ServerStanding) -> dict[str, Any]:
    row = standing._asdict()
    row |= row.pop('hour')._asdict()
    for figure, lost in _MAY_BE_LOST.items():
        row[lost] = row[figure] == math.inf
        if row[lost]:
            row[figure] = None
    return row


def _standing(row: dict[str, Any]) -> ServerStanding:
    for figure, lost in _MAY_BE_LOST.items():
        if row.pop(lost):
            row[figure] = math.inf
    hour = Hour(**{name: row.pop(name) for name in Hour._fields})
    return ServerStanding(**row, hour=hour)
