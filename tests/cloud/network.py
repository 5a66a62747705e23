# SPDX-License-Identifier: Apache-2.0

"""A network service with no networks: what Nova asks of it, nobody has.

    usage: network.py PORT

Servers without a NIC need no more. Every list is empty, so any filter of it
is honoured; nothing in particular is found, and nothing can be made.
"""

import json
import re
import socketserver
import sys
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref import simple_server

LIST = re.compile(r'/v2\.0/([a-z-]+?)(?:\.json)?')
QUOTA = re.compile(r'/v2\.0/quotas/[^/]+')
VERSIONS = {
    'versions': [{'id': 'v2.0', 'status': 'CURRENT', 'links': []}],
}


def answer(method: str, path: str) -> tuple[str, dict[str, Any]]:
    """The status and the body: ``('200 OK', {'ports': []})``."""
    if method != 'GET':
        return '501 Not Implemented', _error('this network never changes')
    if path.rstrip('/') in ('', '/v2.0'):
        return '200 OK', VERSIONS
    if QUOTA.fullmatch(path):
        return '200 OK', {'quota': {'port': -1, 'network': -1}}
    found = LIST.fullmatch(path)
    if found:
        return '200 OK', {found[1].replace('-', '_'): []}
    return '404 Not Found', _error(f'{path} is not there')


def _error(message: str) -> dict[str, Any]:
    return {'NeutronError': {'type': 'None', 'message': message, 'detail': ''}}


def application(
    environ: dict[str, Any], start_response: Callable[..., Any]
) -> Iterable[bytes]:
    status, body = answer(environ['REQUEST_METHOD'], environ['PATH_INFO'])
    text = json.dumps(body).encode()
    start_response(
        status,
        [
            ('Content-Type', 'application/json'),
            ('Content-Length', str(len(text))),
        ],
    )
    return [text]


class Server(socketserver.ThreadingMixIn, simple_server.WSGIServer):
    """Serves callers at a time."""

    daemon_threads = True
    # The default of 5 has callers at a time wait for a second.
    request_queue_size = 128


if __name__ == '__main__':
    simple_server.make_server(
        '127.0.0.1', int(sys.argv[1]), application, Server
    ).serve_forever()
