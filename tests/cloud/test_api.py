# SPDX-License-Identifier: Apache-2.0

"""Users ask the API for tenants first, and then do as it says."""

import time
import urllib.request

from demo import sample
from tests.cloud.expected import CACHE_TTL_SECONDS
from tests.cloud.expected import expected
from tests.cloud.tenants import NAME
from tests.cloud.tenants import TenantsTestCase

ALICE = '203.0.113.7'
FARM = '192.0.2.200'
FLAVOR = 'edge.small'


def ageless(reason: str) -> str:
    """A second later it was measured a second longer ago."""
    return reason.split(', measured')[0]


class AskedTest(TenantsTestCase):
    def test_a_create_lands_where_the_answer_says(self):
        for client in (ALICE, '198.51.100.7', '2001:db8:a::7', 'surgeon'):
            site = self.first_site(client, flavor=FLAVOR)
            self.assertIn(site, expected(client).sites or {site})
            server = self.create_server(
                flavor=FLAVOR, hints={'edge:client': client}
            )
            self.assertLanded(site, server)

    def test_a_create_is_refused_as_the_answer_says(self):
        told = self.ask_api(
            '/sites', client=FARM, latency_budget_ms='10', flavor='plain'
        )
        self.assertEqual(200, told.status, told.body)
        self.assertFalse(told.body['accepted'])
        reason = told.body['reason']
        self.assertIn('no site within 10 ms (p95)', reason)
        server = self.near(FARM, budget_ms=10)
        self.assertRefused(ageless(reason), server)

    def test_a_server_is_shown_to_its_own_project(self):
        server = self.near(ALICE, budget_ms=12)
        told = self.ask_api(f'/servers/{server.id}')
        self.assertEqual(200, told.status, told.body)
        shown = told.body['server']
        self.assertEqual(
            (self.site_of(server), 'within', 12.0),
            (shown['site'], shown['verdict'], shown['budget_ms']),
        )
        self.assertEqual(
            404, self.ask_api(f'/servers/{server.id}', self.bob).status
        )

    def test_it_is_alive_without_a_token(self):
        url = self.cloud.layout.ports.url(NAME)
        for path in '/', '/v1', '/healthcheck':
            with urllib.request.urlopen(f'{url}{path}') as answer:
                self.assertEqual(200, answer.status)


class ClientsTest(TenantsTestCase):
    def test_the_next_live_migration_follows_a_client_that_was_moved(self):
        server = self.near(sample.VEHICLE)
        self.assertPlaced(expected(sample.VEHICLE), server)
        cell, before = self.cell_of(server), self.site_of(server)
        self.addCleanup(self.move_vehicle, sample.NAMES[sample.VEHICLE])

        self.move_vehicle(sample.VEHICLE_MOVES_TO)
        self.live_migrate(server)

        wanted = expected(
            sample.VEHICLE, cell=cell, vehicle_at=sample.VEHICLE_MOVES_TO
        )
        self.assertPlaced(wanted, server)
        self.assertNotEqual(before, self.site_of(server))
        self.assertEqual(
            self.site_of(server),
            self.ask_api(f'/servers/{server.id}').body['server']['site'],
        )

    def move_vehicle(self, prefix: str) -> None:
        """By its owner; the operator does nothing."""
        self.run_openstack('edge', 'client', 'set', sample.VEHICLE, prefix)
        moved_at = time.monotonic()
        shown = self.openstack('edge', 'client', 'show', sample.VEHICLE)
        self.assertEqual([prefix], shown['prefixes'])
        # No longer than schedulers may go by the old place.
        left = moved_at + CACHE_TTL_SECONDS - time.monotonic()
        time.sleep(max(0, left))

    def test_a_new_name_serves_a_create(self):
        name = 'drone-7'
        self.assertEqual(404, self.ask_api(f'/clients/{name}').status)
        self.addCleanup(self.unset, name)
        self.assertEqual(200, self.set_client(name, '203.0.113.0/24').status)
        time.sleep(CACHE_TTL_SECONDS)
        site = self.first_site(name, flavor=FLAVOR)
        server = self.create_server(flavor=FLAVOR, hints={'edge:client': name})
        self.assertLanded(site, server)
        self.assertEqual(204, self.unset(name))
        self.assertEqual(404, self.unset(name))

    def unset(self, name: str) -> int:
        """The status of the answer."""
        return self.ask_api(f'/clients/{name}', method='DELETE').status

    def test_names_of_others_do_not_exist(self):
        path = f'/clients/{sample.VEHICLE}'
        self.assertEqual(404, self.ask_api(path, self.bob).status)
        self.assertEqual(
            404, self.ask_api(path, self.bob, method='DELETE').status
        )
        told = self.ask_api('/sites', self.bob, client=sample.VEHICLE)
        self.assertIn('is not an address', told.body['reason'])
        self.assertEqual(200, self.ask_api(path).status)

    def test_only_an_admin_sees_the_names_of_all(self):
        query = {'all_projects': 'true'}
        told = self.ask_api('/clients', self.admin, **query)
        self.assertEqual(200, told.status, told.body)
        owners = {c['name']: c['project_id'] for c in told.body['clients']}
        self.assertEqual(self.alice_id, owners[sample.VEHICLE])
        self.assertEqual(403, self.ask_api('/clients', **query).status)

    def test_a_shared_name_can_be_read_and_not_changed(self):
        told = self.ask_api('/clients/surgeon')
        self.assertTrue(told.body['client']['shared'])
        self.assertEqual(404, self.unset('surgeon'))
        self.assertEqual(200, self.ask_api('/clients/surgeon').status)


class TokenTest(TenantsTestCase):
    def test_a_token_that_is_none_is_refused(self):
        for token in ('', 'nonsense', 'gAAAA' + 'x' * 180):
            told = self.ask_api('/sites', token=token)
            self.assertEqual(401, told.status, token)
            self.assertIn('a valid token is needed', told.detail)
            self.assertIn('Keystone uri=', told.headers['WWW-Authenticate'])

    def test_a_token_that_was_revoked_is_refused(self):
        """One that the service has not seen; it may keep those it has."""
        token = self.fresh_token()
        revoked = self.bob.identity.delete(
            '/auth/tokens', headers={'X-Subject-Token': token}
        )
        self.assertEqual(204, revoked.status_code)
        self.assertEqual(401, self.ask_api('/clients', token=token).status)

    def test_headers_of_identity_are_not_believed(self):
        forged = {
            'X-Identity-Status': 'Confirmed',
            'X-Project-Id': self.alice_id,
            'X-Roles': 'admin',
        }
        told = self.ask_api('/clients', token='', headers=forged)
        self.assertEqual(401, told.status)
        told = self.ask_api('/clients', self.bob, headers=forged)
        self.assertEqual(200, told.status)
        self.assertNotIn(
            sample.VEHICLE, [each['name'] for each in told.body['clients']]
        )
        told = self.ask_api(
            '/clients', self.bob, headers=forged, all_projects='true'
        )
        self.assertEqual(403, told.status)
