# SPDX-License-Identifier: Apache-2.0

"""The audit: each server with a key of ours, judged at its place by now.

    auditor = Auditor(reader(settings), Troubles(print))
    for finding in auditor.findings():
        ...

Nova's databases are read page by page, and no more is held than what is
judged together.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import nova.conf

from edge_sched.auditing.intake import Subject
from edge_sched.auditing.intake import subjects
from edge_sched.auditing.moving import Places
from edge_sched.auditing.outlook import Outlook
from edge_sched.auditing.outlook import Outlooks
from edge_sched.auditing.pace import Pace
from edge_sched.auditing.trouble import Troubles
from edge_sched.conf.policy import policy_of
from edge_sched.judging.standing import Comparison
from edge_sched.judging.standing import compare
from edge_sched.judging.verdict import Policy
from edge_sched.scheduler.nova_servers import next_page
from edge_sched.scheduler.topology.locator import Location
from edge_sched.scheduler.topology.locator import Locator
from edge_sched.scheduler.topology.topology import TOPOLOGY
from edge_sched.store.cache import Key
from edge_sched.store.reader import Reader

CONF = nova.conf.CONF

#: Servers a page, with our keys or without. Chosen: the texts of so many
#: requests are 10 MB at the most.
PAGE = 2500

#: So many servers with a key are judged together, so that each client of
#: theirs is looked up once. Chosen: some 10 MB.
BATCH = 10_000


class Finding(NamedTuple):
    """What is to be said of a server.

    :param site: where it is, as the operator calls it: its zone if it is at
        no site
    :param sites: all that its host is at
    :param comparison: the verdict on its place, and what there is to gain
    :param best_site: ``''`` if there is none
    :param movable: ``yes``, or in a word why not
    :param unmeasured: its clients that nobody has measured lately
    :param clients: all of them
    """

    server: str
    project_id: str
    host: str
    site: str
    sites: tuple[str, ...]
    comparison: Comparison[Location]
    best_site: str
    movable: str
    unmeasured: Sequence[Key]
    clients: Sequence[Key] = ()


class _Host(NamedTuple):
    """A host as a locator wants it, which Nova's HostState is as well."""

    host: str
    cell_uuid: str


class Auditor:
    """Judges servers.

    :param troubles: gets to know of what could not be judged
    :param max_rate: how many servers of the cloud are looked at a second, at
        the most; ``None`` for no bound
    """

    def __init__(
        self,
        store: Reader,
        troubles: Troubles,
        max_rate: int | None = None,
    ) -> None:
        self._store = store
        self._troubles = troubles
        self._pace = Pace(max_rate)
        self._page_size = min(PAGE, max_rate or PAGE)
        # What is read slowly would be old by the time it is judged.
        self._batch_size = 1 if max_rate else BATCH

    def findings(self, project_id: str | None = None) -> Iterator[Finding]:
        """Judge all servers, in the order in which they were asked for.

        :param project_id: only of this one
        :raises StoreUnavailableError: if the store cannot be asked
        :raises Exception: what Nova's API database fails with
        """
        for batch in self.batches(project_id):
            yield from self.judged(batch)

    def batches(self, project_id: str | None) -> Iterator[Sequence[Subject]]:
        """All servers that can be judged, some at a time.

        :raises Exception: what Nova's API database fails with
        """
        after = 0
        batch: list[Subject] = []
        while page := next_page(after, self._page_size):
            self._pace.take(page.size)
            after = page.last
            batch += subjects(page, project_id, TOPOLOGY.get(), self._troubles)
            if len(batch) >= self._batch_size:
                yield batch
                batch = []
        yield batch

    def judged(self, batch: Sequence[Subject]) -> Iterator[Finding]:
        """Judge some, in their order.

        :raises StoreUnavailableError: if the store cannot be asked
        """
        # Renewed after a while: an audit may be slow on purpose.
        topology = TOPOLOGY.get()
        places = Places(topology)
        policy = policy_of(CONF)
        found: dict[str, Finding] = {}
        for outlook, alike in Outlooks(self._store, topology).of(batch):
            if outlook.decision.outage:
                self._troubles.measuring_is_down(policy)
            for subject in alike:
                found[subject.server] = finding_of(
                    subject, outlook, topology.locator, places, policy
                )
        return (found[subject.server] for subject in batch)


def finding_of(
    subject: Subject,
    outlook: Outlook,
    locator: Locator,
    places: Places,
    policy: Policy,
) -> Finding:
    """What there is to say of a server, from what it sees."""
    host = subject.state.host or ''
    (here,) = locator.locate([_Host(host, subject.cell)], outlook.measured)
    decision, known = outlook.decision, outlook.judged_as(here)
    best = places.best(subject, here, outlook)
    comparison = compare(decision, known, best)
    return Finding(
        subject.server,
        subject.project_id,
        host,
        _name(here, outlook, known),
        here.names['site'],
        comparison,
        _name(best, outlook, best) if best else '',
        places.why_not(subject, here, best),
        outlook.unmeasured,
        outlook.clients,
    )


def _name(location: Location, outlook: Outlook, known: Location) -> str:
    row = outlook.decision.verdicts[known].deciding.latency
    return location.name_for_operator(row.vantage if row else '')
