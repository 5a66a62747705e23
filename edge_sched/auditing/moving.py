# SPDX-License-Identifier: Apache-2.0

"""Where a server may go, and why it may not."""

from collections.abc import Collection
from typing import NamedTuple

from nova.compute import vm_states

from edge_sched.auditing.intake import Subject
from edge_sched.auditing.outlook import Outlook
from edge_sched.judging.spread import spread_scores
from edge_sched.judging.standing import best_first
from edge_sched.scheduler.spread import Group
from edge_sched.scheduler.topology.locator import Location
from edge_sched.scheduler.topology.topology import Topology

#: What is said of a server that may be moved.
YES = 'yes'

#: Nova migrates servers in these states, alive or cold.
_MOVES = (vm_states.ACTIVE, vm_states.PAUSED, vm_states.STOPPED)

#: The projects that a place is kept for, ``None`` if for all.
_Tenants = frozenset[str] | None


class _Site(NamedTuple):
    """A place that servers may go to.

    :param names: of the sites that it is at
    """

    location: Location
    names: frozenset[str]
    tenants: _Tenants


class Places:
    """The sites of each cell that servers may go to, as a topology has them.

    Whether there is room nobody asks here, nor whether a host is up.
    """

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._sites: dict[Location, _Site] = {}
        self._in_cell: dict[str, dict[Location, _Site]] = {}
        for area in topology.areas(frozenset()):
            if area.site:
                site = self._site(area.location, area.hosts)
                self._sites[area.location] = site
                self._in_cell.setdefault(area.cell, {})[area.location] = site
        every = (site.tenants or () for site in self._sites.values())
        #: Projects that have places of their own.
        self._tenants = frozenset[str]().union(*every)
        self._obstacles: dict[tuple[str, str, str, Location], str] = {}

    def why_not(
        self, subject: Subject, here: Location, best: Location | None
    ) -> str:
        """``yes``, or in a word why the server cannot go elsewhere.

        :param best: where it would go
        """
        state = subject.state
        if state.locked:
            return 'locked'
        if state.task_state:
            return 'task'
        if state.vm_state not in _MOVES:
            return 'state'
        if obstacle := self._obstacle(subject, here):
            return obstacle
        if subject.chooses_hosts:
            return 'pinned'
        if subject.intent.targets and best is None:
            return 'nowhere'
        return YES

    def best(
        self, subject: Subject, here: Location, outlook: Outlook
    ) -> Location | None:
        """The best other place of its cell, ``None`` if there is none."""
        ranked = outlook.best_first
        if subject.others:
            ranked = self._spread(subject, outlook)
        own = frozenset(here.names['site'])
        for place in ranked:
            site = self._site_of(place)
            if (
                own.isdisjoint(site.names)
                and _is_open(site, subject.project_id)
                and subject.zone in ('', place.zone)
            ):
                return place
        return None

    def _spread(self, subject: Subject, outlook: Outlook) -> list[Location]:
        """The same order, by how many of the group are where."""
        intent, verdicts = subject.intent, outlook.decision.verdicts
        ranked = outlook.best_first
        group = Group(intent.spread, subject.others)
        counts = group.counts(None, ranked, self._topology.locator)
        if intent.spread_required:
            return [place for place in ranked if place not in counts]
        among = {place: verdicts[place] for place in ranked}
        scores = spread_scores(among, counts, intent.objective)
        return best_first(verdicts, among, scores)

    def _obstacle(self, subject: Subject, here: Location) -> str:
        """Why no site is left, whatever is asked for; ``''`` if one is."""
        tenant = ''
        if subject.project_id in self._tenants:
            tenant = subject.project_id
        asked = subject.cell, subject.zone, tenant, here
        if asked not in self._obstacles:
            own = frozenset(here.names['site'])
            others = [
                site.location.zone
                for site in self._in_cell.get(subject.cell, {}).values()
                if own.isdisjoint(site.names) and _is_open(site, tenant)
            ]
            obstacle = '' if others else 'cell'
            if others and subject.zone and subject.zone not in others:
                obstacle = 'pinned'
            self._obstacles[asked] = obstacle
        return self._obstacles[asked]

    def _site_of(self, place: Location) -> _Site:
        """Of a place, or of a host that was measured by its own name."""
        if place not in self._sites:
            self._sites[place] = self._site(place, [place.host])
        return self._sites[place]

    def _site(self, place: Location, hosts: Collection[str]) -> _Site:
        """A place, with more hosts of it than before."""
        tenants_of = self._topology.tenants_of
        tenants: _Tenants = None
        if all(host in tenants_of for host in hosts):
            tenants = frozenset[str]().union(*(tenants_of[h] for h in hosts))
        known = self._sites.get(place)
        if known:
            tenants = known.tenants and tenants and known.tenants | tenants
        return _Site(place, frozenset(place.names['site']), tenants)


def _is_open(site: _Site, project_id: str) -> bool:
    """Whether any of the hosts there is not kept for others."""
    return site.tenants is None or project_id in site.tenants
