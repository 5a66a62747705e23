# SPDX-License-Identifier: Apache-2.0

"""Bounds that the drivers and the servers themselves can keep.

They end what the caller of a look-up has already stopped waiting for, so
that connections and threads come back. They do not replace that wait: a
server that is stopped but whose kernel answers, or a name look-up that hangs,
is beyond all of them.
"""

import math
import time
import weakref
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

#: For writers, who are operators and services, not requests. Chosen: longer
#: than InnoDB waits for a lock (50 s), and than it takes SQLite to commit an
#: import of 100 000 rows on a slow disk.
WRITER_SECONDS = 60.0

#: For what an operator waits for. Of a vantage without a fresh row each is
#: looked at: on a busy machine it took 13 s for a million such rows, and
#: 0.04 s where all were fresh.
PATIENCE_SECONDS = 30.0

#: SQLite asks between so many of its instructions whether to go on; a few
#: hundred microseconds.
_SQLITE_STEPS = 10_000

#: A socket is given that much longer than a statement, so that the server
#: ends the statement first and the connection lives on.
_SOCKET_FACTOR = 1.5

_Setup = Callable[[Any], None]

#: Of engines that have bounds of their own.
_BOUNDED: weakref.WeakSet[sa.Dialect] = weakref.WeakSet()


def install(engine: sa.Engine, seconds: float, reading: bool) -> None:
    """Bound connects and statements of an engine that has not connected.

    :param seconds: for each of connect, read, write and statement
    :param reading: refuse to write, too
    """
    _BOUNDED.add(engine.dialect)

    @sa.event.listens_for(engine, 'do_connect')
    def _add_parameters(
        dialect: sa.Dialect, record: Any, args: Any, keywords: dict[str, Any]
    ) -> None:
        _add(keywords, dialect, seconds, seconds * _SOCKET_FACTOR)

    setup = _setup(engine, seconds, reading)
    if setup is not None:

        @sa.event.listens_for(engine, 'connect')
        def _set_up(connection: Any, record: Any) -> None:
            setup(connection)


def bound(
    dialect: sa.Dialect, record: Any, args: Any, keywords: dict[str, Any]
) -> None:
    """Have no engine of this process wait for ever, such as Nova's own.

    A listener for ``do_connect`` of ``sa.Engine``. Without it PyMySQL waits
    for the first word of a server that is stopped until that goes on.
    """
    if dialect not in _BOUNDED:
        _add(keywords, dialect, PATIENCE_SECONDS, PATIENCE_SECONDS)


def _add(
    keywords: dict[str, Any],
    dialect: sa.Dialect,
    seconds: float,
    socket_seconds: float,
) -> None:
    for name, value in _parameters(dialect, seconds, socket_seconds).items():
        # What the operator's URL says goes before.
        keywords.setdefault(name, value)


def _parameters(
    dialect: sa.Dialect, seconds: float, socket_seconds: float
) -> dict[str, Any]:
    """What the driver's ``connect`` takes."""
    match dialect.name, dialect.driver:
        case 'sqlite', _:
            return {'timeout': seconds}
        case (('mysql' | 'mariadb'), 'pymysql'):
            return {
                'connect_timeout': seconds,
                'read_timeout': socket_seconds,
                'write_timeout': socket_seconds,
            }
        case (('mysql' | 'mariadb'), 'mysqldb'):
            return {
                'connect_timeout': math.ceil(seconds),
                'read_timeout': math.ceil(socket_seconds),
                'write_timeout': math.ceil(socket_seconds),
            }
        case 'postgresql', ('psycopg2' | 'psycopg'):
            # libpq takes whole seconds, and 1 for 2.
            return {
                'connect_timeout': max(2, math.ceil(seconds)),
                'tcp_user_timeout': math.ceil(socket_seconds * 1000),
                'keepalives': 1,
                'keepalives_idle': max(1, math.ceil(seconds)),
                'keepalives_interval': max(1, math.ceil(seconds / 2)),
                'keepalives_count': 3,
            }
        case _:
            return {}


def _setup(engine: sa.Engine, seconds: float, reading: bool) -> _Setup | None:
    """What each new connection is told."""
    match engine.dialect.name:
        case 'sqlite':
            return _sqlite_reader(seconds) if reading else _sqlite_writer
        case 'mysql' | 'mariadb':
            return _mysql_reader(seconds) if reading else _mysql_writer
        case 'postgresql':
            return _postgresql_reader(seconds) if reading else None
        case _:
            return None


def _sqlite_reader(seconds: float) -> _Setup:
    def set_up(connection: Any) -> None:
        # A connection serves one transaction (oslo.db: NullPool).
        deadline = time.monotonic() + seconds
        connection.set_progress_handler(
            lambda: time.monotonic() > deadline, _SQLITE_STEPS
        )

    return set_up


def _sqlite_writer(connection: Any) -> None:
    # Spilling pages takes the lock that shuts readers out, until the commit.
    connection.execute('PRAGMA cache_spill = OFF')


def _mysql_reader(seconds: float) -> _Setup:
    def set_up(connection: Any) -> None:
        # Seconds and milliseconds; MySQL's counts for SELECT only.
        limit = (
            f'max_statement_time = {seconds:f}'
            if 'mariadb' in str(connection.get_server_info()).lower()
            else f'max_execution_time = {math.ceil(seconds * 1000)}'
        )
        _execute(
            connection,
            f'SET SESSION {limit}',
            'SET SESSION TRANSACTION READ ONLY',
        )

    return set_up


def _mysql_writer(connection: Any) -> None:
    # Rows that another writer has committed since must be seen, and gaps
    # between rows not be locked.
    _execute(
        connection, 'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED'
    )


def _postgresql_reader(seconds: float) -> _Setup:
    def set_up(connection: Any) -> None:
        _execute(
            connection,
            f'SET statement_timeout = {math.ceil(seconds * 1000)}',
            'SET default_transaction_read_only = on',
        )
        # A rollback would take them back.
        connection.commit()

    return set_up


def _execute(connection: Any, *statements: str) -> None:
    cursor = connection.cursor()
    try:
        for statement in statements:
            cursor.execute(statement)
    finally:
        cursor.close()
