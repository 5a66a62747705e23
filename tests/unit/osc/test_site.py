# SPDX-License-Identifier: Apache-2.0

"""``openstack edge site list``."""

from edge_sched_osc import site
from tests.unit.osc import base
from tests.unit.osc import service

NEAR = service.site()
FAR = service.site(
    'nice\x1b[2J',
    rank=None,
    accepted=False,
    verdict='unknown',
    judged_ms=None,
    rtt_p50_ms=None,
    age_seconds=None,
    room='no',
    why_not='unknown: stale',
)


class TestList(base.CommandTestCase):
    def test_for_people(self):
        self.service.answer(service.sites(NEAR, FAR))

        table = self.succeed('site', 'list').out.splitlines()

        self.assertEqual(
            [
                list(site.SHORT),
                ['1', 'lyon', 'within', '7.43', '42 s', 'None', 'None'],
                [
                    'None',
                    'nice\\x1b[2J',
                    'unknown',
                    'None',
                    'None',
                    'no',
                    'unknown: stale',
                ],
            ],
            [
                [cell.strip() for cell in line.strip('|').split('|')]
                for line in table
                if line.startswith('|')
            ],
        )

    def test_for_machines(self):
        self.service.answer(service.sites(NEAR, FAR))
        near, far = self.shown('site', 'list')

        self.assertEqual(list(site.SHORT), list(near))
        self.assertEqual(
            (7.4318, 42.17), (near['judged_ms'], near['age_seconds'])
        )
        self.assertIsNone(far['judged_ms'])
        self.assertEqual('nice\\x1b[2J', far['name'])

    def test_all_that_is_told(self):
        self.service.answer(service.sites(NEAR))

        self.assertEqual([NEAR], self.shown('site', 'list', '--long'))

    def test_one_text_a_cell(self):
        self.service.answer(service.sites(NEAR, FAR))
        columns = '-c name -c judged_ms -c room'.split()

        self.assertEqual(
            'lyon 7.4318 None\nnice\\x1b[2J None no\n',
            self.succeed('site', 'list', '-f', 'value', *columns).out,
        )
        self.assertEqual(
            '"name","judged_ms","room"\n"lyon",7.4318,""\n'
            '"nice\\\\x1b[2J","","no"\n',
            self.succeed('site', 'list', '-f', 'csv', *columns).out,
        )

    def test_sorted_by_a_figure(self):
        second = service.site('oslo', judged_ms=30, rank=2)
        self.service.answer(service.sites(FAR, second, NEAR))
        found = self.shown('site', 'list', '--sort-column', 'judged_ms')

        self.assertEqual(
            ['lyon', 'oslo', 'nice\\x1b[2J'], [each['name'] for each in found]
        )

    def test_none_is_accepted(self):
        self.service.answer(service.refused())
        result = self.run_command('site', 'list', '-f', 'json')

        self.assertEqual(0, result.status)
        self.assertEqual('over', result.json[0]['verdict'])
        self.assertEqual(
            'no site within 5 ms (p95) of 203.0.113.7\n', result.err
        )

    def test_cloud_that_tells_no_sites(self):
        self.service.answer(service.sites(detail='none'))
        result = self.run_command('site', 'list', '-f', 'json')

        self.assertEqual((0, []), (result.status, result.json))
        self.assertEqual(
            'this cloud does not tell users of its sites\n', result.err
        )

    def test_refusal(self):
        self.service.refuse(400, "'999.1.1.1' is not an address")

        self.assertFails(
            "'999.1.1.1' is not an address (HTTP 400, request "
            f'{service.REQUEST_ID})',
            *'site list --client 999.1.1.1'.split(),
        )

    def test_sites_that_are_none(self):
        self.service.answer(
            '{"accepted": true, "reason": null, "retry_seconds": null, '
            '"enforced": true, "detail": "site", "sites": [1]}'
        )
        result = self.run_command('site', 'list')

        self.assertEqual((1, ''), (result.status, result.out))
        self.assertIn('it answers no Site\n', result.err)
