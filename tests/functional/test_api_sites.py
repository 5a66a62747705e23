# SPDX-License-Identifier: Apache-2.0

"""What is told of sites, and what the create that follows comes to."""

from typing import Any
from unittest import mock

from keystoneauth1 import exceptions as keystoneauth_exceptions
from nova import objects
from nova.scheduler.client import report
from oslo_db import exception as db_exception

from edge_sched.scheduler.preview.preview import NO_ROOM
from edge_sched.scheduler.topology import topology
from edge_sched.scheduler.topology.topology import TOPOLOGY
from tests.functional import cloud
from tests.functional.tenants_api import TenantsApiTestCase

ALICE = '203.0.113.7'
ALICES = '203.0.113.0/24'
NEVER = 'unknown: never measured'


def _of(answer: Any, *fields: str) -> list[Any]:
    return [
        tuple(site[field] for field in fields) for site in answer.body['sites']
    ]


def _ageless(reason: str) -> str:
    """A second later it is said to be measured a second longer ago."""
    return reason.split(', measured')[0]


class SitesTest(TenantsApiTestCase):
    def test_sites_best_first_with_their_figures(self) -> None:
        self.measure(ALICES, paris=5, lyon=9, nice=30)
        told = self.ask('/v1/sites', client=ALICE, latency_budget_ms='20')
        self.assertEqual(200, told.status)
        self.assertEqual(
            [
                ('paris', 1, 'within', 6.0, 5.0, None),
                ('lyon', 2, 'within', 10.0, 9.0, None),
                ('lille', None, 'unknown', None, None, NEVER),
                ('nice', None, 'over', 31.0, 30.0, 'over latency'),
            ],
            _of(
                told,
                'name',
                'rank',
                'verdict',
                'judged_ms',
                'rtt_p50_ms',
                'why_not',
            ),
        )
        self.assertEqual(
            (True, None, True, 'figure'),
            tuple(
                told.body[name]
                for name in ('accepted', 'reason', 'enforced', 'detail')
            ),
        )
        self.assertLanded('paris', self.near(ALICE, latency_budget_ms='20'))

    def test_reason_is_that_of_the_create(self) -> None:
        self.measure(ALICES, paris=25, lyon=31)
        for hints in (
            {'latency_budget_ms': '20'},
            {'latency_budget_ms': '20', 'percentile': 'p99'},
            {'unknown': 'reject', 'jitter_budget_ms': '0.5'},
        ):
            told = self.ask('/v1/sites', client=ALICE, **hints)
            self.assertFalse(told.body['accepted'])
            self.assertTrue(told.body['reason'])
            refused = self.near(ALICE, **hints)
            self.assertRefused(_ageless(told.body['reason']), refused)
        told = self.ask('/v1/sites', client='nobody')
        self.assertEqual(
            "edge:client 'nobody' is not an address, a prefix or a known "
            'client',
            told.body['reason'],
        )
        self.assertRefused(told.body['reason'], self.near('nobody'))

    def test_room_for_a_flavor(self) -> None:
        self.measure(ALICES, paris=5, lyon=9, lille=12, nice=30)
        flavor = self.create_flavor(ram=5000)
        self.assertLanded('paris', self.near(ALICE, flavor=flavor))
        told = self.ask('/v1/sites', client=ALICE, flavor=flavor)
        self.assertEqual(
            [
                ('paris', 'no', 'no room'),
                ('lyon', 'yes', None),
                ('lille', 'yes', None),
                ('nice', 'yes', None),
            ],
            _of(told, 'name', 'room', 'why_not'),
        )
        self.assertLanded('lyon', self.near(ALICE, flavor=flavor))
        huge = self.create_flavor(ram=500_000)
        told = self.ask('/v1/sites', client=ALICE, flavor=huge)
        self.assertEqual(
            (False, NO_ROOM), (told.body['accepted'], told.body['reason'])
        )
        self.assertEqual({'no'}, {room for (room,) in _of(told, 'room')})

    def test_full_sites_are_told_as_the_create_is(self) -> None:
        self.measure(ALICES, paris=5, lyon=30)
        flavor = self.create_flavor(ram=5000)
        self.assertLanded('paris', self.near(ALICE, flavor=flavor))
        asked = {'latency_budget_ms': '20'}
        told = self.ask('/v1/sites', client=ALICE, flavor=flavor, **asked)
        self.assertIn('nearest is lyon at 31 ms', told.body['reason'])
        refused = self.near(ALICE, flavor=flavor, **asked)
        self.assertRefused(_ageless(told.body['reason']), refused)

    @cloud.cloud(
        conf={
            'edge_sched': {'narrow_candidates': 'always', 'ring_hosts': '1'},
            'scheduler': {'max_placement_results': '3', 'max_attempts': '1'},
        }
    )
    def test_only_what_narrowing_asks_for_is_known(self) -> None:
        self.measure(ALICES, paris=5, lyon=9, lille=12, nice=30)
        flavor = self.create_flavor(ram=5000)
        told = self.ask('/v1/sites', client=ALICE, flavor=flavor)
        self.assertEqual(('paris', 'yes'), _of(told, 'name', 'room')[0])
        self.assertIn('unknown', {room for (room,) in _of(told, 'room')})
        self.assertLanded('paris', self.near(ALICE, flavor=flavor))
        told = self.ask(
            '/v1/sites', client=ALICE, flavor=flavor, latency_budget_ms='8'
        )
        self.assertIn('can take it: tried paris', told.body['reason'])
        self.assertRefused(
            told.body['reason'],
            self.near(ALICE, flavor=flavor, latency_budget_ms='8'),
        )

    @cloud.cloud(conf={'edge_sched': {'narrow_candidates': 'always'}})
    def test_placement_is_asked_for_room_alone(self) -> None:
        self.measure(ALICES, paris=5)
        with mock.patch.object(report.SchedulerReportClient, 'get') as get:
            told = self.ask('/v1/sites', client=ALICE)
        self.assertEqual('paris', told.body['sites'][0]['name'])
        get.assert_not_called()

    def test_sites_of_others_do_not_exist(self) -> None:
        bob = self.other_user.project_id
        self.set_aggregate_metadata('paris', {'filter_tenant_id': bob})
        self.measure(ALICES, paris=5, lyon=9)
        told = self.ask('/v1/sites', client=ALICE)
        self.assertNotIn('paris', str(told.body))
        told = self.ask('/v1/sites', client=ALICE, token=bob)
        self.assertEqual('paris', told.body['sites'][0]['name'])

    def test_how_much_is_told_is_the_operators_choice(self) -> None:
        self.measure(ALICES, paris=5, lyon=9)
        self.flags(reason_detail='site', group='edge_sched')
        told = self.ask('/v1/sites', client=ALICE)
        self.assertEqual(
            [('paris', None, None, None)] * 1,
            _of(told, 'name', 'judged_ms', 'rtt_p50_ms', 'age_seconds')[:1],
        )
        self.flags(reason_detail='none', group='edge_sched')
        told = self.ask('/v1/sites', client=ALICE, latency_budget_ms='1')
        self.assertEqual([], told.body['sites'])
        self.assertEqual(
            f'no site within the budget of {ALICE}', told.body['reason']
        )

    def test_what_makes_no_sense_is_named(self) -> None:
        for query, said in (
            ({'latency_budget_ms': 'soon'}, "'soon' is not a number > 0"),
            ({'clent': ALICE}, "'clent' is not a parameter: availability_zo"),
            ({'flavor': 'none'}, "there is no flavor 'none'"),
            ({'availability_zone': 'x'}, "no availability zone 'x'"),
            ({'flavor': ['1', '2']}, "'flavor' is given more than once"),
            ({'flavor': 'a\0'}, "'a\\x00' is not at most 255 printable"),
            ({'client': [ALICE] * 17}, 'a list of at most 16 clients'),
        ):
            told = self.ask('/v1/sites', **query)
            self.assertEqual(400, told.status)
            self.assertIn(said, told.said)

    def test_zone_has_its_sites_alone(self) -> None:
        self.measure(ALICES, paris=5, lyon=9)
        self.set_aggregate_metadata('lyon', {'availability_zone': 'west'})
        told = self.ask('/v1/sites', client=ALICE, availability_zone='west')
        self.assertEqual([('lyon',)], _of(told, 'name'))

    def test_private_flavor_of_others_does_not_exist(self) -> None:
        flavor = {
            'id': 'hidden',
            'name': 'hidden',
            'ram': 512,
            'vcpus': 1,
            'disk': 1,
            'os-flavor-access:is_public': False,
        }
        self.admin.post_flavor({'flavor': flavor})
        bob = self.other_user.project_id
        self.admin.api_post(
            '/flavors/hidden/action', {'addTenantAccess': {'tenant': bob}}
        )
        for token, status in ((None, 400), (bob, 200)):
            told = self.ask('/v1/sites', token=token, flavor='hidden')
            self.assertEqual(status, told.status)

    def test_placement_away(self) -> None:
        self.measure(ALICES, paris=5)
        flavor = self.create_flavor(ram=512)

        def away(*args: Any, **options: Any) -> Any:
            raise keystoneauth_exceptions.ConnectFailure('no route')

        with mock.patch.object(report.SchedulerReportClient, 'get', away):
            told = self.ask('/v1/sites', client=ALICE, flavor=flavor)
            self.assertEqual(503, told.status)
            self.assertEqual('10', told.headers['Retry-After'])
            told = self.ask('/v1/sites', client=ALICE)
            self.assertEqual('paris', told.body['sites'][0]['name'])

    def test_nova_away(self) -> None:
        for broken in (
            mock.patch.object(
                objects.Flavor, 'get_by_flavor_id', side_effect=_gone
            ),
            mock.patch.object(topology, 'read_topology', side_effect=_gone),
        ):
            TOPOLOGY.forget()
            with broken:
                told = self.ask('/v1/sites', client=ALICE, flavor='1')
            self.assertEqual(503, told.status)
            self.assertEqual('the compute service is away', told.said)
            self.assertEqual(200, self.ask('/v1/clients').status)


def _gone(*args: Any, **options: Any) -> Any:
    raise db_exception.DBConnectionError('no route')
