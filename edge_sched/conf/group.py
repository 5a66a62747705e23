# SPDX-License-Identifier: Apache-2.0

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
