# SPDX-License-Identifier: Apache-2.0

"""A new server lands near its client."""

import math

from tests.functional.base import HOST
from tests.functional.measured import MeasuredCloudTestCase

ALICE = '203.0.113.7'


class ClientTest(MeasuredCloudTestCase):
    """Every way to say who must be near."""

    def test_every_kind_of_client(self) -> None:
        self.measure('203.0.113.0/24', paris=9, lille=30, lyon=40, nice=50)
        self.measure('2001:db8:1::/48', paris=50, lille=8, lyon=40, nice=30)
        self.measure('198.51.100.7', paris=50, lille=30, lyon=7, nice=40)
        self.set_client('vehicle-42', ['192.0.2.0/25'])
        self.measure('192.0.2.0/24', paris=50, lille=30, lyon=40, nice=6)
        for client, site in (
            ('203.0.113.7', 'paris'),
            ('203.0.113.64/26', 'paris'),
            ('::ffff:203.0.113.7', 'paris'),
            ('2001:db8:1:2::7', 'lille'),
            ('2001:db8:1:ff00::/56', 'lille'),
            ('198.51.100.7', 'lyon'),
            ('vehicle-42', 'nice'),
        ):
            server = self.near(client, latency_budget_ms='20')
            self.assertLanded(site, server)
            self.assertEqual('judged', self.outcome())
            self.delete_server(server)
        self.assertEqual('cell2', self.cell_of(self.near('vehicle-42')))
        self.assertEqual('cell1', self.cell_of(self.near(ALICE)))

    def test_own_rows_of_a_name_go_before_those_of_its_prefixes(self) -> None:
        self.set_client('stage', ['203.0.113.0/24'])
        self.measure('203.0.113.0/24', paris=5, lyon=9)
        self.measure('stage', paris=30)
        self.assertLanded('lyon', self.near('stage'))
        # Re-pointed: what was measured of the old place goes.
        self.set_client('stage', ['203.0.113.0/25'])
        self.assertLanded('paris', self.near('stage'))

    def test_name_with_several_prefixes_is_as_far_as_the_worst(self) -> None:
        self.set_client('crew', ['203.0.113.0/24', '198.51.100.0/24'])
        self.measure('203.0.113.0/24', paris=5, lyon=15)
        self.measure('198.51.100.0/24', paris=35, lyon=12)
        self.assertLanded('lyon', self.near('crew', latency_budget_ms='20'))

    def test_longest_prefix_is_found_for_each_vantage(self) -> None:
        self.measure('203.0.0.0/16', paris=5, lyon=20)
        self.measure('203.0.113.0/24', paris=50)
        self.assertLanded('lyon', self.near(ALICE))
        self.assertLanded('paris', self.near('203.0.114.7'))

    def test_hint_prefix_wider_than_the_rows_matches_none(self) -> None:
        self.measure('203.0.113.0/24', paris=5)
        self.assertRefused(
            'no usable latency data for 203.0.0.0/16 (never measured)',
            self.near('203.0.0.0/16', latency_budget_ms='20'),
        )
        self.assertEqual('no_data', self.outcome())

    def test_v4_is_not_in_the_v6_default_route(self) -> None:
        self.measure('::/0', paris=5)
        self.assertRefused(
            'never measured', self.near(ALICE, latency_budget_ms='20')
        )
        self.assertLanded('paris', self.near('2001:db8::1'))

    def test_two_clients(self) -> None:
        self.measure('203.0.113.0/24', paris=5, lyon=9, nice=30)
        self.measure('198.51.100.0/24', paris=40, lyon=18, nice=5)
        both = ['203.0.113.7@10', '198.51.100.7@20']
        self.assertLanded('lyon', self.near(both))
        self.assertLanded('lyon', self.near(','.join(both)))
        self.assertRefused(
            'no site within the budgets of 203.0.113.7 and 1 more at once',
            self.near(['203.0.113.7@8', '198.51.100.7@8']),
        )
        self.assertRefused(
            "edge:client 'nobody' is not an address",
            self.near([*both, 'nobody']),
        )
        self.assertEqual('unknown_client', self.outcome())
        # One of them was never measured anywhere.
        self.assertRefused(
            'no usable latency data for 192.0.2.1 (never measured)',
            self.near(['203.0.113.7@10', '192.0.2.1']),
        )
        self.assertEqual(
            [
                {'client': '203.0.113.0/24', 'prefix': '203.0.113.0/24'},
                {'client': '192.0.2.0/24', 'prefix': None},
            ],
            self.decisions()[-1]['clients'],
        )


