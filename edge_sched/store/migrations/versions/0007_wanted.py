# SPDX-License-Identifier: Apache-2.0

"""Clients that are asked for and were not measured.

New tables alone: what was written for the revisions before works on as it
did.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None
phase = 'expand'

_MYSQL = ('mysql', 'mariadb')
_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
_ADDRESS = sa.LargeBinary(16).with_variant(mysql.BINARY(16), *_MYSQL)
_TABLE_ARGS: dict[str, Any] = {
    'mysql_engine': 'InnoDB',
    'mysql_charset': 'utf8mb4',
    'mariadb_engine': 'InnoDB',
    'mariadb_charset': 'utf8mb4',
}


def _text(length: int) -> sa.types.TypeEngine[str]:
    """Text that compares by bytes."""
    of_mysql = mysql.VARCHAR(
        length=length, charset='utf8mb4', collation='utf8mb4_bin'
    )
    return (
        sa.String(length)
        .with_variant(of_mysql, *_MYSQL)
        .with_variant(sa.String(length, collation='C'), 'postgresql')
    )


def _wanted_id(table: str) -> sa.Column[Any]:
    return sa.Column(
        'wanted_id',
        _ID,
        sa.ForeignKey(
            'edge_wanted.id', name=f'fk_{table}_wanted', ondelete='CASCADE'
        ),
        primary_key=True,
        autoincrement=False,
    )


def upgrade() -> None:
    op.create_table(
        'edge_wanted',
        sa.Column('id', _ID, primary_key=True),
        sa.Column('network', _ADDRESS, nullable=False),
        sa.Column('last', _ADDRESS, nullable=False),
        sa.Column('length', sa.SmallInteger(), nullable=False),
        sa.Column('address', _ADDRESS, nullable=False),
        sa.Column('probe', _text(8), nullable=False),
        sa.Column('port', sa.Integer(), nullable=False),
        sa.Column('access_ms', sa.Double(), nullable=False),
        sa.Column('state', _text(8), nullable=False),
        sa.Column('wanted_at', sa.Double(), nullable=False),
        sa.Column('done_at', sa.Double()),
        sa.UniqueConstraint('network', 'last', name='uq_edge_wanted_prefix'),
        **_TABLE_ARGS,
    )
    op.create_table(
        'edge_wanted_asks',
        _wanted_id('edge_wanted_asks'),
        sa.Column('project_id', _text(255), primary_key=True),
        sa.Column('standing', sa.Boolean(), nullable=False),
        sa.Column('since', sa.Double(), nullable=False),
        sa.Column('asked_at', sa.Double(), nullable=False),
        sa.Index('ix_edge_wanted_asks_project', 'project_id'),
        **_TABLE_ARGS,
    )
    op.create_table(
        'edge_wanted_probes',
        _wanted_id('edge_wanted_probes'),
        sa.Column('vantage', _text(255), primary_key=True),
        sa.Column('since', sa.Double(), nullable=False),
        sa.Index('ix_edge_wanted_probes_vantage', 'vantage'),
        **_TABLE_ARGS,
    )
    op.create_table(
        'edge_wanted_sites',
        sa.Column('vantage', _text(255), primary_key=True),
        sa.Column('heard_at', sa.Double(), nullable=False),
        **_TABLE_ARGS,
    )
    op.create_table(
        'edge_wanting',
        sa.Column(
            'id', sa.SmallInteger(), primary_key=True, autoincrement=False
        ),
        sa.Column('beaten_at', sa.Double(), nullable=False),
        sa.Column('places', sa.Integer(), nullable=False),
        sa.Column('retry_seconds', sa.Double(), nullable=False),
        **_TABLE_ARGS,
    )
