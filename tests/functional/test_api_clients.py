# SPDX-License-Identifier: Apache-2.0

"""A project points its own names elsewhere, and its servers follow."""

import os

from tests.functional.tenants_api import TenantsApiTestCase

HERE, THERE = '203.0.113.0/24', '198.51.100.0/24'
BOB = 'bob-project'


class ClientsTest(TenantsApiTestCase):
    api_conf = {'max_clients_per_project': 2}

    def put(self, name: str, *prefixes: str, token: str | None = None) -> int:
        body = {'prefixes': list(prefixes)}
        answer = self.ask(f'/v1/clients/{name}', 'PUT', token, body)
        return answer.status

    def test_name_is_set_shown_listed_and_unset(self) -> None:
        self.assertEqual(200, self.put('car', '203.0.113.7', THERE))
        car = {
            'name': 'car',
            'prefixes': [THERE, '203.0.113.7/32'],
            'shared': False,
        }
        told = self.ask('/v1/clients/car')
        self.assertEqual({'client': car}, told.body)
        told = self.ask('/v1/clients')
        self.assertEqual({'clients': [car]}, told.body)
        told = self.ask('/v1/clients/car', 'DELETE')
        self.assertEqual((204, None), told[:2])
        for method in 'GET', 'DELETE':
            told = self.ask('/v1/clients/car', method)
            self.assertEqual(404, told.status)
            self.assertEqual("there is no client 'car'", told.said)

    def test_servers_follow_the_name(self) -> None:
        self.measure(HERE, paris=5, lyon=30)
        self.measure(THERE, paris=30, lyon=5)
        self.put('car', HERE)
        self.assertLanded('paris', self.near('car'))
        self.put('car', THERE)
        self.assertLanded('lyon', self.near('car'))
        told = self.ask('/v1/sites', client='car')
        self.assertEqual('lyon', told.body['sites'][0]['name'])

    def test_names_of_others_do_not_exist(self) -> None:
        self.put('car', HERE, token=BOB)
        self.assertEqual([], self.ask('/v1/clients').body['clients'])
        for method in 'GET', 'DELETE':
            told = self.ask('/v1/clients/car', method)
            self.assertEqual(404, told.status)
        told = self.ask('/v1/clients', all_projects='true')
        self.assertEqual(403, told.status)
        told = self.ask('/v1/clients', token='ops:admin', all_projects='true')
        self.assertEqual(
            [('car', BOB)],
            [(c['name'], c['project_id']) for c in told.body['clients']],
        )

    def test_shared_names_are_read_only(self) -> None:
        self.set_client('stage', [HERE])
        told = self.ask('/v1/clients/stage')
        self.assertTrue(told.body['client']['shared'])
        told = self.ask('/v1/clients/stage', 'DELETE')
        self.assertEqual(403, told.status)
        self.assertIn("it is the operator's to change", told.said)
        # A project's own name goes before the shared one, and leaves it be.
        self.put('stage', THERE)
        told = self.ask('/v1/clients/stage')
        self.assertEqual([THERE], told.body['client']['prefixes'])
        told = self.ask('/v1/clients/stage', token=BOB)
        self.assertEqual([HERE], told.body['client']['prefixes'])

    def test_project_has_so_many_and_no_more(self) -> None:
        self.assertEqual(200, self.put('a', HERE))
        self.assertEqual(200, self.put('b', HERE))
        self.assertEqual(403, self.put('c', HERE))
        self.assertEqual(200, self.put('b', THERE))
        self.assertEqual(200, self.put('c', HERE, token=BOB))
        self.ask('/v1/clients/a', 'DELETE')
        self.assertEqual(200, self.put('c', HERE))

    def test_readers_change_nothing(self) -> None:
        reader = f'{self.user.project_id}:reader'
        self.assertEqual(403, self.put('car', HERE, token=reader))
        told = self.ask('/v1/clients', token=reader)
        self.assertEqual([], told.body['clients'])
        told = self.ask('/v1/clients', token=f'{self.user.project_id}:none')
        self.assertEqual(403, told.status)
        self.assertEqual(
            'policy does not allow edge_latency:clients:list', told.said
        )
        told = self.ask('/v1/clients', token='')
        self.assertEqual(401, told.status)

    def test_bodies_that_make_no_sense_change_nothing(self) -> None:
        self.put('car', HERE)
        for body, said in (
            ([], 'the body is not {"prefixes"'),
            ({}, 'the body is not {"prefixes"'),
            ({'prefixes': HERE}, 'the body is not {"prefixes"'),
            ({'prefixes': [], 'more': 1}, 'the body is not {"prefixes"'),
            ({'prefixes': [HERE] * 17}, 'the body is not {"prefixes"'),
            ({'prefixes': [HERE, 7]}, 'prefixes: 7 is not an address'),
            ({'prefixes': ['\x1b']}, "prefixes: '\\x1b' is not an address"),
            ({'prefixes': ['203.0.0.0/15']}, "'203.0.0.0/15' is not /16 or"),
            ({'prefixes': ['2001::/31']}, "'2001::/31' is not /32 or smaller"),
        ):
            told = self.ask('/v1/clients/car', 'PUT', body=body)
            self.assertEqual(400, told.status, body)
            self.assertIn(said, told.said)
        told = self.ask('/v1/clients/203.0.113.7', 'PUT', body={})
        self.assertIn("'203.0.113.7' is not a name", told.said)
        told = self.ask('/v1/clients/car')
        self.assertEqual([HERE], told.body['client']['prefixes'])

    def test_store_away(self) -> None:
        self.put('car', HERE)
        os.rename(self.store_path, f'{self.store_path}.away')
        for path in '/v1/clients', '/v1/clients/car', '/v1/sites?client=car':
            path, _, query = path.partition('?')
            told = self.ask(path, **dict(q.split('=') for q in [query] if q))
            self.assertEqual(503, told.status, path)
            self.assertIn('Retry-After', told.headers)
            self.assertEqual(
                'latency data is temporarily unavailable', told.said
            )
        self.assertEqual(200, self.ask('/').status)
