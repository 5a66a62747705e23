# SPDX-License-Identifier: Apache-2.0

"""Which vantage speaks for a host, and what its aggregates say."""

from tests.functional import cloud
from tests.functional.measured import MeasuredCloudTestCase

ALICE = '203.0.113.7'
BUDGET = {'latency_budget_ms': '20'}


class VantageTest(MeasuredCloudTestCase):
    """The most specific vantage with any row decides."""

    sites = {
        'paris': ('cell1', ['paris-1', 'paris-2'], 'eu-west'),
        'lyon': ('cell2', ['lyon-1'], 'eu-south'),
    }

    def test_host_site_zone_cell(self) -> None:
        self.measure('203.0.113.0/24', cell2=19, cell1=25)
        self.assertLanded('lyon', self.near(ALICE))
        self.measure('203.0.113.0/24', {'eu-west': 18})
        self.assertLanded('paris', self.near(ALICE))
        self.measure('203.0.113.0/24', paris=30)
        self.assertLanded('lyon', self.near(ALICE))
        self.measure('203.0.113.0/24', {'paris-2': 5})
        self.assertLanded('paris-2', self.near(ALICE))

    def test_dark_site_is_not_certified_by_its_cell(self) -> None:
        self.measure('203.0.113.0/24', cell1=5, cell2=5)
        self.measure('203.0.113.0/24', paris=5, age=2000)
        self.assertLanded('lyon', self.near(ALICE, **BUDGET))
        self.measure('203.0.113.0/24', lyon=5, age=2000)
        self.assertRefused(
            'no usable latency data for 203.0.113.7 (newest is 33 min old)',
            self.near(ALICE, **BUDGET),
        )

    def test_fresh_long_prefix_over_beats_fresh_short_one_within(self) -> None:
        self.measure('203.0.0.0/16', paris=5, lyon=5)
        self.measure('203.0.113.0/24', paris=40)
        self.assertLanded('lyon', self.near(ALICE, **BUDGET))
        self.measure('203.0.113.0/24', lyon=50)
        self.assertRefused(
            'nearest is paris at 41', self.near(ALICE, **BUDGET)
        )

    @cloud.cloud(conf={'edge_sched': {'vantage_order': 'cell'}})
    def test_vantage_order(self) -> None:
        self.measure('203.0.113.0/24', paris=5, cell1=40, cell2=30)
        self.assertLanded('lyon', self.near(ALICE))

    def test_host_of_two_sites(self) -> None:
        # The first by name that has a row decides.
        self.create_aggregate(
            'metro', ['lyon-1'], metadata={'edge:site': 'metro'}
        )
        self.measure('203.0.113.0/24', paris=9, metro=5)
        self.assertLanded('lyon', self.near(ALICE))
        self.measure('203.0.113.0/24', lyon=30)
        self.assertLanded('paris', self.near(ALICE))


class MembershipTest(MeasuredCloudTestCase):
    sites = {
        'paris': ('cell1', ['paris-1']),
        'lyon': ('cell2', ['lyon-1']),
    }

    def test_site_is_renamed_while_the_scheduler_runs(self) -> None:
        self.measure('203.0.113.0/24', paris=9, lyon=30, marseille=5)
        self.assertLanded('paris', self.near(ALICE))
        self.set_aggregate_metadata('lyon', {'edge:site': 'marseille'})
        self.assertLanded('lyon', self.near(ALICE))
        self.set_aggregate_metadata('lyon', {'edge:site': None})
        self.assertLanded('paris', self.near(ALICE))

    @cloud.cloud(conf={'edge_sched': {'site_metadata_key': 'metro'}})
    def test_site_metadata_key(self) -> None:
        self.measure('203.0.113.0/24', paris=5, lille=30, nice=20)
        self.set_aggregate_metadata('paris', {'metro': 'lille'})
        self.set_aggregate_metadata('lyon', {'metro': 'nice'})
        self.assertLanded('lyon', self.near(ALICE))

    @cloud.cloud(conf={'edge_sched': {'membership_ttl': '3600'}})
    def test_membership_is_kept_for_its_lifetime(self) -> None:
        self.measure('203.0.113.0/24', paris=9, lyon=30, marseille=5)
        self.assertLanded('paris', self.near(ALICE))
        self.set_aggregate_metadata('lyon', {'edge:site': 'marseille'})
        self.assertLanded('paris', self.near(ALICE))


class MultiplierTest(MeasuredCloudTestCase):
    sites = {
        'paris': ('cell1', ['paris-1']),
        'lyon': ('cell2', ['lyon-1']),
    }
    KEY = 'edge_latency_weight_multiplier'

    def test_multiplier_of_an_aggregate(self) -> None:
        self.measure('203.0.113.0/24', paris=5, lyon=30)
        self.assertLanded('paris', self.near(ALICE))
        self.set_aggregate_metadata('paris', {self.KEY: '0'})
        self.assertLanded('lyon', self.near(ALICE))
        self.set_aggregate_metadata('paris', {self.KEY: 'none'})
        self.create_servers({'edge:client': ALICE}, count=3)
        # Weighed anew for each server, and read twice: before Placement is
        # asked, and after.
        self.assertEqual(2, len(self.log_lines("['none'] is not a finite")))
        for value in ('nan', 'inf', '-1', 'much'):
            self.set_aggregate_metadata('paris', {self.KEY: value})
            self.assertLanded('paris', self.near(ALICE))
            warning, _ = self.log_lines(f"['{value}'] is not a finite number")
            self.assertIn(self.KEY, warning)

    @cloud.cloud(
        conf={
            'edge_sched': {
                'latency_weight_multiplier': '0',
                'cell_latency_weight_multiplier': '0',
            },
            'filter_scheduler': {'ram_weight_multiplier': '1'},
        }
    )
    def test_multiplier_zero_turns_the_weigher_off(self) -> None:
        self.measure('203.0.113.0/24', paris=5, lyon=90)
        self.create_server(host='paris-1')
        # The emptier host wins, as in stock Nova; budgets still hold.
        self.assertLanded('lyon', self.near(ALICE))
        self.assertLanded('paris', self.near(ALICE, **BUDGET))


class CellTest(MeasuredCloudTestCase):
    """Between hosts that tie, the cell with more near hosts wins."""

    sites = {
        'paris': ('cell1', ['paris-1']),
        'lyon': ('cell2', ['lyon-1', 'lyon-2', 'lyon-3']),
        'nice': ('cell1', ['nice-1']),
    }
    conf = {
        'edge_sched': {'cache_ttl': '0', 'membership_ttl': '0'},
        'scheduler': {'max_attempts': '3'},
    }

    def test_cell_with_three_near_hosts_wins(self) -> None:
        self.measure('203.0.113.0/24', paris=9.1, lyon=9.4, nice=60)
        for _ in range(3):
            self.assertLanded('lyon', self.near(ALICE))
