# SPDX-License-Identifier: Apache-2.0

"""The clock that all who write go by: that of the database.

Of two collectors whose clocks differ none can tell which is right, and the
one that is behind would take the rows of the other for rows of the future,
or its own for newer. The database has one clock for both; that of SQLite is
of the host, which all who write to it share.
"""

import time

import sqlalchemy as sa

#: UTC epoch seconds, to the millisecond or better. ``UNIX_TIMESTAMP(NOW(6))``
#: is an hour off once a year, and ``now()`` of PostgreSQL stands still in a
#: transaction.
_MYSQL = "timestampdiff(MICROSECOND, '1970-01-01', utc_timestamp(6)) / 1e6"
_NOW = {
    'mysql': _MYSQL,
    'mariadb': _MYSQL,
    'postgresql': 'extract(epoch FROM clock_timestamp())',
    'sqlite': "(julianday('now') - 2440587.5) * 86400.0",
}

#: Clocks that differ by less are alike, so that a row keeps its time to the
#: last digit. Chosen: far more than hosts kept by NTP differ by.
_ALIKE_SECONDS = 1.0


def now(connection: sa.Connection) -> float:
    """What the clock of the database says, in UTC epoch seconds."""
    statement = sa.text(f'SELECT {_NOW[connection.dialect.name]}')
    return float(connection.execute(statement).scalar_one())


def ahead_seconds(connection: sa.Connection) -> float:
    """How far the clock of the database is ahead of ours.

    :returns: 0 if it is less than a second, or if a slow answer explains it
    """
    before = time.time()
    there = now(connection)
    after = time.time()
    if before - _ALIKE_SECONDS < there < after + _ALIKE_SECONDS:
        return 0.0
    return there - (before + after) / 2
