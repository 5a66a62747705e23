# SPDX-License-Identifier: Apache-2.0

"""How the hosts of a request were ranked, and by what they would not be."""

import dataclasses
import functools
import operator
from collections.abc import Mapping, Sequence
from typing import Any, Generic, NamedTuple

from edge_sched.judging.decision import Where


class Turn(NamedTuple):
    """How far a multiplier is from making another host the first.

    :param factor: times what it was: 0.25 for a quarter, always beside 1
    :param host: the number of the host that is first beyond it
    """

    factor: float
    host: int


@dataclasses.dataclass(frozen=True)
class Ranking(Generic[Where]):
    """Hosts by number, in the order in which Nova weighed them.

    :param names: of the hosts
    :param places: what each is at
    :param given: what each weigher gave each host, times its multiplier, in
        the order of the weighers: ``{'RAMWeigher': [1.0, 0.0]}``
    """

    names: Sequence[str]
    places: Sequence[Where]
    given: Mapping[str, Sequence[float]]

    @functools.cached_property
    def totals(self) -> list[float]:
        """What they have together, added up in Nova's order."""
        return self._totals(self.given)

    @functools.cached_property
    def order(self) -> list[int]:
        """The best first; equal ones stay in their order, as in Nova."""
        totals = self.totals
        return sorted(range(len(totals)), key=totals.__getitem__, reverse=True)

    def without(self, weigher: str) -> int:
        """Which would be first if a weigher were not there."""
        if self._is_even(weigher):
            return self.order[0]
        left = {n: g for n, g in self.given.items() if n != weigher}
        return _first(self._totals(left))

    def turns(self, weigher: str) -> list[Turn]:
        """The nearest factors, one below 1 and one above, if there are any.

        At ``1 + x`` times the multiplier a host has ``total + x * given``, so
        it passes the first where both are equal.
        """
        if self._is_even(weigher):
            return []
        totals, given = self.totals, self.given[weigher]
        first = self.order[0]
        below, above = [], []
        for host, total in enumerate(totals):
            gains = given[host] - given[first]
            if not gains:
                continue
            # Of those that pass it at once, the one that gains most goes on.
            factor = 1 + (totals[first] - total) / gains
            if gains > 0:
                above.append((factor, -gains, host))
            elif factor >= 0:
                below.append((-factor, gains, host))
        return [
            *(Turn(-factor, host) for factor, _, host in sorted(below)[:1]),
            *(Turn(factor, host) for factor, _, host in sorted(above)[:1]),
        ]

    def given_to(self, host: int) -> dict[str, float]:
        """What each weigher gave one host; those that gave nothing left out.

        ``{'EdgeLatencyWeigher': 2790.1, 'RAMWeigher': 0.5}``
        """
        return {
            name: given[host]
            for name, given in self.given.items()
            if given[host]
        }

    def for_record(self, site_of: Mapping[Where, str]) -> dict[str, Any]:
        """The first, the best that is at another place, and what turns them.

        :param site_of: what each place is called
        """
        order = self.order
        first = order[0]
        other = next(
            (n for n in order if self.places[n] != self.places[first]), None
        )
        without = {
            name: self.names[found]
            for name in self.given
            if (found := self.without(name)) != first
        }
        turns = {
            name: [[factor, self.names[host]] for factor, host in turned]
            for name in self.given
            if (turned := self.turns(name))
        }
        return {
            'first': self._told(first, site_of),
            **({} if other is None else {'next': self._told(other, site_of)}),
            'without': without,
            'turns': turns,
        }

    def _told(self, host: int, site_of: Mapping[Where, str]) -> dict[str, Any]:
        return {
            'host': self.names[host],
            'site': site_of[self.places[host]],
            'weight': self.totals[host],
            'given': self.given_to(host),
        }

    def _totals(self, given: Mapping[str, Sequence[float]]) -> list[float]:
        # Not sum(), which is more exact than Nova, and ties are to stay ties.
        totals = [0.0] * len(self.names)
        for column in given.values():
            if any(column):
                totals = list(map(operator.add, totals, column))
        return totals

    def _is_even(self, weigher: str) -> bool:
        """Whether it gave all the same, as most do in a cloud of equals."""
        given = self.given[weigher]
        return min(given) == max(given)


def _first(totals: Sequence[float]) -> int:
    return max(range(len(totals)), key=totals.__getitem__)