class BudgetTest(MeasuredCloudTestCase):
    """What is within, over and unknown."""

    def test_latency_budget(self) -> None:
        self.measure('203.0.113.0/24', paris=(9, 31), lyon=(15, 19))
        # Paris is nearer by the median, but its p95 is over.
        self.assertLanded('lyon', self.near(ALICE, latency_budget_ms='20'))
        self.assertLanded('paris', self.near(ALICE))
        self.assertLanded(
            'paris',
            self.near(ALICE, latency_budget_ms='20', percentile='p50'),
        )
        self.assertRefused(
            'no site within 12 ms (p95) of 203.0.113.7: nearest is lyon at '
            '19 ms, measured ',
            self.near(ALICE, latency_budget_ms='12'),
        )
        self.assertEqual('rejected', self.outcome())
        self.assertEqual(
            {'within': 0, 'over': 2, 'unknown': 2},
            self.decisions()[-1]['hosts'],
        )
        # Over budget is better than nothing, and nothing known than that.
        preferred = {'latency_budget_ms': '8', 'budget_mode': 'preferred'}
        unknown = self.near(ALICE, **preferred)[HOST]
        self.assertIn(unknown, ('lille-1', 'nice-1'))
        self.measure('203.0.113.0/24', lille=40, nice=50)
        self.assertLanded('paris', self.near(ALICE, **preferred))

    def test_p99(self) -> None:
        tail = {'rtt_p50_ms': 9, 'rtt_p95_ms': 12, 'samples': 300}
        self.measure(
            '203.0.113.0/24',
            paris={**tail, 'rtt_p99_ms': 40},
            lyon={**tail, 'rtt_p99_ms': 18},
            nice=tail,
        )
        self.assertLanded(
            'lyon', self.near(ALICE, latency_budget_ms='20', percentile='p99')
        )

    def test_jitter_and_loss_budgets(self) -> None:
        calm = {'rtt_p50_ms': 15, 'rtt_p95_ms': 17}
        wild = {'rtt_p50_ms': 5, 'rtt_p95_ms': 17}
        self.measure(
            '203.0.113.0/24',
            paris={**wild, 'rtt_min_ms': 4, 'loss_ratio': 0.001},
            lyon={**calm, 'pdv_ms': 3, 'loss_ratio': 0.03},
            nice=calm,
        )
        self.assertLanded('lyon', self.near(ALICE, jitter_budget_ms='5'))
        self.assertLanded('paris', self.near(ALICE, loss_budget_pct='1'))
        self.assertRefused(
            'no site within 2 ms jitter of 203.0.113.7: nearest is lyon at '
            '3 ms',
            self.near(ALICE, jitter_budget_ms='2'),
        )
        self.assertRefused(
            'no site within 0.05 % loss of 203.0.113.7: nearest is paris at '
            '1 %',
            self.near(ALICE, loss_budget_pct='0.05'),
        )

    def test_lost_quantile_is_over_and_not_unknown(self) -> None:
        lost = {'rtt_p50_ms': 5, 'rtt_p95_ms': math.inf}
        self.measure('203.0.113.0/24', paris=lost)
        self.assertRefused(
            'no site within 20 ms (p95) of 203.0.113.7: nearest is paris, '
            'where probes are lost',
            self.near(ALICE, latency_budget_ms='20'),
        )
        self.measure('203.0.113.0/24', lille=25, lyon=25, nice=25)
        server = self.near(ALICE, latency_budget_ms='20', unknown='allow')
        self.assertRefused('nearest is lille at 26 ms', server)

    def test_unknown_hosts(self) -> None:
        self.measure('203.0.113.0/24', paris=5, age=7300)
        self.measure(
            '198.51.100.0/24',
            lyon={'rtt_p50_ms': 5, 'rtt_p95_ms': 6, 'samples': 59},
        )
        for client, why in (
            (ALICE, 'newest is 2 h old'),
            ('198.51.100.7', 'too few samples'),
            ('192.0.2.7', 'never measured'),
        ):
            self.assertRefused(
                f'no usable latency data for {client} ({why})',
                self.near(client, latency_budget_ms='20'),
            )
            server = self.near(client, latency_budget_ms='20', unknown='allow')
            self.assertEqual('ACTIVE', server['status'])
        # 59 samples are enough for the median, and 'unknown' by name.
        self.assertLanded(
            'lyon',
            self.near(
                '198.51.100.7', latency_budget_ms='20', percentile='p50'
            ),
        )
        server = self.near('192.0.2.7', unknown='reject')
        self.assertRefused('never measured', server)

    def test_plain_hint_on_unmeasured_hosts_places(self) -> None:
        self.assertEqual('ACTIVE', self.near(ALICE)['status'])
        self.assertEqual('no_data', self.outcome())

    def test_unknown_ranks_between_within_and_over(self) -> None:
        everywhere = {'budget_mode': 'preferred', 'latency_budget_ms': '20'}
        self.measure('203.0.113.0/24', paris=30, lille=40, lyon=35)
        self.assertLanded('nice', self.near(ALICE, **everywhere))
        self.measure('203.0.113.0/24', lille=19)
        self.assertLanded('lille', self.near(ALICE, **everywhere))


