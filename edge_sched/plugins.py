# SPDX-License-Identifier: Apache-2.0

"""Functions that nova.conf names, to find the plug-in classes by.

Classes come from entry points, so that others can add theirs: groups
``edge_sched.filters`` and ``edge_sched.weighers``. A class that cannot be
loaded, or is of the wrong type, is named and stops nova-scheduler from
starting: better than one that silently is not there.
"""

from importlib.metadata import EntryPoint
from typing import Any

from oslo_config import cfg
from oslo_log import log as logging
from stevedore import extension

LOG = logging.getLogger(__name__)


class BadPluginError(Exception):
    """An entry point that is no plug-in; the message names it."""


def all_filters() -> list[type]:
    """Filter classes, for ``[filter_scheduler] available_filters``.

    Also checks the options, and puts the request filter in place: Nova calls
    this once, in the master process, whether or not our filter is enabled.
    """
    import nova.conf
    from nova.scheduler import filters

    from edge_sched.conf import checks
    from edge_sched.scheduler import request_filter

    checks.check(nova.conf.CONF)
    _warn_of_unknown(nova.conf.CONF)
    request_filter.register()
    return _classes('edge_sched.filters', filters.BaseHostFilter)


def all_weighers() -> list[type]:
    """Weigher classes, for ``[filter_scheduler] weight_classes``."""
    import nova.conf
    from nova.scheduler import weights

    from edge_sched.scheduler.recorder import EdgeRecorder

    classes = _classes('edge_sched.weighers', weights.BaseHostWeigher)
    if nova.conf.CONF.edge_sched.record_detail == 'full':
        # Last, as it tells what all others made of the hosts.
        classes.append(EdgeRecorder)
    return classes


def _warn_of_unknown(conf: cfg.ConfigOpts) -> None:
    """Name the options that nobody reads.

    No more than that: what a newer release knows is not an error while
    schedulers are upgraded one by one. oslo.config has no interface for it, so
    that a later one may not let us look.
    """
    from edge_sched.conf import checks

    try:
        for line in checks.unknown(conf):
            LOG.warning('%s', line)
    except Exception:
        LOG.warning('Cannot look for unknown options', exc_info=True)


def _classes(namespace: str, base: type) -> list[type]:
    manager = extension.ExtensionManager(
        namespace, on_load_failure_callback=_refuse
    )
    for loaded in manager:
        if not (
            isinstance(loaded.plugin, type) and issubclass(loaded.plugin, base)
        ):
            raise BadPluginError(
                f'{loaded.name} = {loaded.entry_point_target} in '
                f'{namespace} is not a {base.__name__}'
            )
    return [loaded.plugin for loaded in manager]


def _refuse(
    manager: Any, entry_point: EntryPoint, error: BaseException
) -> None:
    raise BadPluginError(
        f'{entry_point.name} = {entry_point.value} in {entry_point.group} '
        f'cannot be loaded: {error}'
    ) from error
