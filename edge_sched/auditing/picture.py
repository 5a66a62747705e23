# SPDX-License-Identifier: Apache-2.0

"""All that a report shows, of one pass over Nova's databases.

Servers are judged as they come, and only then each client that they name at
every site; of neither is more held than what the page has room for, but for
what servers ask of each client.
"""

import time
from collections.abc import Iterator

from edge_sched.auditing.audit import Auditor
from edge_sched.auditing.coverage import FRESH
from edge_sched.auditing.coverage import OLD
from edge_sched.auditing.coverage import Sites
from edge_sched.auditing.coverage import most_asked_first
from edge_sched.auditing.coverage import state_of
from edge_sched.auditing.demand import Demands
from edge_sched.auditing.intake import Subject
from edge_sched.auditing.trouble import Troubles
from edge_sched.report.freshness import Fresh
from edge_sched.report.groups import Spread
from edge_sched.report.heat import Heat
from edge_sched.report.page import Page
from edge_sched.report.refusals import Refused
from edge_sched.report.standings import Standings
from edge_sched.scheduler.topology.locator import Locator
from edge_sched.scheduler.topology.topology import TOPOLOGY
from edge_sched.store.reader import Reader


def picture(
    store: Reader, troubles: Troubles, refused: Refused | None = None
) -> Page:
    """Look at the whole cloud.

    :param refused: what the logs tell, if there are any
    :raises StoreUnavailableError: if the store cannot be asked
    :raises Exception: what Nova's API database fails with
    """
    standings, spread, fresh = Standings(), Spread(), Fresh()
    asked = Demands(_judged(store, troubles, standings, spread)).of_each()
    heat = Heat(asked)
    sites = Sites(store, TOPOLOGY.get(), troubles)
    for covered in sites.see(most_asked_first(asked)):
        verdicts = covered.sites
        states = {site: state_of(each) for site, each in verdicts.items()}
        old = [site for site, state in states.items() if state == OLD]
        heat.add(covered, old)
        fresh.add(
            states,
            covered.demand.servers,
            [
                verdict.age_seconds
                for site, verdict in verdicts.items()
                if states[site] == FRESH and verdict.age_seconds is not None
            ],
            any(verdict.stale for verdict in verdicts.values()),
        )
    return Page(
        time.time(),
        standings.servers(),
        tuple(troubles.summary()),
        heat.map(standings.servers_at),
        fresh.freshness(),
        spread.groups(),
        refused,
    )


def _judged(
    store: Reader, troubles: Troubles, standings: Standings, spread: Spread
) -> Iterator[Subject]:
    """All servers, once what is shown of each is taken down."""
    auditor = Auditor(store, troubles)
    for batch in auditor.batches(None):
        for finding in auditor.judged(batch):
            standings.add(finding)
        locator = TOPOLOGY.get().locator
        for subject in batch:
            if subject.group:
                _add_group(spread, subject, locator)
        yield from batch


def _add_group(spread: Spread, subject: Subject, locator: Locator) -> None:
    """Take down where the servers of its group are."""
    hosts = (subject.state.host or '', *subject.others)
    places = [locator.of_name(host) for host in hosts]
    spread.add(
        subject.project_id,
        subject.group,
        subject.intent.spread,
        subject.intent.spread_required,
        # Hosts of no site go down with their zone.
        [place.names['site'] or (place.zone,) for place in places],
    )
