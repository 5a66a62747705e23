# SPDX-License-Identifier: Apache-2.0

"""All servers judged, and how they stand kept, one round after the other.

with Standings(settings) as standings:
    rounds = Rounds(reader(settings), standings)
    rounds.round()
"""

import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from oslo_log import log as logging

from edge_sched.auditing.audit import Auditor
from edge_sched.auditing.audit import Finding
from edge_sched.auditing.tally import Tally
from edge_sched.auditing.trouble import Troubles
from edge_sched.model.latency import age_seconds
from edge_sched.model.standing import HOUR_SECONDS
from edge_sched.model.standing import OVER
from edge_sched.model.standing import Hour
from edge_sched.model.standing import ServerStanding
from edge_sched.store.reader import Reader
from edge_sched.store.standings import Standings

LOG = logging.getLogger(__name__)

#: Servers that are written together. Chosen: as the store writes rows.
_BATCH = 1000

#: Of two findings the store keeps the one of the later time.
_CLOCKS_DIFFER = (
    'servers were audited in the future, and stay as they were found then: '
    'the clock of this auditor is behind, or that of another is ahead'
)


class Rounds:
    """Makes them; what is amiss is logged when it begins.

    :param max_rate: how many servers of the cloud are looked at a second, at
        the most; ``None`` for no bound
    :param also: is handed what was found of some servers as well
    :param clock: UTC epoch seconds
    """

    def __init__(
        self,
        store: Reader,
        standings: Standings,
        max_rate: int | None = None,
        also: Callable[[Sequence[Finding]], None] = lambda findings: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._standings = standings
        self._max_rate = max_rate
        self._also = also
        self._clock = clock
        self._said: set[str] = set()
        self._saying: set[str] = set()

    def round(self) -> tuple[Tally, Troubles]:
        """Judge every server once.

        :raises StoreUnavailableError: if the store cannot be used
        :raises Exception: what Nova's API database fails with
        """
        # Also in a round that failed, unless it did so before anything else.
        self._said = self._saying or self._said
        self._saying = set()
        troubles, tally = Troubles(self._say), Tally()
        auditor = Auditor(self._store, troubles, self._max_rate)
        for some in _batches(auditor.findings(), _BATCH):
            self._keep(some)
            self._also(some)
            for finding in some:
                tally.add(finding)
        # Those that are gone, and of which nothing was heard for too long.
        self._standings.forget(self._clock() - HOUR_SECONDS)
        self._said = self._saying
        return tally, troubles

    def _keep(self, findings: Sequence[Finding]) -> None:
        now = self._clock()
        before = self._standings.hours([each.server for each in findings])
        if any(age_seconds(h.audited_at, now) < 0 for h in before.values()):
            self._say(_CLOCKS_DIFFER)
        self._standings.record(
            standing_of(each, before.get(each.server), now)
            for each in findings
        )

    def _say(self, line: str) -> None:
        self._saying.add(line)
        if line not in self._said:
            LOG.warning('%s', line)


def standing_of(
    finding: Finding, before: Hour | None, now: float
) -> ServerStanding:
    """What is kept of a server.

    :param before: its hour until now, ``None`` if it was never audited
    :param now: UTC epoch seconds
    """
    comparison = finding.comparison
    client, verdict = comparison.client, comparison.standing.word
    return ServerStanding(
        server=finding.server,
        project_id=finding.project_id,
        host=finding.host,
        site=finding.site,
        client=None if client is None else str(client),
        verdict=verdict,
        judged_ms=comparison.judged_ms,
        budget_ms=comparison.budget_ms,
        best_site=finding.best_site or None,
        best_ms=comparison.best_ms,
        hour=(before or Hour(now)).then(verdict == OVER, now),
    )


def _batches(
    findings: Iterable[Finding], size: int
) -> Iterator[Sequence[Finding]]:
    some = iter(findings)
    while batch := list(itertools.islice(some, size)):
        yield batch
