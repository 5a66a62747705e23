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

"""How every group is registered."""

import copy
from collections.abc import Iterable

from oslo_config import cfg


def register(
    conf: cfg.ConfigOpts, group: cfg.OptGroup, opts: Iterable[cfg.Opt]
) -> None:
    """Register a group; a second time is no error."""
    # oslo.config would let all its objects share the values in one group.
    conf.register_group(copy.deepcopy(group))
    conf.register_opts(opts, group=group.name)
