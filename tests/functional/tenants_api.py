# SPDX-License-Identifier: Apache-2.0

"""The API for tenants over HTTP, beside a real Nova and Placement.

Who asks is told by a stand-in for keystonemiddleware, which has tests of its
own with a real Keystone in the cloud in a box.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from unittest import mock

import oslo_policy.policy
import requests

from edge_sched import conf as edge_conf
from edge_sched.api import deploy
from edge_sched.cmd.configuration import read_configuration
from edge_sched.conf import api as api_conf
from edge_sched.scheduler.preview.room import SHARED
from tests.functional import api
from tests.functional.measured import MeasuredCloudTestCase
from tests.unit.api.contract import Contract

_HEADERS = 'HTTP_X_PROJECT_ID', 'HTTP_X_USER_ID', 'HTTP_X_ROLES'


class Answer(NamedTuple):
    """Of an API."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def said(self) -> str:
        """Why it was refused."""
        return str(self.body['errors'][0]['detail'])


def by_name(application: Any, conf: Any) -> Any:
    """A token is ``project:roles``; whoever has none is nobody."""

    def authenticated(environ: Any, start_response: Any) -> Any:
        for name in _HEADERS:
            environ.pop(name, None)
        token = environ.get('HTTP_X_AUTH_TOKEN', '')
        if not token:
            start_response('401 Unauthorized', [])
            return [b'']
        project_id, _, roles = token.partition(':')
        environ.update(
            HTTP_X_PROJECT_ID=project_id,
            HTTP_X_USER_ID='alice',
            HTTP_X_ROLES=roles or 'member,reader',
            HTTP_X_IDENTITY_STATUS='Confirmed',
        )
        return application(environ, start_response)

    return authenticated


class TenantsApiTestCase(MeasuredCloudTestCase):
    """A cloud, and the service beside it."""

    #: Options of the service.
    api_conf: Mapping[str, Any] = {}

    #: What tells who asks.
    authenticated = staticmethod(by_name)

    def setUp(self) -> None:
        super().setUp()
        # Another test of this process may have left what had room there.
        SHARED.forget()
        path = f'{self.folder}/edge-sched-api.conf'
        with open(path, 'w') as conf_file:
            conf_file.write(
                f'[edge_sched_database]\nconnection = {self.store_url}\n'
                '[edge_sched]\ncache_ttl = 0\n[edge_sched_api]\n'
            )
            conf_file.writelines(
                f'{name} = {value}\n' for name, value in self.api_conf.items()
            )
        self.service_conf = read_configuration(
            ['--config-file', path],
            register=[edge_conf.register_opts, api_conf.register_opts],
        )
        # Nova's own enforcer logs what it makes of its rules.
        with mock.patch.object(oslo_policy.policy, 'LOG'):
            application = deploy.application_of(
                self.service_conf, self.authenticated
            )
        server = self.useFixture(api.ApiServer(application))
        self.tenants_url = server.url.removesuffix('/v2.1')
        self.contract = Contract()

    def ask(
        self,
        path: str,
        method: str = 'GET',
        token: str | None = None,
        body: Any = None,
        **query: Any,
    ) -> Answer:
        """One request; the answer is as the document of the API says.

        :param token: ``project:roles``, by default that of ``self.user``
        """
        token = self.user.project_id if token is None else token
        response = requests.request(
            method,
            f'{self.tenants_url}{path}',
            params=query,
            headers={'X-Auth-Token': token} if token else {},
            json=body,
            timeout=60,
        )
        told = json.loads(response.content) if response.content else None
        self.contract.check(method, path, response)
        return Answer(response.status_code, told, response.headers)
