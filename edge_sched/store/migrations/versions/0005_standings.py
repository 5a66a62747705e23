# SPDX-License-Identifier: Apache-2.0

"""How servers stood when they were last audited.

A new table alone: what was written for the revisions before works on as it
did.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None
phase = 'expand'

_MYSQL = ('mysql', 'mariadb')


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


def upgrade() -> None:
    op.create_table(
        'edge_standings',
        sa.Column('server', _text(36), primary_key=True),
        sa.Column('project_id', _text(255), nullable=False),
        sa.Column('host', _text(255), nullable=False),
        sa.Column('site', _text(255), nullable=False),
        sa.Column('client', _text(260)),
        sa.Column('verdict', _text(7), nullable=False),
        sa.Column('judged_ms', sa.Double()),
        sa.Column('judged_lost', sa.Boolean(), nullable=False),
        sa.Column('budget_ms', sa.Double()),
        sa.Column('best_site', _text(255)),
        sa.Column('best_ms', sa.Double()),
        sa.Column('best_lost', sa.Boolean(), nullable=False),
        sa.Column('over_since', sa.Double()),
        sa.Column('over_minutes', sa.BigInteger(), nullable=False),
        sa.Column('audited_at', sa.Double(), nullable=False),
        mysql_engine='InnoDB',
        mysql_charset='utf8mb4',
        mariadb_engine='InnoDB',
        mariadb_charset='utf8mb4',
    )
