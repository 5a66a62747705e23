# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""The places that a request may use, nearest first."""

import random
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence

import nova.conf

from edge_sched.conf.policy import policy_of
from edge_sched.decision import HostVerdict
from edge_sched.decision import decide
from edge_sched.rings import Offer
from edge_sched.scheduler.atlas import Area
from edge_sched.scheduler.atlas import Atlas
from edge_sched.scheduler.case import Case
from edge_sched.scheduler.places import Spot
from edge_sched.scheduler.terms import Terms
from edge_sched.verdict import Chain

CONF = nova.conf.CONF

_NOBODY: frozenset[str] = frozenset()

#: Where nothing was measured from.
_NOWHERE: Chain = ()


def nearest_first(
    case: Case, atlas: Atlas, measured: Mapping[Spot, Sequence[Area]]
) -> Iterator[tuple[Area, bool]]:
    """The areas that may be used, best first, equal ones in any order.

    Only what was measured is judged; all else is one unknown.

    :return: each with whether it is at least as good as unknown
    """
    verdicts = decide(
        case.intent,
        case.answers,
        [_NOWHERE, *(spot.chain for spot in measured)],
        policy_of(CONF),
        time.time(),
    ).verdicts
    known = _ranked(measured, verdicts)
    unknown = verdicts[_NOWHERE]
    if not unknown.accepted:
        yield from ((area, True) for area in known)
        return
    seen = {area for area, score in known.items() if score >= unknown.score}
    yield from ((area, True) for area in known if area in seen)
    others = [
        area
        for area in atlas.areas
        if area not in seen and not area.spots <= measured.keys()
    ]
    yield from ((area, False) for area in sorted(others, key=_sites_first))
    seen.update(others)
    yield from ((area, False) for area in known if area not in seen)


def _ranked(
    measured: Mapping[Spot, Sequence[Area]],
    verdicts: Mapping[Chain, HostVerdict],
) -> dict[Area, float]:
    """The best score that a host has in each area, best first."""
    scores: dict[Area, float] = {}
    for spot, areas in measured.items():
        verdict = verdicts[spot.chain]
        if verdict.accepted:
            for area in areas:
                scores[area] = max(verdict.score, scores.get(area, 0.0))
    return dict(
        sorted(
            scores.items(),
            key=lambda scored: (-scored[1], *_sites_first(scored[0])),
        )
    )


def _sites_first(area: Area) -> tuple[bool, float]:
    """Those of no site last; else by chance, so that load spreads."""
    return not area.aggregate, random.random()  # noqa: S311


def offers_of(
    areas: Iterable[tuple[Area, bool]],
    terms: Terms,
    free_to_choose_cell: bool,
) -> Iterator[Offer]:
    """What of the areas the request may use.

    :param areas: each with whether another one may be passed over for it
    """
    for area, is_good in areas:
        if hosts := terms.usable(area.hosts):
            certain = len(hosts - terms.perhaps)
            choosable = free_to_choose_cell and is_good and area.aggregate
            yield Offer(
                area.aggregate,
                area.site,
                len(hosts),
                doubtful=len(area.hosts) - certain,
                cells=terms.enabled(area.cells) if choosable else _NOBODY,
            )
