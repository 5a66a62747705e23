# SPDX-License-Identifier: Apache-2.0

"""Why a server is where it is, and not elsewhere: by now, site by site."""

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import nova.conf

from edge_sched.asking.intent import Intent
from edge_sched.auditing.audit import Finding
from edge_sched.auditing.audit import finding_of
from edge_sched.auditing.intake import Subject
from edge_sched.auditing.intake import subjects
from edge_sched.auditing.moving import Places
from edge_sched.auditing.outlook import Outlook
from edge_sched.auditing.outlook import Outlooks
from edge_sched.auditing.room import Room
from edge_sched.auditing.room import room_for
from edge_sched.auditing.trouble import Troubles
from edge_sched.conf.policy import policy_of
from edge_sched.judging.decision import HostVerdict
from edge_sched.judging.spread import Count
from edge_sched.scheduler.nova_servers import page_of
from edge_sched.scheduler.spread import Group
from edge_sched.scheduler.topology.topology import TOPOLOGY
from edge_sched.scheduler.topology.topology import Area
from edge_sched.scheduler.topology.topology import Topology
from edge_sched.store.reader import Reader

CONF = nova.conf.CONF

HERE = 'the server is here'
FULL = 'full'


class Site(NamedTuple):
    """One site, or the hosts of none in a zone, in one cell.

    :param hosts: how many there are, whether or not they are up or have room
    :param room: how many of them have room for the server, ``None`` if that
        was not asked, or not told
    :param verdict: on them
    :param members: how many other servers of the group are there, on each
        level that it is spread over; ``()`` if there are none
    :param why_not: why a move would not end there, ``''`` if it may
    """

    site: str
    zone: str
    cell: str
    hosts: int
    verdict: HostVerdict
    members: Count
    why_not: str
    room: int | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Explanation:
    """A server by now.

    :param sites: all there are: that of the server first, then by what a move
        would prefer
    :param room_problem: why it is not known of all that are open to it
        whether there is room, ``''`` if it is, or was not asked
    """

    finding: Finding
    subject: Subject
    sites: Sequence[Site]
    room_problem: str = ''

    @property
    def intent(self) -> Intent:
        """What it asks for, without who is nobody."""
        return self.subject.intent


def explain(
    server: str,
    store: Reader,
    troubles: Troubles,
    asks_room: bool = False,
    project_id: str | None = None,
) -> Explanation | None:
    """Judge a server at every site.

    :param asks_room: whether Placement is asked which of those have room that
        are open to it
    :param project_id: only if it is this one's
    :return: ``None`` if there is nothing to judge: there is no such server,
        it asks for nothing of ours, or ``troubles`` was told why not
    :raises StoreUnavailableError: if the store cannot be asked
    :raises Exception: what Nova's API database fails with
    """
    page = page_of(server)
    if page is None:
        return None
    topology = TOPOLOGY.get()
    for subject in subjects(page, project_id, topology, troubles):
        # A move stays in the cell; the others are shown all the same.
        everywhere = [
            dataclasses.replace(subject, cell=cell) for cell in topology.cells
        ]
        outlooks = {
            alike.cell: outlook
            for outlook, group in Outlooks(store, topology).of(everywhere)
            for alike in group
        }
        outlook, policy = outlooks[subject.cell], policy_of(CONF)
        if outlook.decision.outage:
            troubles.measuring_is_down(policy)
        finding = finding_of(
            subject, outlook, topology.locator, Places(topology), policy
        )
        sites = _Sites(subject, outlooks, topology)
        room = None
        if asks_room:
            cell = topology.cells[subject.cell]
            room = room_for(page, cell, sites.open_ones, topology)
        problem = room.problem if room else ''
        return Explanation(finding, subject, sites.all(room), problem)
    return None


class _Sites:
    """The sites of all cells, for one server."""

    def __init__(
        self,
        subject: Subject,
        outlooks: Mapping[str, Outlook],
        topology: Topology,
    ) -> None:
        self._subject = subject
        self._outlooks = outlooks
        self._topology = topology
        found = list(self._sites())
        self._found = dict(sorted(found, key=lambda item: _order(item[1])))

    @property
    def open_ones(self) -> list[Area]:
        """Those that a move may end at, what it would prefer first."""
        return [a for a, site in self._found.items() if not site.why_not]

    def all(self, room: Room | None) -> list[Site]:
        """That of the server first, then those that a move would prefer.

        :param room: of the open ones
        """
        sites = list(self._found.values())
        if room:
            sites = [
                self._with_room(area, site, room)
                for area, site in self._found.items()
            ]
        return sorted(sites, key=_order)

    def _with_room(self, area: Area, site: Site, room: Room) -> Site:
        if area not in room.hosts:
            return site
        hosts = room.hosts[area].intersection(self._usable(area))
        return site._replace(room=len(hosts), why_not='' if hosts else FULL)

    def _sites(self) -> Iterator[tuple[Area, Site]]:
        measured = frozenset[str]().union(
            *(outlook.measured for outlook in self._outlooks.values())
        )
        areas = list(self._topology.areas(measured))
        group = Group(self._subject.intent.spread, self._subject.others)
        counts = group.counts(
            None, {a.location for a in areas}, self._topology.locator
        )
        for area in areas:
            outlook = self._outlooks[area.cell]
            known = outlook.judged_as(area.location)
            verdict = outlook.decision.verdicts[known]
            members = counts.get(area.location, ())
            yield (
                area,
                Site(
                    area.site,
                    area.location.zone,
                    area.location.cell,
                    len(area.hosts),
                    verdict,
                    members,
                    self._why_not(area, verdict, bool(members)),
                ),
            )

    def _usable(self, area: Area) -> list[str]:
        """The hosts there that are not kept for other projects."""
        tenants_of = self._topology.tenants_of
        project_id = self._subject.project_id
        return [
            host
            for host in area.hosts
            if host not in tenants_of or project_id in tenants_of[host]
        ]

    def _why_not(
        self, area: Area, verdict: HostVerdict, is_crowded: bool
    ) -> str:
        """The first reason that applies."""
        subject = self._subject
        if subject.state.host in area.hosts:
            return HERE
        if area.cell != subject.cell:
            return 'another cell, which no move leads to'
        if not self._usable(area):
            return 'kept for other projects'
        if subject.zone not in ('', area.location.zone):
            return f'not in zone {subject.zone}, which was asked for'
        if not verdict.accepted:
            return verdict.why_rejected
        if is_crowded and subject.intent.spread_required:
            return 'has a server of the group'
        return ''


def _order(
    site: Site,
) -> tuple[bool, bool, int, Count, float, float, str]:
    """As a move would choose: of those that score alike the nearer first."""
    standing, _, score, _, deciding = site.verdict
    rank_ms = deciding.rank_ms
    return (
        site.why_not != HERE,
        bool(site.why_not),
        -standing,
        site.members,
        -score,
        math.inf if rank_ms is None else rank_ms,
        site.site,
    )
