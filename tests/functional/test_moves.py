# SPDX-License-Identifier: Apache-2.0

"""Servers that live: what a budget means when they move."""

from typing import Any
from unittest import mock

from edge_sched.model.client import parse_client
from edge_sched.scheduler import spec as request
from edge_sched.scheduler.topology import cell
from tests.functional import cloud
from tests.functional.base import HOST
from tests.functional.base import Server
from tests.functional.measured import MeasuredCloudTestCase

ALICE = '203.0.113.7'
BUDGET = {'latency_budget_ms': '20'}
SITES = {
    'paris': ('cell1', ['paris-1']),
    'lille': ('cell1', ['lille-1']),
    'rouen': ('cell1', ['rouen-1']),
}


class MoveTest(MeasuredCloudTestCase):
    """Every move but an evacuation keeps to the budgets."""

    sites = SITES

    def setUp(self) -> None:
        super().setUp()
        self.set_client('crew', ['203.0.113.0/24'], self.user.project_id)
        self.measure('203.0.113.0/24', paris=5, rouen=12, lille=15)

    def worsen(self) -> None:
        """Nothing is within 20 ms any more."""
        self.measure('203.0.113.0/24', paris=50, rouen=60, lille=70, age=0)

    def repoint(self) -> None:
        """The vehicle is now near Lille."""
        self.measure('198.51.100.0/24', paris=50, rouen=60, lille=7)
        self.set_client('crew', ['198.51.100.0/24'], self.user.project_id)

    def test_live_migration_follows_a_named_client(self) -> None:
        server = self.near('crew', **BUDGET)
        self.assertLanded('paris', server)
        self.repoint()
        self.assertLanded('lille', self.live_migrate(server))
        record = self.decisions()[-1]
        self.assertEqual('move', record['operation'])
        self.assertEqual('judged', record['outcome'])

    def test_live_migration_over_budget_stays_and_admin_reads_why(
        self,
    ) -> None:
        server = self.near(ALICE, **BUDGET)
        self.worsen()
        server = self.live_migrate(server)
        self.assertLanded('paris', server)
        self.assertEqual('ACTIVE', server['status'])
        event = self.event(
            server, 'live-migration', 'conductor_live_migrate_instance'
        )
        self.assertEqual('Error', event['result'])
        self.assertIn(
            'no site within 20 ms (p95) of 203.0.113.7: nearest is rouen at '
            '61 ms',
            event['details'],
        )

    def test_named_destination_is_judged(self) -> None:
        self.measure('203.0.113.0/24', lille=70, age=0)
        server = self.near(ALICE, **BUDGET)
        self.assertLanded('paris', self.live_migrate(server, 'lille-1'))
        self.assertLanded('rouen', self.live_migrate(server, 'rouen-1'))

    def test_healthy_move_whose_state_cannot_be_read(self) -> None:
        self.measure('203.0.113.0/24', rouen=60, lille=70, age=0)
        server = self.near(ALICE, **BUDGET)
        with mock.patch.object(
            request, 'task_state', side_effect=cell.CellAwayError('slow')
        ):
            self.assertLanded('paris', self.live_migrate(server))
        self.assertEqual('move', self.decisions()[-1]['operation'])

    def test_cold_migration(self) -> None:
        server = self.near('crew', **BUDGET)
        self.assertLanded('rouen', self.cold_migrate(server))
        self.confirm_resize(server)
        self.worsen()
        server = self.cold_migrate(server)
        self.assertLanded('rouen', server)
        # The conductor tells the user words of its own; the log has ours.
        self.assertEqual('rejected', self.outcome())

    def test_resize(self) -> None:
        server = self.near('crew', **BUDGET)
        flavor = self.create_flavor({'edge:latency_budget_ms': '14'})
        server = self.resize(server, flavor)
        self.assertLanded('rouen', server)
        self.confirm_resize(server)
        tight = self.create_flavor({'edge:latency_budget_ms': '3'})
        self.assertLanded('rouen', self.resize(server, tight))
        self.assertEqual('rejected', self.outcome())
        self.assertTrue(self.log_lines('no site within 3 ms (p95) of crew'))

    def test_unshelve(self) -> None:
        server = self.near('crew', **BUDGET)
        self.shelve(server)
        self.repoint()
        self.assertLanded('lille', self.unshelve(server))
        self.shelve(server)
        self.measure('198.51.100.0/24', paris=50, rouen=60, lille=70, age=0)
        server = self.unshelve(server)
        self.assertEqual('SHELVED_OFFLOADED', server['status'])
        event = self.event(server, 'unshelve', 'schedule_instances')
        self.assertEqual('Error', event['result'])
        self.assertIn('no site within 20 ms (p95) of crew', event['details'])

    def test_values_that_make_no_sense_are_left_out(self) -> None:
        server = self.near(ALICE, **BUDGET)
        spec = self.request_spec(server)
        spec.scheduler_hints = {
            'edge:client': [ALICE, '999.1.1.1'],
            'edge:latency_budget_ms': ['14'],
            'edge:percentile': ['p42'],
            'edge:bogus': ['1'],
            'Edge:client': ['192.0.2.1'],
        }
        spec.save()
        # What can be read is judged as ever: only rouen is within 14 ms.
        self.assertLanded('rouen', self.live_migrate(server))
        self.assertEqual('bad_hint', self.outcome())
        (warning,) = self.log_lines('Left out of the placement')
        for value in ('999.1.1.1', 'p42', 'edge:bogus', 'and 1 more'):
            self.assertIn(value, warning)
        self.worsen()
        self.assertLanded('rouen', self.live_migrate(server))
        event = self.event(
            server, 'live-migration', 'conductor_live_migrate_instance'
        )
        self.assertIn('no site within 14 ms (p95)', event['details'])

    def test_admin_moves_it_and_the_name_is_still_its_owners(self) -> None:
        self.set_client('crew', ['192.0.2.0/24'])
        server = self.near('crew', **BUDGET)
        self.assertLanded('rouen', self.live_migrate(server))

    def test_rebuild_with_a_new_image_is_not_judged(self) -> None:
        server = self.near(ALICE, **BUDGET)
        self.worsen()
        before = len(self.decisions())
        server = self.rebuild(server)
        self.assertEqual('ACTIVE', server['status'])
        self.assertLanded('paris', server)
        self.assertEqual(before, len(self.decisions()))

    def assertMovesWithout(self, server: Server, moved: Server) -> None:
        """It moved although its client is gone; a warning says so."""
        self.assertNotEqual(server[HOST], moved[HOST])
        self.assertEqual('unknown_client', self.outcome())
        self.assertTrue(
            self.log_lines(
                "Left out of the placement of a server that lives: "
                "edge:client 'crew' is not"
            )
        )

    def test_every_move_after_the_client_was_unset(self) -> None:
        server = self.near('crew', **BUDGET)
        other = self.near('crew', **BUDGET)
        shelved = self.shelve(self.near('crew', **BUDGET))
        self.writer.unset_client('crew', self.user.project_id)
        self.assertMovesWithout(server, self.live_migrate(server))
        before = self.show(server)
        self.assertMovesWithout(before, self.cold_migrate(server))
        self.confirm_resize(server)
        flavor = self.create_flavor({'edge:latency_budget_ms': '20'})
        self.assertMovesWithout(other, self.resize(other, flavor))
        self.assertEqual('ACTIVE', self.unshelve(shelved)['status'])
        self.assertEqual('unknown_client', self.outcome())

    def test_unset_client_and_one_that_is_there(self) -> None:
        self.measure('192.0.2.0/24', paris=5, rouen=50, lille=9)
        server = self.near(['crew', '192.0.2.7'], **BUDGET)
        self.assertLanded('paris', server)
        self.writer.unset_client('crew', self.user.project_id)
        # The other client is judged as ever.
        self.assertLanded('lille', self.live_migrate(server))

    def test_unset_client_takes_along_what_its_budget_rejects(self) -> None:
        self.measure('192.0.2.0/24', paris=5, rouen=50, lille=9)
        server = self.near(['crew@20', '192.0.2.7'])
        self.assertLanded('paris', server)
        self.writer.purge(client=parse_client('192.0.2.0/24'))
        # Of no budget, but as the budget of crew is required ...
        still = self.live_migrate(server)
        self.assertLanded('paris', still)
        # ... and now there is none any more.
        self.writer.unset_client('crew', self.user.project_id)
        self.assertMovesWithout(server, self.live_migrate(server))
        self.assertEqual('allow', self.decisions()[-1]['budgets']['unknown'])

    def test_budget_of_a_hint_and_nobody_to_be_near(self) -> None:
        server = self.near(ALICE, **BUDGET)
        spec = self.request_spec(server)
        spec.scheduler_hints = {'edge:latency_budget_ms': ['20']}
        spec.save()
        moved = self.live_migrate(server)
        self.assertNotEqual(server[HOST], moved[HOST])
        self.assertEqual('no_client', self.outcome())
        self.assertTrue(
            self.log_lines(
                'Left out of the placement of a server that lives: '
                'edge:latency_budget_ms needs edge:client'
            )
        )


