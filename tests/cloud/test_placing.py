# SPDX-License-Identifier: Apache-2.0

"""New servers, asked for by callers of the API."""

import dataclasses

from openstack.compute.v2.server import Server

from demo import sample
from demo.expect import expect
from demo.story import Request
from demo.story import hints_for
from tests.cloud.computes import EdgeHostDriver
from tests.cloud.expected import MEASURED
from tests.cloud.expected import PlacedTestCase
from tests.cloud.expected import expected
from tests.cloud.expected import site_for
from tests.cloud.sites import CELLS
from tests.cloud.sites import HOSTS_PER_SITE
from tests.cloud.sites import SITES
from tests.cloud.sites import hosts_of

ALICE = '203.0.113.7'


def requests() -> list[Request]:
    """The demo's, with more ``fit`` servers than a site has hosts."""
    return [
        dataclasses.replace(request, count=HOSTS_PER_SITE + 1)
        if request.fit
        else request
        for request in sample.REQUESTS
    ]


class DemoTestCase(PlacedTestCase):
    """The story of the demo: all of its requests at once."""

    def test_every_request_lands_where_the_measurements_say(self):
        asked = [(request, self.ask(request)) for request in requests()]
        for request, servers in asked:
            wanted = expect(request, MEASURED, SITES)
            for server in servers:
                self.settled(server)
                self.assertPlaced(wanted, server)
            if request.fit:
                used = {self.site_of(server) for server in servers}
                self.assertGreater(len(used), 1, 'they crowd one site')
            self.assertEqual(
                1 if request.hints else 0,
                sum(len(self.decided(server)) for server in servers),
                f'{request.name}: a decision record a request',
            )
        used = {
            self.cell_of(server) for _, servers in asked for server in servers
        }
        self.assertEqual({*CELLS, None}, used)


class SpreadTestCase(PlacedTestCase):
    """The servers of a group, in both cells."""

    def test_a_server_at_each_site_and_none_beside_another(self):
        group = self.alice.compute.create_server_group(
            name='replicas', policy='soft-anti-affinity'
        )
        self.addCleanup(self.alice.compute.delete_server_group, group)
        hints = hints_for(ALICE, spread='site', spread_mode='required')
        hints['group'] = group.id
        replicas = self.ask(Request('replica', hints, count=len(SITES)))
        for server in replicas:
            self.assertEqual('ACTIVE', self.settled(server).status)
        self.assertCountEqual(SITES, map(self.site_of, replicas))
        # Nova tells the scheduler of those in both cells.
        self.assertRefused(
            f'all {len(SITES)} sites have a server of the group',
            self.create_server(hints=hints),
        )


class PeerTestCase(PlacedTestCase):
    """Near another server, wherever that is."""

    def test_near_a_server_of_the_other_cell(self):
        first = self.create_server(hints={'edge:client': 'site:paris@1'})
        self.assertLanded('paris', first)
        # Of the sites so near to Paris only Lyon is so near to Nice.
        hints = {'edge:client': [f'server:{first.id}@7', 'site:nice@9']}
        second = self.create_server(hints=hints)
        self.assertLanded('lyon', second)
        self.assertNotEqual(self.cell_of(first), self.cell_of(second))

    def test_server_of_another_project_is_as_unknown_as_none(self):
        server = self.create_server()
        for named in (server.id, '8b0f2c1e-5d0c-4b8e-9d65-0b8f3f0c6c11'):
            hints = {'edge:client': f'server:{named}'}
            self.assertRefused(
                f"'server:{named}' is not a server of this project",
                self.create_server(hints=hints, by=self.bob),
            )


class NarrowedTestCase(PlacedTestCase):
    """Placement is asked for the nearest sites with room, as in a large cloud.

    Real workers ask a real Placement twice: for room, and for the request.
    """

    NARROWED = {'edge_sched': {'narrow_candidates': 'always', 'ring_hosts': 1}}

    def test_nearest_site_until_it_is_full(self):
        nearest = site_for(ALICE)
        with self.cloud.scheduler(self.NARROWED):
            server = self.near(ALICE)
            self.assertLanded(nearest, server)
            self.assertNarrowed(server)
            self.delete_server(server)
            self.fill(nearest)
            another = self.near(ALICE)
            self.assertEqual('ACTIVE', another.status, another.fault)
            self.assertNotEqual(nearest, self.site_of(another))
            self.assertNarrowed(another)

    def test_refusals_and_moves(self):
        with self.cloud.scheduler(self.NARROWED):
            for budget_ms in (1, 12):
                self.assertPlaced(
                    expected(ALICE, budget_ms), self.near(ALICE, budget_ms)
                )
            server = self.near(ALICE)
            cell = self.cell_of(server)
            self.live_migrate(server)
            self.assertPlaced(expected(ALICE, cell=cell), server)
            self.assertNarrowed(server)

    def assertNarrowed(self, server: Server) -> None:
        narrowed = self.decided(server)[-1].record['narrowed']
        self.assertGreaterEqual(narrowed['probes'], 1)
        self.assertGreaterEqual(narrowed['sites'], 1)

    def fill(self, site: str) -> None:
        """Take the memory of all hosts of a site, which have no servers."""
        whole = self.admin.compute.create_flavor(
            name=f'whole-{site}',
            ram=EdgeHostDriver.memory_mb,
            vcpus=1,
            disk=1,
        )
        self.addCleanup(self.admin.compute.delete_flavor, whole)
        for host in hosts_of(site):
            filler = self.create_server(
                f'filler-{host}', whole.name, by=self.admin, host=host
            )
            self.assertEqual('ACTIVE', filler.status, filler.fault)


class OwnerTestCase(PlacedTestCase):
    """A name belongs to a project."""

    def test_other_projects_name_is_as_unknown_as_one_that_is_none(self):
        hints = hints_for(sample.VEHICLE, latency_budget_ms=20)
        alices = self.create_server(hints=hints)
        bobs = self.create_server(hints=hints, by=self.bob)
        nobodys = self.create_server(
            hints=hints_for('vehicle-43', latency_budget_ms=20), by=self.bob
        )
        self.assertEqual('ACTIVE', alices.status)
        reason = f"edge:client '{sample.VEHICLE}' is not an address, a prefix"
        self.assertRefused(reason, bobs)
        self.assertEqual(
            self.fault_of(bobs),
            self.fault_of(nobodys).replace('vehicle-43', sample.VEHICLE),
        )


class HostTestCase(PlacedTestCase):
    """An administrator names the host."""

    def test_named_host_is_held_to_the_budget(self):
        near, far = (
            self.near(ALICE, budget_ms=9, by=self.admin, host=f'{site}-1')
            for site in ('lyon', 'nice')
        )
        self.assertLanded('lyon', near)
        self.assertEqual('ERROR', far.status)
        self.assertIn('no site within 9 ms (p95)', far.fault['message'])
