# SPDX-License-Identifier: Apache-2.0

"""``openstack edge client``."""

from tests.unit.osc import base
from tests.unit.osc import service


class TestList(base.CommandTestCase):
    def test_own_and_shared(self):
        self.service.answer(
            {'clients': [service.client(), service.client('hq', shared=True)]}
        )

        self.assertEqual(
            [service.client(), service.client('hq', shared=True)],
            self.shown('client', 'list'),
        )
        self.assertEqual({}, self.service.requests[0].query)

    def test_all_projects(self):
        clients = [service.client(project_id='p1')]
        self.service.answer({'clients': clients})

        self.assertEqual(
            clients, self.shown('client', 'list', '--all-projects')
        )
        self.assertEqual(
            {'all_projects': ['true']}, self.service.requests[0].query
        )

    def test_one_text_a_cell(self):
        self.service.answer({'clients': [service.client()]})

        self.assertEqual(
            'vehicle-42 203.0.113.0/24 2001:db8::/56 False\n',
            self.succeed('client', 'list', '-f', 'value').out,
        )
        self.assertEqual(
            '"name","prefixes","shared"\n'
            '"vehicle-42","203.0.113.0/24 2001:db8::/56",False\n',
            self.succeed('client', 'list', '-f', 'csv').out,
        )

    def test_for_people(self):
        self.service.answer({'clients': [service.client('a\x1b[2J')]})
        table = self.succeed('client', 'list').out

        self.assertIn('| a\\x1b[2J | 203.0.113.0/24 | False  |', table)
        self.assertIn('|          | 2001:db8::/56  |        |', table)

    def test_forbidden(self):
        self.service.refuse(403, 'only admins see all')

        self.assertFails(
            f'only admins see all (HTTP 403, request {service.REQUEST_ID})',
            *'client list --all-projects'.split(),
        )


class TestShow(base.CommandTestCase):
    def test_show(self):
        self.service.answer({'client': service.client()})

        self.assertEqual(
            service.client(), self.shown('client', 'show', 'vehicle-42')
        )
        self.assertEqual(
            '/v1/clients/vehicle-42', self.service.requests[0].path
        )

    def test_for_a_shell(self):
        self.service.answer({'client': service.client()})

        self.assertEqual(
            'name="vehicle-42"\nprefixes="203.0.113.0/24 2001:db8::/56"\n'
            'shared="False"\n',
            self.succeed('client', 'show', 'vehicle-42', '-f', 'shell').out,
        )


class TestSet(base.CommandTestCase):
    def test_set(self):
        self.service.answer({'client': service.client()})
        result = self.succeed(
            *'client set vehicle-42 198.51.100.0/24 2001:db8::/56'.split()
        )

        self.assertEqual('', result.out)
        request = self.service.requests[0]
        self.assertEqual(
            ('PUT', '/v1/clients/vehicle-42'), (request[0], request[1])
        )
        self.assertEqual(
            {'prefixes': ['198.51.100.0/24', '2001:db8::/56']}, request.body
        )

    def test_refused(self):
        self.service.refuse(403, 'the quota is 100 names')

        self.assertFails(
            f'the quota is 100 names (HTTP 403, request {service.REQUEST_ID})',
            *'client set a 10.0.0.1'.split(),
        )

    def test_no_prefix(self):
        result = self.run_command('client', 'set', 'vehicle-42')

        self.assertEqual(2, result.status)
        self.assertEqual([], self.service.requests)


class TestUnset(base.CommandTestCase):
    def test_unset(self):
        self.service.answer(None, 204)

        self.assertEqual('', self.succeed('client', 'unset', 'hq').out)
        request = self.service.requests[0]
        self.assertEqual(
            ('DELETE', '/v1/clients/hq'), (request[0], request[1])
        )

    def test_unknown(self):
        self.service.refuse(404, 'there is no client hq')

        self.assertFails(
            f'there is no client hq (HTTP 404, request {service.REQUEST_ID})',
            *'client unset hq'.split(),
        )
