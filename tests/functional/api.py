# SPDX-License-Identifier: Apache-2.0

"""Nova's API on a TCP port, and clients that talk HTTP to it."""

import socketserver
import threading
from typing import Any
from wsgiref import simple_server

import fixtures
import requests
from nova.tests.functional.api import client

OpenStackApiException = client.OpenStackApiException


class _Handler(simple_server.WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        """Keep stderr quiet: nova.api logs its own requests."""


class _Server(socketserver.ThreadingMixIn, simple_server.WSGIServer):
    daemon_threads = True
    request_queue_size = 64

    def server_bind(self) -> None:
        # Not HTTPServer's, which looks the name up in DNS.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]
        self.setup_environ()


class ApiServer(fixtures.Fixture):
    """Serves a WSGI application on a free port of the loopback interface."""

    def __init__(self, app: Any) -> None:
        super().__init__()
        self._app = app

    def _setUp(self) -> None:
        self._server = _Server(('127.0.0.1', 0), _Handler)
        self._server.set_app(self._app)
        self.url = f'http://127.0.0.1:{self._server.server_port}/v2.1'
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        self.addCleanup(self._stop)

    def _accept(self) -> None:
        # Not serve_forever(): socketserver is imported before eventlet
        # patches the selectors module, and would block every green thread.
        while True:
            try:
                request, address = self._server.get_request()
            except OSError:
                return
            self._server.process_request(request, address)

    def _stop(self) -> None:
        self._server.socket.shutdown(2)  # wakes accept()
        self._thread.join()
        self._server.server_close()


class Client(client.TestOpenStackClient):
    """Nova's own functional API client, as one user of one project."""

    def __init__(
        self, url: str, user: str, project_id: str, admin: bool = False
    ) -> None:
        roles = ['reader', 'member'] + (['admin'] if admin else [])
        super().__init__(user, url, project_id=project_id, roles=roles)
        self.microversion = 'latest'

    def request(
        self,
        url: str,
        method: str = 'GET',
        body: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False  # a proxy has no way to our loopback
            return session.request(
                method,
                url,
                data=body,
                headers={'Content-Type': 'application/json'} | (headers or {}),
                timeout=60,
            )
