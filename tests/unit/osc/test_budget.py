# SPDX-License-Identifier: Apache-2.0

"""``openstack edge budget check``: 0, 1, and 2 for what is no answer."""

from tests.unit.osc import base
from tests.unit.osc import service


class TestCheck(base.CommandTestCase):
    CHECK = 'budget check --client 203.0.113.7 --budget 5'.split()

    def test_accepted(self):
        self.service.answer(service.sites(service.site()))

        self.assertEqual('', self.succeed(*self.CHECK).out)

    def test_refused(self):
        self.service.answer(service.refused())

        self.assertFails(
            'no site within 5 ms (p95) of 203.0.113.7', *self.CHECK, status=1
        )

    def test_error_of_the_api(self):
        self.service.refuse(503, 'not now', 7)

        self.assertFails(
            f'not now; try again in 7 s (HTTP 503, request '
            f'{service.REQUEST_ID})',
            *self.CHECK,
            status=2,
        )

    def test_usage(self):
        result = self.run_command(*self.CHECK, '--percentile', 'p42')

        self.assertEqual(2, result.status)

    def test_nobody_who_gives_a_token(self):
        result = self.run_bare('edge', *self.CHECK)

        self.assertEqual(2, result.status)
        self.assertEqual(
            'Missing value auth-url required for auth plugin password\n',
            result.err,
        )
        self.assertEqual([], self.service.requests)

    def test_debug_shows_the_traceback(self):
        self.service.refuse(400, 'no')
        result = self.run_bare('--debug', *self.cloud(), 'edge', *self.CHECK)

        self.assertEqual(2, result.status)
        self.assertIn('Traceback', result.err)
        self.assertIn('RefusedError', result.err)
