# SPDX-License-Identifier: Apache-2.0

"""Groups of servers that are to be apart, and would go down with one site."""

import collections
import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

from edge_sched.report import texts
from edge_sched.report.worst import Worst

#: Groups that are named. Chosen: a sheet of paper.
MOST = 40


class AtRisk(NamedTuple):
    """A group with more than one server at a site.

    :param over: what it is to be spread over, ``site`` or ``zone, site``
    :param servers: that have a host
    :param sites: at how many sites they are
    :param site: that most of them are at
    :param there: how many
    """

    group: str
    project_id: str
    over: str
    is_required: bool
    servers: int
    sites: int
    site: str
    there: int

    @property
    def is_all(self) -> bool:
        """Whether nothing is left without that site."""
        return self.there == self.servers


@dataclasses.dataclass(frozen=True, slots=True)
class Groups:
    """All groups that are to be spread.

    :param all_at_one: how many have all of their servers at one site
    :param crowded: how many others have several of them at one site
    :param at_risk: of both, those that would lose the greatest share first
    :param more_at_risk: how many besides
    """

    total: int
    all_at_one: int
    crowded: int
    at_risk: Sequence[AtRisk]
    more_at_risk: int


class Spread:
    """Looks at groups, each of which may be told of by every server in it."""

    def __init__(self, most: int = MOST) -> None:
        self._seen: set[tuple[str, str]] = set()
        self._all_at_one = 0
        self._at_risk: Worst[AtRisk] = Worst(most)

    def add(
        self,
        project_id: str,
        group: str,
        over: Sequence[str],
        is_required: bool,
        sites_of: Sequence[Sequence[str]],
    ) -> None:
        """Take in a group; the first to tell of it counts.

        :param sites_of: where each of its servers is, at one site mostly
        """
        if (project_id, group) in self._seen:
            return
        self._seen.add((project_id, group))
        at = collections.Counter(
            site for sites in sites_of for site in set(sites)
        )
        # Of sites with as many the first by name, whatever their order.
        site, there = min(at.items(), key=lambda each: (-each[1], each[0]))
        if there < 2:
            return
        one = AtRisk(
            texts.name(group),
            texts.name(project_id),
            ', '.join(over),
            is_required,
            len(sites_of),
            len(at),
            texts.name(site),
            there,
        )
        self._all_at_one += one.is_all
        self._at_risk.add((there / len(sites_of), there), one)

    def groups(self) -> Groups:
        """What it came to."""
        shown, at_risk = self._at_risk.first(), self._at_risk.added
        return Groups(
            len(self._seen),
            self._all_at_one,
            at_risk - self._all_at_one,
            shown,
            at_risk - len(shown),
        )
