# SPDX-License-Identifier: Apache-2.0

"""Insert what is not there, and update what is: each database has its own."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.base import ReadOnlyColumnCollection

Rows = Sequence[Mapping[str, Any]]

#: A column of texts, and how much older a row counts by each:
#: ``('source', {'tcp-passive': 900.0})``.
Setbacks = tuple[str, Mapping[str, float]]

_Columns = ReadOnlyColumnCollection[str, Any]


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
    setbacks: Setbacks | None = None,
) -> None:
    """Insert rows, or replace those of the same key that are not newer.

    :param newer: the column that says which row is newer; of two equal ones
        the one that comes counts
    :param latest: what is above cannot be true by the clock that all who
        write share (``clock.now``), and is replaced by any row
    :param setbacks: by which column some rows count as older than they are,
        and by how much
    """
    if not rows:
        return
    age = _Age(newer, latest, setbacks)
    columns = [c.name for c in table.c if c.name not in key]
    connection.execute(
        _mysql_upsert(table, columns, age)
        if connection.dialect.name in ('mysql', 'mariadb')
        else _upsert(connection.dialect.name, table, key, columns, age),
        list(rows),
    )


def _upsert(
    dialect: str,
    table: sa.Table,
    key: Sequence[str],
    columns: Sequence[str],
    age: '_Age',
) -> sa.Executable:
    insert = (
        postgresql.insert(table)
        if dialect == 'postgresql'
        else sqlite.insert(table)
    )
    upsert = insert.on_conflict_do_update(
        index_elements=key,
        set_={name: insert.excluded[name] for name in columns},
        where=age.replaces(insert.excluded, table.c),
    )
    return _many_at_once(upsert) if dialect == 'postgresql' else upsert


def _many_at_once(insert: sa.Insert) -> sa.Executable:
    """Have SQLAlchemy send many rows in one statement.

    It does so where something is returned; without, psycopg2 sends them one
    by one, and 100 000 rows wait for as many round trips.
    """
    return insert.returning(sa.literal(1))


def _mysql_upsert(
    table: sa.Table, columns: Sequence[str], age: '_Age'
) -> sa.Insert:
    insert = mysql.insert(table)
    new, old = insert.inserted, table.c
    replaces = age.replaces(new, old)
    changes = {
        name: sa.func.IF(replaces, new[name], old[name]) for name in columns
    }
    # Assigned from left to right, and each asks for the old time: it is last.
    changes[age.newer] = changes.pop(age.newer)
    if age.setbacks:
        # And this even later. By then the time tells what became of it.
        kind, _ = age.setbacks
        del changes[kind]
        is_replaced = new[age.newer] == old[age.newer]
        changes[kind] = sa.func.IF(is_replaced, new[kind], old[kind])
    return insert.on_duplicate_key_update(list(changes.items()))


class _Age(NamedTuple):
    """Which of two rows goes before; see ``upsert_newer``."""

    newer: str
    latest: float
    setbacks: Setbacks | None

    def replaces(self, new: _Columns, old: _Columns) -> sa.ColumnElement[bool]:
        return sa.or_(
            self._counted(new) >= self._counted(old),
            old[self.newer] > _literal(self.latest),
        )

    def _counted(self, row: _Columns) -> sa.ColumnElement[float]:
        time: sa.ColumnElement[float] = row[self.newer]
        if self.setbacks is None:
            return time
        kind, seconds_of = self.setbacks
        seconds = sa.case(
            *(
                (row[kind] == sa.literal_column(f"'{text}'"), _literal(each))
                for text, each in seconds_of.items()
            ),
            else_=_literal(0.0),
        )
        return time - seconds


def _literal(number: float) -> sa.ColumnElement[float]:
    # Written out: PyMySQL takes no parameters after those of the rows.
    return sa.literal_column(f'{number:f}')
