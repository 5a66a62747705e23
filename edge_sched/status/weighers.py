# SPDX-License-Identifier: Apache-2.0

"""The weighers, as nova-scheduler would have them."""

from collections.abc import Sequence

import nova.conf
from nova.scheduler import weights
from oslo_upgradecheck.upgradecheck import Result

from edge_sched.status.finding import failure
from edge_sched.status.finding import listed
from edge_sched.status.finding import result
from edge_sched.status.finding import warning
from edge_sched.status.loading import SECTION
from edge_sched.status.loading import judge_unloaded
from edge_sched.status.loading import load
from edge_sched.status.loading import name_of

CONF = nova.conf.CONF

OURS = (
    'edge_sched.scheduler.weights.EdgeLatencyWeigher',
    'edge_sched.scheduler.weights.EdgeCellLatencyWeigher',
)
#: There with ``[edge_sched] record_detail = full`` only.
RECORDER = 'edge_sched.scheduler.recorder.EdgeRecorder'
_NOVAS = 'nova.scheduler.weights.all_weighers'
_ALL = 'edge_sched.plugins.all_weighers'


def load_weighers() -> list[str]:
    """What ``weight_classes`` gives, in its order.

    :raises Exception: see ``load``
    """
    return load(
        weights.HostWeightHandler(), CONF.filter_scheduler.weight_classes
    )


def judge_weighers(
    loaded: Sequence[str], weight_classes: Sequence[str]
) -> Result:
    """Whether both weighers are there, once, beside Nova's own."""
    others = [
        name for name in weight_classes if not name.startswith('edge_sched.')
    ]
    findings = []
    if missing := [name_of(path) for path in OURS if path not in loaded]:
        findings.append(
            failure(
                f'Not in weight_classes: {listed(missing)}. Near hosts are '
                'not preferred as they should be. Write into nova.conf:',
                *_lines(*others, _ALL),
            )
        )
    if repeated := [name_of(path) for path in OURS if loaded.count(path) > 1]:
        findings.append(
            warning(
                f'More than once in weight_classes: {listed(repeated)}. It '
                'counts as often. Write into nova.conf:',
                *_lines(*others, _ALL),
            )
        )
    if not any(path.startswith('nova.') for path in loaded):
        findings.append(
            warning(
                "None of Nova's own weighers is in weight_classes: nothing "
                'spreads load. Write into nova.conf:',
                *_lines(_NOVAS, *others, _ALL),
            )
        )
    if RECORDER in loaded and loaded[-1] != RECORDER:
        behind = [
            name_of(path) for path in loaded[loaded.index(RECORDER) + 1 :]
        ]
        findings.append(
            warning(
                f'Behind {name_of(RECORDER)} in weight_classes: '
                f'{listed(behind)}. Records in full do not tell what it gave '
                'hosts. Write into nova.conf:',
                *_lines(*others, _ALL),
            )
        )
    return result(findings, 'Both weighers are there, once.')


def judge_unloaded_weighers(why: str) -> Result:
    """What to say if they cannot be loaded."""
    return judge_unloaded('weight_classes', why, _lines(_NOVAS, _ALL))


def _lines(*names: str) -> tuple[str, str]:
    return SECTION, f'weight_classes = {",".join(names)}'
