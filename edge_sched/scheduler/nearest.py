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

import collections
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import nova.conf

from edge_sched.conf.policy import policy_of
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


class Ranked(NamedTuple):
    """An area, and what it is ranked by.

    :param score: of the best of its hosts
    :param is_good: whether it is at least as good as unknown
    """

    area: Area
    score: float
    is_good: bool


class Ranking:
    """How near every area is, as far as anything was measured of it.

    Only what was measured is judged; all else is one unknown.
    """

    def __init__(
        self, case: Case, atlas: Atlas, measured: Mapping[Spot, Sequence[Area]]
    ) -> None:
        self._case = case
        self._atlas = atlas
        self._measured = measured
        self._verdicts = decide(
            case.intent,
            case.answers,
            {
                chain: chain
                for chain in (_NOWHERE, *(s.chain for s in measured))
            },
            policy_of(CONF),
            time.time(),
        ).verdicts
        self._unknown = self._verdicts[_NOWHERE]
        self._spots_of: dict[Area, list[Spot]] = collections.defaultdict(list)
        for spot, areas in measured.items():
            for area in areas:
                self._spots_of[area].append(spot)

    def nearest_first(self) -> Iterator[Ranked]:
        """The areas that may be used, best first, equal ones in any order."""
        known = self._known()
        unknown = self._unknown
        if not unknown.accepted:
            yield from (Ranked(*scored, True) for scored in known.items())
            return
        seen = {
            area for area, score in known.items() if score >= unknown.score
        }
        yield from (Ranked(a, known[a], True) for a in known if a in seen)
        others = [
            area
            for area in self._atlas.areas
            if area not in seen and not area.spots <= self._measured.keys()
        ]
        for area in sorted(others, key=_sites_first):
            yield Ranked(area, unknown.score, False)
        seen.update(others)
        yield from (Ranked(a, known[a], False) for a in known if a not in seen)

    def split(
        self, ranked: Ranked, hosts: frozenset[str]
    ) -> tuple[frozenset[str], frozenset[str]]:
        """Hosts of an area that would be accepted, and the lesser of them.

        Those are farther than what it is ranked by, or unknown.
        """
        area = ranked.area
        if len(area.spots.union(self._spots_of.get(area, ()))) == 1:
            return hosts, _NOBODY
        verdicts = {
            host: self._verdicts.get(spot.chain, self._unknown)
            for host, spot in zip(
                hosts,
                self._atlas.spots(hosts, self._case.measured),
                strict=True,
            )
        }
        accepted = frozenset(h for h, v in verdicts.items() if v.accepted)
        lesser = {h for h in accepted if verdicts[h].score < ranked.score}
        return accepted, frozenset(lesser)

    def _known(self) -> dict[Area, float]:
        """The best score that a host has in each area, best first."""
        scores: dict[Area, float] = {}
        for area, spots in self._spots_of.items():
            verdicts = [self._verdicts[spot.chain] for spot in spots]
            if accepted := [v.score for v in verdicts if v.accepted]:
                scores[area] = max(accepted)
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
    ranking: Ranking, terms: Terms, free_to_choose_cell: bool
) -> Iterator[Offer]:
    """What the request may use, nearest first."""
    for ranked in ranking.nearest_first():
        area = ranked.area
        hosts, lesser = ranking.split(ranked, terms.usable(area.hosts))
        if hosts:
            count = terms.atlas.count_nodes
            choosable = free_to_choose_cell and ranked.is_good
            yield Offer(
                area.aggregate,
                area.site,
                count(hosts),
                lesser=count(lesser - terms.perhaps),
                doubtful=count(area.hosts) - count(hosts - terms.perhaps),
                cells=terms.enabled(area.cells)
                if choosable and area.aggregate
                else _NOBODY,
            )
