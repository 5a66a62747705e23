# SPDX-License-Identifier: Apache-2.0

"""What feeds the latency store: probers, by what they measured; collectors."""

import dataclasses
from collections.abc import Mapping, Set

from oslo_upgradecheck.upgradecheck import Result

from edge_sched.judging.ages import duration
from edge_sched.model.latency import age_seconds
from edge_sched.status.finding import failure
from edge_sched.status.finding import listed
from edge_sched.status.finding import result
from edge_sched.status.finding import share
from edge_sched.status.finding import warning


@dataclasses.dataclass(frozen=True, slots=True)
class Freshness:
    """Vantages, by what rows they have.

    :param measured: any
    :param fresh: one that is used
    :param ahead: one from the future
    """

    measured: Set[str]
    fresh: Set[str]
    ahead: Set[str] = frozenset()


def judge_freshness(found: Freshness, max_age_seconds: int) -> Result:
    """Whether what was measured is new enough to be used."""
    measured, fresh = found.measured, found.fresh
    ahead = found.ahead - fresh
    stale = measured - fresh - ahead
    find = warning if fresh else failure
    old = f'older than max_age = {max_age_seconds}'
    findings = []
    if not measured:
        findings.append(
            failure(
                'Nothing is stored of any vantage point, so that every host '
                'is unknown. Start probers and a collector, or run:',
                '$ edge-sched measurement import FILE',
            )
        )
    if ahead:
        findings.append(
            find(
                f'{share(len(ahead), len(measured))} vantage points have '
                'measurements from the future, and none that is used: '
                f'{listed(ahead)}. Check the clocks of the hosts that '
                'measure, of the collector and of this one.'
            )
        )
    if stale:
        findings.append(
            find(
                f'All measurements of {share(len(stale), len(measured))} '
                f'vantage points are {old}: {listed(stale)}. Look after '
                'their probers and the collector; if they measure less '
                'often, write into nova.conf how long a measurement is good, '
                'in seconds; and forget a site that is no more:',
                '[edge_sched]',
                f'max_age = {2 * max_age_seconds}',
                '$ edge-sched vantage delete NAME',
            )
        )
    return result(
        findings,
        f'All of {len(measured)} vantage points have measurements that are '
        f'not {old}.',
    )


def judge_collectors(
    heartbeats: Mapping[str, float], now: float, max_age_seconds: int
) -> Result:
    """Whether those who feed the store are at work.

    :param heartbeats: ``{'1/1': 1700000000.0}``
    """
    if not heartbeats:
        return result((), 'No collector feeds the store: only imports do.')
    findings = []
    for name, beaten_at in sorted(heartbeats.items()):
        silent_seconds = age_seconds(beaten_at, now)
        if silent_seconds < 0:
            findings.append(
                warning(
                    f'The clock of the collector {name} is '
                    f'{duration(-silent_seconds)} ahead of this one: check '
                    'both.'
                )
            )
        if silent_seconds > max_age_seconds:
            findings.append(
                warning(
                    f'The collector {name} was last at work '
                    f'{duration(silent_seconds)} ago. Start it:',
                    '$ systemctl start edge-sched-collector',
                )
            )
    shards = int(next(iter(heartbeats)).rpartition('/')[2])
    missing = {f'{n}/{shards}' for n in range(1, shards + 1)} - set(heartbeats)
    if missing:
        findings.append(
            warning(
                f'No heartbeat of the collector {listed(missing)}: its share '
                'of the sources is read by nobody. Start it.'
            )
        )
    return result(findings, f'At work: collector {listed(heartbeats)}.')
