# SPDX-License-Identifier: Apache-2.0

"""``openstack edge server show``."""

import http.server
import json
from typing import Any
from urllib.parse import parse_qs
from urllib.parse import urlsplit

import fixtures

from tests.unit.osc import base
from tests.unit.osc import service

ID = service.server()['id']


class Nova(service.Served):
    """Its API, as far as a name is looked up in it; two have one name."""

    def _setUp(self) -> None:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = _of_nova(self.path, f'http://{self.headers["Host"]}')
                text = json.dumps(found or {}).encode()
                self.send_response(404 if found is None else 200)
                self.send_header('Content-Type', 'application/json')
                self.send_header('Content-Length', str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: Any) -> None:
                pass

        self.url = f'{self.serve(Handler)}/v2.1'


def _of_nova(path: str, root: str) -> dict[str, Any] | None:
    url = urlsplit(path)
    if url.path.rstrip('/') == '/v2.1':
        links = [{'rel': 'self', 'href': f'{root}/v2.1/'}]
        version = {
            'id': 'v2.1',
            'status': 'CURRENT',
            'version': '2.96',
            'min_version': '2.1',
            'links': links,
        }
        return {'version': version}
    if url.path != '/v2.1/servers/detail':
        return None
    servers = [
        {'id': ID, 'name': 'web'},
        {'id': ID, 'name': 'twin'},
        {'id': ID.replace('8', '9'), 'name': 'twin'},
    ]
    [name] = parse_qs(url.query)['name']
    return {'servers': [each for each in servers if each['name'] == name]}


class TestShow(base.CommandTestCase):
    def test_by_id(self):
        self.service.answer({'server': service.server()})

        self.assertEqual(service.server(), self.shown('server', 'show', ID))
        self.assertEqual(f'/v1/servers/{ID}', self.service.requests[0].path)

    def test_for_people(self):
        self.service.answer({'server': service.server(best_ms=None)})
        table = self.succeed('server', 'show', ID).out

        for line in (
            '| asks       | edge:client=vehicle-42,203.0.113.7   |',
            '|            | edge:latency_budget_ms=20            |',
            '| judged_ms  | 31.00                                |',
            '| best_ms    | None                                 |',
        ):
            self.assertIn(line, table)

    def test_one_text_a_cell(self):
        self.service.answer({'server': service.server()})
        argv = f'server show {ID} -f value -c asks -c judged_ms'.split()

        self.assertEqual(
            '{"edge:client": ["vehicle-42", "203.0.113.7"], '
            '"edge:latency_budget_ms": 20}\n31.004\n',
            self.succeed(*argv).out,
        )

    def test_unknown(self):
        self.service.refuse(404, f'there is no server {ID}')

        self.assertFails(
            f'there is no server {ID} (HTTP 404, request '
            f'{service.REQUEST_ID})',
            'server',
            'show',
            ID,
        )

    def test_progress_on_a_terminal(self):
        self.service.answer({'server': service.server()})
        result = self.run_command('server', 'show', ID, stderr=base.Terminal())

        self.assertIn('\rasking for the server', result.err)
        self.assertTrue(result.err.endswith(' \r'))


class TestName(base.CommandTestCase):
    """The cloud's endpoints are in clouds.yaml."""

    def cloud(self) -> list[str]:
        nova = self.useFixture(Nova())
        box = {
            'auth_type': 'none',
            'auth': {'endpoint': 'http://127.0.0.1:1'},
            'compute_endpoint_override': nova.url,
            'edge_latency_endpoint_override': self.service.url,
        }
        path = f'{self.useFixture(fixtures.TempDir()).path}/clouds.yaml'
        with open(path, 'w') as stream:
            # What is JSON is YAML as well.
            json.dump({'clouds': {'box': box}}, stream)
        self.useFixture(
            fixtures.EnvironmentVariable('OS_CLIENT_CONFIG_FILE', path)
        )
        return ['--os-cloud', 'box']

    def test_known(self):
        self.service.answer({'server': service.server()})

        self.assertEqual(service.server(), self.shown('server', 'show', 'web'))
        self.assertEqual(f'/v1/servers/{ID}', self.service.requests[0].path)

    def test_unknown(self):
        self.assertFails('No Server found for db', 'server', 'show', 'db')

    def test_of_two(self):
        result = self.run_command('server', 'show', 'twin')

        self.assertEqual(1, result.status)
        self.assertIn('twin', result.err)
        self.assertEqual([], self.service.requests)
