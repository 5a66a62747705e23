# SPDX-License-Identifier: Apache-2.0

"""Clients that are sites.

What was written for 0002 neither sees the columns nor fills them, and of those
that are NULL there may be many.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None
phase = 'expand'

_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')

#: Text that compares by bytes.
_NAME = (
    sa.String(255)
    .with_variant(
        mysql.VARCHAR(length=255, charset='utf8mb4', collation='utf8mb4_bin'),
        'mysql',
        'mariadb',
    )
    .with_variant(sa.String(255, collation='C'), 'postgresql')
)


def upgrade() -> None:
    op.add_column('edge_clients', sa.Column('site', _NAME))
    op.create_index(
        'uq_edge_clients_site', 'edge_clients', ['site'], unique=True
    )
    op.add_column('edge_latencies', sa.Column('site_vantage_id', _ID))
    op.create_index(
        'ix_edge_latencies_site',
        'edge_latencies',
        ['site_vantage_id'],
        postgresql_where=sa.text('site_vantage_id IS NOT NULL'),
        sqlite_where=sa.text('site_vantage_id IS NOT NULL'),
    )
