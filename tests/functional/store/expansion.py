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
    for kind, table, name in after.keys() - before.keys():
        if table not in tables:
            continue
        if kind == 'column' and not _may_be_left_out(after[kind, table, name]):
            yield f'{table}.{name} has to be given'
        elif kind == 'rule':
            yield f'{table} has a new rule {name}'


def _parts(inspector, table):
    for column in inspector.get_columns(table):
        yield (
            ('column', table, column['name']),
            (str(column['type']), column['nullable'], column['default']),
        )
    rules = [inspector.get_pk_constraint(table)['constrained_columns']]
    rules += [
        unique['column_names']
        for unique in inspector.get_unique_constraints(table)
    ]
    rules += [
        (key['constrained_columns'], key['referred_table'], key['options'])
        for key in inspector.get_foreign_keys(table)
    ]
    rules += [
        check['sqltext'] for check in inspector.get_check_constraints(table)
    ]
    for index in inspector.get_indexes(table):
        kind = 'rule' if index['unique'] else 'index'
        yield (kind, table, index['name']), index['column_names']
    for rule in rules:
        yield ('rule', table, str(rule)), None


def _may_be_left_out(column):
    _, nullable, default = column
    return nullable or default is not None
