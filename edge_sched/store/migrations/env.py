# SPDX-License-Identifier: Apache-2.0

"""What alembic runs for each command; see ``edge_sched.store.migrate``.

To write a migration, change ``schema`` and add a module to ``versions`` by
hand; a test compares the two, another one what its ``phase`` may do.
"""

from alembic import context

from edge_sched.store.schema import VERSION_TABLE
from edge_sched.store.schema import metadata

# The connection is in a transaction, which the caller commits.
context.configure(
    connection=context.config.attributes['connection'],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
