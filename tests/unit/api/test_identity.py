# SPDX-License-Identifier: Apache-2.0

"""A Keystone that is not there, or does not answer."""

import contextlib
import http.server
import json
import socket
import threading

import fixtures
import webob
from oslo_config import cfg
from oslotest import base

from edge_sched.api import identity
from edge_sched.api.faults import Faults
from edge_sched.conf.checks import BadOptionError


class _Page(fixtures.Fixture):
    """Whatever is asked, a page that is none of Keystone's.

    :param listener: where
    """

    def __init__(self, listener: socket.socket) -> None:
        super().__init__()
        self._listener = listener

    def _setUp(self) -> None:
        address = self._listener.getsockname()
        self._listener.close()
        server = http.server.HTTPServer(address, _Welcome)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)


class _Welcome(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get('Content-Length', 0)))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'<h1>It works</h1>')

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        """Nothing."""


TOKEN = {'X-Auth-Token': 'a-token'}


class IdentityTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        #: Accepts connections and says nothing.
        self.silent = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(self.silent.close)

    def conf(self, *lines: str) -> cfg.ConfigOpts:
        port = self.silent.getsockname()[1]
        written = '\n'.join(
            (
                '[keystone_authtoken]',
                'auth_type = password',
                f'auth_url = http://127.0.0.1:{port}/v3',
                'username = edge_sched',
                'password = secret',
                'project_name = service',
                'user_domain_name = Default',
                'project_domain_name = Default',
                *lines,
            )
        )
        (path,) = self.create_tempfiles([('api', written)], ext='.conf')
        conf = cfg.ConfigOpts()
        conf(['--config-file', path], project='edge_sched')
        return conf

    def answer(self, conf: cfg.ConfigOpts) -> webob.Response:
        application = identity.with_keystone(webob.Response('known'), conf)
        return webob.Request.blank('/', headers=TOKEN).get_response(
            Faults(application)
        )

    def assertAway(self, answer: webob.Response) -> None:
        self.assertEqual(503, answer.status_int)
        (error,) = json.loads(answer.body)['errors']
        self.assertEqual('the identity service is away', error['detail'])
        self.assertGreater(int(answer.headers['Retry-After']), 0)

    def test_without_any_the_service_does_not_start(self) -> None:
        conf = cfg.ConfigOpts()
        conf([], project='edge_sched', default_config_files=[])
        error = self.assertRaises(
            BadOptionError, identity.with_keystone, webob.Response(), conf
        )
        self.assertIn('[keystone_authtoken] auth_type', str(error))

    def test_one_that_hangs_is_away(self) -> None:
        self.assertAway(self.answer(self.conf('http_connect_timeout = 1')))

    def test_one_that_refuses_is_away(self) -> None:
        conf = self.conf('http_request_max_retries = 0')
        with contextlib.closing(self.silent):
            pass
        self.assertAway(self.answer(conf))

    def test_what_answers_in_its_place_is_none(self) -> None:
        conf = self.conf()
        self.useFixture(_Page(self.silent))
        self.assertAway(self.answer(conf))

    def test_a_wait_has_an_end_unless_the_operator_says(self) -> None:
        for lines, seconds in (
            ((), identity.TIMEOUT_SECONDS),
            (('http_connect_timeout = 2',), 2),
        ):
            conf = self.conf(*lines)
            identity.with_keystone(webob.Response(), conf)
            group = conf.keystone_authtoken
            self.assertEqual(seconds, group.http_connect_timeout)
