# SPDX-License-Identifier: Apache-2.0

"""What the auditor finds in its rounds, and where a server goes then."""

import urllib.request
from typing import Any

from openstack.compute.v2.server import Server

from tests.cloud.expected import PlacedTestCase
from tests.cloud.measurements import row
from tests.cloud.sites import SITES

PREFIX, CLIENT = '198.18.7.0/24', '198.18.7.7'
NEAR, OTHER = [site for site, cell in SITES.items() if cell == 'cell1'][:2]
BUDGET_MS = 12


class AuditorTestCase(PlacedTestCase):
    def paths(self, **p50_ms: float) -> None:
        rows = [row(site, PREFIX, p50) for site, p50 in p50_ms.items()]
        self.measure('auditor', rows)

    def over(self, server: Server) -> dict[str, Any] | None:
        """The server on the list of those that are over, as of a round."""
        nova_conf = self.cloud.layout.path(
            'etc', 'nova', 'nova-scheduler.conf'
        )
        found = self.edge_sched(
            'audit', '--verdict=over', f'--nova-config-file={nova_conf}'
        )
        for each in found:
            if each['server'] == server.id and each['over_since']:
                return dict(each)
        return None

    def metric(self, verdict: str, site: str) -> float:
        url = self.cloud.layout.ports.url('auditor')
        with urllib.request.urlopen(f'{url}/metrics', timeout=30) as answer:
            text = answer.read().decode()
        labels = f'{{site="{site}",verdict="{verdict}"}}'
        for line in text.splitlines():
            if line.startswith(f'edge_sched_servers{labels}'):
                return float(line.split()[-1])
        return 0.0

    def test_server_whose_path_gets_bad_is_listed_until_it_has_moved(self):
        self.paths(**{NEAR: 4, OTHER: 8})
        server = self.near(CLIENT, BUDGET_MS)
        self.assertEqual(NEAR, self.site_of(server))
        self.assertIsNone(self.over(server))

        self.paths(**{NEAR: 40, OTHER: 8})
        self.wait_for('it to be listed', lambda: self.over(server))
        listed = self.over(server)
        self.assertEqual(
            (NEAR, 40.0, OTHER, 8.0, 32.0, 'yes'),
            tuple(
                listed[name]
                for name in (
                    'site',
                    'judged_ms',
                    'best_site',
                    'best_ms',
                    'gain_ms',
                    'movable',
                )
            ),
        )
        self.assertEqual(1, self.metric('over', NEAR))

        self.live_migrate(server)
        self.assertLanded(OTHER, server)
        self.assertIsNone(self.over(server))
        self.wait_for('the round after', lambda: not self.metric('over', NEAR))
        self.assertGreaterEqual(self.metric('within', OTHER), 1)
