# SPDX-License-Identifier: Apache-2.0

"""What is right for a request, by a model that shares no code with us.

It keeps its own books of how full the hosts are, and knows the figures of each
client and the rules of the design, nothing else.
"""

import collections
import dataclasses
import enum
from collections.abc import Mapping, Sequence

from bench.country import Wish

#: The rules of tie bands: one begins at the best site, and is as wide as the
#: larger of this and a share of the best round trip.
BAND_MS = 1.0
BAND_RATIO = 0.05


class Class(enum.IntEnum):
    """How a site stands to a request; the larger, the better."""

    REFUSED = 0
    OVER = 1
    UNKNOWN = 2
    WITHIN = 3


@dataclasses.dataclass(frozen=True)
class Right:
    """What would be right; no site at all means to refuse.

    :param best: the sites than which none is nearer
    :param as_good: those in a tie band with them
    """

    best: frozenset[str] = frozenset()
    as_good: frozenset[str] = frozenset()


@dataclasses.dataclass(frozen=True)
class Group:
    """What became of a group of replicas, beside what could have.

    No two of them may be on one host.

    :param servers: how many there were to be
    :param sites: of those that there are: all, or none
    :param within: how many hosts with room each site within budget had
    :param rtts_ms: from those that there are to the client
    """

    servers: int
    sites: Sequence[str]
    within: Mapping[str, int]
    rtts_ms: Sequence[float] = ()

    @property
    def over(self) -> int:
        """How many are at a site that is not within budget or has no room."""
        return sum(site not in self.within for site in self.sites)

    @property
    def apart(self) -> int:
        """On how many sites they are."""
        return len(set(self.sites))

    @property
    def most_apart(self) -> int:
        """On how many sites within budget they could be."""
        return min(self.servers, len(self.within))

    @property
    def least_left(self) -> int:
        """How many are left, whichever site is lost."""
        lost = max(collections.Counter(self.sites).values(), default=0)
        return len(self.sites) - lost

    def is_right(self, required: bool) -> bool:
        """Whether they are as far apart as can be; or rightly refused.

        :param required: whether no two may be at one site
        """
        fits = sum(self.within.values()) >= self.servers
        if required:
            fits = len(self.within) >= self.servers
        return self.apart == (self.most_apart if fits else 0)


class Model:
    """A cloud on paper.

    :param room: free places of each host
    :param hosts_at: names of each site's hosts
    :param zone_of: each site's availability zone
    """

    def __init__(
        self,
        room: Mapping[str, int],
        hosts_at: Mapping[str, Sequence[str]],
        zone_of: Mapping[str, str],
    ) -> None:
        self._free = dict(room)
        self._hosts_at = hosts_at
        self._zone_of = zone_of
        self._site_of = {
            host: site for site, hosts in hosts_at.items() for host in hosts
        }

    def site_of(self, host: str) -> str:
        """Where a host is."""
        return self._site_of[host]

    def take(self, *hosts: str) -> list[str]:
        """Put a server on each of some hosts.

        :return: the site of each
        :raises ValueError: if there is no room for one
        """
        for host in hosts:
            if not self._free[host]:
                raise ValueError(f'{host} is full')
            self._free[host] -= 1
        return [self._site_of[host] for host in hosts]

    def within(self, wish: Wish) -> dict[str, int]:
        """How many hosts with room each site within budget has."""
        with_room = {
            site: sum(self._free[host] > 0 for host in hosts)
            for site, hosts in self._hosts_at.items()
            if class_of(wish, site) is Class.WITHIN
        }
        return {site: hosts for site, hosts in with_room.items() if hosts}

    def right(self, wish: Wish) -> Right:
        """The best sites with room, by the class and then by the p50."""
        ranked: dict[Class, dict[str, float]] = {each: {} for each in Class}
        for site, hosts in self._hosts_at.items():
            if wish.zone in ('', self._zone_of[site]) and any(
                self._free[host] for host in hosts
            ):
                figures = wish.figures.get(site)
                p50_ms = figures.p50_ms if figures else 0.0
                ranked[class_of(wish, site)][site] = p50_ms
        for each in sorted(Class, reverse=True):
            if each is not Class.REFUSED and ranked[each]:
                return _best(ranked[each])
        return Right()


def class_of(wish: Wish, site: str) -> Class:
    """How a site stands to a request, room or not."""
    figures = wish.figures.get(site)
    if figures is None:
        return Class.REFUSED if wish.required else Class.UNKNOWN
    if wish.budget_ms is None or figures.p95_ms <= wish.budget_ms:
        return Class.WITHIN
    return Class.REFUSED if wish.required else Class.OVER


def _best(p50_ms: Mapping[str, float]) -> Right:
    """Of sites of one class, by their round trips."""
    best_ms = min(p50_ms.values())
    width_ms = max(BAND_MS, BAND_RATIO * best_ms)
    return Right(
        frozenset(site for site, ms in p50_ms.items() if ms == best_ms),
        frozenset(
            site for site, ms in p50_ms.items() if ms < best_ms + width_ms
        ),
    )
