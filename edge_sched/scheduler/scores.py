# SPDX-License-Identifier: Apache-2.0

"""The scores of a request's hosts, in each pass."""

import dataclasses
from collections.abc import Mapping, Sequence

from nova.objects.request_spec import RequestSpec
from nova.scheduler.host_manager import HostState

from edge_sched.judging.decision import HostVerdict
from edge_sched.judging.spread import spread_scores
from edge_sched.scheduler.spec import PerRequest
from edge_sched.scheduler.spread import Group
from edge_sched.scheduler.spread import Members
from edge_sched.scheduler.topology.locator import Location
from edge_sched.scheduler.topology.locator import Locator

_ByLocation = Mapping[Location, float]


@dataclasses.dataclass(frozen=True, slots=True)
class Scores:
    """What later stages and passes need of a request that was judged.

    :param locator: where its hosts are
    :param measured: vantages with any row for it
    :param verdicts: of each location that any of its hosts is at
    :param multipliers: of hosts with one of their own
    :param objective: as in the intent
    :param group: what is to be spread
    :param all_apart: whether the filter leaves no place with any of it
    """

    locator: Locator
    measured: frozenset[str]
    verdicts: Mapping[Location, HostVerdict]
    multipliers: Mapping[str, float]
    objective: str = 'nearest'
    group: Group | None = None
    all_apart: bool = False
    _spread: dict[tuple[Members, Sequence[Location]], _ByLocation] = (
        dataclasses.field(default_factory=dict, init=False)
    )

    def of(self, hosts: Sequence[HostState], spec: RequestSpec) -> list[float]:
        """The score of each host, 0 where nobody judged.

        If there is a group, by where its servers are in this pass.
        """
        locations = tuple(self.locator.locate(hosts, self.measured))
        scores = self._of_pass(locations, spec)
        score_of = scores.get
        return [score_of(location, 0.0) for location in locations]

    def _of_pass(
        self, locations: Sequence[Location], spec: RequestSpec
    ) -> _ByLocation:
        verdicts = self.verdicts
        if self.group is None or self.all_apart:
            return {location: v.score for location, v in verdicts.items()}
        # Each of the weighers wants them.
        asked = self.group.members_of(spec), locations
        if asked not in self._spread:
            left = {loc: verdicts[loc] for loc in verdicts.keys() & locations}
            counts = self.group.counts(spec, left, self.locator)
            self._spread.clear()
            self._spread[asked] = spread_scores(left, counts, self.objective)
        return self._spread[asked]

    def apart(
        self, hosts: Sequence[HostState], spec: RequestSpec
    ) -> list[HostState]:
        """The hosts with no server of the group where they are, by now."""
        if self.group is None:
            return list(hosts)
        locations = self.locator.locate(hosts, self.measured)
        counts = self.group.counts(spec, set(locations), self.locator)
        return [
            host
            for host, location in zip(hosts, locations, strict=True)
            if location not in counts
        ]


#: Made by the filter, read by the weighers. None in mode ``shadow``.
SCORES: PerRequest[Scores] = PerRequest('scores')
