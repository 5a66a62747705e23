# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

from oslotest import base

from tests.cloud.network import answer


class AnswerTest(base.BaseTestCase):
    def test_every_list_is_empty(self):
        for path, key in (
            ('/v2.0/ports', 'ports'),
            ('/v2.0/networks.json', 'networks'),
            ('/v2.0/security-groups', 'security_groups'),
            ('/v2.0/extensions', 'extensions'),
        ):
            self.assertEqual(('200 OK', {key: []}), answer('GET', path))

    def test_nothing_in_particular_is_found(self):
        status, body = answer('GET', '/v2.0/networks/5b1e')
        self.assertEqual('404 Not Found', status)
        self.assertIn('/v2.0/networks/5b1e', body['NeutronError']['message'])

    def test_nothing_can_be_made(self):
        status, body = answer('POST', '/v2.0/ports')
        self.assertEqual('501 Not Implemented', status)
        self.assertIn('NeutronError', body)

    def test_client_learns_of_the_version(self):
        for path in ('/', '/v2.0', '/v2.0/'):
            _, body = answer('GET', path)
            self.assertEqual('v2.0', body['versions'][0]['id'])

    def test_ports_are_without_quota(self):
        _, body = answer('GET', '/v2.0/quotas/2f1c')
        self.assertEqual(-1, body['quota']['port'])
