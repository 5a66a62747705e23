# SPDX-License-Identifier: Apache-2.0

"""From the names in ``[edge_sched_collector] inputs`` to inputs."""

from collections.abc import Callable, Sequence
from importlib import metadata
from typing import Any

from oslo_config import cfg
from stevedore import driver
from stevedore import exception
from stevedore import extension

from edge_sched.collector.inputs.base import Input
from edge_sched.conf import checks
from edge_sched.conf import inputs as conf_inputs

NAMESPACE = 'edge_sched.inputs'


def load(
    conf: cfg.ConfigOpts, names: Sequence[str], mine: Callable[[str], bool]
) -> list[Input]:
    """Make each input, with the options of its group registered.

    :param mine: whether a vantage is of this collector's shard
    :raises ValueError: for a setting that makes no sense, naming it
    """
    if not names or len(set(names)) < len(names):
        raise ValueError(
            f'[edge_sched_collector] inputs: {", ".join(names)!r} is not one '
            'or more names, each once'
        )
    made: list[Input] = []
    for name in names:
        wanted = conf_inputs.register_driver(conf, name)
        driver_class = _driver_class(name, wanted)
        group = conf_inputs.register_opts(conf, name, driver_class.OPTS)
        checks.check_group(conf, group)
        made.append(driver_class(name, conf, group, mine))
    # Only now are all options there; some come with the value of another.
    checks.check_names(conf)
    return made


def list_opts() -> list[tuple[cfg.OptGroup, Sequence[cfg.Opt]]]:
    """The groups that inputs of the names of their drivers have."""
    every: extension.ExtensionManager[Any] = extension.ExtensionManager(
        NAMESPACE, on_load_failure_callback=_refuse
    )
    return [
        (
            conf_inputs.group_of(found.name, found.name),
            (conf_inputs.DRIVER, *conf_inputs.LIMITS, *found.plugin.OPTS),
        )
        for found in sorted(every, key=lambda found: found.name)
    ]


def _driver_class(name: str, wanted: str) -> type[Input]:
    """The class of a driver; others are not loaded, and may be broken."""
    group = f'edge_sched_input_{name}'
    try:
        found: driver.DriverManager[Any] = driver.DriverManager(
            NAMESPACE,
            wanted,
            on_load_failure_callback=_refuse,
            warn_on_missing_entrypoint=False,
        )
    except exception.NoMatches:
        known = metadata.entry_points(group=NAMESPACE).names
        raise ValueError(
            f'[{group}] driver: {wanted!r} is not one of '
            f'{", ".join(sorted(known))}'
        ) from None
    plugin = found.driver
    if not (isinstance(plugin, type) and issubclass(plugin, Input)):
        raise ValueError(
            f'[{group}] driver: {wanted!r} is no Input but '
            f'{found.extensions[0].entry_point_target}'
        )
    return plugin


def _refuse(
    manager: Any, entry_point: metadata.EntryPoint, error: BaseException
) -> None:
    raise ValueError(
        f'{entry_point.name} = {entry_point.value} in {NAMESPACE} cannot be '
        f'loaded: {error}'
    ) from error
