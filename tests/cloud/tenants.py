# SPDX-License-Identifier: Apache-2.0

"""The API for tenants, asked by its users with tokens of Keystone."""

import functools
import http
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from openstack.connection import Connection

from tests.cloud.expected import PlacedTestCase
from tests.cloud.settings import REGION

NAME = 'edge-sched-api'
#: Where the catalog has it.
ENDPOINT = {
    'service_type': 'edge-latency',
    'interface': 'public',
    'region_name': REGION,
}


class Told(NamedTuple):
    """An answer."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def detail(self) -> str:
        """Why it was refused."""
        return str(self.body['errors'][0]['detail'])


class TenantsTestCase(PlacedTestCase):
    """A test that asks the API."""

    def ask_api(
        self,
        path: str,
        by: Connection | None = None,
        method: str = 'GET',
        body: Any = None,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        **query: str | Sequence[str],
    ) -> Told:
        """One request.

        :param path: ``/sites``
        :param by: who asks; Alice by default
        :param token: instead of theirs, ``''`` for none
        :param query: ``client=['203.0.113.7', 'vehicle-42']``
        """
        session = (by or self.alice).session
        if token is None:
            token = session.get_token()
        # By itself it would log in anew and try again after a 401.
        answer = session.request(
            f'{self._endpoint()}/v1{path}',
            method,
            authenticated=False,
            params=query,
            json=body,
            headers={'X-Auth-Token': token, **(headers or {})},
            raise_exc=False,
        )
        told = answer.json() if answer.content else None
        return Told(answer.status_code, told, answer.headers)

    @functools.cache  # noqa: B019  # one for each test
    def _endpoint(self) -> str:
        return str(self.alice.session.get_endpoint(**ENDPOINT))

    def fresh_token(self) -> str:
        """One of Bob's that no service has seen."""
        session = self.bob.session
        return str(session.auth.get_auth_ref(session).auth_token)

    def set_client(
        self, name: str, *prefixes: str, by: Connection | None = None
    ) -> Told:
        """What ``openstack edge client set NAME PREFIX...`` asks."""
        return self.ask_api(
            f'/clients/{name}', by, 'PUT', {'prefixes': list(prefixes)}
        )

    def first_site(self, client: str, **query: str) -> str:
        """The best one that has room, by the API's word."""
        told = self.ask_api('/sites', client=client, **query)
        # On a busy machine Placement is late, as it may be anywhere.
        if told.status == http.HTTPStatus.SERVICE_UNAVAILABLE:
            time.sleep(float(told.headers['Retry-After']))
            told = self.ask_api('/sites', client=client, **query)
        self.assertEqual(200, told.status, told.body)
        self.assertTrue(told.body['accepted'], told.body)
        return str(
            next(
                site['name']
                for site in told.body['sites']
                if site['accepted'] and site['room'] == 'yes'
            )
        )
