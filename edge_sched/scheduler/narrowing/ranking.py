# SPDX-License-Identifier: Apache-2.0

"""Which areas are nearest."""

import random
import time
from collections.abc import Collection, Mapping, Sequence

import nova.conf

from edge_sched.conf.policy import policy_of
from edge_sched.judging.decision import decide
from edge_sched.judging.spread import Count
from edge_sched.judging.spread import spread_scores
from edge_sched.judging.verdict import Chain
from edge_sched.scheduler.case import Case
from edge_sched.scheduler.topology.locator import Location
from edge_sched.scheduler.topology.topology import Area

CONF = nova.conf.CONF

#: Where nothing was measured from.
_NOWHERE: Chain = ()


def nearest_first(
    case: Case,
    areas: Sequence[Area],
    counts: Mapping[Location, Count],
    crowded: Collection[Location],
) -> Sequence[Area] | None:
    """The areas that may be used, best first, equal ones in any order.

    Only what was measured is judged; all else is one unknown.

    :param counts: how many servers of the group are at each location, if they
        are to be spread
    :param crowded: where there is none to be beside them
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
    unmeasured = verdicts[_NOWHERE]
    accepted = {
        location: verdict
        for location in {area.location for area in areas}.difference(crowded)
        if (verdict := verdicts.get(location.chain, unmeasured)).accepted
    }
    scores = spread_scores(accepted, counts, case.intent.objective)
    ranked = []
    for area in areas:
        if area.location in accepted:
            # By chance, so that load spreads; what no query can name last.
            chance = random.random()  # noqa: S311
            is_measured = area.location.chain in measured
            equals = (not is_measured, not area.aggregate, chance)
            ranked.append((-scores[area.location], *equals, area))
    return [area for *_, area in sorted(ranked, key=lambda r: r[:-1])]
