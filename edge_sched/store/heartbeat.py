# SPDX-License-Identifier: Apache-2.0

"""When the collectors were last at work. Each call needs a transaction."""

import sqlalchemy as sa

from edge_sched.store.schema import heartbeats


def beat(connection: sa.Connection, name: str, now: float) -> None:
    """Note that a collector is at work.

    Also if it was there later: a clock that was ahead must not hide an
    outage. The work is shared by as many as the last one says, so that those
    of another number are no more.

    :param name: which of how many, e.g. ``1/2``
    :param now: by the clock of the database
    """
    of_as_many = f'%/{name.rpartition("/")[2]}'
    connection.execute(
        sa.delete(heartbeats).where(heartbeats.c.name.not_like(of_as_many))
    )
    beaten = connection.execute(
        sa.update(heartbeats)
        .where(heartbeats.c.name == name)
        .values(beaten_at=now)
    )
    if not beaten.rowcount:
        connection.execute(
            sa.insert(heartbeats).values(name=name, beaten_at=now)
        )
