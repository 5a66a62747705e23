# SPDX-License-Identifier: Apache-2.0

"""Names of a project, without a database."""

import json
import sys
import types
from collections.abc import Sequence
from typing import Any
from unittest import mock

import webob
from oslotest import base

from edge_sched.api import policies
from edge_sched.api.clients import MOST_PREFIXES
from edge_sched.api.clients import Clients
from edge_sched.api.errors import ApiError
from edge_sched.api.errors import BadRequestError
from edge_sched.api.errors import ForbiddenError
from edge_sched.api.errors import NotFoundError
from edge_sched.model.client import parse_prefix
from edge_sched.store.errors import TooManyClientsError
from edge_sched.store.errors import UnknownClientError
from edge_sched.store.named import NamedClient
from tests.unit.api.bodies import request_with

HERE = '203.0.113.0/24'


def request(body: Any = None, query: str = '') -> webob.Request:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return request_with(raw, f'/?{query}')


class ClientsTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.writer = mock.Mock()
        self.writer.find_client.side_effect = lambda name, project: (
            NamedClient(name, project, (parse_prefix(HERE),))
        )
        self.clients = Clients(lambda: self.writer, 5, {4: 16, 6: 32})
        self.checked: list[str] = []
        self.caller: Any = types.SimpleNamespace(
            project_id='mine', check=self.checked.append
        )

    def put(self, body: Any, name: str = 'car') -> Any:
        return self.clients.set(request(body), self.caller, name)

    def assertRefused(
        self, error: type[ApiError], said: str, *asked: Any
    ) -> None:
        found = self.assertRaises(error, *asked)
        self.assertIn(said, str(found))
        self.assertLess(len(str(found)), 250)

    def test_name_is_set_for_who_asks(self) -> None:
        told = self.put({'prefixes': [HERE, '2001:db8::7']})
        self.writer.set_client.assert_called_once_with(
            'car',
            [parse_prefix(HERE), parse_prefix('2001:db8::7')],
            'mine',
            5,
        )
        self.assertEqual(
            {'name': 'car', 'prefixes': [HERE], 'shared': False},
            told['client'],
        )
        self.assertEqual([policies.SET_CLIENT], self.checked)

    def test_bodies_that_are_none(self) -> None:
        for body in (
            [],
            None,
            {},
            {'prefixes': HERE},
            {'prefixes': []},
            {'prefixes': [HERE], 'name': 'x'},
            {'prefixes': [HERE] * (MOST_PREFIXES + 1)},
        ):
            self.assertRefused(
                BadRequestError, '1 to 16 addresses', self.put, body
            )
        self.put({'prefixes': [HERE] * MOST_PREFIXES})

    def test_prefixes_that_are_none(self) -> None:
        for prefix in 7, None, [HERE], '', 'x' * 999, '203.0.113.7/33':
            self.assertRefused(
                BadRequestError,
                'is not an address or a prefix',
                self.put,
                {'prefixes': [HERE, prefix]},
            )
        self.writer.set_client.assert_not_called()

    def test_prefixes_that_are_too_large(self) -> None:
        for prefix, length in (
            ('10.0.0.0/15', 16),
            ('::ffff:10.0.0.0/111', 16),
            ('2001:db8::/31', 32),
        ):
            self.assertRefused(
                BadRequestError,
                f'is not /{length} or smaller',
                self.put,
                {'prefixes': [prefix]},
            )
        self.put({'prefixes': ['10.0.0.0/16', '2001:db8::/32']})

    def test_however_deep_a_body_is_it_is_refused(self) -> None:
        for depth in range(1, sys.getrecursionlimit() + 50):
            raw = b'{"prefixes": [' + b'[' * depth + b']' * depth + b']}'
            self.assertRaises(BadRequestError, self.put, raw)

    def test_names_that_are_none(self) -> None:
        for name in '', '7', 'a' * 64, 'a b', 'ä', 'car\n', 'site:x':
            self.assertRefused(
                BadRequestError,
                'is not a name',
                self.put,
                {'prefixes': [HERE]},
                name,
            )
            for ask in self.clients.show, self.clients.unset:
                self.assertRefused(
                    NotFoundError,
                    'there is no client',
                    ask,
                    request(),
                    self.caller,
                    name,
                )
        # The database is not asked, which may be lax.
        self.assertEqual([], self.writer.mock_calls)
        self.put({'prefixes': [HERE]}, 'a' * 63)

    def test_no_more_than_the_quota(self) -> None:
        self.writer.set_client.side_effect = TooManyClientsError
        self.assertRefused(
            ForbiddenError, 'has 5 clients', self.put, {'prefixes': [HERE]}
        )

    def test_none_is_found_or_forgotten_that_is_not_there(self) -> None:
        self.writer.find_client.side_effect = lambda name, project: None
        self.writer.unset_client.side_effect = UnknownClientError('car')
        for ask in self.clients.show, self.clients.unset:
            self.assertRefused(
                NotFoundError,
                "there is no client 'car'",
                ask,
                request(),
                self.caller,
                'car',
            )
        self.writer.unset_client.assert_called_once_with('car', 'mine')
        self.assertEqual(
            [policies.SHOW_CLIENT, policies.UNSET_CLIENT], self.checked
        )

    def test_listed_are_those_of_who_asks(self) -> None:
        listed: Sequence[NamedClient] = (
            NamedClient('a', '', ()),
            NamedClient('a', 'mine', (parse_prefix(HERE),)),
        )
        self.writer.list_clients.return_value = listed
        for query in '', 'all_projects=false':
            told = self.clients.index(request(query=query), self.caller)
            self.assertEqual(
                [
                    {'name': 'a', 'prefixes': [], 'shared': True},
                    {'name': 'a', 'prefixes': [HERE], 'shared': False},
                ],
                told['clients'],
            )
            self.writer.list_clients.assert_called_with('mine')
        self.assertEqual([policies.LIST_CLIENTS] * 2, self.checked)
        told = self.clients.index(
            request(query='all_projects=true'), self.caller
        )
        self.writer.list_clients.assert_called_with()
        self.assertEqual(
            [None, 'mine'], [each['project_id'] for each in told['clients']]
        )
        self.assertEqual(policies.LIST_ALL_CLIENTS, self.checked[-1])

    def test_parameters_that_are_none(self) -> None:
        ask = self.clients
        for query, asked in (
            ('all_projects=1', ask.index),
            ('project_id=x', ask.index),
            ('x=1', lambda *of: ask.show(*of, 'car')),
            ('x=1', lambda *of: ask.set(*of, 'car')),
            ('x=1', lambda *of: ask.unset(*of, 'car')),
        ):
            self.assertRaises(
                BadRequestError,
                asked,
                request({'prefixes': [HERE]}, query),
                self.caller,
            )
        self.assertEqual([], self.writer.mock_calls)
