# SPDX-License-Identifier: Apache-2.0

"""Insert what is not there, and update what is: each database has its own."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite

Rows = Sequence[Mapping[str, Any]]


def insert_missing(
    connection: sa.Connection, table: sa.Table, key: Sequence[str], rows: Rows
) -> None:
    """Insert rows, leaving those alone whose key is there already.

    :param key: the columns of a unique constraint
    """
    if not rows:
        return
    if connection.dialect.name in ('mysql', 'mariadb'):
        # INSERT IGNORE would hide every other error as well.
        same = {key[0]: table.c[key[0]]}
        statement: sa.Executable = mysql.insert(table).on_duplicate_key_update(
            **same
        )
    elif connection.dialect.name == 'postgresql':
        statement = _many_at_once(
            postgresql.insert(table).on_conflict_do_nothing(index_elements=key)
        )
    else:
        statement = sqlite.insert(table).on_conflict_do_nothing(
            index_elements=key
        )
    connection.execute(statement, list(rows))


def upsert_newer(
    connection: sa.Connection,
    table: sa.Table,
    key: Sequence[str],
    newer: str,
    latest: float,
    rows: Rows,
) -> None:
    """Insert rows, or replace those of the same key that are not newer.

    :param newer: the column that says which row is newer; of two equal ones
        the one that comes counts
    :param latest: what is above cannot be true by the clock that all who
        write share (``clock.now``), and is replaced by any row
    """
    if not rows:
        return
    columns = [c.name for c in table.c if c.name not in (*key, newer)]
    connection.execute(
        _mysql_upsert(table, columns, newer, latest)
        if connection.dialect.name in ('mysql', 'mariadb')
        else _upsert(
            connection.dialect.name, table, key, columns, newer, latest
        ),
        list(rows),
    )


def _upsert(
    dialect: str,
    table: sa.Table,
    key: Sequence[str],
    columns: Sequence[str],
    newer: str,
    latest: float,
) -> sa.Executable:
    insert = (
        postgresql.insert(table)
        if dialect == 'postgresql'
        else sqlite.insert(table)
    )
    upsert = insert.on_conflict_do_update(
        index_elements=key,
        set_={name: insert.excluded[name] for name in (*columns, newer)},
        where=_replaces(insert.excluded[newer], table.c[newer], latest),
    )
    return _many_at_once(upsert) if dialect == 'postgresql' else upsert


def _many_at_once(insert: sa.Insert) -> sa.Executable:
    """Have SQLAlchemy send many rows in one statement.

    It does so where something is returned; without, psycopg2 sends them one
    by one, and 100 000 rows wait for as many round trips.
    """
    return insert.returning(sa.literal(1))


def _mysql_upsert(
    table: sa.Table, columns: Sequence[str], newer: str, latest: float
) -> sa.Insert:
    insert = mysql.insert(table)
    is_newer = _replaces(insert.inserted[newer], table.c[newer], latest)
    # Assigned from left to right, and each asks for the old time: it is last.
    return insert.on_duplicate_key_update(
        [
            (name, sa.func.IF(is_newer, insert.inserted[name], table.c[name]))
            for name in (*columns, newer)
        ]
    )


def _replaces(
    new: sa.ColumnElement[float], old: sa.ColumnElement[float], latest: float
) -> sa.ColumnElement[bool]:
    # Written out: PyMySQL takes no parameters after those of the rows.
    return sa.or_(new >= old, old > sa.literal_column(f'{latest:f}'))
