# SPDX-License-Identifier: Apache-2.0

"""What the user reads, and what no user may."""

from tests.functional import cloud
from tests.functional.measured import MeasuredCloudTestCase

ALICE = '203.0.113.7'
BUDGET = {'latency_budget_ms': '20'}
SITES = {
    'paris': ('cell1', ['paris-1']),
    'lyon': ('cell2', ['lyon-1'], 'eu-south'),
}


class ReasonTest(MeasuredCloudTestCase):
    sites = SITES

    def setUp(self) -> None:
        super().setUp()
        self.measure('203.0.113.0/24', paris=41, lyon=30.2, age=40)

    def test_user_and_admin_read_it(self) -> None:
        server = self.near(ALICE, **BUDGET)
        reason = (
            'No valid host was found. no site within 20 ms (p95) of '
            '203.0.113.7: nearest is lyon at 32 ms, measured '
        )
        self.assertRefused(reason, server)
        self.assertIn(reason, self.fault(server, by=self.admin))
        self.assertEqual('cell0', self.cell_of(server))

    @cloud.cloud(conf={'edge_sched': {'reason_detail': 'site'}})
    def test_site_only(self) -> None:
        server = self.near(ALICE, **BUDGET)
        self.assertRefused('nearest is lyon', server)
        self.assertNotIn('32', self.fault(server))
        self.assertNotIn('measured', self.fault(server))

    @cloud.cloud(conf={'edge_sched': {'reason_detail': 'none'}})
    def test_no_detail(self) -> None:
        server = self.near(ALICE, **BUDGET)
        self.assertRefused('no site within the budget of 203.0.113.7', server)
        self.assertNotIn('lyon', self.fault(server))

    def test_site_of_other_projects_is_not_named(self) -> None:
        self.set_aggregate_metadata(
            'lyon', {'filter_tenant_id_2': self.other_user.project_id}
        )
        self.assertRefused(
            'nearest is paris at 42 ms', self.near(ALICE, **BUDGET)
        )
        refused = self.near(ALICE, **BUDGET, by=self.other_user)
        self.assertIn(
            'nearest is lyon at 32 ms',
            self.fault(refused, by=self.other_user),
        )

    def test_host_of_two_sites_by_the_one_that_was_measured(self) -> None:
        self.create_aggregate('aaa', ['lyon-1'], metadata={'edge:site': 'aaa'})
        self.assertRefused(
            'nearest is lyon at 32 ms', self.near(ALICE, **BUDGET)
        )
        self.assertEqual('lyon', self.decisions()[-1]['best'][0]['site'])
        # Kept for others, its figure must not go by another name.
        self.set_aggregate_metadata(
            'lyon', {'filter_tenant_id': self.other_user.project_id}
        )
        self.assertRefused(
            'nearest is paris at 42 ms', self.near(ALICE, **BUDGET)
        )

    def test_zone_where_there_is_no_site(self) -> None:
        self.set_aggregate_metadata('lyon', {'edge:site': None})
        self.measure('203.0.113.0/24', {'lyon-1': 27})
        self.assertRefused(
            'nearest is eu-south at 28 ms', self.near(ALICE, **BUDGET)
        )

    def test_name_of_a_site_cannot_break_the_line(self) -> None:
        name = 'l\u202eyon\u00e9' + 'x' * 200
        self.set_aggregate_metadata('lyon', {'edge:site': name})
        self.measure('203.0.113.0/24', {name: 27})
        server = self.near(ALICE, **BUDGET)
        self.assertRefused('nearest is l\\u202eyon\u00e9xxx', server)

    def test_longest_client_fits(self) -> None:
        name = 'v' * 63
        self.set_client(name, ['203.0.113.0/24'])
        self.assertRefused(
            f'no site within 20 ms (p95) of {name}: nearest is lyon at 32 ms',
            self.near(name, **BUDGET),
        )

    def test_clock_that_is_ahead(self) -> None:
        name = 'v' * 63
        self.set_client(name, ['198.51.100.0/24'])
        self.measure('198.51.100.0/24', paris=5, lyon=5, age=-86400)
        server = self.near(name, **BUDGET)
        self.assertRefused(
            f'no usable latency data for {name} (measured 23 h in the '
            'future: check the clocks)',
            server,
        )
