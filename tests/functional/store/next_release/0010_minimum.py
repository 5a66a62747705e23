# SPDX-License-Identifier: Apache-2.0

"""Nobody asks for the minimum any more."""

from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None
phase = 'contract'


def upgrade() -> None:
    op.drop_column('edge_latencies', 'rtt_min_ms')
