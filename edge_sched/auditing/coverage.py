# SPDX-License-Identifier: Apache-2.0

"""Who is measured from where, of all clients that servers name.

A server or a group that is named is a place; what is known of it hangs on the
mesh of sites, so each of its sites counts as a client by itself.
"""

import dataclasses
import itertools
import time
from collections.abc import Iterator, Mapping, Set
from typing import NamedTuple

import nova.conf

from edge_sched.asking.intent import Intent
from edge_sched.auditing.demand import Demand
from edge_sched.auditing.trouble import Troubles
from edge_sched.conf.policy import policy_of
from edge_sched.judging.decision import decide
from edge_sched.judging.standing import figure_ms
from edge_sched.judging.verdict import NEVER_MEASURED
from edge_sched.judging.verdict import ONLY_DERIVED
from edge_sched.judging.verdict import STALE
from edge_sched.judging.verdict import Verdict
from edge_sched.model import keys
from edge_sched.model.client import Client
from edge_sched.model.keys import NearClient
from edge_sched.model.latency import Answer
from edge_sched.scheduler.topology.locator import Location
from edge_sched.scheduler.topology.topology import Topology
from edge_sched.store.cache import Key
from edge_sched.store.reader import Reader

CONF = nova.conf.CONF

NEVER, OLD, FRESH = 'never', 'stale', 'fresh'


@dataclasses.dataclass(frozen=True, slots=True)
class Covered:
    """One client, from all sites.

    :param project_id: of a name, ``''`` of whatever is none
    :param known: ``False`` for a name that is no client
    :param sites: the verdict at each on the smallest budget
    :param judged_ms: what that is judged by at each: a budget of so much could
        be kept there; ``None`` if it is unknown
    """

    client: Client
    project_id: str
    demand: Demand
    known: bool
    sites: Mapping[str, Verdict]
    judged_ms: Mapping[str, float | None]


def state_of(verdict: Verdict) -> str:
    """``never``, ``stale`` or ``fresh``."""
    if verdict.why in (NEVER_MEASURED, ONLY_DERIVED):
        return NEVER
    return OLD if verdict.why == STALE or verdict.stale else FRESH


def most_asked_first(demands: Mapping[Key, Demand]) -> dict[Key, Demand]:
    """The same, in an order for readers."""
    order = sorted(
        demands, key=lambda key: (-demands[key].servers, str(key[0]), key[1])
    )
    return {key: demands[key] for key in order}


class Sites:
    """All sites: looks clients up, and judges each at every one.

    :param only_site: if it is to be seen from no other
    :param troubles: is told if measuring is down
    """

    def __init__(
        self,
        store: Reader,
        topology: Topology,
        troubles: Troubles,
        only_site: str | None = None,
    ) -> None:
        self._store = store
        self._troubles = troubles
        self._policy = policy_of(CONF)
        self._sites = {
            site: locations
            for site, locations in _sites(topology).items()
            if only_site in (None, site)
        }
        every = itertools.chain.from_iterable(self._sites.values())
        self._chains = {location: location.chain for location in every}

    def see(self, wanted: Mapping[Key, Demand]) -> Iterator[Covered]:
        """Each client, in their order.

        :raises StoreUnavailableError: if the store cannot be asked
        """
        order = list(wanted)
        for begin in range(0, len(order), keys.MAX_CLIENTS):
            some = order[begin : begin + keys.MAX_CLIENTS]
            answers = self._store.answers(some)
            for key in some:
                yield self._covered(key, wanted[key], answers[key])

    def _covered(self, key: Key, demand: Demand, answer: Answer) -> Covered:
        client, project_id = key
        target = NearClient(client, demand.budget_ms)
        intent = Intent((target,), percentile=demand.percentile)
        policy = self._policy
        made = decide(
            intent, {client: answer}, self._chains, policy, time.time()
        )
        if made.outage:
            self._troubles.measuring_is_down(policy)
        verdicts = {
            site: max(
                (made.verdicts[location].deciding for location in locations),
                key=lambda verdict: verdict.standing,
            )
            for site, locations in self._sites.items()
            # What is assumed of hosts of one site is no measurement.
            if site != client.site
        }
        judged_ms = {
            site: figure_ms(verdict, target, intent)
            for site, verdict in verdicts.items()
        }
        return Covered(
            client, project_id, demand, answer.known, verdicts, judged_ms
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
    servers = covered.demand.servers
    asked = f'which {servers} servers ask for'
    if servers == 1:
        asked = 'which 1 server asks for'
    for site, verdict in covered.sites.items():
        state = state_of(verdict)
        if state == FRESH:
            continue
        lately = ' lately' if state == OLD else ''
        said = f'{site} has not measured {covered.client}{lately}, {asked}'
        if not covered.known:
            why = 'and cannot: it is no client of the store'
        elif site not in measured:
            why = 'nor any other: it has no prober, or no collector reads it'
        elif site not in fresh:
            why = 'nor any other lately: is its prober up?'
        elif state == NEVER:
            why = 'but others: it is no target of its prober'
        else:
            why = 'but others: it is no target any more'
        yield Missing(site, covered, f'{said}, {why}')
