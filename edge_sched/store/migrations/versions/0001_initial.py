# SPDX-License-Identifier: Apache-2.0

"""The first schema: vantages, clients, what names point at, latencies.

Written out rather than made from ``edge_sched.store.schema``, which changes.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = '0001'
down_revision = None
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
    return (
        sa.String(length)
        .with_variant(
            mysql.VARCHAR(
                length=length, charset='utf8mb4', collation='utf8mb4_bin'
            ),
            *_MYSQL,
        )
        .with_variant(sa.String(length, collation='C'), 'postgresql')
    )


def upgrade() -> None:
    op.create_table(
        'edge_vantages',
        sa.Column('id', _ID, primary_key=True),
        sa.Column('name', _text(255), nullable=False),
        sa.UniqueConstraint('name', name='uq_edge_vantages_name'),
        **_TABLE_ARGS,
    )
    op.create_table(
        'edge_clients',
        sa.Column('id', _ID, primary_key=True),
        sa.Column('network', _ADDRESS),
        sa.Column('last', _ADDRESS),
        sa.Column('length', sa.SmallInteger),
        sa.Column('name', _text(63)),
        sa.Column('project_id', _text(255), nullable=False),
        sa.UniqueConstraint('network', 'last', name='uq_edge_clients_prefix'),
        sa.UniqueConstraint('name', 'project_id', name='uq_edge_clients_name'),
        **_TABLE_ARGS,
    )
    _create_named_prefixes()
    _create_latencies()


def _create_named_prefixes() -> None:
    op.create_table(
        'edge_named_prefixes',
        sa.Column('id', _ID, primary_key=True),
        sa.Column('client_id', _ID, nullable=False),
        sa.Column('network', _ADDRESS, nullable=False),
        sa.Column('last', _ADDRESS, nullable=False),
        sa.Column('length', sa.SmallInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ['client_id'],
            ['edge_clients.id'],
            name='fk_edge_named_prefixes_client',
            ondelete='CASCADE',
        ),
        sa.UniqueConstraint(
            'client_id', 'network', 'last', name='uq_edge_named_prefixes'
        ),
        **_TABLE_ARGS,
    )
    op.create_table(
        'edge_named_prefix_ancestors',
        sa.Column(
            'named_prefix_id', _ID, primary_key=True, autoincrement=False
        ),
        sa.Column('network', _ADDRESS, primary_key=True),
        sa.ForeignKeyConstraint(
            ['named_prefix_id'],
            ['edge_named_prefixes.id'],
            name='fk_edge_ancestors_named_prefix',
            ondelete='CASCADE',
        ),
        **_TABLE_ARGS,
    )


def _create_latencies() -> None:
    op.create_table(
        'edge_latencies',
        sa.Column('client_id', _ID, primary_key=True, autoincrement=False),
        sa.Column('vantage_id', _ID, primary_key=True, autoincrement=False),
        sa.Column('rtt_min_ms', sa.Double()),
        sa.Column('rtt_p50_ms', sa.Double()),
        sa.Column('rtt_p95_ms', sa.Double()),
        sa.Column('rtt_p99_ms', sa.Double()),
        sa.Column('lost_from', sa.SmallInteger),
        sa.Column('pdv_ms', sa.Double()),
        sa.Column('loss_ratio', sa.Double()),
        sa.Column('samples', sa.BigInteger),
        sa.Column('measured_at', sa.Double(), nullable=False),
        sa.Column('source', _text(255), nullable=False),
        sa.ForeignKeyConstraint(
            ['client_id'],
            ['edge_clients.id'],
            name='fk_edge_latencies_client',
            ondelete='CASCADE',
        ),
        sa.ForeignKeyConstraint(
            ['vantage_id'],
            ['edge_vantages.id'],
            name='fk_edge_latencies_vantage',
        ),
        sa.Index('ix_edge_latencies_vantage', 'vantage_id'),
        **_TABLE_ARGS,
    )
