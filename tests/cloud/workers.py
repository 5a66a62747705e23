# SPDX-License-Identifier: Apache-2.0

"""What each worker of nova-scheduler is at, as its log tells (at DEBUG)."""

import re
from collections.abc import Iterator
from typing import NamedTuple

#: What nova.scheduler.manager says of a request, in this order: before and
#: after it asks Placement for hosts, and when it has claimed one there.
_STAGES = ('Starting to schedule', 'Filtered', 'Selected host')
BEGUN, FILTERED, CLAIMED = _STAGES

_LINE = re.compile(
    r'(?m)^\S+ \S+ (?P<pid>\d+) DEBUG nova\.scheduler\.manager '
    r'\[\S+ (?P<request>req-\S+) [^]]*\] (?:\[instance: \S+\] )?'
    rf'(?P<stage>{"|".join(_STAGES)})'
)


class Step(NamedTuple):
    """A request has come to a stage."""

    pid: int
    request: str
    stage: str


def steps(log: str) -> Iterator[Step]:
    """In the order of the log."""
    for line in _LINE.finditer(log):
        yield Step(int(line['pid']), line['request'], line['stage'])


def unclaimed(log: str, pid: int) -> set[str]:
    """Requests that a worker has begun, and holds nothing for yet.

    :return: none at a time at which it may be claiming for any, or may not
        have told the conductor yet: who dies then leaves an allocation
        behind or not, by chance, with us or without
    """
    mine = [step for step in steps(log) if step.pid == pid]
    stages = {step.request: step.stage for step in mine}
    if not mine or mine[-1].stage == CLAIMED or FILTERED in stages.values():
        return set()
    return {request for request, stage in stages.items() if stage == BEGUN}
