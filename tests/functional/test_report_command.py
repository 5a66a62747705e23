# SPDX-License-Identifier: Apache-2.0

"""``edge-sched report``: all of a cloud on one page."""

import html
import pathlib
import re

from edge_sched.report.refusals import TOO_FAR
from tests.functional.commands import CommandCloudTestCase

ALICE = '203.0.113.7'
ALICES = '203.0.113.0/24'
BOB = '198.51.100.7'


class ReportCommandTest(CommandCloudTestCase):
    sites = {
        'paris': ('cell1', ['paris-1']),
        'lille<b>': ('cell1', ['lille-1']),
        'lyon': ('cell2', ['lyon-1']),
    }

    def report(self, *argv: str) -> str:
        """The text of the page, a cell or a line in each row."""
        path = pathlib.Path(self.folder, 'page.html')
        result = self.run_command('report', '-o', str(path), *argv)
        self.assertEqual(0, result.status, result.err)
        self.said = result.err
        page = path.read_text()
        self.assertNotIn('<b>', page)
        body = page.partition('</style>')[2]
        return html.unescape(re.sub(r'\s*<[^>]*>\s*', '\n', body))

    def assertShown(self, text: str, *rows: str) -> None:
        """Words that follow each other."""
        words = re.sub(r'\n+', '\n', text)
        self.assertIn('\n'.join(rows), words)

    def test_cloud(self) -> None:
        self.measure(ALICES, {'paris': 5, 'lille<b>': 12, 'lyon': 60})
        near = self.near(ALICE, latency_budget_ms='20')
        self.near(ALICE, latency_budget_ms='70', zone='nova:lyon-1')
        self.near(BOB, latency_budget_ms='20', unknown='allow')
        refused = self.near(ALICE, latency_budget_ms='1')
        self.assertEqual('ERROR', refused['status'])
        # Only an admin names a host.
        group = self.admin.post_server_groups(
            {'name': 'apart', 'policy': 'soft-anti-affinity'}
        )
        hints = {
            'edge:client': ALICE,
            'edge:spread': 'site',
            'group': group['id'],
        }
        for _ in range(2):
            self.create_server(hints, zone='nova:paris-1')
        self.measure(ALICES, {'paris': 50}, age=0)
        log = f'{self.folder}/scheduler.log'
        with open(log, 'w') as file:
            file.writelines(f'{x}\n' for x in self.log_lines('edge decision'))

        text = self.report('--log', log)
        self.assertEqual('1 server without a host\n', self.said)
        self.assertShown(text, '1 server without a host')
        self.assertShown(text, '5 servers with an', 'edge:', 'key,')
        self.assertShown(
            text,
            *(near['id'], 'paris', ALICES, '51', '20', '31'),
            *('lille<b>, 13', 'yes', self.user.project_id),
        )
        # The smallest budget, of the server that is refused not among them.
        self.assertShown(text, '4 servers, 20 ms p95')
        self.assertShown(text, '50!')
        self.assertShown(text, TOO_FAR, '1', '0', '0')
        self.assertShown(text, group['id'], 'all 2', 'paris', '1')

        self.assertIn('No log was given', self.report())
