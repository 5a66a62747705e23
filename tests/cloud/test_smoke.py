# SPDX-License-Identifier: Apache-2.0

"""Whether the cloud is what the other tests take it for."""

from tests.cloud.base import CloudTestCase
from tests.cloud.measurements import ACCESS_MS
from tests.cloud.measurements import PROBED_CLIENT
from tests.cloud.measurements import PROBED_SITE
from tests.cloud.services import SCHEDULER_WORKERS
from tests.cloud.sites import CELLS
from tests.cloud.sites import HOSTS

#: In that network, which a prober measures.
PROBED_ADDRESS = '198.18.0.7'


class SmokeTestCase(CloudTestCase):
    def test_all_services_are_up_in_both_cells(self):
        services = list(self.admin.compute.services())
        self.assertEqual(
            {'up'}, {service.state for service in services}, services
        )
        found = {(service.binary, service.host) for service in services}
        hosts = {('nova-compute', host) for host in HOSTS}
        conductors = {
            ('nova-conductor', f'controller-{where}')
            for where in ('super', *CELLS)
        }
        scheduler = {('nova-scheduler', 'controller-super')}
        self.assertEqual(hosts | conductors | scheduler, found)

    def test_scheduler_has_its_workers(self):
        self.assertEqual(
            SCHEDULER_WORKERS, len(self.cloud.scheduler_workers())
        )

    def test_hint_brings_server_near_in_either_cell(self):
        for client, site in (
            ('203.0.113.7', 'lyon'),
            ('198.51.100.7', 'rennes'),
        ):
            server = self.create_server(
                flavor='edge.small', hints={'edge:client': client}
            )
            self.assertLanded(site, server)

    def test_operators_commands_tell_the_same(self):
        created = self.openstack(
            'server',
            'create',
            '--flavor=edge.small',
            '--image=tiny',
            '--nic=none',
            '--hint=edge:client=203.0.113.7',
            '--wait',
            'commands',
        )
        self.addCleanup(self.admin.compute.delete_server, created['id'])
        shown = self.openstack('server', 'show', created['id'], cloud='admin')
        self.assertIn(
            shown['OS-EXT-SRV-ATTR:host'], [f'lyon-{i}' for i in range(1, 5)]
        )
        self.assertEqual(
            {'edge:client': ['203.0.113.7']}, shown['scheduler_hints']
        )

    def test_probed_network_is_near_its_prober(self):
        """Reflector, prober, collector, store, scheduler: all of it."""
        verdicts = self.edge_sched('latency', 'show', PROBED_ADDRESS)
        self.assertEqual(
            [PROBED_SITE], [verdict['vantage'] for verdict in verdicts]
        )
        self.assertGreaterEqual(verdicts[0]['rtt_p50_ms'], ACCESS_MS)
        server = self.near(PROBED_ADDRESS)
        self.assertLanded(PROBED_SITE, server)
        record = self.decision_records(server)[0]
        self.assertEqual(PROBED_CLIENT, record['clients'][0]['prefix'])
        self.assertIn('stamp', record['best'][0]['source'])

    def test_refused_server_tells_why(self):
        server = self.near('192.0.2.200', budget_ms=10)
        self.assertRefused('no site within 10 ms (p95)', server)
