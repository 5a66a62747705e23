# SPDX-License-Identifier: Apache-2.0

"""What an operator does to a cloud whose servers live."""

from openstack.compute.v2.server import Server

from demo.story import hints_for
from tests.cloud.expected import PlacedTestCase
from tests.cloud.expected import by_distance
from tests.cloud.expected import expected

ALICE = '203.0.113.7'
CAMERA = '2001:db8:a::7'
#: No site is as near to anybody.
IMPOSSIBLE_MS = 1


class HintTestCase(PlacedTestCase):
    """``edge-sched hint`` on a server that lives."""

    def test_next_move_goes_by_the_hints_that_were_set(self):
        server = self.near(ALICE)
        cell = self.cell_of(server)
        wanted = expected(CAMERA, cell=cell)
        self.assertNotIn(self.site_of(server), wanted.sites)
        self.assertEqual(
            {'edge:client': [ALICE], 'edge:latency_budget_ms': ['20']},
            self.hints('show', server),
        )
        self.hints('set', server, f'edge:client={CAMERA}')
        changed = {'edge:client': [CAMERA], 'edge:latency_budget_ms': ['20']}
        self.assertEqual(changed, self.hints('show', server))
        shown = self.openstack('server', 'show', server.id)
        self.assertEqual(changed, shown['scheduler_hints'])
        self.live_migrate(server)
        self.assertPlaced(wanted, server)

    def hints(
        self, action: str, server: Server, *changes: str
    ) -> dict[str, list[str]]:
        """What ``edge-sched hint`` shows: the hints, after a change."""
        nova_conf = self.cloud.layout.path('etc', 'nova', 'nova.conf')
        rows = self.edge_sched(
            'hint',
            action,
            f'--nova-config-file={nova_conf}',
            server.id,
            *changes,
        )
        last = 'values' if action == 'show' else 'after'
        return {row['hint']: row[last] for row in rows}


class TurnedDownTestCase(PlacedTestCase):
    """Turned off or taken away, and back again."""

    def test_shadow_refuses_nothing_and_records_all(self):
        requests = {
            'judged': hints_for(ALICE, latency_budget_ms=20),
            'rejected': hints_for(ALICE, latency_budget_ms=IMPOSSIBLE_MS),
            'bad_hint': hints_for('999.1.1.1'),
            'unknown_client': hints_for('nobody'),
            'no_data': hints_for('198.18.99.7', latency_budget_ms=20),
        }
        with self.cloud.scheduler({'edge_sched': {'mode': 'shadow'}}):
            servers = {
                outcome: self.create_server(hints=hints, wait=False)
                for outcome, hints in requests.items()
            }
            for outcome, server in servers.items():
                self.assertEqual('ACTIVE', self.settled(server).status)
                (decided,) = self.decided(server)
                self.assertEqual('shadow', decided.record['mode'])
                self.assertEqual(outcome, decided.record['outcome'])
            rejected = servers['rejected']
            host = self.host_of(rejected)
            self.live_migrate(rejected)
            self.assertNotEqual(host, self.host_of(rejected))
            self.assertEqual('rejected', self.outcome(rejected))
        refused = self.near(ALICE, IMPOSSIBLE_MS)
        self.assertPlaced(expected(ALICE, IMPOSSIBLE_MS), refused)
        # What was made in the shadow lives on, but does not move.
        self.live_migrate(rejected)
        self.assertEqual('rejected', self.outcome(rejected))

    def test_without_the_plug_in_servers_with_hints_live_on(self):
        server = self.near(ALICE, 12)
        cell = self.cell_of(server)
        *_, over = by_distance(ALICE, cell)
        with self.cloud.scheduler(plugin=False):
            begun = self.cloud.log_size('nova-scheduler')
            self.move_by_nova(server, f'{over}-1')
            unheeded = self.near(ALICE, IMPOSSIBLE_MS)
            self.assertEqual('ACTIVE', unheeded.status, unheeded.fault)
            self.assertNotIn('edge', self.log_text('nova-scheduler', begun))
        self.assertPlaced(
            expected(ALICE, IMPOSSIBLE_MS), self.near(ALICE, IMPOSSIBLE_MS)
        )
        self.live_migrate(server)
        self.assertPlaced(expected(ALICE, 12, cell), server)

    def move_by_nova(self, server: Server, host: str) -> None:
        """Live-migrate it while nothing of ours records that."""
        self.admin.compute.live_migrate_server(server, host)
        self.wait_for(
            f'{server.name} at {host}', lambda: self.host_of(server) == host
        )
        self.assertStays(host, server)