class FitTest(MeasuredCloudTestCase):
    def test_fit_leaves_the_choice_to_nova(self) -> None:
        self.measure('203.0.113.0/24', paris=5, lyon=12, lille=18.5, nice=30)
        fit = {'latency_budget_ms': '20', 'objective': 'fit'}
        sites = set()
        for _ in range(4):
            server = self.near(ALICE, **fit)
            sites.add(server[HOST])
        # lille is inside the headroom: 19.5 of 20 ms.
        self.assertEqual({'paris-1', 'lyon-1'}, sites)


class CandidatesTest(MeasuredCloudTestCase):
    sites = {
        'paris': ('cell1', ['paris-1', 'paris-2', 'paris-3']),
        'lyon': ('cell2', ['lyon-1']),
    }

    def test_multi_create_spreads_over_one_site(self) -> None:
        self.measure('203.0.113.0/24', paris=9, lyon=15)
        servers = self.create_servers(
            {'edge:client': ALICE, 'edge:latency_budget_ms': '20'}, count=3
        )
        hosts = {server[HOST] for server in servers}
        self.assertEqual({'paris-1', 'paris-2', 'paris-3'}, hosts)
        self.assertEqual(1, len(self.decisions()))
        self.assertEqual(3, self.decisions()[0]['num_instances'])

    def test_multi_create_over_budget_refuses_each(self) -> None:
        self.measure('203.0.113.0/24', paris=90, lyon=150)
        servers = self.create_servers(
            {'edge:client': ALICE, 'edge:latency_budget_ms': '20'}, count=3
        )
        for server in servers:
            self.assertRefused('nearest is paris at 91 ms', server)

    def test_one_candidate(self) -> None:
        self.measure('203.0.113.0/24', lyon=15, paris=9)
        server = self.near(
            ALICE, latency_budget_ms='20', host='lyon-1', by=self.admin
        )
        self.assertLanded('lyon', server)
        refused = self.near(
            ALICE, latency_budget_ms='12', host='lyon-1', by=self.admin
        )
        self.assertRefused('nearest is lyon at 16 ms', refused)

    def test_forced_host_is_not_judged(self) -> None:
        self.measure('203.0.113.0/24', lyon=90, paris=9)
        server = self.near(
            ALICE, latency_budget_ms='20', zone='nova:lyon-1', by=self.admin
        )
        self.assertLanded('lyon', server)
        self.assertEqual([], self.decisions())
