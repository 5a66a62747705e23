# SPDX-License-Identifier: Apache-2.0

"""The flavor validators that nova-api would load here.

Found and called as nova-api does when it starts, but not kept: nothing of
nova-api is started. What is seen is this environment alone, so that the check
belongs on the hosts of nova-api as well.
"""

import dataclasses
import importlib.metadata
from collections.abc import Collection, Mapping

from oslo_upgradecheck.upgradecheck import Result

from edge_sched.model.keys import KEYS
from edge_sched.model.keys import NAMESPACE
from edge_sched.status.finding import failure
from edge_sched.status.finding import listed
from edge_sched.status.finding import result
from edge_sched.status.finding import warning

GROUP = 'nova.api.extra_spec_validators'
_OURS = 'edge = edge_sched.extra_specs'


@dataclasses.dataclass(frozen=True, slots=True)
class Validators:
    """What the entry points of the group give.

    :param names: of the extra specs that each knows,
        ``{'edge = edge_sched.extra_specs': ['edge:client']}``
    :param broken: those that cannot be loaded, and why
    """

    names: Mapping[str, Collection[str]]
    broken: Mapping[str, str]


def load_validators() -> Validators:
    """Load every entry point of the group; none can make this fail."""
    names: dict[str, Collection[str]] = {}
    broken = {}
    for point in importlib.metadata.entry_points(group=GROUP):
        label = f'{point.name} = {point.value}'
        try:
            names[label] = [each.name for each in point.load().register()]
        except Exception as error:
            broken[label] = f'{type(error).__name__}: {error}'
    return Validators(names, broken)


def judge_validators(found: Validators) -> Result:
    """Whether nova-api starts, and knows our keys."""
    findings = [
        failure(
            f'nova-api does not start here: its entry point {label!r} cannot '
            f'be loaded ({why}). Reinstall or remove the package it is of.'
        )
        for label, why in found.broken.items()
    ]
    if _OURS not in found.names and _OURS not in found.broken:
        findings.append(
            failure(
                'nova-api does not know the edge: extra specs here, and '
                'accepts any value of them: the entry point is not '
                'installed. Install the package into the environment of '
                'nova-api, from its source tree, and restart that:',
                '$ pip install --force-reinstall --no-deps .',
            )
        )
    for label, names in found.names.items():
        if label == _OURS:
            missing = KEYS.keys() - set(names)
            if missing:
                findings.append(
                    failure(
                        f'nova-api refuses {listed(missing)}: the validators '
                        'are of another release than the package.'
                    )
                )
        elif others := {n for n in names if n.startswith(NAMESPACE)}:
            findings.append(
                warning(
                    f'{label!r} of another package has validators of '
                    f'{listed(others)} too, and Nova takes the last.'
                )
            )
    return result(
        findings, f'nova-api knows all {len(KEYS)} edge: extra specs here.'
    )
