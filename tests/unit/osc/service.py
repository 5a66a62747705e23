# SPDX-License-Identifier: Apache-2.0

"""The API for tenants, over HTTP, by its OpenAPI document.

It answers what a test says, if the document has it so, and takes what the
document allows; else the test that uses it fails.
"""

import http.server
import json
import re
import threading
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import parse_qs
from urllib.parse import urlsplit

import fixtures
import jsonschema

from tests.unit.api.contract import document

DOCUMENT = document()
_HERE = 'urn:edge-latency'

REQUEST_ID = 'req-5f0c6c11-8b0f-4b8e-9d65-0b8f3f0c6c11'


class Request(NamedTuple):
    """What a client sent: ``GET``, ``/v1/sites``, ``{'client': ['a']}``."""

    method: str
    path: str
    query: dict[str, list[str]]
    body: Any
    token: str | None


class Answer(NamedTuple):
    """A text instead of a document is what a proxy would say."""

    status: int
    body: Any
    headers: dict[str, str]


def refusal(
    status: int, detail: str, retry_after: int | None = None
) -> Answer:
    """What the API says if it does not do it."""
    error = {
        'status': status,
        'title': 'A title',
        'detail': detail,
        'request_id': REQUEST_ID,
    }
    headers = {} if retry_after is None else {'Retry-After': str(retry_after)}
    return Answer(status, {'errors': [error]}, headers)


class Served(fixtures.Fixture):
    """Something on a port of the loopback interface."""

    def serve(self, handler: type[http.server.BaseHTTPRequestHandler]) -> str:
        """Where it is from now on."""
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        self.addCleanup(server.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)
        return f'http://127.0.0.1:{server.server_port}'


class Service(Served):
    """Answers of one test, each given once, the last one for ever."""

    def _setUp(self) -> None:
        self.requests: list[Request] = []
        self.broken: list[str] = []
        self._answers: list[Answer] = []
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self) -> None:
                service._serve(self)

            do_GET = do_PUT = do_DELETE = answer

            def log_message(self, *_: Any) -> None:
                pass

        self.addCleanup(self._check)
        self.url = self.serve(Handler)

    def answer(self, body: Any, status: int = 200) -> None:
        """What is answered next."""
        self._answers.append(Answer(status, body, {}))

    def refuse(self, *args: Any) -> None:
        """What is refused next: see ``refusal``."""
        self._answers.append(refusal(*args))

    def _serve(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        url = urlsplit(handler.path)
        length = int(handler.headers.get('Content-Length') or 0)
        text = handler.rfile.read(length)
        request = Request(
            handler.command,
            url.path,
            parse_qs(url.query, keep_blank_values=True),
            json.loads(text) if text else None,
            handler.headers.get('X-Auth-Token'),
        )
        self.requests.append(request)
        given = self._answers
        answer = given.pop(0) if len(given) > 1 else given[0]
        self.broken += offences(request, answer)
        document = not isinstance(answer.body, str)
        sent = json.dumps(answer.body) if document else answer.body
        handler.send_response(answer.status)
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        handler.send_header(
            'Content-Type', 'application/json' if document else 'text/html'
        )
        payload = b'' if answer.status == 204 else sent.encode()
        handler.send_header('Content-Length', str(len(payload)))
        handler.end_headers()
        handler.wfile.write(payload)

    def _check(self) -> None:
        if self.broken:
            raise AssertionError('; '.join(self.broken))


def offences(request: Request, answer: Answer) -> list[str]:
    """Where a request and its answer are not as the document says."""
    item = _item(request.path)
    operation = item.get(request.method.lower())
    if operation is None:
        return [f'no {request.method} of {request.path}']
    found = [*_of_query(request.query, operation.get('parameters', ()))]
    if body := operation.get('requestBody'):
        schema = body['content']['application/json']['schema']
        found += _wrong('the body', request.body, schema)
    if isinstance(answer.body, str):
        return found
    response = operation['responses'].get(str(answer.status))
    if response is None:
        return [*found, f'no status {answer.status} of {request.path}']
    return found + _of_answer(answer, response)


def _of_query(query: dict[str, list[str]], parameters: Any) -> Iterator[str]:
    schemas = {
        each['name']: each['schema']
        for each in parameters
        if each['in'] == 'query'
    }
    for name, values in query.items():
        schema = schemas.get(name, {'not': {}})
        many = schema.get('type') == 'array'
        if not many and len(values) > 1:
            yield f'{name} more than once'
        yield from _wrong(name, values if many else values[0], schema)


def _of_answer(answer: Answer, response: dict[str, Any]) -> list[str]:
    if reference := response.get('$ref'):
        name = reference.rpartition('/')[2]
        response = DOCUMENT['components']['responses'][name]
    found = [
        f'no {header}'
        for header in response.get('headers', ())
        if header not in answer.headers
    ]
    if content := response.get('content'):
        schema = content['application/json']['schema']
        found += _wrong('the answer', answer.body, schema)
    return found


def _item(path: str) -> dict[str, Any]:
    for template, item in DOCUMENT['paths'].items():
        pattern = re.sub(r'\\{\w+\\}', '[^/]+', re.escape(template))
        if re.fullmatch(pattern, path):
            return item
    return {}


def _wrong(what: str, value: Any, schema: Any) -> list[str]:
    # Within the document, for it refers to itself.
    whole = {'$id': _HERE, 'components': DOCUMENT['components']}
    validator = jsonschema.Draft202012Validator({**whole, 'allOf': [schema]})
    return [f'{what}: {e.message}' for e in validator.iter_errors(value)]


def site(name: str = 'lyon', **other: Any) -> dict[str, Any]:
    """A site that is near enough."""
    return {
        'name': name,
        'kind': 'site',
        'rank': 1,
        'accepted': True,
        'verdict': 'within',
        'judged_ms': 7.4318,
        'rtt_p50_ms': 5,
        'age_seconds': 42.17,
        'assumed': False,
        'room': None,
        'why_not': None,
    } | other


def sites(*listed: dict[str, Any], **other: Any) -> dict[str, Any]:
    """An answer that accepts."""
    return {
        'accepted': True,
        'reason': None,
        'retry_seconds': None,
        'enforced': True,
        'detail': 'figure',
        'asks': {'edge:client': ['203.0.113.7']},
        'sites': list(listed),
    } | other


def refused(**other: Any) -> dict[str, Any]:
    """An answer that does not."""
    far = site(rank=None, accepted=False, verdict='over', why_not='over')
    reason = 'no site within 5 ms (p95) of 203.0.113.7'
    return sites(far, accepted=False, reason=reason) | other


def client(name: str = 'vehicle-42', **other: Any) -> dict[str, Any]:
    prefixes = ['203.0.113.0/24', '2001:db8::/56']
    return {'name': name, 'prefixes': prefixes, 'shared': False} | other


def server(**other: Any) -> dict[str, Any]:
    return {
        'id': '8b0f2c1e-5d0c-4b8e-9d65-0b8f3f0c6c11',
        'asks': {
            'edge:client': ['vehicle-42', '203.0.113.7'],
            'edge:latency_budget_ms': 20,
        },
        'site': 'lyon',
        'verdict': 'over',
        'judged_ms': 31.004,
        'budget_ms': 20,
        'over_since': '2026-08-22T10:15:00+00:00',
        'best_site': 'nice',
        'best_ms': 7.4318,
        'movable': 'yes',
    } | other