class EvacuationTest(MeasuredCloudTestCase):
    sites = SITES
    ENFORCE: dict[str, Any] = {'edge_sched': {'on_evacuate': 'enforce'}}

    def setUp(self) -> None:
        super().setUp()
        self.set_client('crew', ['203.0.113.0/24'])
        self.measure('203.0.113.0/24', paris=5, rouen=60, lille=50)

    def test_evacuation_is_relaxed(self) -> None:
        server = self.near('crew', **BUDGET)
        # Over budget everywhere: the nearest of them.
        self.assertLanded('lille', self.evacuate(server))
        record = self.decisions()[-1]
        self.assertEqual('evacuate', record['operation'])
        self.assertEqual('relaxed', record['outcome'])
        self.assertEqual('preferred', record['budgets']['mode'])

    def test_evacuation_relaxed_without_the_client(self) -> None:
        server = self.near('crew', **BUDGET)
        self.writer.unset_client('crew', None)
        moved = self.evacuate(server)
        self.assertNotEqual('paris-1', moved[HOST])
        self.assertEqual('unknown_client', self.outcome())

    @cloud.cloud(conf=ENFORCE)
    def test_evacuation_enforced(self) -> None:
        server = self.near('crew', **BUDGET)
        server = self.evacuate(server)
        reason = (
            'no site within 20 ms (p95) of crew: nearest is lille at 51 ms'
        )
        self.assertRefused(reason, server)
        self.assertIn(reason, self.fault(server, by=self.admin))
        self.assertEqual('evacuate', self.decisions()[-1]['operation'])

    @cloud.cloud(conf=ENFORCE)
    def test_evacuation_enforced_within_budget(self) -> None:
        self.measure('203.0.113.0/24', rouen=15, age=0)
        server = self.near('crew', **BUDGET)
        self.assertLanded('rouen', self.evacuate(server))

    @cloud.cloud(conf=ENFORCE)
    def test_evacuation_enforced_without_the_client(self) -> None:
        server = self.near('crew', **BUDGET)
        self.writer.unset_client('crew', None)
        moved = self.evacuate(server)
        self.assertNotEqual('paris-1', moved[HOST])
        self.assertNotEqual('ERROR', moved['status'])
