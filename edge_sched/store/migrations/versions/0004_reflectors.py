# SPDX-License-Identifier: Apache-2.0

"""Where sites answer each other's probers.

A new table alone: what was written for the revisions before works on as it
did.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None
phase = 'expand'

_MYSQL = ('mysql', 'mariadb')
#: Text that compares by bytes.
_NAME = (
    sa.String(255)
    .with_variant(
        mysql.VARCHAR(length=255, charset='utf8mb4', collation='utf8mb4_bin'),
        *_MYSQL,
    )
    .with_variant(sa.String(255, collation='C'), 'postgresql')
)
_ADDRESS = sa.LargeBinary(16).with_variant(mysql.BINARY(16), *_MYSQL)


def upgrade() -> None:
    op.create_table(
        'edge_reflectors',
        sa.Column('site', _NAME, primary_key=True),
        sa.Column('address', _ADDRESS, nullable=False),
        sa.Column('port', sa.Integer, nullable=False),
        mysql_engine='InnoDB',
        mysql_charset='utf8mb4',
        mariadb_engine='InnoDB',
        mariadb_charset='utf8mb4',
    )
