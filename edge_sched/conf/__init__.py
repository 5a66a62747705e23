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

"""Options: one module a group, registered on a configuration given by name.

The scheduler registers them on Nova's own configuration, so that they stand
in ``nova.conf``; the commands and the services on one of their own, read from
``/etc/edge_sched/edge_sched.conf``. Nothing here imports Nova.
"""

from oslo_config import cfg

from edge_sched.conf import database
from edge_sched.conf import edge_sched


def register_opts(conf: cfg.ConfigOpts) -> None:
    """Register the options of the scheduler and of the store.

    A second call for the same ``conf`` is no error, and values already read
    from files are found all the same. A service registers its own group
    besides.
    """
    edge_sched.register_opts(conf)
    database.register_opts(conf)
