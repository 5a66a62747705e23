# SPDX-License-Identifier: Apache-2.0

"""Servers that live: moves of every kind keep to the budgets."""

import signal
import uuid

from openstack.compute.v2.server import Server

from demo import sample
from tests.cloud import inventory
from tests.cloud.expected import PlacedTestCase
from tests.cloud.expected import by_distance
from tests.cloud.expected import expected
from tests.cloud.expected import site_for
from tests.cloud.sites import SITES

ALICE = '203.0.113.7'
#: The vehicle begins near rennes, and may get to where no site of that cell is
#: near it.
BUDGET_MS = 12
FAR_AWAY = '2001:db8:a::/56'


class MoveTestCase(PlacedTestCase):
    """A server that may not move stays where it is, and well."""

    def test_live_migration(self):
        server = self.near(ALICE, BUDGET_MS)
        self.assertPlaced(expected(ALICE, BUDGET_MS), server)
        host, cell = self.host_of(server), self.cell_of(server)
        nearest, second, over = by_distance(ALICE, cell)

        self.live_migrate(server, f'{over}-1')
        self.assertStays(host, server)
        self.assertIn(
            f'no site within {BUDGET_MS} ms (p95) of {ALICE}',
            self.event(server, 'live-migration'),
        )

        self.live_migrate(server, f'{second}-1')
        self.assertStays(f'{second}-1', server)

        self.live_migrate(server)
        self.assertLanded(nearest, server)

    def test_live_migration_follows_the_vehicle_within_the_cell(self):
        server = self.near(sample.VEHICLE)
        self.assertPlaced(expected(sample.VEHICLE), server)
        cell = self.cell_of(server)
        for prefix in (sample.VEHICLE_MOVES_TO, '203.0.113.0/24'):
            before = self.site_of(server)
            self.point_vehicle(prefix)
            self.live_migrate(server)
            self.assertPlaced(
                expected(sample.VEHICLE, cell=cell, vehicle_at=prefix), server
            )
            self.assertNotEqual(before, self.site_of(server))
        # There, a new server is better off in the other cell.
        self.assertPlaced(
            expected(sample.VEHICLE, vehicle_at=prefix),
            self.near(sample.VEHICLE),
        )
        self.assertNotEqual(
            cell, SITES[site_for(sample.VEHICLE, vehicle_at=prefix)]
        )

    def test_cold_migration(self):
        server = self.near(ALICE, BUDGET_MS)
        compute = self.admin.compute
        wanted = expected(ALICE, BUDGET_MS, self.cell_of(server))
        host = self.host_of(server)

        compute.migrate_server(server)
        self.assertMoved(host, server)
        compute.revert_server_resize(server)
        self.settled(server, 'ACTIVE')
        self.assertStays(host, server)

        compute.migrate_server(server)
        self.assertMoved(host, server)
        compute.confirm_server_resize(server)
        self.settled(server, 'ACTIVE')
        self.assertPlaced(wanted, server)

        host = self.host_of(server)
        *_, over = by_distance(ALICE, self.cell_of(server))
        compute.migrate_server(server, host=f'{over}-1')
        self.wait_for_outcome('rejected', server)
        self.assertStays(host, server)

    def test_resize_to_a_flavor_with_a_budget(self):
        # Where it is, it is over the budget of the flavor to come.
        nearest, second, _ = by_distance(ALICE, 'cell2')
        server = self.create_server(
            hints={'edge:client': ALICE}, by=self.admin, host=f'{second}-1'
        )
        compute = self.admin.compute
        compute.resize_server(server, self.create_flavor(9))
        self.assertMoved(f'{second}-1', server)
        compute.confirm_server_resize(server)
        self.settled(server, 'ACTIVE')
        self.assertLanded(nearest, server)

        host = self.host_of(server)
        compute.resize_server(server, self.create_flavor(3))
        self.wait_for_outcome('rejected', server)
        self.assertStays(host, server)

    def test_unshelving(self):
        server = self.near(sample.VEHICLE, BUDGET_MS)
        cell = self.cell_of(server)
        for prefix in (sample.VEHICLE_MOVES_TO, FAR_AWAY):
            self.alice.compute.shelve_server(server)
            self.settled(server, 'SHELVED_OFFLOADED')
            self.point_vehicle(prefix)
            self.alice.compute.unshelve_server(server)
            wanted = expected(sample.VEHICLE, BUDGET_MS, cell, prefix)
            if wanted.sites:
                self.settled(server, 'ACTIVE')
                self.assertPlaced(wanted, server)
        self.assertEqual(frozenset(), wanted.sites)
        self.wait_for_outcome('rejected', server)
        self.settled(server, 'SHELVED_OFFLOADED')
        for word in wanted.words:
            self.assertIn(word, self.event(server, 'unshelve'))

    def test_rebuilding_is_not_judged(self):
        server = self.near(sample.VEHICLE, BUDGET_MS)
        host = self.host_of(server)
        self.point_vehicle(FAR_AWAY)
        other = self.admin.create_image(
            f'other-{uuid.uuid4().hex[:8]}',
            data=b'nor does this',
            disk_format='raw',
            container_format='bare',
            visibility='public',
            wait=True,
        )
        self.addCleanup(self.admin.delete_image, other.id)
        same = self.admin.image.find_image(inventory.IMAGE)
        for image in (same, other):
            self.alice.compute.rebuild_server(server, image=image.id)
            self.assertStays(host, server)
            self.assertEqual(image.id, self.show(server).image.id)
        self.assertEqual(1, len(self.decided(server)))

    def test_evacuation_is_relaxed(self):
        near = self.near('198.51.100.7', 7)
        lost = self.near(sample.VEHICLE, 7)
        cell = self.cell_of(lost)
        away = '203.0.113.0/24'
        self.assertFalse(
            expected(sample.VEHICLE, 7, cell, away).sites, 'over everywhere'
        )
        self.point_vehicle(away)
        hosts = {self.host_of(server) for server in (near, lost)}
        self.force_down(hosts, cell)
        for server in (near, lost):
            self.admin.compute.evacuate_server(server)
        for server, wanted in (
            (near, expected('198.51.100.7', 7, cell)),
            (lost, expected(sample.VEHICLE, 20, cell, away)),
        ):
            self.wait_for_outcome('relaxed', server)
            # Nova leaves it to the owner to start it.
            self.settled(server, 'SHUTOFF')
            self.assertIn(self.site_of(server), wanted.sites)
            self.assertNotIn(self.host_of(server), hosts)

    # -- parts -----------------------------------------------------------

    def wait_for_outcome(self, outcome: str, server: Server) -> None:
        """That of the request that has just been made."""
        self.wait_for(
            f'{outcome} {server.name}',
            lambda: self.decided(server)[-1].record['outcome'] == outcome,
        )

    def assertMoved(self, host: str, server: Server) -> None:
        """It waits on another host to be confirmed."""
        self.settled(server, 'VERIFY_RESIZE')
        self.assertNotEqual(host, self.host_of(server))

    def create_flavor(self, budget_ms: float) -> str:
        """The id of a larger one, with a budget."""
        flavor = self.admin.compute.create_flavor(
            name=f'larger-{uuid.uuid4().hex[:8]}', ram=1024, vcpus=2, disk=1
        )
        self.addCleanup(self.admin.compute.delete_flavor, flavor)
        self.admin.compute.create_flavor_extra_specs(
            flavor, {'edge:latency_budget_ms': str(budget_ms)}
        )
        return flavor.id

    def event(self, server: Server, action: str) -> str:
        """What an administrator reads of the last such action."""
        last = next(
            each
            for each in self.admin.compute.server_actions(server)
            if each.action == action
        )
        shown = self.openstack(
            'server',
            'event',
            'show',
            server.id,
            last.request_id,
            cloud='admin',
        )
        return ' '.join(str(each['details']) for each in shown['events'])

    def force_down(self, hosts: set[str], cell: str) -> None:
        """They are dead, and come back after the test."""
        self.addCleanup(self.force, hosts, False)
        # Until it was started anew, Nova lets no such host come back.
        service = f'nova-compute-{cell}'
        self.addCleanup(self.cloud.restart, service, signal.SIGKILL)
        self.force(hosts, True)

    def force(self, hosts: set[str], down: bool) -> None:
        compute = self.admin.compute
        for service in compute.services(binary='nova-compute'):
            if service.host in hosts:
                compute.update_service_forced_down(service, forced=down)
