# SPDX-License-Identifier: Apache-2.0

"""How many hops away a client is, and what else an expansion may add."""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None
phase = 'expand'


def upgrade() -> None:
    op.add_column('edge_latencies', sa.Column('hops', sa.SmallInteger))
    op.add_column(
        'edge_vantages',
        sa.Column('weight', sa.Integer, nullable=False, server_default='1'),
    )
    op.create_index('ix_edge_latencies_hops', 'edge_latencies', ['hops'])
    op.create_table(
        'edge_notes',
        sa.Column('id', sa.Integer, primary_key=True),
        sa.Column('text', sa.String(255), nullable=False, unique=True),
    )
