# SPDX-License-Identifier: Apache-2.0

"""The API is asked as its document says; what is wrong is told in a line."""

import socket

from keystoneauth1 import noauth
from keystoneauth1 import session as ksa_session
from osc_lib import exceptions

from edge_sched_osc import api
from tests.unit.osc import base
from tests.unit.osc import service


def url_of(listener: socket.socket) -> str:
    return f'http://127.0.0.1:{listener.getsockname()[1]}'


class ApiTestCase(base.ServiceTestCase):
    def client(self, path: str = '') -> api.Client:
        auth = noauth.NoAuth(self.service.url)
        session = ksa_session.Session(auth)
        return api.Client(session, f'{self.service.url}{path}')

    def refusal_of_client(self) -> api.RefusedError:
        return self.assertRaises(
            api.RefusedError, self.client().client, 'vehicle-42'
        )

    def line(self) -> str:
        return str(
            self.assertRaises(
                exceptions.CommandError, self.client().client, 'vehicle-42'
            )
        )


class TestAsking(ApiTestCase):
    def test_endpoint_with_and_without_version(self):
        self.service.answer({'client': service.client()})
        for path in '', '/', '/v1', '/v1/':
            self.client(path).client('vehicle-42')

        self.assertEqual(
            ['/v1/clients/vehicle-42'] * 4,
            [request.path for request in self.service.requests],
        )

    def test_token_goes_along(self):
        self.service.answer({'clients': []})
        self.client().clients(all_projects=False)

        self.assertEqual('notused', self.service.requests[0].token)

    def test_all_clients(self):
        self.service.answer({'clients': [service.client(project_id='p1')]})
        found = self.client().clients(all_projects=True)

        self.assertEqual('p1', found[0].project_id)
        self.assertEqual(
            {'all_projects': ['true']}, self.service.requests[0].query
        )

    def test_sites(self):
        self.service.answer(service.sites(service.site()))
        found = self.client().sites(
            {'client': ['a', 'b@10'], 'latency_budget_ms': '20'}
        )

        self.assertTrue(found.accepted)
        self.assertEqual('lyon', found.sites[0]['name'])
        self.assertEqual(
            {'client': ['a', 'b@10'], 'latency_budget_ms': ['20']},
            self.service.requests[0].query,
        )

    def test_set_and_unset(self):
        self.service.answer({'client': service.client()})
        self.service.answer(None, 204)
        self.client().set_client('vehicle-42', ['10.0.0.1'])
        self.client().unset_client('vehicle-42')

        put, delete = self.service.requests
        self.assertEqual(('PUT', {'prefixes': ['10.0.0.1']}), (put[0], put[3]))
        self.assertEqual(
            ('DELETE', '/v1/clients/vehicle-42'), (delete[0], delete[1])
        )

    def test_name_stays_one_step_of_the_path(self):
        self.service.refuse(404, 'no client')
        self.assertRaises(
            api.RefusedError, self.client().client, 'a/../b?c=d#e%2f'
        )

        request = self.service.requests[0]
        self.assertEqual('/v1/clients/a%2F..%2Fb%3Fc%3Dd%23e%252f', request[1])
        self.assertEqual({}, request.query)

    def test_name_that_would_be_another_path(self):
        for name in '', '.', '..':
            error = self.assertRaises(
                exceptions.CommandError, self.client().unset_client, name
            )
            self.assertEqual(
                f"'{name}' is not the name of a client", str(error)
            )

        self.assertEqual([], self.service.requests)


class TestTrouble(ApiTestCase):
    def test_detail_and_request_id(self):
        self.service.refuse(404, 'there is no client vehicle-42')

        error = self.refusal_of_client()
        self.assertEqual(
            'there is no client vehicle-42 (HTTP 404, request '
            f'{service.REQUEST_ID})',
            str(error),
        )
        self.assertIsNone(error.retry_seconds)

    def test_when_to_try_again(self):
        for status in 429, 503:
            self.service.refuse(status, 'not now', 7)
        for status in 429, 503:
            error = self.refusal_of_client()
            self.assertEqual(
                f'not now; try again in 7 s (HTTP {status}, request '
                f'{service.REQUEST_ID})',
                str(error),
            )
            self.assertEqual(7, error.retry_seconds)

    def test_page_of_a_proxy(self):
        self.service.answer('<h1>\x1b[2JWoe</h1>' * 999, 502)

        self.assertEqual('Bad Gateway (HTTP 502)', self.line())

    def test_date_to_try_again(self):
        when = {'Retry-After': 'Fri, 31 Dec 2027 23:59:59 GMT'}
        self.service._answers.append(service.Answer(503, 'x', when))

        error = self.refusal_of_client()
        self.assertEqual('Service Unavailable (HTTP 503)', str(error))
        self.assertIsNone(error.retry_seconds)

    def test_errors_of_another_form(self):
        for body in '["x"]', '{"errors": ["x"]}', '{"errors": []}', 'null':
            self.service.answer(body, 400)
        for _ in range(4):
            self.assertEqual('Bad Request (HTTP 400)', self.line())

    def test_what_a_terminal_would_obey(self):
        self.service.refuse(404, 'no \x1b[2J\r\n\u202eclient\x9b')

        self.assertStartsWith(
            'no \\x1b[2J \\u202eclient\\x9b (HTTP 404', self.line()
        )

    def assertStartsWith(self, start: str, text: str) -> None:
        self.assertEqual(start, text[: len(start)])

    def test_names_that_a_terminal_would_obey(self):
        self.service.answer({'client': service.client('a\x1b]0;x\x07')})

        found = self.client().client('a')
        self.assertEqual('a\\x1b]0;x\\x07', found.name)

    def test_nobody_there(self):
        with socket.socket() as taken:
            taken.bind(('127.0.0.1', 0))
            self.service.url = url_of(taken)
            line = self.line()

        self.assertStartsWith(
            'the edge-latency service does not answer: Unable to establish '
            f'connection to {self.service.url}/v1/clients/vehicle-42',
            line,
        )
        self.assertNotIn('\n', line)

    def test_nobody_who_answers_in_time(self):
        self.patch(api, 'TIMEOUT_SECONDS', 0.05)
        with socket.create_server(('127.0.0.1', 0)) as silent:
            self.service.url = url_of(silent)
            line = self.line()

        self.assertIn('timed out', line)

    def test_another_service(self):
        for body, what in (
            ('<html>', 'no JSON'),
            ('[]', 'no NamedClient'),
            ('{"client": {"name": "a"}}', 'no prefixes of a NamedClient'),
            ('', 'no NamedClient'),
        ):
            self.service.answer(body)
            self.service._answers[:-1] = []
            self.assertEqual(
                'there is something else than the edge-latency service at '
                f'its endpoint, or another version of it: it answers {what}',
                self.line(),
            )

    def test_list_that_is_none(self):
        self.service.answer('{"clients": {}}')
        error = self.assertRaises(
            exceptions.CommandError, self.client().clients, False
        )

        self.assertIn('it answers no list of NamedClient', str(error))
