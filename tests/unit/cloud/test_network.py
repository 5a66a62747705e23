# SPDX-License-Identifier: Apache-2.0

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
