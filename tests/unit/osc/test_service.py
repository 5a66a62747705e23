# SPDX-License-Identifier: Apache-2.0

"""The stand-in for the API notices what the document does not have."""

import testtools

from tests.unit.osc import service


class TestOffences(testtools.TestCase):
    def offences(self, method, path, query=None, body=None, answer=None):
        return service.offences(
            service.Request(method, path, query or {}, body, None),
            service.Answer(200, answer or service.sites(), {}),
        )

    def test_none(self):
        query = {'client': ['a', 'b'], 'percentile': ['p99']}

        self.assertEqual([], self.offences('GET', '/v1/sites', query))

    def test_some(self):
        client = {'client': service.client()}
        for offence, of in (
            ('no POST of /v1/sites', ('POST', '/v1/sites')),
            ('no GET of /v1/site', ('GET', '/v1/site')),
            ('colour: ', ('GET', '/v1/sites', {'colour': ['red']})),
            ('flavor more than', ('GET', '/v1/sites', {'flavor': ['a', 'b']})),
            ('percentile: ', ('GET', '/v1/sites', {'percentile': ['p42']})),
            ('the answer: ', ('GET', '/v1/sites', {}, None, client)),
            ('the body: ', ('PUT', '/v1/clients/a', {}, {}, client)),
        ):
            found, *_ = self.offences(*of)
            self.assertEqual(offence, found[: len(offence)])

    def test_status_and_header(self):
        request = service.Request('GET', '/v1/sites', {}, None, None)
        for status, offence in (
            (404, 'no status 404 of /v1/sites'),
            (503, 'no Retry-After'),
        ):
            self.assertEqual(
                [offence],
                service.offences(request, service.refusal(status, 'no')),
            )
