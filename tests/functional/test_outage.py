# SPDX-License-Identifier: Apache-2.0

"""The collectors are away: older rows are used, and marked."""

import ipaddress
import time

import fixtures

from edge_sched.model.client import parse_client
from edge_sched.model.latency import Latency
from edge_sched.model.latency import NewLatency
from edge_sched.store.measurements import Recorded
from tests.functional import cloud
from tests.functional.measured import MeasuredCloudTestCase

ALICE = '203.0.113.7'
BUDGET = {'latency_budget_ms': '20'}
HOUR = 3600.0


class OutageTest(MeasuredCloudTestCase):
    sites = {
        'paris': ('cell1', ['paris-1']),
        'lyon': ('cell2', ['lyon-1']),
    }

    def beat(self, age: float, collector: str = '1/1') -> None:
        """A collector was at work that many seconds ago."""
        clock = fixtures.MockPatch('edge_sched.store.clock.now')
        with clock:
            clock.mock.return_value = time.time() - age
            self.writer.beat(collector)

    def test_old_rows_place_a_server_while_measuring_is_down(self) -> None:
        self.measure('203.0.113.0/24', paris=9, lyon=15, age=HOUR)
        self.beat(HOUR)
        self.assertLanded('paris', self.near(ALICE, **BUDGET))
        record = self.decisions()[-1]
        self.assertEqual('judged', record['outcome'])
        self.assertEqual('outage', record['measuring'])
        self.assertEqual([True, True], [b['stale'] for b in record['best']])
        self.assertGreaterEqual(record['best'][0]['age_seconds'], HOUR)

    def test_user_reads_that_measuring_is_down(self) -> None:
        self.measure('203.0.113.0/24', paris=41, lyon=30.2, age=2 * HOUR)
        self.beat(2 * HOUR)
        self.assertRefused(
            'no site within 20 ms (p95) of 203.0.113.7: nearest is lyon at '
            '32 ms, measured 2 h ago (measuring is down)',
            self.near(ALICE, **BUDGET),
        )

    def test_a_silent_prober_is_no_outage(self) -> None:
        self.measure('203.0.113.0/24', paris=9, age=HOUR)
        self.measure('203.0.113.0/24', lyon=15)
        self.beat(10)
        self.assertLanded('lyon', self.near(ALICE, **BUDGET))
        record = self.decisions()[-1]
        self.assertEqual(
            {'within': 1, 'unknown': 1, 'over': 0}, record['hosts']
        )
        self.assertNotIn('measuring', record)

    def test_one_of_two_collectors_is_enough(self) -> None:
        self.measure('203.0.113.0/24', paris=9, age=HOUR)
        self.measure('203.0.113.0/24', lyon=15)
        self.beat(10, '1/2')
        self.beat(HOUR, '2/2')
        self.assertLanded('paris', self.near(ALICE, **BUDGET))
        paris, lyon = self.decisions()[-1]['best']
        self.assertEqual(('paris', True), (paris['site'], paris['stale']))
        self.assertNotIn('stale', lyon)

    def test_without_a_collector_old_rows_are_unknown(self) -> None:
        self.measure('203.0.113.0/24', paris=9, lyon=15, age=HOUR)
        self.assertRefused('newest is 60 min old', self.near(ALICE, **BUDGET))
        self.assertNotIn('measuring', self.decisions()[-1])

    def test_no_outage_makes_rows_of_7_hours_good(self) -> None:
        self.measure('203.0.113.0/24', paris=9, lyon=15, age=7 * HOUR)
        self.beat(5 * HOUR)
        self.assertRefused('newest is 7 h old', self.near(ALICE, **BUDGET))
        self.assertEqual('outage', self.decisions()[-1]['measuring'])

    @cloud.cloud(conf={'edge_sched': {'outage_max_age': '0'}})
    def test_turned_off(self) -> None:
        self.measure('203.0.113.0/24', paris=9, lyon=15, age=HOUR)
        self.beat(HOUR)
        self.assertRefused('newest is 60 min old', self.near(ALICE, **BUDGET))

    @cloud.cloud(conf={'edge_sched': {'cache_ttl': '3600', 'max_age': '1'}})
    def test_what_is_kept_is_judged_by_the_time_it_is_now(self) -> None:
        self.beat(0)
        # Later than the heartbeat, or there would be a moment for a refusal.
        self.measure('203.0.113.0/24', paris=9, lyon=15, age=0)
        self.assertLanded('paris', self.near(ALICE, **BUDGET))

        def is_outage() -> bool:
            self.assertLanded('paris', self.near(ALICE, **BUDGET))
            return 'measuring' in self.decisions()[-1]

        self.wait_for('the heartbeat to be too old', is_outage)
        self.assertEqual('hit', self.decisions()[-1]['cache'])


class RepointingTest(MeasuredCloudTestCase):
    """A vehicle drives on; its server keeps the hint that it was made with."""

    sites = {
        'paris': ('cell1', ['paris-1']),
        'lille': ('cell1', ['lille-1']),
    }

    def record(self, client: str, address: str, **sites: float) -> Recorded:
        """What a collector brings of a client probed at an address."""
        return self.writer.record(
            NewLatency(
                parse_client(client),
                Latency(site, client, ms, ms + 1, time.time(), samples=100),
                address=ipaddress.ip_address(address),
            )
            for site, ms in sites.items()
        )

    def test_servers_follow_and_late_figures_of_the_old_place_do_not_count(
        self,
    ) -> None:
        self.set_client('car', ['203.0.113.0/24'])
        self.record('203.0.113.0/24', ALICE, paris=5, lille=15)
        self.record('198.51.100.0/24', '198.51.100.7', paris=15, lille=5)
        server = self.near('car', **BUDGET)
        self.assertLanded('paris', server)
        self.set_client('car', ['198.51.100.0/24'])
        late = self.record('car', ALICE, paris=1, lille=18)
        self.assertEqual(Recorded(0, 0, 0, 2, frozenset({0, 1})), late)
        self.assertLanded('lille', self.live_migrate(server))
        self.assertLanded('lille', self.near('car', **BUDGET))
        # Its own figures, of the new place, go before those of the prefix.
        own = self.record('car', '198.51.100.7', paris=3, lille=30)
        self.assertEqual(2, own.written)
        self.assertLanded('paris', self.live_migrate(server))
