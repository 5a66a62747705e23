# SPDX-License-Identifier: Apache-2.0

"""The API as a WSGI server has it: by its module, with a file of its own."""

import json
import os
import pathlib
import subprocess
import sys
import urllib.error
import urllib.request
from typing import Any

from edge_sched.store import migrate
from edge_sched.store.settings import StoreSettings
from tests.functional.process import ROOT
from tests.functional.process import ProcessTestCase

SERVE = """
from wsgiref import simple_server
from edge_sched.api.wsgi import application
with simple_server.make_server('127.0.0.1', 0, application) as server:
    print('port', server.server_port, flush=True)
    server.serve_forever()
"""

#: Where the scheduler's code, which answers, finds the store.
STORE = """
from edge_sched.api.wsgi import application
from nova.conf import CONF
print(CONF.edge_sched_database.connection)
"""


class ApiProcessTest(ProcessTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.store_url = f'sqlite:///{self.folder}/latency.sqlite'
        migrate.sync(StoreSettings(self.store_url))
        self.conf = pathlib.Path(self.folder, 'api.conf')
        self.conf.write_text(
            f'[edge_sched_database]\nconnection = {self.store_url}\n'
            f'[edge_sched_api]\nnova_config_files = {self.nova_conf}\n'
            # Where nobody listens.
            '[keystone_authtoken]\nauth_type = password\n'
            'auth_url = http://127.0.0.1:9/v3\nusername = edge-sched\n'
            'password = secret\nhttp_connect_timeout = 5\n'
            'http_request_max_retries = 0\n'
        )

    def start(self, *files: object) -> 'subprocess.Popen[str]':
        process = subprocess.Popen(
            [sys.executable, '-c', SERVE],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                'PYTHONWARNINGS': 'ignore',
                'EDGE_SCHED_API_CONFIG_FILES': ':'.join(map(str, files)),
            },
        )
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def ask(self, url: str, token: str = '') -> tuple[int, Any, Any]:
        request = urllib.request.Request(
            url, headers={'X-Auth-Token': token} if token else {}
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read()

    def test_what_needs_no_identity_goes_on_without_keystone(self) -> None:
        process = self.start(self.conf)
        assert process.stdout
        lines = iter(process.stdout.readline, '')
        port = next(line for line in lines if line.startswith('port '))
        url = f'http://127.0.0.1:{int(port.split()[1])}'
        status, _, body = self.ask(f'{url}/')
        self.assertEqual(200, status)
        self.assertEqual('v1.0', json.loads(body)['versions'][0]['id'])
        self.assertEqual(200, self.ask(f'{url}/healthcheck')[0])
        self.assertEqual(401, self.ask(f'{url}/v1/sites')[0])
        status, headers, body = self.ask(f'{url}/v1/sites', 'a-token')
        self.assertEqual((503, '10'), (status, headers['Retry-After']))
        (error,) = json.loads(body)['errors']
        self.assertEqual('the identity service is away', error['detail'])
        self.assertEqual(
            headers['x-openstack-request-id'], error['request_id']
        )

    def test_store_is_read_by_the_user_of_this_service(self) -> None:
        with open(self.nova_conf, 'a') as conf_file:
            conf_file.write('[edge_sched_database]\nconnection = sqlite://\n')
        found = subprocess.run(
            [sys.executable, '-c', STORE],
            cwd=ROOT,
            env={**os.environ, 'EDGE_SCHED_API_CONFIG_FILES': str(self.conf)},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        self.assertEqual(self.store_url, found.stdout.splitlines()[-1])

    def test_what_makes_no_sense_is_said_at_start(self) -> None:
        more = pathlib.Path(self.folder, 'more.conf')
        for text, said in (
            ('[edge_sched_api]\nplacement_queries = 0\n', 'placement_queries'),
            ('[edge_sched_api]\nplacement_querys = 1\n', 'placement_querys'),
            ('[edge_sched_api]\nnova_config_files = /nil\n', '/nil'),
        ):
            more.write_text(text)
            _, err = self.start(self.conf, more).communicate(timeout=120)
            self.assertIn(said, err.splitlines()[-1])
