# SPDX-License-Identifier: Apache-2.0

"""Who is measured from where, of all clients that servers name."""

import time
from typing import Any

from oslo_utils.fixture import uuidsentinel as uuids

from edge_sched.auditing import coverage
from edge_sched.auditing.audit import Auditor
from edge_sched.auditing.coverage import Covered
from edge_sched.auditing.coverage import Demand
from edge_sched.judging.scoring import OVER
from edge_sched.judging.scoring import UNKNOWN
from edge_sched.judging.scoring import WITHIN
from edge_sched.model.client import parse_client
from edge_sched.model.client import parse_prefix
from edge_sched.model.latency import Latency
from edge_sched.model.latency import NewLatency
from tests.unit.auditing.test_audit import AuditTestCase
from tests.unit.scheduler.base import ALICE

BOB = '198.51.100.7'


class CoverageTestCase(AuditTestCase):
    """Paris has measured alice at 9 and lyon at 15 ms."""

    def covered(self, only_site: str | None = None) -> dict[str, Covered]:
        auditor = Auditor(self.reader, self.troubles)
        (batch,) = auditor.batches(None)
        topology = self.topology.return_value
        wanted = coverage.demands(batch)
        found = coverage.cover(wanted, self.reader, topology, only_site)
        return {f'{e.client} {e.project_id}'.strip(): e for e in found}

    def measure_lately(self, client: str, age: float, **p50_ms: float) -> None:
        self.writer.store_latencies(
            [
                NewLatency(
                    parse_client(client),
                    Latency(site, client, p50, p50 + 1, time.time() - age),
                )
                for site, p50 in p50_ms.items()
            ]
        )


class DemandTest(CoverageTestCase):
    def test_servers_are_counted_by_client(self) -> None:
        self.insert('a', ALICE, latency_budget_ms='20')
        self.insert('b', f'{ALICE}@12', BOB, percentile='p99')
        self.insert('c', ALICE)
        found = self.covered()
        self.assertEqual(Demand(3, 12.0, 'p99'), found[ALICE].demand)
        self.assertEqual(Demand(1, None, 'p99'), found[BOB].demand)
        self.assertEqual([ALICE, BOB], [*found])

    def test_of_equal_budgets_the_higher_percentile(self) -> None:
        self.insert('a', ALICE, latency_budget_ms='20', percentile='p50')
        self.insert('b', ALICE, latency_budget_ms='20', percentile='p95')
        self.insert('c', ALICE, latency_budget_ms='20', percentile='p50')
        demand = self.covered()[ALICE].demand
        self.assertEqual(Demand(3, 20.0, 'p95'), demand)

    def test_names_are_of_their_projects(self) -> None:
        self.writer.set_client('home', [parse_prefix('203.0.113.0/24')], 'a')
        for project in 'a', 'b':
            self.insert(f'of-{project}', 'home', project=project)
        found = self.covered()
        self.assertTrue(found['home a'].known)
        self.assertFalse(found['home b'].known)
        self.assertEqual(1, found['home a'].demand.servers)

    def test_server_is_the_site_where_it_is(self) -> None:
        self.measure('site:lyon', paris=9)
        self.insert(uuids.web, f'server:{uuids.db}', latency_budget_ms='5')
        self.insert(uuids.db, ALICE, cell_id=2, host='lyon-1')
        found = self.covered()
        self.assertEqual(1, found['site:lyon'].demand.servers)
        # Of itself nothing has to be measured.
        self.assertEqual(['paris'], [*found['site:lyon'].sites])
        self.assertEqual(OVER, found['site:lyon'].sites['paris'].standing)


class SitesTest(CoverageTestCase):
    def seen(self, client: str, **options: Any) -> dict[str, str]:
        sites = self.covered(**options)[client].sites
        return {s: coverage.state_of(v) for s, v in sites.items()}

    def test_fresh_stale_and_never(self) -> None:
        self.insert('a', ALICE, latency_budget_ms='12')
        self.insert('b', BOB)
        self.measure_lately('198.51.100.0/24', 7200, lyon=5)
        sites = self.covered()[ALICE].sites
        self.assertEqual(
            {'paris': WITHIN, 'lyon': OVER},
            {site: verdict.standing for site, verdict in sites.items()},
        )
        self.assertEqual({'paris': 'fresh', 'lyon': 'fresh'}, self.seen(ALICE))
        self.assertEqual({'paris': 'never', 'lyon': 'stale'}, self.seen(BOB))
        self.assertEqual({'lyon': 'stale'}, self.seen(BOB, only_site='lyon'))

    def test_too_few_samples_are_fresh_and_unknown(self) -> None:
        self.insert('a', BOB, latency_budget_ms='12')
        client = parse_client('198.51.100.0/24')
        row = Latency('lyon', str(client), 5, 6, time.time(), samples=3)
        self.writer.store_latencies([NewLatency(client, row)])
        self.assertEqual('fresh', self.seen(BOB)['lyon'])
        verdict = self.covered()[BOB].sites['lyon']
        self.assertEqual(UNKNOWN, verdict.standing)

    def test_clients_are_looked_up_some_at_a_time(self) -> None:
        for number in range(40):
            self.insert(f'server-{number}', f'192.0.2.{number}')
        self.assertEqual(40, len(self.covered()))


class MissingTest(CoverageTestCase):
    def missing(self, measured: set[str], fresh: set[str]) -> dict[str, str]:
        found = coverage.missing(self.covered()[BOB], measured, fresh)
        return {each.site: each.why for each in found}

    def test_what_is_amiss(self) -> None:
        self.insert('b', BOB)
        for measured, fresh, words in (
            (set(), set(), 'nothing is measured from there: it has no prober'),
            ({'lyon'}, set(), 'any more: is its prober up?'),
            ({'lyon'}, {'lyon'}, 'others are: it is no target of its prober'),
        ):
            self.assertIn(words, self.missing(measured, fresh)['lyon'])

    def test_client_that_was_measured(self) -> None:
        self.insert('b', BOB)
        self.measure_lately('198.51.100.0/24', 7200, lyon=5)
        why = self.missing({'lyon'}, {'lyon'})['lyon']
        self.assertEqual('others are: it is no target any more', why)

    def test_what_is_measured_is_not_missing(self) -> None:
        self.insert('b', BOB)
        self.measure('198.51.100.0/24', lyon=5)
        self.assertEqual(['paris'], [*self.missing(set(), set())])
