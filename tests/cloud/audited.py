# SPDX-License-Identifier: Apache-2.0

"""A server whose path changes, and what the auditor finds of it."""

import urllib.request
from typing import Any

from openstack.compute.v2.server import Server

from tests.cloud.expected import PlacedTestCase
from tests.cloud.measurements import row
from tests.cloud.sites import SITES

PREFIX, CLIENT = '198.18.7.0/24', '198.18.7.7'
NEAR, OTHER = [site for site, cell in SITES.items() if cell == 'cell1'][:2]
BUDGET_MS = 12


class AuditedTestCase(PlacedTestCase):
    """Two sites of one cell have measured the client, no other has."""

    def paths(self, **p50_ms: float) -> None:
        """From now on the client is so far from these sites."""
        rows = [row(site, PREFIX, p50) for site, p50 in p50_ms.items()]
        self.measure('audited', rows)

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

    def wait_until_over(self, server: Server) -> dict[str, Any]:
        """How it is listed then."""
        listed: dict[str, Any] = {}

        def is_listed() -> bool:
            listed.update(self.over(server) or {})
            return bool(listed)

        self.wait_for(f'{server.name} to be listed', is_listed)
        return listed

    def metric(self, verdict: str, site: str) -> float:
        """``edge_sched_servers`` as of the last round."""
        labels = f'{{site="{site}",verdict="{verdict}"}}'
        return self._exported(f'edge_sched_servers{labels}')

    def wait_for_round(self) -> None:
        """Until one has ended that has begun later than this."""
        rounds = 'edge_sched_audit_rounds_total'
        # One may be under way.
        wanted = self._exported(rounds) + 2
        self.wait_for('a round', lambda: self._exported(rounds) >= wanted)

    def _exported(self, sample: str) -> float:
        url = self.cloud.layout.ports.url('auditor')
        with urllib.request.urlopen(f'{url}/metrics', timeout=30) as answer:
            text = answer.read().decode()
        for line in text.splitlines():
            if line.startswith(f'{sample} '):
                return float(line.split()[-1])
        return 0.0
