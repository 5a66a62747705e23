# SPDX-License-Identifier: Apache-2.0

"""The servers of a group apart: how many are where, what that is worth.

Inside a class a place with fewer of them goes before one with more, whatever
the figures, and a place of a better class before both: nobody is placed over
budget for the sake of spreading.

Worked example, budget 20 ms, objective ``nearest``, sites with 0, 1 and 1 of
them, so that N = 2 counts share a class; the place ``q`` inside it is what
the score is without spreading, three times that less 2::

    within at  9 ms, 0 there:  q = 0.690   (2 + (1 + 0.721) / 2) / 3 = 0.953
    within at  5 ms, 1 there:  q = 0.8     (2 + (0 + 0.82) / 2) / 3  = 0.803
    over at 31 ms,   1 there:  q = 0.392   (0 + (0 + 0.453) / 2) / 3 = 0.075
"""

import collections
from collections.abc import Iterable, Mapping, Sequence, Set

from edge_sched.judging.decision import HostVerdict
from edge_sched.judging.decision import Where

#: A site or zone that hosts are at, ``('site', 'lyon')``.
Mark = tuple[str, str]

#: Where hosts are, on each level that is spread over.
Spot = tuple[tuple[Mark, ...], ...]

#: How many servers are there, on each level.
Count = tuple[int, ...]

#: As much of the room that a count has is left free, so that the last place
#: of a count or class never equals the first of the next. Chosen.
_GAP = 0.1

#: A score without spreading, times this less that, is where it is in its
#: class, 0 to 1; by how hosts stand: over, unknown, within. Less than 0 is of
#: what has no score: an unknown place without any budget, and every place
#: where nobody must be near.
_NEAREST = ((3, 0), (3, 1), (3, 2))
_FIT = ((3, 0), (3, 1), (2, 1))


def spot(levels: Sequence[str], sites: Sequence[str], zone: str) -> Spot:
    """Where hosts are, on each level; those of no site are at their zone.

    ``('zone', 'site')`` with the site ``lyon`` in ``fr`` makes
    ``((('zone', 'fr'),), (('site', 'lyon'),))``.
    """
    at_zone = (('zone', zone),)
    at_sites = tuple(('site', site) for site in sites)
    return tuple(
        at_zone if level == 'zone' else at_sites or (('no site', zone),)
        for level in levels
    )


def most_apart(spots: Iterable[Spot]) -> Count:
    """How many servers there is room for apart, on each level, at the most.

    As many as there are sites or zones. Where hosts are in two sites at once
    it may be fewer.
    """
    by_level = zip(*spots, strict=True)
    return tuple(len(set().union(*marks)) for marks in by_level)


class Crowd:
    """How many servers of a group are at a place.

    :param spots: of each of them
    """

    def __init__(self, spots: Iterable[Spot]) -> None:
        self._at: dict[Mark, set[int]] = collections.defaultdict(set)
        #: Where any of them is: most places have none.
        self.marks: Set[Mark] = self._at.keys()
        for number, of_server in enumerate(spots):
            for marks in of_server:
                for mark in marks:
                    self._at[mark].add(number)

    def count(self, at: Spot) -> Count:
        """How many share a site, or a zone; once each, if they share two."""
        return tuple(map(self._on_level, at))

    def _on_level(self, marks: Sequence[Mark]) -> int:
        there = (self._at[mark] for mark in marks if mark in self._at)
        return len(set[int]().union(*there))


def spread_scores(
    verdicts: Mapping[Where, HostVerdict],
    counts: Mapping[Where, Count],
    objective: str,
) -> dict[Where, float]:
    """The scores of places, by how many of a group they have and the verdict.

    Where all have as many, the scores are those of the verdicts.

    :param verdicts: of the places that are left
    :param counts: how many are at each of them, if there are any
    """
    here = {where: counts[where] for where in counts.keys() & verdicts.keys()}
    none = {()} if len(here) < len(verdicts) else set[Count]()
    order = sorted(none.union(here.values()), reverse=True)
    if len(order) <= 1:
        return {where: host.score for where, host in verdicts.items()}
    share = 1 / len(order)
    begins = {count: (n + _GAP) * share for n, count in enumerate(order)}
    begin_of = {where: begins[count] for where, count in here.items()}
    begin_of_none = begins.get((), 0.0)
    width = (1 - _GAP) * share
    lines = _FIT if objective == 'fit' else _NEAREST
    scores = {}
    for where, (standing, _, score, _, _) in verdicts.items():
        slope, least = lines[standing]
        place = max(0.0, slope * score - least)
        begin = begin_of.get(where, begin_of_none)
        scores[where] = (standing + begin + width * place) / 3
    return scores
