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

"""What ``oslo-config-generator`` and the documentation ask for."""

from collections.abc import Sequence

from oslo_config import cfg

from edge_sched.collector.inputs import loading
from edge_sched.conf import collector
from edge_sched.conf import database
from edge_sched.conf import edge_sched
from edge_sched.conf import prober
from edge_sched.conf import reflector


def list_opts() -> list[tuple[cfg.OptGroup, Sequence[cfg.Opt]]]:
    """Each group with its options, for the sample file."""
    return [
        (edge_sched.GROUP, edge_sched.OPTS),
        (database.GROUP, database.OPTS),
        (collector.GROUP, collector.OPTS),
        (prober.GROUP, prober.OPTS),
        (reflector.GROUP, reflector.OPTS),
        *loading.list_opts(),
    ]
