# SPDX-License-Identifier: Apache-2.0

"""When each collector was last at work.

A new table alone: what was written for 0001 works on as it did.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None
phase = 'expand'

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
    op.create_table(
        'edge_heartbeats',
        sa.Column('name', _NAME, primary_key=True),
        sa.Column('beaten_at', sa.Double(), nullable=False),
        mysql_engine='InnoDB',
        mysql_charset='utf8mb4',
        mariadb_engine='InnoDB',
        mariadb_charset='utf8mb4',
    )
