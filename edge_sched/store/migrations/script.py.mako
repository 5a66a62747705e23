"""${message}"""

from alembic import op
import sqlalchemy as sa

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None
# 'expand': only adds, beside the release before. Else 'contract'.
phase = 'expand'


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}
