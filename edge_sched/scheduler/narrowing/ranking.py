# SPDX-License-Identifier: Apache-2.0

"""Which areas are nearest."""

import random
import time
from collections.abc import Sequence

import nova.conf

from edge_sched.conf.policy import policy_of
from edge_sched.judging.decision import decide
from edge_sched.judging.verdict import Chain
from edge_sched.scheduler.prepare import Case
from edge_sched.scheduler.topology.topology import Area

CONF = nova.conf.CONF

#: Where nothing was measured from.
_NOWHERE: Chain = ()


def nearest_first(case: Case, areas: Sequence[Area]) -> Sequence[Area] | None:
    """The areas that may be used, best first, equal ones in any order.

    Only what was measured is judged; all else is one unknown.

    :return: ``None`` if nothing was measured of any
    """
    measured = {
        area.location.chain
        for area in areas
        if not case.measured.isdisjoint(area.location.chain)
    }
    if not measured:
        return None
    verdicts = decide(
        case.intent,
        case.answers,
        {chain: chain for chain in (_NOWHERE, *measured)},
        policy_of(CONF),
        time.time(),
    ).verdicts
    ranked = []
    for area in areas:
        is_measured = area.location.chain in measured
        verdict = verdicts[area.location.chain if is_measured else _NOWHERE]
        if verdict.accepted:
            # By chance, so that load spreads; what no query can name last.
            chance = random.random()  # noqa: S311
            equals = (not is_measured, not area.aggregate, chance)
            ranked.append((-verdict.score, *equals, area))
    return [area for *_, area in sorted(ranked, key=lambda r: r[:-1])]
