# SPDX-License-Identifier: Apache-2.0

"""What is around the application: faults, versions, health, policies."""

import json
from typing import Any
from unittest import mock

import webob
from oslo_config import cfg
from oslo_context import context
from oslotest import base

from edge_sched.api import deploy
from edge_sched.api import faults
from edge_sched.api import policies
from edge_sched.api.errors import AwayError
from edge_sched.api.errors import MethodNotAllowedError
from edge_sched.api.errors import NotFoundError
from edge_sched.api.faults import Faults
from edge_sched.api.versions import Versions
from tests.unit.api.contract import Contract


def _raising(error: Exception) -> Any:
    def application(environ: Any, start_response: Any) -> Any:
        raise error

    return application


def _answering(*args: Any, **options: Any) -> Any:
    return webob.Response(*args, **options)


def _fault(application: Any, request_id: str = 'req-1') -> Any:
    request = webob.Request.blank('/v1/sites')
    request.environ['openstack.request_id'] = request_id
    response = request.get_response(Faults(application))
    (error,) = json.loads(response.body)['errors']
    Contract().validate({'$ref': '#/components/schemas/Errors'}, response.json)
    return response, error


class FaultsTest(base.BaseTestCase):
    def test_refusal_of_ours(self) -> None:
        response, error = _fault(_raising(NotFoundError('no such thing')))
        self.assertEqual(
            {
                'status': 404,
                'title': 'Not Found',
                'detail': 'no such thing',
                'request_id': 'req-1',
            },
            error,
        )
        self.assertEqual(404, response.status_int)
        self.assertNotIn('Retry-After', response.headers)

    def test_what_is_away_says_when_to_try_again(self) -> None:
        response, _ = _fault(_raising(AwayError('away')))
        self.assertEqual('10', response.headers['Retry-After'])

    def test_methods_that_a_path_has_are_told(self) -> None:
        response, error = _fault(_raising(MethodNotAllowedError('GET, PUT')))
        self.assertEqual('GET, PUT', response.headers['Allow'])
        self.assertEqual('of this path there is GET, PUT', error['detail'])
        response, _ = _fault(_raising(NotFoundError('none')))
        self.assertNotIn('Allow', response.headers)

    def test_mistakes_of_ours_are_logged_and_not_told(self) -> None:
        with mock.patch.object(faults, 'LOG') as log:
            response, error = _fault(_raising(KeyError('secret')))
        self.assertEqual(500, response.status_int)
        self.assertNotIn('secret', str(error))
        log.exception.assert_called_once()

    def test_refusals_of_others_have_the_same_form(self) -> None:
        response, error = _fault(
            _answering(
                status=401, text='<html>', www_authenticate='Keystone uri="k"'
            )
        )
        self.assertEqual(
            'a valid token is needed, in X-Auth-Token', error['detail']
        )
        self.assertEqual(
            'Keystone uri="k"', response.headers['WWW-Authenticate']
        )
        response, error = _fault(_answering(status=503, text='Keystone'))
        self.assertEqual('the identity service is away', error['detail'])
        self.assertEqual('10', response.headers['Retry-After'])

    def test_what_is_logged_of_a_request_has_its_id(self) -> None:
        seen = []

        def application(environ: Any, start_response: Any) -> Any:
            seen.append(context.get_current().request_id)
            raise NotFoundError('no such thing')

        for number in '1', '2':
            _fault(application, f'req-{number}')
        self.assertEqual(['req-1', 'req-2'], seen)

    def test_answers_pass(self) -> None:
        request = webob.Request.blank('/')
        response = request.get_response(Faults(_answering(text='fine')))
        self.assertEqual((200, 'fine'), (response.status_int, response.text))


class VersionsTest(base.BaseTestCase):
    def ask(self, path: str, method: str = 'GET') -> Any:
        request = webob.Request.blank(
            path, method=method, base_url='https://edge.example/latency'
        )
        return request.get_response(Versions(_answering(text='inner')))

    def test_versions_are_told_where_it_is_mounted(self) -> None:
        version = {
            'id': 'v1.0',
            'status': 'CURRENT',
            'links': [
                {'rel': 'self', 'href': 'https://edge.example/latency/v1'}
            ],
        }
        for path in '', '/':
            self.assertEqual({'versions': [version]}, self.ask(path).json)
        for path in '/v1', '/v1/':
            self.assertEqual({'version': version}, self.ask(path).json)

    def test_all_else_is_passed_on(self) -> None:
        for path in '/v1/sites', '/v2', '//':
            self.assertEqual('inner', self.ask(path).text)
        self.assertEqual(405, self.ask('/', 'POST').status_int)


class PoliciesTest(base.BaseTestCase):
    def allowed(self, rule: str, *roles: str, project: str = 'p') -> bool:
        creds = {'roles': roles, 'project_id': project}
        return bool(
            policies.sample_enforcer().authorize(
                rule, {'project_id': 'p'}, creds
            )
        )

    def test_readers_read_members_change_admins_do_all(self) -> None:
        for rule, reader, member in (
            (policies.LIST_SITES, True, False),
            (policies.LIST_CLIENTS, True, False),
            (policies.SHOW_CLIENT, True, False),
            (policies.SHOW_SERVER, True, False),
            (policies.SET_CLIENT, False, True),
            (policies.UNSET_CLIENT, False, True),
            (policies.LIST_ALL_CLIENTS, False, False),
        ):
            self.assertEqual(reader, self.allowed(rule, 'reader'), rule)
            self.assertEqual(member, self.allowed(rule, 'member'), rule)
            self.assertTrue(self.allowed(rule, 'admin'), rule)
            self.assertFalse(self.allowed(rule, 'other'), rule)

    def test_nobody_reads_what_is_anothers(self) -> None:
        for role in 'reader', 'member':
            for rule in policies.LIST_CLIENTS, policies.SET_CLIENT:
                self.assertFalse(self.allowed(rule, role, project='q'))


class HealthTest(base.BaseTestCase):
    def test_health_needs_no_token_and_no_application(self) -> None:
        conf = cfg.ConfigOpts()
        conf([], default_config_files=[])
        with_health = deploy.with_health(_raising(KeyError()), conf)
        request = webob.Request.blank('/healthcheck')
        self.assertEqual(200, request.get_response(with_health).status_int)
