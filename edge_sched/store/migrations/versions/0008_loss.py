# SPDX-License-Identifier: Apache-2.0

"""How many probes of the last hour were lost.

A new column that may be empty: what was written for the revisions before works
on as it did.
"""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None
phase = 'expand'


def upgrade() -> None:
    op.add_column('edge_latencies', sa.Column('loss_hour_ratio', sa.Double()))
