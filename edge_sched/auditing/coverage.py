# SPDX-License-Identifier: Apache-2.0

"""Who is measured from where, of all clients that servers name.

A server or a group that is named is a place; what is known of it hangs on the
mesh of sites, so each of its sites counts as a client by itself.
"""

import dataclasses
import math
import time
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import NamedTuple

import nova.conf

from edge_sched.asking.intent import Intent
from edge_sched.auditing.intake import Subject
from edge_sched.conf.policy import policy_of
from edge_sched.judging.decision import decide
from edge_sched.judging.verdict import NEVER_MEASURED
from edge_sched.judging.verdict import STALE
from edge_sched.judging.verdict import Verdict
from edge_sched.model import keys
from edge_sched.model.client import Client
from edge_sched.model.keys import NearClient
from edge_sched.model.latency import PERCENTILES
from edge_sched.model.latency import Percentile
from edge_sched.scheduler.topology.locator import Location
from edge_sched.scheduler.topology.topology import Topology
from edge_sched.store.cache import Key
from edge_sched.store.reader import Reader
from edge_sched.store.reader import key_of

CONF = nova.conf.CONF

NEVER, OLD, FRESH = 'never', 'stale', 'fresh'


class Demand(NamedTuple):
    """What servers ask of one client.

    :param servers: how many name it
    :param budget_ms: the smallest latency budget of theirs, ``None`` if none
        has one
    :param percentile: that it is judged by
    """

    servers: int
    budget_ms: float | None
    percentile: Percentile

    def also(
        self, budget_ms: float | None, percentile: Percentile
    ) -> 'Demand':
        """With one server more."""
        budget_ms, percentile = min(
            (self.budget_ms, self.percentile),
            (budget_ms, percentile),
            key=_strictness,
        )
        return Demand(self.servers + 1, budget_ms, percentile)


def _strictness(asked: tuple[float | None, Percentile]) -> tuple[float, int]:
    budget_ms, percentile = asked
    return (
        math.inf if budget_ms is None else budget_ms,
        -PERCENTILES.index(percentile),
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Covered:
    """One client, from all sites.

    :param project_id: of a name, ``''`` of whatever is none
    :param known: ``False`` for a name that is no client
    :param sites: the verdict at each on the smallest budget
    """

    client: Client
    project_id: str
    demand: Demand
    known: bool
    sites: Mapping[str, Verdict]


def state_of(verdict: Verdict) -> str:
    """``never``, ``stale`` or ``fresh``."""
    if verdict.why == NEVER_MEASURED or verdict.latency is None:
        return NEVER
    return OLD if verdict.why == STALE or verdict.stale else FRESH


def demands(subjects: Iterable[Subject]) -> dict[Key, Demand]:
    """What servers ask of each client, places by their sites."""
    found: dict[Key, Demand] = {}
    for subject in subjects:
        intent = subject.intent
        for client, budget_ms in _asked(subject):
            key = key_of(client, subject.project_id)
            before = found.get(key, Demand(0, None, PERCENTILES[0]))
            found[key] = before.also(budget_ms, intent.percentile)
    return found


def _asked(subject: Subject) -> set[tuple[Client, float | None]]:
    """Whom a server must be near, and within what."""
    asked = set()
    for client, budget_ms in (
        (t.client, t.latency_budget_ms) for t in subject.intent.targets
    ):
        where = subject.places.where.get(client)
        if where is None:
            asked.add((client, budget_ms))
            continue
        for place in where.places:
            asked |= {(Client(site=s), budget_ms) for s in place.sites}
    return asked


def cover(
    wanted: Mapping[Key, Demand],
    store: Reader,
    topology: Topology,
    only_site: str | None = None,
) -> Iterator[Covered]:
    """Look all of them up, and judge each site; those most asked for first.

    :param only_site: no other
    :raises StoreUnavailableError: if the store cannot be asked
    """
    sites = _sites(topology)
    chains = {
        location: location.chain
        for locations in sites.values()
        for location in locations
    }
    order = sorted(
        wanted, key=lambda key: (-wanted[key].servers, str(key[0]), key[1])
    )
    for begin in range(0, len(order), keys.MAX_CLIENTS):
        some = order[begin : begin + keys.MAX_CLIENTS]
        answers = store.answers(list(some))
        for key in some:
            client, project_id = key
            demand = wanted[key]
            intent = Intent(
                (NearClient(client, demand.budget_ms),),
                percentile=demand.percentile,
            )
            made = decide(
                intent,
                {client: answers[key]},
                chains,
                policy_of(CONF),
                time.time(),
            )
            yield Covered(
                client,
                project_id,
                demand,
                answers[key].known,
                {
                    site: max(
                        (made.verdicts[location].deciding for location in at),
                        key=lambda verdict: verdict.standing,
                    )
                    for site, at in sites.items()
                    # What is assumed of hosts of one site is no measurement.
                    if site != client.site and only_site in (None, site)
                },
            )


def _sites(topology: Topology) -> dict[str, list[Location]]:
    """The locations of each site."""
    found: dict[str, list[Location]] = {}
    for area in topology.areas(frozenset()):
        if area.site:
            found.setdefault(area.site, []).append(area.location)
    return dict(sorted(found.items()))


class Missing(NamedTuple):
    """That a site has no fresh measurement of a client.

    :param why: what is amiss, in words for an operator
    """

    site: str
    covered: Covered
    why: str


def missing(
    covered: Covered, measured: Set[str], fresh: Set[str]
) -> Iterator[Missing]:
    """The sites that a client is not measured from, and what to do.

    :param measured: vantages that have any row
    :param fresh: those that have a row which is used
    """
    for site, verdict in covered.sites.items():
        state = state_of(verdict)
        if state == FRESH:
            continue
        if site not in measured:
            why = 'nothing is measured from there: it has no prober, or no '
            why += 'input of a collector reads it'
        elif site not in fresh:
            why = 'nothing is measured from there any more: is its prober up?'
        elif state == NEVER:
            why = 'others are: it is no target of its prober'
        else:
            why = 'others are: it is no target any more'
        yield Missing(site, covered, why)
