# SPDX-License-Identifier: Apache-2.0

"""A real HTTP server on the loopback that answers as a test says."""

import contextlib
import http.server
import socket
import threading

import fixtures

from tests.unit.collector.fakes import PATIENCE_SECONDS


class Site(fixtures.Fixture):
    """Answers each request by ``answer(handler)``, in a thread of its own.

    :param tls: a server's ``ssl.SSLContext``
    """

    def __init__(self, answer, tls=None):
        self.answer = answer
        self.headers = []
        #: Set at the end of the test: handlers that hang wait for it.
        self.over = threading.Event()
        self._tls = tls

    def _setUp(self):
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                site.headers.append(self.headers)
                with contextlib.suppress(OSError):
                    site.answer(self)

            def log_message(self, format, *args):
                pass

        self._server = http.server.ThreadingHTTPServer(
            ('127.0.0.1', 0), Handler
        )
        if self._tls is not None:
            self._server.socket = self._tls.wrap_socket(
                self._server.socket, server_side=True
            )
        thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,)
        )
        thread.start()
        self.addCleanup(self._server.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(self._server.shutdown)
        self.addCleanup(self.over.set)

    @property
    def port(self):
        return self._server.server_port

    @property
    def url(self):
        scheme = 'http' if self._tls is None else 'https'
        return f'{scheme}://127.0.0.1:{self.port}/metrics'


def says(body, status=200, length=None):
    """An answer with this body, which may claim to be of another length."""

    def answer(handler):
        handler.send_response(status)
        content = body.encode() if isinstance(body, str) else body
        handler.send_header(
            'Content-Length', str(len(content) if length is None else length)
        )
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def drips(site_of, text):
    """An answer of a byte at a time, without an end.

    :param site_of: called for the site, to know when the test is over
    """

    def answer(handler):
        handler.connection.setsockopt(
            socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
        )
        handler.wfile.write(text.encode())
        # Far more often than any time limit of a test.
        while not site_of().over.wait(0.02):
            handler.wfile.write(b'x')

    return answer


def hangs(site_of):
    """No answer at all until the test is over."""
    return lambda handler: site_of().over.wait(PATIENCE_SECONDS)


def closed_url():
    """A URL where nobody listens."""
    with socket.socket() as bound:
        bound.bind(('127.0.0.1', 0))
        port = bound.getsockname()[1]
    return f'http://127.0.0.1:{port}/metrics'
