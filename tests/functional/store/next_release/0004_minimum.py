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

"""Nobody asks for the minimum any more."""

from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None
phase = 'contract'


def upgrade() -> None:
    op.drop_column('edge_latencies', 'rtt_min_ms')
