# SPDX-License-Identifier: Apache-2.0

"""The operator's contract in the flavor, the tenant's wish in the hints."""

from tests.functional import cloud
from tests.functional.base import OpenStackApiException
from tests.functional.measured import MeasuredCloudTestCase

ALICE = '203.0.113.7'
KEYS = (
    'edge:client',
    'edge:latency_budget_ms',
    'edge:jitter_budget_ms',
    'edge:loss_budget_pct',
    'edge:percentile',
    'edge:budget_mode',
    'edge:unknown',
    'edge:objective',
    'edge:combine',
    'edge:spread',
    'edge:spread_mode',
)


class FlavorTest(MeasuredCloudTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.measure('203.0.113.0/24', paris=9, lyon=15, nice=25, lille=28)
        self.tight = self.create_flavor({'edge:latency_budget_ms': '20'})

    def test_flavor_alone(self) -> None:
        # A budget and nobody to be near to: nothing to judge.
        server = self.create_server(flavor=self.tight)
        self.assertEqual('ACTIVE', server['status'])
        self.assertEqual('no_client', self.outcome())
        flavor = self.create_flavor(
            {'edge:client': ALICE, 'edge:latency_budget_ms': '5'}
        )
        self.assertRefused(
            'no site within 5 ms (p95) of 203.0.113.7: nearest is paris',
            self.create_server(flavor=flavor),
        )

    def test_hint_tightens(self) -> None:
        self.assertLanded('paris', self.near(ALICE, flavor=self.tight))
        refused = self.near(ALICE, flavor=self.tight, latency_budget_ms='8')
        self.assertRefused('no site within 8 ms (p95)', refused)
        refused = self.near(ALICE, flavor=self.tight, percentile='p99')
        self.assertRefused('no site within 20 ms (p99)', refused)

    def test_hint_cannot_loosen(self) -> None:
        self.measure('203.0.113.0/24', paris=(9, 21), lyon=25, nice=25)
        refused = self.near(
            f'{ALICE}@90',
            flavor=self.tight,
            latency_budget_ms='100',
            percentile='p50',
            budget_mode='preferred',
            unknown='allow',
        )
        self.assertRefused('no site within 20 ms (p95)', refused)
        record = self.decisions()[-1]
        self.assertEqual(
            {
                'edge:client',
                'edge:percentile',
                'edge:budget_mode',
                'edge:unknown',
            },
            set(record['clamped']),
        )
        self.assertEqual([20.0], record['budgets']['latency_ms'])

    def test_hint_of_its_own_budget_holds_as_written(self) -> None:
        server = self.near(
            ALICE, latency_budget_ms='5', budget_mode='preferred'
        )
        self.assertLanded('paris', server)
        self.assertEqual([], self.decisions()[-1]['clamped'])

    @cloud.cloud(conf={'edge_sched': {'hints': 'flavor'}})
    def test_hints_only_with_flavors_of_ours(self) -> None:
        server = self.near('192.0.2.1', latency_budget_ms='1')
        self.assertEqual('ACTIVE', server['status'])
        self.assertEqual([], self.decisions())
        self.assertEqual('ACTIVE', self.near('nonsense!')['status'])
        self.assertRefused(
            'no site within 1 ms',
            self.near(ALICE, flavor=self.tight, latency_budget_ms='1'),
        )


class BadHintTest(MeasuredCloudTestCase):
    """What makes no sense is refused, in words that name it."""

    def test_bad_hints(self) -> None:
        self.measure('203.0.113.0/24', paris=9)
        for hints, reason in (
            (
                {'edge:client': '999.1.1.1'},
                "edge:client '999.1.1.1' is not an address, a prefix or a "
                'known client',
            ),
            (
                {'edge:client': 'nobody'},
                "edge:client 'nobody' is not an address, a prefix or a known "
                'client',
            ),
            ({'edge:client': ''}, "edge:client '' is not an address"),
            ({'edge:client': 'fe80::1%eth0'}, 'is not an address'),
            (
                {'edge:client': ALICE, 'edge:latency_budget_ms': 'soon'},
                "edge:latency_budget_ms 'soon' is not a number > 0",
            ),
            # Whether or not a client is there.
            ({'edge:latency_budget_ms': 'nan'}, "'nan' is not a number > 0"),
            ({'edge:loss_budget_pct': '101'}, 'a number from 0 to 100'),
            ({'edge:percentile': 'p42'}, 'is not one of p50, p95, p99'),
            (
                {'edge:client': ALICE, 'edge:latency_budgetms': '20'},
                "'edge:latency_budgetms' is not an edge: key, did you mean "
                'edge:latency_budget_ms?',
            ),
            (
                {'edge:client': [f'192.0.2.{i}' for i in range(17)]},
                'is not a list of at most 16 clients',
            ),
            ({'edge:client': 'a' * 256}, 'is not at most 255 characters'),
            (
                {'edge:percentile': ['p50', 'p99']},
                'is not one value',
            ),
            # Ours but for the spelling; it would drop the client, and with
            # it the budget.
            *(
                (
                    {key: ALICE, 'edge:latency_budget_ms': '20'},
                    f'{key!r} is not an edge: key, did you mean edge:client?',
                )
                for key in (
                    'Edge:client',
                    ' edge:client',
                    'edge_client',
                    'EDGE:CLIENT',
                )
            ),
            # Nobody is to be near.
            (
                {'edge:latency_budget_ms': '20'},
                'edge:latency_budget_ms needs edge:client: who must be near?',
            ),
            (
                {'edge:loss_budget_pct': '0', 'edge:percentile': 'p99'},
                'edge:loss_budget_pct needs edge:client: who must be near?',
            ),
        ):
            server = self.create_server(hints)
            self.assertRefused(reason, server)
        self.assertEqual(
            {'bad_hint', 'unknown_client', 'no_client'},
            {record['outcome'] for record in self.decisions()},
        )
        self.assertLanded('paris', self.near([ALICE]))
        self.assertEqual('ACTIVE', self.near([])['status'])

    def test_bad_flavor_value_of_an_old_microversion(self) -> None:
        flavor = self.create_flavor()
        self.set_extra_specs(
            flavor, {'edge:latency_budget_ms': 'soon'}, microversion='2.85'
        )
        self.assertRefused(
            "edge:latency_budget_ms 'soon' is not a number > 0",
            self.near(ALICE, flavor=flavor),
        )
        # Nobody is to be near: placed as if we were not there.
        server = self.create_server(flavor=flavor)
        self.assertEqual('ACTIVE', server['status'])

    def test_misspelt_client_of_a_flavor_of_an_old_microversion(self) -> None:
        flavor = self.create_flavor()
        self.set_extra_specs(
            flavor,
            {'Edge:client': ALICE, 'edge:latency_budget_ms': '20'},
            microversion='2.85',
        )
        self.assertRefused(
            "'Edge:client' is not an edge: key, did you mean edge:client?",
            self.create_server(flavor=flavor),
        )

    def test_keys_of_others_that_look_like_ours(self) -> None:
        # Matched with metadata of aggregates, if a filter of Nova's is there.
        flavor = self.create_flavor({'edge_client': 'true', 'edge': '1'})
        server = self.create_server(
            {'edge_zone': '1', 'edgecast:client': 'x'}, flavor=flavor
        )
        self.assertEqual('ACTIVE', server['status'])
        self.assertEqual([], self.decisions())

    def test_other_projects_name_is_an_unknown_name(self) -> None:
        self.measure('203.0.113.0/24', paris=9, lyon=5)
        self.set_client('crew', ['203.0.113.0/24'], self.user.project_id)
        self.set_client('stage', ['203.0.113.0/24'])
        self.assertLanded('lyon', self.near('crew'))
        self.assertLanded('lyon', self.near('stage', by=self.other_user))
        refused = self.near('crew', by=self.other_user)
        self.assertRefused("edge:client 'crew' is not an address", refused)
        absent = self.near('crow', by=self.other_user)
        self.assertEqual(
            self.fault(refused, by=self.other_user),
            self.fault(absent, by=self.other_user).replace('crow', 'crew'),
        )

    def test_projects_own_name_before_the_shared_one(self) -> None:
        self.measure('203.0.113.0/24', paris=9, lyon=25)
        self.measure('198.51.100.0/24', paris=25, lyon=9)
        self.set_client('crew', ['203.0.113.0/24'])
        self.set_client('crew', ['198.51.100.0/24'], self.user.project_id)
        self.assertLanded('lyon', self.near('crew'))
        self.assertLanded('paris', self.near('crew', by=self.other_user))


class ValidatorTest(MeasuredCloudTestCase):
    """The flavor API refuses what the scheduler would not understand."""

    sites = {'paris': ('cell1', ['paris-1'])}

    def test_bad_extra_specs_are_a_400(self) -> None:
        flavor = self.create_flavor()
        for key, value, allowed in (
            ('edge:latency_budget_ms', 'soon', 'a number > 0'),
            ('edge:latency_budget_ms', '0', 'a number > 0'),
            ('edge:latency_budget_ms', 'nan', 'a number > 0'),
            ('edge:jitter_budget_ms', '-1', 'a number > 0'),
            ('edge:jitter_budget_ms', 'inf', 'a number > 0'),
            ('edge:loss_budget_pct', '101', 'a number from 0 to 100'),
            ('edge:percentile', 'p42', 'one of p50, p95, p99'),
            ('edge:budget_mode', 'maybe', 'one of preferred, required'),
            ('edge:unknown', 'perhaps', 'one of allow, reject'),
            ('edge:objective', 'far', 'one of fit, nearest'),
            ('edge:combine', 'best', 'one of mean, worst'),
            ('edge:client', '999.1.1.1', 'an address, a prefix or a known'),
            (
                'edge:latency_budgetms',
                '20',
                'did you mean edge:latency_budget_ms?',
            ),
            ('Edge:client', ALICE, 'did you mean edge:client?'),
            ('EDGE:client', ALICE, 'did you mean edge:client?'),
        ):
            error = self.assertRaises(
                OpenStackApiException,
                self.set_extra_specs,
                flavor,
                {key: value},
                microversion='2.86',
            )
            self.assertEqual(400, error.response.status_code)
            self.assertIn(
                allowed, error.response.json()['badRequest']['message']
            )

    def test_good_extra_specs_of_every_key(self) -> None:
        good = dict(
            zip(
                KEYS,
                (
                    '203.0.113.7@10,crew',
                    '20.5',
                    '.5',
                    '0',
                    'p99',
                    'preferred',
                    'allow',
                    'fit',
                    'mean',
                    'site',
                    'required',
                ),
                strict=True,
            )
        )
        flavor = self.create_flavor(good)
        specs = self.admin.api_get(f'/flavors/{flavor}/os-extra_specs').body
        self.assertEqual(good, specs['extra_specs'])
