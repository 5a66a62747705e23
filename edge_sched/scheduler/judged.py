# SPDX-License-Identifier: Apache-2.0

"""The hosts of a request, judged by where they are."""

import collections
import dataclasses
import time
from collections.abc import Iterable, Mapping, Sequence

import nova.conf

from edge_sched.conf.policy import policy_of
from edge_sched.judging.decision import Decision
from edge_sched.judging.decision import decide
from edge_sched.judging.scoring import Standing
from edge_sched.scheduler.case import Case
from edge_sched.scheduler.topology.locator import Location

CONF = nova.conf.CONF


@dataclasses.dataclass(frozen=True, slots=True)
class Judged:
    """The decision on a request's hosts, and where each of them is.

    :param locations: of each host
    :param counts: how many hosts each location has
    :param short_of: the level, ``site`` or ``zone``, with too few places for
        every server to have one of its own, if that is required, or ``''``
    :param judged_at: when that was, UTC epoch seconds
    """

    decision: Decision[Location]
    locations: Sequence[Location]
    counts: Mapping[Location, int]
    short_of: str = ''
    judged_at: float = 0.0

    @property
    def any_left(self) -> bool:
        """Whether a host is left for every server."""
        return self.decision.any_accepted and not self.short_of

    def name_for_operator(self, location: Location) -> str:
        """What the operator calls a location."""
        return location.name_for_operator(self._vantage(location))

    def name_for_project(
        self, location: Location, project_id: str | None
    ) -> str:
        """What a project may be told of a location, ``''`` for nothing."""
        return location.name_for_project(project_id, self._vantage(location))

    def hosts(self) -> Mapping[Standing, int]:
        """How many hosts there are, by how they stand."""
        verdicts = self.decision.verdicts
        hosts = dict.fromkeys(Standing, 0)
        for location, count in self.counts.items():
            hosts[verdicts[location].standing] += count
        return hosts

    def _vantage(self, location: Location) -> str:
        """The vantage whose row decided, ``''`` if there is none."""
        row = self.decision.verdicts[location].deciding.latency
        return row.vantage if row else ''


def judge_locations(
    locations: Sequence[Location], case: Case, crowded: Iterable[Location]
) -> Judged:
    """Judge hosts by where they are.

    :param locations: of each host
    :param crowded: those that are rejected for the servers which are there
    """
    counts = collections.Counter(locations)
    now = time.time()
    decision = decide(
        case.intent,
        case.answers,
        {location: location.chain for location in counts},
        policy_of(CONF),
        now,
        crowded,
    )
    return Judged(decision, locations, counts, _short_of(case, decision), now)


def _short_of(case: Case, decision: Decision[Location]) -> str:
    """The level with too few places for all servers, see ``Judged``.

    Said before the first has its host, while there is something to say: later
    passes can only leave no host.
    """
    servers = case.request.num_instances
    if (
        case.group is None
        or not case.intent.spread_required
        or servers == 1
        or not decision.any_accepted
    ):
        return ''
    most = case.group.most_apart(
        location for location, v in decision.verdicts.items() if v.accepted
    )
    return next((level for level, n in most.items() if n < servers), '')
