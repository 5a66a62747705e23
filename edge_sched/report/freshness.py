# SPDX-License-Identifier: Apache-2.0

"""How much of what servers ask is measured, by site, and how lately."""

import collections
import dataclasses
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from edge_sched.report import texts

#: Sites that are named. Chosen: a sheet of paper.
MOST = 40


class Site(NamedTuple):
    """One site.

    :param fresh: how many clients it has measured lately
    :param stale: too long ago
    :param never: not at all
    :param servers: how many ask for one of the latter two
    """

    site: str
    fresh: int
    stale: int
    never: int
    servers: int


@dataclasses.dataclass(frozen=True, slots=True)
class Freshness:
    """All sites and clients.

    :param total: of all sites, with an empty name
    :param sites: those with most servers that ask in vain first; none that
        has measured all
    :param more_sites: how many besides
    :param newest_seconds: the age of the newest measurement that is fresh,
        ``None`` if there is none
    :param is_outage: whether measuring is down, and what is stale is judged
    """

    total: Site
    sites: Sequence[Site]
    more_sites: int
    newest_seconds: float | None
    oldest_seconds: float | None
    is_outage: bool


class Fresh:
    """Counts pairs of a site and a client."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._states: dict[str, collections.Counter[str]] = {}
        self._servers: collections.Counter[str] = collections.Counter()
        self._ages: tuple[float, float] | None = None
        self._is_outage = False

    def add(
        self,
        state_at: Mapping[str, str],
        servers: int,
        fresh_ages: Sequence[float],
        is_outage: bool = False,
    ) -> None:
        """Count a client at all sites.

        :param state_at: ``{'lyon': 'fresh', 'nice': 'never'}``
        :param servers: that ask for it
        :param fresh_ages: in seconds
        """
        for site, state in state_at.items():
            self._states.setdefault(site, collections.Counter())[state] += 1
            if state != 'fresh':
                self._servers[site] += servers
        if fresh_ages:
            ages = (*fresh_ages, *(self._ages or ()))
            self._ages = min(ages), max(ages)
        self._is_outage |= is_outage

    def freshness(self) -> Freshness:
        """What it came to."""
        sites = [self._site(name) for name in self._states]
        lacking = [site for site in sites if site.stale or site.never]
        lacking.sort(key=lambda site: (-site.servers, site.site))
        shown = lacking[: self._most]
        newest, oldest = self._ages or (None, None)
        return Freshness(
            Site(
                '',
                sum(site.fresh for site in sites),
                sum(site.stale for site in sites),
                sum(site.never for site in sites),
                sum(site.servers for site in sites),
            ),
            shown,
            len(lacking) - len(shown),
            newest,
            oldest,
            self._is_outage,
        )

    def _site(self, name: str) -> Site:
        states = self._states[name]
        return Site(
            texts.name(name),
            states['fresh'],
            states['stale'],
            states['never'],
            self._servers[name],
        )
