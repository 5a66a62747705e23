# SPDX-License-Identifier: Apache-2.0

"""Who is measured from where, of all clients that servers name."""

import time

from oslo_utils.fixture import uuidsentinel as uuids

from edge_sched.auditing import coverage
from edge_sched.auditing.audit import Auditor
from edge_sched.auditing.coverage import Covered
from edge_sched.auditing.coverage import Sites
from edge_sched.auditing.demand import Demand
from edge_sched.auditing.demand import Demands
from edge_sched.judging.scoring import OVER
from edge_sched.judging.scoring import UNKNOWN
from edge_sched.judging.scoring import WITHIN
from edge_sched.model.client import parse_client
from edge_sched.model.client import parse_prefix
from edge_sched.model.latency import Latency
from edge_sched.model.latency import NewLatency
from edge_sched.scheduler.topology.membership import Aggregate
from tests.unit.auditing.base import AuditTestCase
from tests.unit.scheduler.base import ALICE
from tests.unit.scheduler.topology.test_topology import CELL1
from tests.unit.scheduler.topology.test_topology import CELL2
from tests.unit.scheduler.topology.test_topology import SITE
from tests.unit.scheduler.topology.test_topology import topology

BOB = '198.51.100.7'
BOBS = '198.51.100.0/24'


class CoverageTestCase(AuditTestCase):
    """Paris has measured alice at 9 and lyon at 15 ms."""

    def demands(self) -> Demands:
        (batch,) = Auditor(self.reader, self.troubles).batches(None)
        return Demands(batch)

    def sites(self, only_site: str | None = None) -> Sites:
        where = self.topology.return_value
        return Sites(self.reader, where, self.troubles, only_site)

    def covered(self, only_site: str | None = None) -> dict[str, Covered]:
        wanted = coverage.most_asked_first(self.demands().of_each())
        found = self.sites(only_site).see(wanted)
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

    def test_server_counts_once_whatever_its_clients_go_by(self) -> None:
        self.insert('a', f'{ALICE}@20', f'{BOB}@7', percentile='p99')
        self.insert('b', BOB)
        self.insert('c', ALICE)
        self.insert('d', ALICE)
        demands = self.demands()
        alice, bob = ((parse_client(text), '') for text in (ALICE, BOB))
        self.assertEqual({alice, bob}, {*demands.keys})
        self.assertEqual(
            {'all': Demand(4, 7.0, 'p99'), 'bobs': Demand(2, 7.0, 'p99')},
            demands.by({alice: ['all'], bob: ['all', 'bobs']}),
        )
        self.assertEqual({}, demands.by({alice: [], bob: []}))

    def test_two_places_at_one_site_are_one_client(self) -> None:
        for server in uuids.one, uuids.two:
            self.insert(server, ALICE, cell_id=2, host='lyon-1')
        self.insert(
            uuids.web, f'server:{uuids.one}@5', f'server:{uuids.two}@3'
        )
        demand = self.covered()['site:lyon'].demand
        self.assertEqual(Demand(1, 3.0, 'p95'), demand)

    def test_who_is_asked_for_most_comes_first(self) -> None:
        few, many = Demand(1), Demand(2)
        names = [(parse_client(name), p) for name in 'ab' for p in ('', 'x')]
        wanted = dict.fromkeys(reversed(names), few)
        last = parse_client('z'), ''
        self.assertEqual(
            [(last, many), *((name, few) for name in names)],
            [*coverage.most_asked_first(wanted | {last: many}).items()],
        )

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
    def seen(self, client: str, **options: str) -> dict[str, str]:
        sites = self.covered(**options)[client].sites
        return {s: coverage.state_of(v) for s, v in sites.items()}

    def test_fresh_stale_and_never(self) -> None:
        self.insert('a', ALICE, latency_budget_ms='12')
        self.insert('b', BOB)
        self.measure_lately('198.51.100.0/24', 7200, lyon=5)
        found = self.covered()[ALICE]
        self.assertEqual(
            {'paris': WITHIN, 'lyon': OVER},
            {site: verdict.standing for site, verdict in found.sites.items()},
        )
        # What could be kept.
        self.assertEqual({'paris': 10, 'lyon': 16}, found.judged_ms)
        self.assertEqual({'paris': 'fresh', 'lyon': 'fresh'}, self.seen(ALICE))
        self.assertEqual({'paris': 'never', 'lyon': 'stale'}, self.seen(BOB))
        self.assertEqual({'lyon': 'stale'}, self.seen(BOB, only_site='lyon'))

    def test_name_that_is_measured_in_part(self) -> None:
        self.writer.set_client('car', map(parse_prefix, (ALICE, BOB)))
        self.insert('a', 'car', latency_budget_ms='9')
        self.assertEqual('never', self.seen('car mine')['paris'])
        verdict = self.covered()['car mine'].sites['paris']
        self.assertEqual(OVER, verdict.standing)

    def test_site_in_two_cells_is_where_it_is_best(self) -> None:
        cells = self.topology.return_value.cells
        self.topology.return_value = topology(
            Aggregate('1', {SITE: 'nice'}, ['nice-1', 'nice-2']),
            cell_of={'nice-1': CELL1, 'nice-2': CELL2},
        )
        self.topology.return_value.cells = cells
        self.insert('a', BOB, latency_budget_ms='7')
        for cells in ({'cell1': 5}, {'cell2': 5}, {'cell1': 9, 'cell2': 5}):
            self.measure(BOBS, **cells)
            verdict = self.covered()[BOB].sites['nice']
            self.assertEqual(WITHIN, verdict.standing)

    def test_too_few_samples_are_fresh_and_unknown(self) -> None:
        self.insert('a', BOB, latency_budget_ms='12')
        client = parse_client('198.51.100.0/24')
        row = Latency('lyon', str(client), 5, 6, time.time(), samples=3)
        self.writer.store_latencies([NewLatency(client, row)])
        self.assertEqual('fresh', self.seen(BOB)['lyon'])
        found = self.covered()[BOB]
        self.assertEqual(UNKNOWN, found.sites['lyon'].standing)
        self.assertIsNone(found.judged_ms['lyon'])

    def test_what_is_used_while_measuring_is_down_is_stale(self) -> None:
        self.insert('a', BOB, latency_budget_ms='12')
        self.measure_lately(BOBS, 3600, lyon=5)
        self.beat(ago=3600)
        found = self.covered()[BOB]
        self.assertEqual('stale', self.seen(BOB)['lyon'])
        self.assertEqual(WITHIN, found.sites['lyon'].standing)
        self.assertEqual(6, found.judged_ms['lyon'])
        self.assertTrue(self.troubles.outage)

    def test_clients_are_looked_up_some_at_a_time(self) -> None:
        for number in range(40):
            self.insert(f'server-{number}', f'192.0.2.{number}')
        self.assertEqual(40, len(self.covered()))


