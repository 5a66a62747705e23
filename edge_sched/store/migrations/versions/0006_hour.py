# SPDX-License-Identifier: Apache-2.0

"""What the last hour of each pair was like.

New columns that may be empty: what was written for the revisions before works
on as it did.
"""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None
phase = 'expand'


def upgrade() -> None:
    for name, type_ in (
        ('rtt_p50_hour_ms', sa.Double()),
        ('rtt_p95_hour_ms', sa.Double()),
        ('hour_lost_from', sa.SmallInteger()),
    ):
        op.add_column('edge_latencies', sa.Column(name, type_))
