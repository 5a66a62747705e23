# SPDX-License-Identifier: Apache-2.0

import json

from keystoneauth1 import loading
from oslotest import base

from edge_sched.collector.inputs.aetos import AetosInput
from edge_sched.collector.inputs.base import InputError
from edge_sched.collector.inputs.recipes import RECIPES
from tests.unit.collector.inputs import queried
from tests.unit.collector.inputs import server

KEYSTONE = {
    'auth_type': 'v3password',
    'vantage': ['lyon 10.1.1.2:9862'],
}
PLUGIN = {
    'username': 'edge-sched',
    'password': 'secret',
    'project_name': 'service',
    'user_domain_id': 'default',
    'project_domain_id': 'default',
}


class AetosTestCase(base.BaseTestCase):
    """A Keystone and an Aetos in one."""

    def setUp(self):
        super().setUp()
        self.server = server.Server(self.answer)
        self.addCleanup(self.server.close)
        self.service_type = 'metric-storage'
        self.logins = 0

    def answer(self, asked):
        if asked.path == '/v3/auth/tokens':
            self.logins += 1
            return self.login()
        if asked.parameters['query'] == 'time()':
            return server.success('scalar', [0, '1700000000'])
        labels = {'instance': '10.1.1.2:9862', 'client': '192.0.2.1'}
        return server.vector((labels, '1'))

    def login(self):
        endpoints = [
            {
                'id': f'{region}-{interface}',
                'interface': interface,
                'region': region,
                'region_id': region,
                'url': f'{self.server.url}/{region}/{interface}',
            }
            for region in ('north', 'south')
            for interface in ('public', 'internal')
        ]
        token = {
            'methods': ['password'],
            'expires_at': '2999-01-01T00:00:00.000000Z',
            'issued_at': '2020-01-01T00:00:00.000000Z',
            'project': {'id': 'p', 'name': 'service', 'domain': {'id': 'd'}},
            'user': {'id': 'u', 'name': 'edge-sched', 'domain': {'id': 'd'}},
            'roles': [{'id': 'r', 'name': 'service'}],
            'catalog': [
                {
                    'id': 's',
                    'type': self.service_type,
                    'name': 'aetos',
                    'endpoints': endpoints,
                }
            ],
        }
        body = json.dumps({'token': token}).encode()

        def write(stream, over):
            stream.write(
                b'HTTP/1.1 201 Created\r\nX-Subject-Token: token-1\r\n'
                b'Content-Type: application/json\r\nConnection: close\r\n'
                b'Content-Length: %d\r\n\r\n%b' % (len(body), body)
            )

        return 201, write

    def make(self, **options):
        conf, group = queried.settings(
            'aetos', AetosInput.OPTS, **(KEYSTONE | options)
        )
        if conf[group].auth_type:
            self.register_plugin(conf, group)
        return AetosInput('aetos', conf, group, lambda vantage: True)

    def register_plugin(self, conf, group):
        """What a configuration file would say."""
        conf.register_opts(
            loading.get_auth_plugin_conf_options(conf[group].auth_type),
            group=group,
        )
        for option, value in PLUGIN.items():
            conf.set_override(option, value, group=group)
        conf.set_override('auth_url', self.server.url + '/v3', group=group)

    def queries(self):
        return [a for a in self.server.asked if a.path != '/v3/auth/tokens']


class TestAetos(AetosTestCase):
    def test_readings(self):
        harvest = queried.collect(self.make())
        [reading] = harvest.readings
        self.assertEqual('lyon', reading.vantage)
        self.assertEqual('192.0.2.1', reading.client)

    def test_asks_by_get_with_a_token(self):
        """Its policies name no other method."""
        queried.collect(self.make(region_name='south'))
        for asked in self.queries():
            self.assertEqual('GET', asked.method)
            self.assertEqual('token-1', asked.headers['X-Auth-Token'])
        self.assertEqual({'query', 'time'}, set(self.queries()[1].parameters))

    def test_endpoint_is_that_of_the_catalog(self):
        for options, path in (
            ({}, '/north/public'),
            ({'region_name': 'south'}, '/south/public'),
            ({'valid_interfaces': ['internal']}, '/north/internal'),
        ):
            del self.server.asked[:]
            queried.collect(self.make(**options))
            self.assertEqual(
                {path + '/api/v1/query'},
                {asked.path for asked in self.queries()},
            )

    def test_token_is_used_as_long_as_it_lasts(self):
        made = self.make()
        queried.collect(made)
        queried.collect(made)
        self.assertEqual(1, self.logins)

    def test_every_question_fits_a_wsgi_server(self):
        """uWSGI takes 4096 bytes of request line and headers by default.

        A token of Fernet has some 200 of them.
        """
        for recipe in RECIPES:
            if recipe != 'custom':
                queried.collect(
                    self.make(recipe=recipe, match='job=~"edge-icmp-.*"')
                )
        longest = max(asked.head_bytes for asked in self.queries())
        self.assertLess(longest + 200, 4096)


class TestFailures(AetosTestCase):
    def assertFails(self, why, made=None):
        error = self.assertRaises(
            InputError, queried.collect, made or self.make()
        )
        self.assertIn(why, str(error))

    def test_keystone_refuses(self):
        self.login = lambda: (401, b'{"error": {"message": "no"}}')
        self.assertFails('time(): Unauthorized: ')

    def test_keystone_is_silent(self):
        self.login = lambda: (200, lambda stream, over: over.wait())
        self.assertFails(
            'time(): no whole answer in time', self.make(timeout=0.5)
        )

    def test_keystone_drips(self):
        self.login = lambda: (
            200,
            server.drip(b'HTTP/1.1 200 OK\r\nX-Slow: ', b'x'),
        )
        self.assertFails(
            'time(): no whole answer in time', self.make(timeout=0.5)
        )

    def test_no_such_service(self):
        self.service_type = 'compute'
        self.assertFails('time(): EndpointNotFound')

    def test_aetos_refuses(self):
        answer = self.server.answer

        def refuse(asked):
            if asked.path == '/v3/auth/tokens':
                return answer(asked)
            return 403, b'Forbidden'

        self.server.answer = refuse
        self.assertFails('time(): HTTP status 403: Forbidden')

    def test_no_auth_type(self):
        error = self.assertRaises(ValueError, self.make, auth_type=None)
        self.assertEqual(
            '[edge_sched_input_aetos] auth_type: None is not set', str(error)
        )

    def test_unknown_auth_type(self):
        conf, group = queried.settings(
            'aetos', AetosInput.OPTS, **(KEYSTONE | {'auth_type': 'magic'})
        )
        error = self.assertRaises(
            ValueError, AetosInput, 'aetos', conf, group, lambda vantage: True
        )
        self.assertIn(
            "[edge_sched_input_aetos] auth_type: 'magic'", str(error)
        )