class MissingTest(CoverageTestCase):
    def missing(self, measured: set[str], fresh: set[str]) -> dict[str, str]:
        found = coverage.missing(self.covered()[BOB], measured, fresh)
        return {each.site: each.why for each in found}

    def test_what_is_amiss(self) -> None:
        for server in 'a', 'b':
            self.insert(server, BOB)
        said = f'lyon has not measured {BOB}, which 2 servers ask for, '
        for measured, fresh, words in (
            (
                set(),
                set(),
                'nor any other: it has no prober, or no collector reads it',
            ),
            ({'lyon'}, set(), 'nor any other lately: is its prober up?'),
            (
                {'lyon'},
                {'lyon'},
                'but others: it is no target of its prober',
            ),
        ):
            self.assertEqual(
                f'{said}{words}', self.missing(measured, fresh)['lyon']
            )

    def test_client_that_was_measured(self) -> None:
        self.insert('b', BOB)
        self.measure_lately(BOBS, 7200, lyon=5)
        self.assertEqual(
            f'lyon has not measured {BOB} lately, which 1 server asks for, '
            'but others: it is no target any more',
            self.missing({'lyon'}, {'lyon'})['lyon'],
        )

    def test_name_that_is_no_client(self) -> None:
        self.insert('a', 'nobody')
        (found,) = self.covered().values()
        self.assertEqual(
            'lyon has not measured nobody, which 1 server asks for, and '
            'cannot: it is no client of the store',
            next(coverage.missing(found, {'lyon'}, {'lyon'})).why,
        )

    def test_what_is_measured_is_not_missing(self) -> None:
        self.insert('b', BOB)
        self.measure(BOBS, lyon=5)
        self.assertEqual(['paris'], [*self.missing(set(), set())])
