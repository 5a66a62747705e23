# SPDX-License-Identifier: Apache-2.0

"""Each refusal that the document of the API has is one that comes."""

import contextlib
import os
from collections.abc import Iterator
from typing import Any
from unittest import mock

from edge_sched.api.limits import Limiter
from edge_sched.api.parsing import MAX_BODY_BYTES
from tests.functional.tenants_api import TenantsApiTestCase
from tests.unit.api.contract import document

ALICE, ALICES = '203.0.113.7', '203.0.113.0/24'
NOBODY = '8b0f2c1e-5d0c-4b8e-9d65-0b8f3f0c6c11'

_BODY = {'prefixes': [ALICES]}


class StatusesTest(TenantsApiTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.measure(ALICES, paris=5)
        self.server = self.near(ALICE)['id']
        #: Operation and status.
        self.seen: set[tuple[str, str, int]] = set()

    def see(self, method: str, known: str, path: str, **options: Any) -> None:
        """Ask; what comes is held against the document, see ``ask``."""
        told = self.ask(path, method, **options)
        self.seen.add((method.lower(), known, told.status))

    @contextlib.contextmanager
    def store_away(self) -> Iterator[None]:
        away = f'{self.store_path}.away'
        os.rename(self.store_path, away)
        yield
        with contextlib.suppress(FileNotFoundError):
            os.remove(self.store_path)
        os.rename(away, self.store_path)

    def test_every_refusal_of_the_document_comes(self) -> None:
        client, server = '/v1/clients/{name}', '/v1/servers/{id}'
        operations = (
            ('GET', '/v1/sites', '/v1/sites', {'client': ALICE}),
            ('GET', '/v1/clients', '/v1/clients', {}),
            ('PUT', client, '/v1/clients/car', {'body': _BODY}),
            ('GET', client, '/v1/clients/car', {}),
            ('DELETE', client, '/v1/clients/car', {}),
            ('GET', server, f'/v1/servers/{self.server}', {}),
        )
        for method, known, path, options in operations:
            with self.store_away():
                self.see(method, known, path, **options)
            self.see(method, known, path, token='', **options)
            self.see(method, known, path, token='x:nobody', **options)
            with mock.patch.object(Limiter, 'take', return_value=7):
                self.see(method, known, path, **options)
            self.see(method, known, path, **options, unheard='of')
        for method in 'GET', 'DELETE':
            self.see(method, client, '/v1/clients/none')
        self.see('GET', server, f'/v1/servers/{NOBODY}')
        self.see('PUT', client, '/v1/clients/car')
        long = 'x' * MAX_BODY_BYTES
        self.see('PUT', client, '/v1/clients/car', body=[long])
        documented = {
            (method, path, int(status))
            for path, methods in document()['paths'].items()
            for method, operation in methods.items()
            if method != 'parameters'
            for status in operation['responses']
            if status >= '400'
        }
        refusals = {each for each in self.seen if each[2] >= 400}
        self.assertEqual(documented, refusals)
