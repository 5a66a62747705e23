# SPDX-License-Identifier: Apache-2.0

"""The options of the scheduler that bear on placement by latency."""

import dataclasses
from collections.abc import Sequence

import nova.conf
from oslo_upgradecheck.upgradecheck import Result

from edge_sched.status.finding import failure
from edge_sched.status.finding import result
from edge_sched.status.finding import warning

CONF = nova.conf.CONF

_MODE = ('[edge_sched]', 'mode = enforce')


@dataclasses.dataclass(frozen=True, slots=True)
class Options:
    """By their names in ``nova.conf``."""

    mode: str = 'enforce'
    host_subset_size: int = 1
    shuffle_best_same_weighed_hosts: bool = False
    latency_weight_multiplier: float = 3000.0
    cell_latency_weight_multiplier: float = 10.0
    max_placement_results: int = 1000
    narrow_candidates: str = 'auto'


def read_options() -> Options:
    """Read them; all options of ours make sense."""
    nova, ours = CONF.filter_scheduler, CONF.edge_sched
    return Options(
        ours.mode,
        nova.host_subset_size,
        nova.shuffle_best_same_weighed_hosts,
        ours.latency_weight_multiplier,
        ours.cell_latency_weight_multiplier,
        CONF.scheduler.max_placement_results,
        ours.narrow_candidates,
    )


def judge_options(
    options: Options, cells: int | None, unknown: Sequence[str] = ()
) -> Result:
    """Whether latency decides.

    :param cells: how many have compute hosts, ``None`` if that is unknown
    :param unknown: what is set and no option reads, a sentence each
    """
    findings = [
        warning(f'{each} nova-scheduler ignores it.') for each in unknown
    ]
    if options.mode == 'off':
        findings.append(
            warning('mode is off: nothing is judged. To change it:', *_MODE)
        )
    if options.mode == 'shadow':
        findings.append(
            warning(
                'mode is shadow: requests are judged and recorded, and no '
                'host is rejected or preferred. When the decision records '
                'say what you expect:',
                *_MODE,
            )
        )
    if options.host_subset_size > 1:
        findings.append(
            warning(
                f'host_subset_size is {options.host_subset_size}: Nova takes '
                'one of so many best hosts at random, which need not be the '
                'nearest. Write into nova.conf:',
                '[filter_scheduler]',
                'host_subset_size = 1',
            )
        )
    if not options.latency_weight_multiplier:
        findings.append(
            warning(
                'latency_weight_multiplier is 0: budgets hold, but near '
                'hosts are not preferred. Write into nova.conf:',
                '[edge_sched]',
                'latency_weight_multiplier = 3000.0',
            )
        )
    if not options.cell_latency_weight_multiplier and (cells or 0) > 1:
        findings.append(
            warning(
                f'cell_latency_weight_multiplier is 0, and there are {cells} '
                'cells: a server may start in one with no other near host, '
                'which it cannot leave. Write into nova.conf:',
                '[edge_sched]',
                'cell_latency_weight_multiplier = 10.0',
            )
        )
    shuffled = (
        ' Of hosts that weigh exactly the same, one is taken at random '
        '(shuffle_best_same_weighed_hosts), which does no harm.'
        if options.shuffle_best_same_weighed_hosts
        else ''
    )
    return result(findings, f'Near hosts are preferred.{shuffled}')


def judge_bad_options(why: str) -> Result:
    """What to say of an option that cannot be read."""
    return result(
        [
            failure(
                f'nova-scheduler does not start. Correct in nova.conf: {why}'
            )
        ],
        '',
    )
