# SPDX-License-Identifier: Apache-2.0

"""CAMARA's Simple Edge Discovery, by the test scenarios of release r3.1.

Those of a token that has a device, or a consent, are not for this service:
success 01 and error 04 (403 INVALID_TOKEN_CONTEXT).
"""

import datetime
import json
import os
from collections.abc import Mapping
from typing import Any

import fixtures
import requests
from keystonemiddleware import fixture as keystone
from oslo_utils import timeutils

from edge_sched.api import deploy
from edge_sched.api.camara.zones import PATH
from edge_sched.api.camara.zones import zone_id
from tests.functional.tenants_api import Answer
from tests.functional.tenants_api import TenantsApiTestCase
from tests.unit.api.contract import Contract

ALICE = '203.0.113.7'
ALICES = '203.0.113.0/24'
ALICE_6 = '2001:db8::7'
ALICES_6 = '2001:db8::/56'
CORRELATOR = 'b4333c46-49c0-4f62-80d7-f0ef930f1c46'

_IPV4 = {'publicAddress': ALICE, 'publicPort': 59765}
BY_IPV4 = {'ipv4Address': _IPV4}
BY_IPV6 = {'ipv6Address': ALICE_6}


class CamaraTestCase(TenantsApiTestCase):
    api_conf = {'camara_provider': 'Example Ltd'}

    def setUp(self) -> None:
        super().setUp()
        self._contract = Contract('edge_sched.api.camara')

    def post(
        self,
        body: Any = None,
        *,
        token: str | None = None,
        method: str = 'POST',
        path: str = PATH,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Answer:
        """One request; the answer is as the document of ours says."""
        token = self.user.project_id if token is None else token
        response = requests.request(
            method,
            f'{self.tenants_url}{path}',
            data=None if body is None else json.dumps(body),
            headers={
                'Content-Type': 'application/json',
                'x-correlator': CORRELATOR,
                **({'X-Auth-Token': token} if token else {}),
                **(headers or {}),
            },
            timeout=60,
            **options,
        )
        self._contract.check(method, path, response)
        return Answer(
            response.status_code,
            json.loads(response.content),
            response.headers,
        )

    def about(self, device: Any, **options: Any) -> Answer:
        """Ask about a device."""
        return self.post({'device': device}, **options)

    def assertZone(self, name: str, device: Any, told: Answer) -> None:
        """It is that zone, found by that identifier."""
        self.assertEqual(CORRELATOR, told.headers['x-correlator'])
        self.assertEqual(
            (
                200,
                {
                    'edgeCloudZoneId': str(zone_id(name)),
                    'edgeCloudZoneName': name,
                    'edgeCloudProvider': 'Example Ltd',
                    'device': device,
                },
            ),
            (told.status, told.body),
        )

    def assertError(self, status: int, code: str, told: Answer) -> None:
        """It is refused, in CAMARA's form."""
        self.assertEqual(
            (status, status, code),
            (told.status, told.body['status'], told.body['code']),
        )
        self.assertEqual(CORRELATOR, told.headers['x-correlator'])
        self.assertEqual(
            'application/json',
            told.headers['Content-Type'].partition(';')[0],
        )


class ScenariosTest(CamaraTestCase):
    """Each is named like its tag, without ``simple_edge_discovery``."""

    def test_success_scenario_02_device_identifier_in_request_body(
        self,
    ) -> None:
        self.measure(ALICES, paris=9, lyon=5, nice=30)
        self.measure(ALICES_6, paris=4)
        self.assertZone('lyon', BY_IPV4, self.about(BY_IPV4))
        self.assertZone('paris', BY_IPV6, self.about(BY_IPV6))

    def test_error_scenario_01_404_device_cannot_be_identified(self) -> None:
        self.measure(ALICES, paris=5)
        for device in (
            BY_IPV6,
            {'ipv4Address': {**_IPV4, 'publicAddress': '198.51.100.1'}},
        ):
            told = self.about(device)
            self.assertError(404, 'IDENTIFIER_NOT_FOUND', told)

    def test_error_scenario_02_422_identifiers_not_supported(self) -> None:
        for device in (
            {'phoneNumber': '+123456789'},
            {'networkAccessIdentifier': '123456789@domain.com'},
        ):
            told = self.about(device)
            self.assertError(422, 'UNSUPPORTED_IDENTIFIER', told)

    def test_error_scenario_03_422_missing_identifier(self) -> None:
        self.assertError(422, 'MISSING_IDENTIFIER', self.post({}))

    def test_error_scenario_05_422_service_not_applicable(self) -> None:
        lost = {'rtt_p50_ms': float('inf'), 'rtt_p95_ms': float('inf')}
        self.measure(ALICES, paris=lost, lyon=lost)
        told = self.about(BY_IPV4)
        self.assertError(422, 'SERVICE_NOT_APPLICABLE', told)

    def test_error_scenario_06_400_bad_request(self) -> None:
        for body in ([], 'x', {'devices': {}}, {'device': {'imei': '1'}}):
            self.assertError(400, 'INVALID_ARGUMENT', self.post(body))

    def test_error_scenario_07_400_no_request_body(self) -> None:
        self.assertError(400, 'INVALID_ARGUMENT', self.post())

    def test_error_scenario_08_400_device_empty(self) -> None:
        self.assertError(400, 'INVALID_ARGUMENT', self.about({}))

    def test_error_scenario_09_400_device_identifiers_not_schema_compliant(
        self,
    ) -> None:
        for device in (
            {'phoneNumber': '123'},
            {'ipv4Address': {'publicAddress': ALICE}},
            {'ipv6Address': ALICE},
            {'networkAccessIdentifier': 7},
        ):
            told = self.about(device)
            self.assertError(400, 'INVALID_ARGUMENT', told)
            (name,) = device
            self.assertIn(f'$.device.{name}', told.body['message'])

    def test_error_scenario_10_400_out_of_range_port(self) -> None:
        for port in (-1, 65536):
            told = self.about({'ipv4Address': {**_IPV4, 'publicPort': port}})
            self.assertError(400, 'INVALID_ARGUMENT', told)


class TokensTest(CamaraTestCase):
    """The scenarios of tokens, with what reads those of Keystone's."""

    authenticated = staticmethod(deploy.with_keystone)

    def setUp(self) -> None:
        for option, value in {
            'auth_type': 'password',
            'auth_url': 'https://keystone.example.com/',
            'www_authenticate_uri': 'https://keystone.example.com/',
        }.items():
            self.useFixture(
                fixtures.EnvironmentVariable(
                    f'OS_KEYSTONE_AUTHTOKEN__{option.upper()}', value
                )
            )
        super().setUp()
        self._tokens = self.useFixture(keystone.AuthTokenFixture())

    def _token(self, name: str, lives_seconds: float) -> str:
        lives = datetime.timedelta(seconds=lives_seconds)
        self._tokens.add_token_data(
            token_id=name,
            expires=timeutils.utcnow() + lives,
            user_id='gateway',
            user_name='gateway',
            user_domain_id='default',
            user_domain_name='Default',
            project_id=self.user.project_id,
            project_name='gateway',
            project_domain_id='default',
            project_domain_name='Default',
            role_list=['reader'],
        )
        return name

    def test_valid_token(self) -> None:
        self.measure(ALICES, lyon=5)
        told = self.about(BY_IPV4, token=self._token('valid', 3600))
        self.assertZone('lyon', BY_IPV4, told)

    def test_error_scenario_11_401_no_authorization_header(self) -> None:
        told = self.about(BY_IPV4, token='')
        self.assertError(401, 'UNAUTHENTICATED', told)

    def test_error_scenario_12_401_expired_access_token(self) -> None:
        told = self.about(BY_IPV4, token=self._token('old', -1))
        self.assertError(401, 'UNAUTHENTICATED', told)

    def test_error_scenario_13_401_invalid_access_token(self) -> None:
        told = self.about(BY_IPV4, token='made-up')
        self.assertError(401, 'UNAUTHENTICATED', told)


class FacadeTest(CamaraTestCase):
    def test_zone_is_where_a_create_lands(self) -> None:
        self.measure(ALICES, paris=9, lyon=5, nice=30)
        zone = self.about(BY_IPV4).body['edgeCloudZoneName']
        self.assertLanded(zone, self.near(ALICE))

    def test_identifier_that_finds_a_zone_is_used(self) -> None:
        self.measure(ALICES, lyon=5)
        both = {**BY_IPV4, **BY_IPV6, 'phoneNumber': '+123456789'}
        self.assertZone('lyon', BY_IPV4, self.about(both))
        self.measure(ALICES_6, paris=9)
        self.assertZone('paris', BY_IPV6, self.about(both))

    def test_sites_that_answer_go_before_those_that_are_lost(self) -> None:
        lost = {'rtt_p50_ms': float('inf'), 'rtt_p95_ms': float('inf')}
        self.measure(ALICES, paris=lost, lyon=90)
        self.assertZone('lyon', BY_IPV4, self.about(BY_IPV4))

    def test_sites_of_others_do_not_exist(self) -> None:
        bob = self.other_user.project_id
        self.set_aggregate_metadata('paris', {'filter_tenant_id': bob})
        self.measure(ALICES, paris=5)
        lost = {'rtt_p50_ms': float('inf'), 'rtt_p95_ms': float('inf')}
        self.measure(ALICES_6, paris=lost)
        # As if it had not been measured at all.
        for device in BY_IPV4, BY_IPV6:
            told = self.about(device)
            self.assertError(404, 'IDENTIFIER_NOT_FOUND', told)
        self.assertZone('paris', BY_IPV4, self.about(BY_IPV4, token=bob))

    def test_no_zone_is_told_if_the_operator_has_none_told(self) -> None:
        self.measure(ALICES, paris=5)
        self.flags(reason_detail='none', group='edge_sched')
        # Whether the device is known or not.
        for device in BY_IPV4, BY_IPV6:
            told = self.about(device)
            self.assertError(403, 'PERMISSION_DENIED', told)
        self.flags(reason_detail='site', group='edge_sched')
        self.assertZone('paris', BY_IPV4, self.about(BY_IPV4))

    def test_device_is_known_nowhere_where_no_hint_counts(self) -> None:
        self.measure(ALICES, paris=5)
        for option, value, usual in (
            ('hints', 'flavor', 'any'),
            ('mode', 'off', 'enforce'),
        ):
            self.flags(group='edge_sched', **{option: value})
            told = self.about(BY_IPV4)
            self.assertError(404, 'IDENTIFIER_NOT_FOUND', told)
            self.flags(group='edge_sched', **{option: usual})
        self.assertZone('paris', BY_IPV4, self.about(BY_IPV4))

    def test_policy(self) -> None:
        token = f'{self.user.project_id}:nobody'
        told = self.about(BY_IPV4, token=token)
        self.assertError(403, 'PERMISSION_DENIED', told)
        self.assertIn('edge_latency:camara:show', told.body['message'])

    def test_store_away(self) -> None:
        self.measure(ALICES, paris=5)
        os.rename(self.store_path, f'{self.store_path}.away')
        told = self.about(BY_IPV4)
        self.assertError(503, 'UNAVAILABLE', told)
        self.assertEqual('10', told.headers['Retry-After'])

    def test_requests_that_are_none(self) -> None:
        told = self.about(BY_IPV4, method='PUT')
        self.assertError(405, 'METHOD_NOT_ALLOWED', told)
        told = self.about(BY_IPV4, path='/simple-edge-discovery/v1/x')
        self.assertError(404, 'NOT_FOUND', told)
        told = self.about(BY_IPV4, params={'filter': 'closest'})
        self.assertError(400, 'INVALID_ARGUMENT', told)
        told = self.about(BY_IPV4, headers={'Content-Type': 'text/plain'})
        self.assertError(415, 'UNSUPPORTED_MEDIA_TYPE', told)
        told = self.about({'networkAccessIdentifier': 'x' * 20_000})
        self.assertError(413, 'INVALID_ARGUMENT', told)

    def test_correlator_that_is_none_does_not_come_back(self) -> None:
        told = self.about(BY_IPV4, headers={'x-correlator': 'a b'})
        self.assertEqual(
            (400, 'INVALID_ARGUMENT'), (told.status, told.body['code'])
        )
        self.assertNotIn('x-correlator', told.headers)

    def test_rest_of_the_api_is_in_its_own_form(self) -> None:
        self.assertEqual(404, self.ask('/v1/none').status)
        self.assertEqual(200, self.ask('/v1/sites').status)


class RateTest(CamaraTestCase):
    api_conf = {'camara_provider': 'Example Ltd', 'requests_per_minute': 1}

    def test_more_than_may_be_made(self) -> None:
        self.assertError(422, 'MISSING_IDENTIFIER', self.post({}))
        told = self.post({})
        self.assertError(429, 'TOO_MANY_REQUESTS', told)
        self.assertIn(told.headers['Retry-After'], ('59', '60'))


class OffTest(TenantsApiTestCase):
    def test_off_by_default(self) -> None:
        self.measure(ALICES, paris=5)
        told = self.ask(PATH, 'POST', body={'device': BY_IPV4})
        self.assertEqual(
            (404, 'there is no such path'), (told.status, told.said)
        )
