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
in ``nova.conf``; the commands on one of their own, read from
``/etc/edge_sched/edge_sched.conf``. Nothing here imports Nova.
"""

from oslo_config import cfg

from edge_sched.conf import database
from edge_sched.conf import edge_sched
from edge_sched.conf.opts import list_opts


def register_opts(conf: cfg.ConfigOpts) -> None:
    """Register every option; a second call for the same ``conf`` is no error.

    Values already read from files are found all the same.
    """
    edge_sched.register_opts(conf)
    database.register_opts(conf)


def check(conf: cfg.ConfigOpts) -> None:
    """Read every option once: oslo.config checks a value when it is read.

    The scheduler's own start is the place to hear of a bad one, not the
    first request that needs it.

    :raises ConfigFileValueError: naming the option and what is wrong
    """
    for group, options in list_opts():
        for option in options:
            getattr(conf[group.name], option.dest)
