# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

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
