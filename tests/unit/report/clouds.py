# SPDX-License-Identifier: Apache-2.0

"""Pages of clouds that were made up, the same for the same seed.

Sites and clients lie somewhere in a square, and the round trip between them
grows with the distance. What is made of it is made by the code of the report.
"""

import dataclasses
import math
import random
from collections.abc import Iterator, Sequence

from edge_sched.asking.intent import Intent
from edge_sched.auditing.audit import Finding
from edge_sched.auditing.coverage import FRESH
from edge_sched.auditing.coverage import OLD
from edge_sched.auditing.coverage import Covered
from edge_sched.auditing.coverage import state_of
from edge_sched.auditing.demand import Demand
from edge_sched.judging.decision import Decision
from edge_sched.judging.decision import decide
from edge_sched.judging.scoring import WITHIN
from edge_sched.judging.standing import compare
from edge_sched.judging.verdict import Policy
from edge_sched.model.client import Client
from edge_sched.model.client import parse_client
from edge_sched.model.keys import NearClient
from edge_sched.model.latency import Answer
from edge_sched.replay.lines import Found
from edge_sched.report.freshness import Fresh
from edge_sched.report.groups import Spread
from edge_sched.report.heat import Heat
from edge_sched.report.page import Page
from edge_sched.report.refusals import Refusals
from edge_sched.report.standings import Standings
from tests.unit.factories import NOW
from tests.unit.factories import make_row

#: Milliseconds from one side of the square to the other.
SIDE_MS = 40.0

SITES = (
    *('berlin', 'bordeaux', 'brest', 'lille', 'lyon', 'marseille', 'milano'),
    *('munich', 'nantes', 'nice', 'paris', 'torino'),
)
CLIENTS = (
    *('203.0.113.7', '198.51.100.20', '192.0.2.129', '2001:db8:7:100::/56'),
    *('vehicle-42', 'crew', 'site:paris', '203.0.113.200'),
)
PROJECT = '4f2e917c3a604d6f8b1d0c5e7a9b2f38'
GROUP = '6c1f0b9e-2a47-4d35-9f0e-51c0a8d7e{:03d}'
SERVER = '8b0f2c1e-5d0c-4b8e-9d65-{:012x}'


@dataclasses.dataclass(frozen=True)
class Cloud:
    """A cloud, and its seed.

    :param servers: that ask for a client
    """

    sites: Sequence[str] = SITES
    clients: Sequence[str] = CLIENTS
    servers: int = 200
    seed: int = 8
    outage: bool = False

    def page(self) -> Page:
        """Its report."""
        chance = random.Random(self.seed)
        standings, fresh, spread = Standings(), Fresh(), Spread()
        wanted = self._wanted(chance)
        decisions = {
            key: self._decided(chance, key[0], demand)
            for key, demand in wanted.items()
        }
        for finding in self._findings(chance, decisions):
            standings.add(finding)
        heat = Heat(wanted)
        for (client, project_id), demand in wanted.items():
            verdicts = {
                site: verdict.deciding
                for site, verdict in decisions[
                    client, project_id
                ].verdicts.items()
                if site != client.site
            }
            states = {site: state_of(v) for site, v in verdicts.items()}
            heat.add(
                Covered(client, project_id, demand, True, verdicts, {}),
                [site for site, state in states.items() if state == OLD],
            )
            fresh.add(
                states,
                demand.servers,
                [
                    verdicts[site].age_seconds or 0.0
                    for site, state in states.items()
                    if state == FRESH
                ],
                self.outage,
            )
        for number in range(len(self.sites) // 2):
            at = [chance.choice(self.sites) for _ in range(2 + number % 3)]
            spread.add(
                PROJECT,
                GROUP.format(number),
                ('site',),
                bool(number % 2),
                [[site] for site in at],
            )
        return Page(
            NOW,
            standings.servers(),
            ['3 servers of cell east are not judged'],
            heat.map(standings.servers_at),
            fresh.freshness(),
            spread.groups(),
            self._refused().refused(),
        )

    def _wanted(
        self, chance: random.Random
    ) -> dict[tuple[Client, str], Demand]:
        """Few clients are asked for by many."""
        wanted = {}
        for number, text in enumerate(self.clients):
            client = parse_client(text)
            project_id = PROJECT if client.name else ''
            wanted[client, project_id] = Demand(
                max(1, self.servers // 3 // (number + 1)),
                chance.choice([12.0, 20.0, 40.0, None]),
                'p95',
            )
        return wanted

    def _decided(
        self, chance: random.Random, client: Client, demand: Demand
    ) -> Decision[str]:
        """What there is to measure of a client, judged."""
        places = random.Random(0)
        at = {s: (places.random(), places.random()) for s in self.sites}
        here = chance.random(), chance.random()
        rows = {}
        for site in self.sites:
            if chance.random() < 0.08:
                continue
            p50 = 1.5 + SIDE_MS * math.dist(at[site], here)
            p95 = p50 * chance.uniform(1.05, 1.6)
            age = 3600.0 if chance.random() < 0.06 else chance.uniform(5, 300)
            samples = 12 if chance.random() < 0.03 else 64
            rows[site] = make_row(
                p50,
                p95,
                age,
                vantage=site,
                client=str(client),
                samples=samples,
            )
        heartbeat_at = NOW - 1000 if self.outage else NOW - 5
        return decide(
            Intent((NearClient(client, demand.budget_ms),)),
            {client: Answer(True, (rows,), heartbeat_at)},
            {site: (site,) for site in self.sites},
            Policy(),
            NOW,
        )

    def _findings(
        self,
        chance: random.Random,
        decisions: dict[tuple[Client, str], Decision[str]],
    ) -> Iterator[Finding]:
        """Servers, most of them at a site that is near."""
        keys = list(decisions)
        for number in range(self.servers):
            client, project_id = keys[
                min(int(chance.expovariate(0.4)), len(keys) - 1)
            ]
            decision = decisions[client, project_id]
            order = sorted(
                decision.verdicts,
                key=lambda site: -decision.verdicts[site].score,
            )
            site = order[min(int(chance.expovariate(0.6)), len(order) - 1)]
            if chance.random() < 0.1:
                site = chance.choice(order)
            best = next(
                (
                    each
                    for each in order
                    if each != site
                    and decision.verdicts[each].standing is WITHIN
                ),
                None,
            )
            yield Finding(
                SERVER.format(number),
                project_id or PROJECT,
                f'{site}-1',
                site,
                (site,),
                compare(decision, site, best),
                best or '',
                'yes' if best else 'nowhere',
                (),
            )

    def _refused(self) -> Refusals:
        refusals = Refusals()
        for number, (hosts, unknown) in enumerate(
            [
                ({'within': 0, 'unknown': 0, 'over': 9}, 'reject'),
                ({'within': 0, 'unknown': 0, 'over': 9}, 'reject'),
                ({'within': 0, 'unknown': 3, 'over': 6}, 'reject'),
                ({'within': 2, 'unknown': 0, 'over': 6}, 'reject'),
            ]
        ):
            refusals.add(
                Found(
                    number,
                    {
                        'outcome': 'rejected',
                        'operation': 'move' if number == 1 else 'create',
                        'mode': 'enforce',
                        'hosts': hosts,
                        'budgets': {'mode': 'required', 'unknown': unknown},
                    },
                )
            )
        return refusals
