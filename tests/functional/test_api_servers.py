# SPDX-License-Identifier: Apache-2.0

"""How a server stands, for the project that has it."""

import time

from edge_sched.model.standing import Hour
from edge_sched.model.standing import ServerStanding
from edge_sched.store.settings import StoreSettings
from edge_sched.store.standings import Standings
from tests.functional.tenants_api import TenantsApiTestCase

ALICE = '203.0.113.7'
ALICES = '203.0.113.0/24'
NOBODY = '8b0f2c1e-5d0c-4b8e-9d65-0b8f3f0c6c11'


class ServersTest(TenantsApiTestCase):
    sites = {
        'paris': ('cell1', ['paris-1']),
        'lille': ('cell1', ['lille-1']),
        'lyon': ('cell2', ['lyon-1']),
    }

    def test_verdict_at_its_place_and_what_is_better(self) -> None:
        self.measure(ALICES, paris=5, lille=12)
        server = self.near(ALICE, latency_budget_ms='20')
        self.assertLanded('paris', server)
        self.measure(ALICES, age=1, paris=25, lille=8)
        told = self.ask(f'/v1/servers/{server["id"]}').body['server']
        self.assertEqual([f'{ALICE}@20'], told.pop('asks')['edge:client'])
        self.assertEqual(
            {
                'id': server['id'],
                'site': 'paris',
                'verdict': 'over',
                'judged_ms': 26.0,
                'budget_ms': 20.0,
                'over_since': None,
                'best_site': 'lille',
                'best_ms': 9.0,
                'movable': 'yes',
            },
            told,
        )
        settings = StoreSettings.from_conf(self.service_conf)
        with Standings(settings) as standings:
            standings.record(
                [
                    ServerStanding(
                        server['id'],
                        self.user.project_id,
                        'paris-1',
                        'paris',
                        ALICE,
                        'over',
                        26.0,
                        20.0,
                        'lille',
                        9.0,
                        Hour(time.time(), 1_767_225_600.0, 1),
                    )
                ]
            )
        told = self.ask(f'/v1/servers/{server["id"]}').body['server']
        self.assertEqual('2026-01-01T00:00:00+00:00', told['over_since'])

    def test_servers_of_others_and_of_nobody_are_alike(self) -> None:
        self.measure(ALICES, paris=5)
        server = self.near(ALICE)
        plain = self.create_server()
        for token, name in (
            ('bob-project', server['id']),
            (None, plain['id']),
            (None, NOBODY),
            (None, 'x' * 300),
            (None, server['id'].upper()),
        ):
            told = self.ask(f'/v1/servers/{name}', token=token)
            self.assertEqual(404, told.status)
            self.assertIn('that is to be near anybody', told.said)

    def test_sites_of_others_are_not_named(self) -> None:
        self.measure(ALICES, paris=5, lille=12)
        server = self.near(ALICE)
        self.assertLanded('paris', server)
        self.set_aggregate_metadata('paris', {'filter_tenant_id': 'bob'})
        self.set_aggregate_metadata('lille', {'filter_tenant_id': 'bob'})
        told = self.ask(f'/v1/servers/{server["id"]}').body['server']
        self.assertEqual(
            (None, None, None, 'cell'),
            tuple(
                told[name]
                for name in ('site', 'best_site', 'best_ms', 'movable')
            ),
        )

    def test_detail_is_the_operators_choice(self) -> None:
        self.measure(ALICES, paris=5, lille=12)
        server = self.near(ALICE)
        for detail, site, judged_ms in (
            ('figure', 'paris', 5.0),
            ('site', 'paris', None),
            ('none', None, None),
        ):
            self.flags(reason_detail=detail, group='edge_sched')
            told = self.ask(f'/v1/servers/{server["id"]}').body['server']
            self.assertEqual(
                (site, judged_ms), (told['site'], told['judged_ms'])
            )
