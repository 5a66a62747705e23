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
from collections.abc import Hashable, Iterable, Mapping, Sequence

from edge_sched.judging.decision import HostVerdict
from edge_sched.judging.decision import Where
from edge_sched.judging.scoring import WITHIN

#: A site or zone that hosts are at, ``('site', 'lyon')``.
_Mark = tuple[str, str]

#: Where hosts are, on each level that is spread over.
Spot = Sequence[Sequence[_Mark]]

#: How many servers are there, on each level.
Count = tuple[int, ...]

#: As much of the room that a count has is left free, so that the last place
#: of a count or class never equals the first of the next. Chosen.
_GAP = 0.1


def spot(levels: Sequence[str], sites: Sequence[str], zone: str) -> Spot:
    """Where hosts are, on each level; those of no site are at their zone.

    ``('zone', 'site')`` with the site ``lyon`` in ``fr`` makes
    ``[[('zone', 'fr')], [('site', 'lyon')]]``.
    """
    return [
        [('zone', zone)]
        if level == 'zone'
        else [('site', site) for site in sites] or [('no site', zone)]
        for level in levels
    ]


def most_apart(spots: Iterable[Spot]) -> Count:
    """How many servers there is room for apart, on each level, at the most.

    As many as there are sites or zones. Where hosts are in two sites at once
    it may be fewer.
    """
    by_level = zip(*spots, strict=True)
    return tuple(len(set().union(*marks)) for marks in by_level)


def apart(spots: Mapping[Where, Spot]) -> dict[Where, Hashable]:
    """The same for places that share a site or zone, if by way of others.

    So servers at places that differ in it are apart, on each level.
    """
    joined_to: dict[_Mark, _Mark] = {}

    def joined(mark: _Mark) -> _Mark:
        while mark in joined_to:
            mark = joined_to[mark]
        return mark

    for spot in spots.values():
        first, *others = (mark for marks in spot for mark in marks)
        for other in others:
            if joined(other) != joined(first):
                joined_to[joined(other)] = joined(first)
    return {where: joined(spot[0][0]) for where, spot in spots.items()}


class Crowd:
    """How many servers of a group are at a place.

    :param spots: of each of them
    """

    def __init__(self, spots: Iterable[Spot]) -> None:
        self._at: dict[_Mark, set[int]] = collections.defaultdict(set)
        for number, of_server in enumerate(spots):
            for marks in of_server:
                for mark in marks:
                    self._at[mark].add(number)

    def count(self, at: Spot) -> Count:
        """How many share a site, or a zone; once each, if they share two."""
        return tuple(map(self._on_level, at))

    def _on_level(self, marks: Sequence[_Mark]) -> int:
        there = [self._at[mark] for mark in marks if mark in self._at]
        if len(there) > 1:
            return len(set[int]().union(*there))
        return len(there[0]) if there else 0


def spread_scores(
    verdicts: Mapping[Where, HostVerdict],
    counts: Mapping[Where, Count],
    objective: str,
) -> dict[Where, float]:
    """The scores of places, by how many of a group they have and the verdict.

    Where all have as many, the scores are those of the verdicts.

    :param verdicts: of the places that are left
    :param counts: how many are at each of them; at none if nothing is said
    """
    order = sorted({counts.get(w, ()) for w in verdicts}, reverse=True)
    if len(order) <= 1:
        return {where: host.score for where, host in verdicts.items()}
    rank = {count: place for place, count in enumerate(order)}
    scores = {}
    for where, host in verdicts.items():
        inside = _GAP + (1 - _GAP) * _place_in_class(host, objective)
        share = (rank[counts.get(where, ())] + inside) / len(order)
        scores[where] = (host.standing + share) / 3
    return scores


def _place_in_class(host: HostVerdict, objective: str) -> float:
    """Where a place is in its class, 0 to 1, by its score without spreading.

    0 for what has none: an unknown place without any budget, and every place
    where nobody must be near.
    """
    if objective == 'fit' and host.standing is WITHIN:
        place = 2 * host.score - 1
    else:
        place = 3 * host.score - host.standing
    return min(1.0, max(0.0, place))
