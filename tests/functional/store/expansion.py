# SPDX-License-Identifier: Apache-2.0

"""Whether a step of the schema only adds, as the release before needs it."""

import sqlalchemy as sa


def snapshot(url):
    """What code can rely on: ``{(kind, table, name): what it is like}``."""
    engine = sa.create_engine(url)
    try:
        inspector = sa.inspect(engine)
        return {
            key: value
            for table in inspector.get_table_names()
            if table.startswith('edge_') and 'alembic' not in table
            for key, value in _parts(inspector, table)
        }
    finally:
        engine.dispose()


def breaches(before, after):
    """Why a step is no expansion: one line for each part, none if it is."""
    for part, was in before.items():
        if part not in after:
            yield f'{part} is gone'
        elif after[part] != was:
            yield f'{part} was {was}, is {after[part]}'
    tables = {table for _, table, _ in before}
    new = after.keys() - before.keys()
    for kind, table, name in new:
        if table not in tables:
            continue
        what = after[kind, table, name]
        if kind == 'column' and not _may_be_left_out(what):
            yield f'{table}.{name} has to be given'
        elif kind == 'rule' and not all(
            ('column', table, column) in new for column in what
        ):
            yield f'{table} has a new rule {name}'


def _parts(inspector, table):
    for column in inspector.get_columns(table):
        yield (
            ('column', table, column['name']),
            (str(column['type']), column['nullable'], column['default']),
        )
    for index in inspector.get_indexes(table):
        kind = 'rule' if index['unique'] else 'index'
        yield (kind, table, index['name']), index['column_names']
    for rule, columns in _rules(inspector, table):
        yield ('rule', table, str(rule)), columns


def _rules(inspector, table):
    """Each with the columns that it is of, if it can be told."""
    primary = inspector.get_pk_constraint(table)['constrained_columns']
    yield primary, primary
    for unique in inspector.get_unique_constraints(table):
        yield unique['column_names'], unique['column_names']
    for key in inspector.get_foreign_keys(table):
        columns = key['constrained_columns']
        yield (columns, key['referred_table'], key['options']), columns
    for check in inspector.get_check_constraints(table):
        # Perhaps of all.
        columns = [column['name'] for column in inspector.get_columns(table)]
        yield check['sqltext'], columns


def _may_be_left_out(column):
    _, nullable, default = column
    return nullable or default is not None
