# SPDX-License-Identifier: Apache-2.0

"""What the API for tenants asks is away: what needs it says so, and when.

Whoever is known and asks for what does not need it gets an answer.
"""

import signal
import time

from tests.cloud.faults import FaultTestCase
from tests.cloud.tenants import NAME
from tests.cloud.tenants import TenantsTestCase
from tests.cloud.tenants import Told

KEYSTONE, PLACEMENT, STORE = 'keystone', 'placement', 'mariadb-store'
NEAR = {'client': '203.0.113.7', 'latency_budget_ms': '20'}
FLAVOR = 'edge.small'
#: The longest that an answer may take (chosen: the proxies in front of it
#: wait for a minute).
PATIENCE_SECONDS = 45


class ApiFaultTest(FaultTestCase, TenantsTestCase):
    def setUp(self) -> None:
        super().setUp()
        # From now on it knows Alice's token, and services have theirs.
        self.first_site(flavor=FLAVOR, **NEAR)
        self.create_server(hints={'edge:client': NEAR['client']})

    def stop(self, name: str, number: int = signal.SIGTERM) -> None:
        """Away, or stopped in mid-air, until the test ends."""
        self.addCleanup(self.make_whole, name)
        if number == signal.SIGSTOP:
            self.signal(name, number)
        else:
            self.cloud.stop(name)

    def assertTold(self, what: str, told: Told) -> None:
        self.assertEqual(200, told.status, f'{what}: {told.body}')

    def assertAway(self, words: str, told: Told) -> None:
        """It says so, and when to come back."""
        self.assertEqual(503, told.status, told.body)
        self.assertIn(words, told.detail)
        self.assertGreater(int(told.headers['Retry-After']), 0)
        self.assertTrue(told.body['errors'][0]['request_id'])

    def sites(self, **query: str) -> Told:
        return self.ask_api('/sites', **query)

    def test_keystone_away(self) -> None:
        token = self.fresh_token()
        self.stop(KEYSTONE)
        self.assertAway(
            'the identity service is away',
            self.ask_api('/clients', token=token),
        )
        # Who is known is served, and the cloud goes on.
        self.assertTold('sites', self.sites(**NEAR))
        self.assertTold('room', self.sites(flavor=FLAVOR, **NEAR))
        self.assertTold('clients', self.ask_api('/clients'))
        self.assertTrue(self.is_created(self.ask_near_stranger('preferred')))
        self.cloud.start(KEYSTONE)
        self.assertTold('back', self.ask_api('/clients', token=token))

    def test_keystone_hangs(self) -> None:
        token = self.fresh_token()
        self.stop(KEYSTONE, signal.SIGSTOP)
        begun = time.monotonic()
        self.assertAway(
            'the identity service is away',
            self.ask_api('/clients', token=token),
        )
        seconds = time.monotonic() - begun
        self.say(f'an answer after {seconds:.1f} s')
        self.assertLess(seconds, PATIENCE_SECONDS)
        self.assertTold('sites', self.sites(**NEAR))

    def test_placement_away(self) -> None:
        self.stop(PLACEMENT)
        self.assertAway('room', self.sites(flavor=FLAVOR, **NEAR))
        self.assertTold('sites', self.sites(**NEAR))
        self.assertTold('clients', self.ask_api('/clients'))

    def test_placement_hangs(self) -> None:
        self.stop(PLACEMENT, signal.SIGSTOP)
        begun = time.monotonic()
        self.assertAway('room', self.sites(flavor=FLAVOR, **NEAR))
        seconds = time.monotonic() - begun
        self.say(f'an answer after {seconds:.1f} s')
        self.assertLess(seconds, PATIENCE_SECONDS)
        self.assertTold('sites', self.sites(**NEAR))

    def test_store_away(self) -> None:
        stranger = {**NEAR, 'client': next(self._strangers)}
        self.stop(STORE)
        self.assertAway('temporarily unavailable', self.ask_api('/clients'))
        self.assertAway('temporarily unavailable', self.sites(**stranger))
        self.assertTold('of nobody', self.sites(flavor=FLAVOR))
        self.cloud.start(STORE)
        self.assertTold('clients', self.ask_api('/clients'))

    def test_nova_away(self) -> None:
        """Its databases, which Keystone and Placement have theirs beside."""
        self.stop('mariadb')
        self.assertAway(
            'the compute service is away', self.sites(flavor=FLAVOR, **NEAR)
        )
        self.assertTold('clients', self.ask_api('/clients'))
        self.cloud.start('mariadb')
        self.wait_for(
            'sites again',
            lambda: self.sites(flavor=FLAVOR, **NEAR).status == 200,
        )

    def test_it_is_away_itself(self) -> None:
        self.addCleanup(self.make_whole, NAME)
        self.cloud.stop(NAME)
        self.assertTrue(self.is_created(self.ask_near_stranger('preferred')))
        self.cloud.start(NAME)
        self.assertTold('sites', self.sites(**NEAR))
