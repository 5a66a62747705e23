# SPDX-License-Identifier: Apache-2.0

"""A server on loopback that gives queries whatever answer a test wants."""

import dataclasses
import http.server
import json
import threading
import urllib.parse


@dataclasses.dataclass
class Asked:
    """A request as it came.

    :param head_bytes: of request line and headers
    """

    method: str
    path: str
    headers: dict
    parameters: dict
    head_bytes: int


class Server:
    """Answers with what ``answer`` returns: status and body.

    A body that is no bytes is a function, which writes head and all by
    itself, with the socket's file and an event that is set when the test is
    over.
    """

    def __init__(self, answer):
        self.answer = answer
        self.asked = []
        self.over = threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def do_POST(self):
                length = int(self.headers.get('Content-Length', 0))
                outer.serve(self, self.rfile.read(length).decode())

            def do_GET(self):
                outer.serve(self, urllib.parse.urlsplit(self.path).query)

            def log_message(self, *args):
                pass

        self._server = http.server.ThreadingHTTPServer(
            ('127.0.0.1', 0), Handler
        )
        self._server.daemon_threads = True
        self.url = f'http://127.0.0.1:{self._server.server_port}'
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,)
        )
        self._thread.start()

    def close(self):
        self.over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def serve(self, handler, query):
        asked = Asked(
            handler.command,
            urllib.parse.urlsplit(handler.path).path,
            dict(handler.headers),
            dict(urllib.parse.parse_qsl(query)),
            len(handler.raw_requestline) + len(bytes(handler.headers)),
        )
        self.asked.append(asked)
        status, body = self.answer(asked)
        if callable(body):
            handler.close_connection = True
            try:
                body(handler.wfile, self.over)
            except OSError:
                pass  # The other side has had enough, as it should.
            return
        handler.send_response(status)
        handler.send_header('Content-Length', str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)


def success(kind, result, **more):
    answer = {'status': 'success', 'data': {'resultType': kind}} | more
    answer['data']['result'] = result
    return 200, json.dumps(answer).encode()


def vector(*series):
    """``series`` are pairs of labels and number, as text."""
    return success(
        'vector',
        [{'metric': labels, 'value': [0, value]} for labels, value in series],
    )


def drip(head, piece):
    """A byte a moment, for ever."""

    def write(stream, over):
        stream.write(head)
        while not over.wait(0.02):
            stream.write(piece)

    return write
