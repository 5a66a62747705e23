# SPDX-License-Identifier: Apache-2.0

"""How servers stand where they are, and those that are worst off."""

import collections
import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from edge_sched.judging.scoring import OVER
from edge_sched.judging.scoring import Standing
from edge_sched.judging.standing import Comparison
from edge_sched.report import texts
from edge_sched.report.worst import Worst

if TYPE_CHECKING:
    from edge_sched.auditing.audit import Finding

#: Of servers that are named. Chosen: what an operator goes through.
MOST = 100


class Over(NamedTuple):
    """A server that is over its budget.

    :param over_ms: by how much, ``None`` if that is not in its latency
    :param best_site: ``''`` if no other is known to be better
    """

    server: str
    project_id: str
    site: str
    client: str
    judged_ms: float | None
    budget_ms: float | None
    over_ms: float | None
    best_site: str
    best_ms: float | None
    movable: str


@dataclasses.dataclass(frozen=True, slots=True)
class Servers:
    """All servers that were judged.

    :param counts: by verdict
    :param over: those over their budget by most, the worst first
    :param more_over: how many besides
    """

    counts: Mapping[Standing, int]
    over: Sequence[Over]
    more_over: int

    @property
    def total(self) -> int:
        return sum(self.counts.values())


class Standings:
    """Counts servers, and keeps the worst; no more of them.

    :ivar servers_at: how many are at each site, once each if they are at two
    """

    def __init__(self, most: int = MOST) -> None:
        self._counts: collections.Counter[Standing] = collections.Counter()
        self.servers_at: collections.Counter[str] = collections.Counter()
        self._over: Worst[Finding] = Worst(most)

    def add(self, finding: 'Finding') -> None:
        """Count one."""
        standing = finding.comparison.standing
        self._counts[standing] += 1
        self.servers_at.update(finding.sites or (finding.site,))
        if standing is OVER:
            over_ms = over_by_ms(finding.comparison)
            self._over.add(-math.inf if over_ms is None else over_ms, finding)

    def servers(self) -> Servers:
        """What it came to."""
        over = [_over(each) for each in self._over.first()]
        return Servers(
            {standing: self._counts[standing] for standing in Standing},
            over,
            self._over.added - len(over),
        )


def over_by_ms(comparison: Comparison[Any]) -> float | None:
    """By how much the latency is over its budget, ``None`` if it is not."""
    judged_ms, budget_ms = comparison.judged_ms, comparison.budget_ms
    if judged_ms is None or budget_ms is None or judged_ms <= budget_ms:
        return None
    return judged_ms - budget_ms


def _over(finding: 'Finding') -> Over:
    comparison = finding.comparison
    client = comparison.client
    return Over(
        texts.name(finding.server),
        texts.name(finding.project_id),
        texts.name(finding.site),
        texts.client_name(client) if client else texts.NONE,
        comparison.judged_ms,
        comparison.budget_ms,
        over_by_ms(comparison),
        texts.name(finding.best_site),
        comparison.best_ms,
        texts.name(finding.movable),
    )
