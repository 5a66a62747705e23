# SPDX-License-Identifier: Apache-2.0

"""Where the other servers of a request's group are.

Nova fills ``RequestSpec.instance_group`` before it schedules: ``hosts`` names
those of the members, each once, and within one request grows by the host of
each server that has got one. A server that moves is itself a member, which
the names of hosts cannot tell, so the cells are asked then.
"""

import dataclasses
from collections.abc import Iterable

from nova.objects.request_spec import RequestSpec
from oslo_log import log as logging

from edge_sched.judging.spread import Count
from edge_sched.judging.spread import Crowd
from edge_sched.judging.spread import Spot
from edge_sched.judging.spread import most_apart
from edge_sched.judging.spread import spot
from edge_sched.scheduler.spec import field_of
from edge_sched.scheduler.spec import source_cell
from edge_sched.scheduler.topology.cell import hosts_of_servers
from edge_sched.scheduler.topology.locator import Location
from edge_sched.scheduler.topology.locator import Locator
from edge_sched.scheduler.topology.topology import TOPOLOGY

LOG = logging.getLogger(__name__)

#: Names of hosts, one for each server that is counted.
Members = tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Group:
    """The servers that are to be spread.

    :param levels: what over, as in the intent
    :param members: the hosts of the others, if the server lives; ``None`` for
        those that Nova tells of when it is asked
    """

    levels: tuple[str, ...]
    members: Members | None = None

    def counts(
        self,
        spec: RequestSpec,
        locations: Iterable[Location],
        locator: Locator,
    ) -> dict[Location, Count]:
        """How many of them are where by now, on each level.

        Of the locations that any of them shares a site or a zone with.
        """
        members = self.members_of(spec)
        if not members:
            return {}
        there = Crowd(self._spot(locator.of_name(host)) for host in members)
        none_of = there.marks.isdisjoint
        return {
            location: there.count(self._spot(location))
            for location in locations
            if not none_of(location.marks)
        }

    def members_of(self, spec: RequestSpec) -> Members:
        """The hosts of them by now."""
        return _members_now(spec) if self.members is None else self.members

    def most_apart(self, locations: Iterable[Location]) -> dict[str, int]:
        """For how many there is room apart at the most, ``{'site': 3}``."""
        most = most_apart(map(self._spot, locations))
        return dict(zip(self.levels, most, strict=False))

    def spots(self, locations: Iterable[Location]) -> dict[Location, Spot]:
        """What servers that are apart do not share, by location."""
        return {each: self._spot(each) for each in locations}

    def _spot(self, location: Location) -> Spot:
        return spot(self.levels, location.names['site'], location.zone)


def group_of(
    spec: RequestSpec, levels: tuple[str, ...], lives: bool
) -> Group | None:
    """The group of the server, of whatever policy.

    :param lives: whether the server does, and so is a member itself
    """
    if not levels or field_of(spec, 'instance_group') is None:
        return None
    return Group(levels, _other_members(spec) if lives else None)


def _members_now(spec: RequestSpec) -> Members:
    """The hosts of the group as Nova tells, those chosen by now included."""
    # Never read unset: Nova would ask the database.
    return tuple(field_of(spec.instance_group, 'hosts') or ())


def _other_members(spec: RequestSpec) -> Members:
    """Of the group of a server that lives, the hosts of all the others.

    One query in each cell, all at once, waited for no longer than the latency
    store. Without the server's own cell, which may be slow, Nova's word counts
    but for the hosts that the server is kept off: it is on the first of them.
    """
    uuids = set(field_of(spec.instance_group, 'members') or ())
    uuids.discard(spec.instance_uuid)
    if not uuids:
        return ()
    cells = [c for c in TOPOLOGY.get().cells.values() if not c.is_cell0()]
    host_of, away = hosts_of_servers(cells, sorted(uuids))
    found = [host for host in host_of.values() if host]
    own = source_cell(spec)
    if own is None or own.uuid in away:
        left = field_of(spec, 'ignore_hosts') or []
        found += [host for host in _members_now(spec) if host not in left]
    if away:
        LOG.warning(
            'Cells that did not answer where servers of a group are: %d',
            len(away),
            instance_uuid=spec.instance_uuid,
        )
    return tuple(found)
