# SPDX-License-Identifier: Apache-2.0

"""Strangers with a token: whatever they send, they get a clear refusal.

``make api-long`` sends ten thousand; here it is a few hundred.
"""

import http.client
import json
import os
import resource
import types
from collections.abc import Mapping
from typing import Any
from urllib import parse

import hypothesis
from hypothesis import strategies as st

from tests.functional.tenants_api import TenantsApiTestCase
from tests.unit.api.contract import document

REQUESTS = int(os.environ.get('EDGE_SCHED_HOSTILE_REQUESTS', '300'))

ALICES = '203.0.113.0/24'
BOBS, SECRET = 'bob-project', 'bobs-secret-car'

#: What no answer has, whoever asks.
HIDDEN = (
    '"hidden"',
    'hidden-1',
    'cell1',
    'cell2',
    'sqlite',
    'Traceback',
    SECRET,
)

#: 405 and all else that a client has brought about.
FINE = frozenset((200, 204, 400, 401, 403, 404, 405, 413, 415))

_ODD = st.one_of(
    st.text(max_size=300),
    st.sampled_from(
        (
            '',
            '0.0.0.0/0',
            '::/0',
            '203.0.113.7@1e309',
            '203.0.113.7@nan',
            'site:hidden',
            f'server:{"0" * 8}-0000-0000-0000-{"0" * 12}',
            'group:x',
            SECRET,
            "' OR 1=1 --",
            '%00',
            '../../etc/passwd',
            '${jndi:ldap://x}',
            ','.join(['203.0.113.7'] * 17),
            '9' * 255,
            'p95\r\nX-Roles: admin',
        )
    ),
)
_NAMES = st.sampled_from(
    [
        *(
            p['name']
            for p in document()['paths']['/v1/sites']['get']['parameters']
        ),
        'all_projects',
        'project_id',
        'spread',
    ]
)
_PATHS = st.one_of(
    st.sampled_from(
        (
            '/',
            '/v1',
            '/v1/sites',
            '/v1/sites/',
            '/v1/clients',
            f'/v1/clients/{SECRET}',
            '/v1/clients/car',
            '/v1/clients/..%2f..%2f',
            '/v1/servers/00000000-0000-0000-0000-000000000000',
            '/v1//sites',
            '/v2/sites',
            '/healthcheck',
        )
    ),
    _ODD.map(lambda text: f'/v1/clients/{parse.quote(text, safe="")}'),
    _ODD.map(lambda text: f'/v1/servers/{parse.quote(text, safe="")}'),
    _ODD.map(lambda text: f'/{parse.quote(text)}'),
)
_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.floats(), _ODD, st.just(ALICES)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=20),
        st.dictionaries(st.sampled_from(('prefixes', 'x')), inner),
    ),
    max_leaves=20,
)
_BODIES = st.one_of(
    st.just(b''),
    st.binary(max_size=200),
    _JSON.map(lambda value: json.dumps(value).encode()),
    st.just(b'[' * 15_000),
    st.just(b'{"prefixes": ["' + b'1' * 20_000 + b'"]}'),
    st.just(b'x' * 200_000),
)
_HEADERS = st.dictionaries(
    st.sampled_from(
        (
            'X-HTTP-Method-Override',
            'X-Project-Id',
            'X-Roles',
            'X-Is-Admin-Project',
            'X-Identity-Status',
            'X-Forwarded-For',
            'X-Forwarded-Host',
            'X-Openstack-Request-Id',
            'OpenStack-API-Version',
            'Accept',
            'Range',
            'If-None-Match',
        )
    ),
    st.sampled_from(
        ('admin', BOBS, 'DELETE', 'text/html', '*', 'x' * 5000, '\x7f')
    ),
    max_size=4,
)
_TOKENS = st.sampled_from(
    ('', 'alice-project', 'alice-project', 'alice-project:reader', 'x:none')
)


class HostileTest(TenantsApiTestCase):
    sites: Any = {
        'paris': ('cell1', ['paris-1']),
        'hidden': ('cell2', ['hidden-1']),
    }
    api_conf: Mapping[str, Any] = types.MappingProxyType(
        {'requests_per_minute': 1_000_000}
    )

    def setUp(self) -> None:
        super().setUp()
        self.set_aggregate_metadata('hidden', {'filter_tenant_id': BOBS})
        self.set_client(SECRET, [ALICES], BOBS)
        self.measure(ALICES, paris=5, hidden=1)
        address = parse.urlsplit(self.tenants_url)
        self.address = str(address.hostname), int(address.port or 0)

    def send(
        self,
        method: str,
        path: str,
        query: list[tuple[str, str]],
        headers: Mapping[str, str],
        body: bytes,
        token: str,
    ) -> None:
        connection = http.client.HTTPConnection(*self.address, timeout=60)
        sent = dict(headers)
        if token:
            sent['X-Auth-Token'] = token
        sent.setdefault('Content-Type', 'application/json')
        if query:
            path += f'?{parse.urlencode(query, errors="replace")}'
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            said = answer.read()
        finally:
            connection.close()
        self.assertIn(answer.status, FINE, (method, path, said))
        self.assertLess(len(said), 20_000)
        text = said.decode()
        echoed = f'{path} {body!r} {headers}'
        for hidden in HIDDEN:
            if hidden not in parse.unquote_plus(echoed):
                self.assertNotIn(hidden, text)
        if answer.status >= 400 and method != 'HEAD' and path[:7] != '/health':
            (error,) = json.loads(text)['errors']
            self.assertEqual(answer.status, error['status'])

    def test_nothing_breaks_and_nothing_is_learnt(self) -> None:
        @hypothesis.settings(
            max_examples=REQUESTS,
            deadline=None,
            database=None,
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(
            method=st.sampled_from(
                ('GET', 'GET', 'GET', 'PUT', 'DELETE', 'POST', 'HEAD', 'BREW')
            ),
            path=_PATHS,
            query=st.lists(st.tuples(_NAMES, _ODD), max_size=6),
            headers=_HEADERS,
            body=_BODIES,
            token=_TOKENS,
        )
        def hostile(**request: Any) -> None:
            self.send(**request)

        hostile()
        before = self._most_memory()
        hostile()
        grown = self._most_memory() - before
        self.assertLess(grown, 20 * 2**20)
        # What is another's is as it was.
        told = self.ask(f'/v1/clients/{SECRET}', token=BOBS)
        self.assertEqual([ALICES], told.body['client']['prefixes'])
        told = self.ask('/v1/sites', client='203.0.113.7')
        self.assertEqual(['paris'], [s['name'] for s in told.body['sites']])

    def test_many_names_of_one_project_are_bounded(self) -> None:
        statuses = [
            self.ask(
                f'/v1/clients/name{number}',
                'PUT',
                body={'prefixes': [ALICES]},
            ).status
            for number in range(105)
        ]
        self.assertEqual([200] * 100 + [403] * 5, statuses)

    def _most_memory(self) -> int:
        """The most that this process ever had, in bytes."""
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
