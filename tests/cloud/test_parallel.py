# SPDX-License-Identifier: Apache-2.0

"""Many servers at a time."""

import itertools
from collections.abc import Iterator
from concurrent import futures

from openstack.compute.v2.server import Server
from openstack.connection import Connection

from demo import sample
from tests.cloud import inventory
from tests.cloud.expected import PlacedTestCase
from tests.cloud.expected import expected
from tests.cloud.sites import site_of

SERVERS = 40
CALLERS = 10
#: Who must be near, and within which budget.
CLIENTS = (
    ('203.0.113.7', 12),
    ('2001:db8:a::7', 20),
    (sample.VEHICLE, 15),
    ('surgeon', 10),
    ('patient', 12),
)
#: Where each may be.
WITHIN = {
    client: expected(client, budget_ms).sites for client, budget_ms in CLIENTS
}


class ParallelTestCase(PlacedTestCase):
    def test_forty_servers_by_ten_callers(self):
        # What a fault has left behind before is not of this test.
        before = set(self.consumers()) - self.placed()
        wanted = list(itertools.islice(itertools.cycle(CLIENTS), SERVERS))
        with futures.ThreadPoolExecutor(CALLERS) as pool:
            # A connection is for one caller at a time.
            callers = list(
                pool.map(
                    lambda _: inventory.connect(self.cloud.layout, 'alice'),
                    range(CALLERS),
                )
            )
            servers = [
                server
                for created in pool.map(
                    self.create_some,
                    callers,
                    [wanted[i::CALLERS] for i in range(CALLERS)],
                )
                for server in created
            ]
        self.wait_for('all to be made', lambda: not self.in_the_making())
        made = self.servers()
        for server in servers:
            shown = made[server.id]
            self.assertEqual('ACTIVE', shown.status, shown.fault)
            self.assertIn(site_of(shown.compute_host), WITHIN[server.name])
        self.assertEqual(
            set(self.cloud.scheduler_workers()),
            {each.pid for each in self.decided()},
            'both workers have decided some',
        )
        self.assertEqual(self.placed(), set(self.consumers()) - before)
        for server in servers:
            self.alice.compute.delete_server(server.id)
        # A server is gone a moment before its allocation is.
        self.wait_for(
            'no allocation to be left',
            lambda: self.placed() == set(self.consumers()) - before,
        )

    def create_some(
        self, caller: Connection, wanted: list[tuple[str, float]]
    ) -> list[Server]:
        """One after another, by one caller."""
        return [
            self.near(client, budget_ms, name=client, wait=False, by=caller)
            for client, budget_ms in wanted
        ]

    def servers(self) -> dict[str, Server]:
        """Those of all projects, by their ids."""
        servers = self.admin.compute.servers(all_projects=True)
        return {server.id: server for server in servers}

    def in_the_making(self) -> list[str]:
        """Names of those that are neither ACTIVE nor in ERROR."""
        return [
            server.name
            for server in self.servers().values()
            if server.task_state or server.status == 'BUILD'
        ]

    def placed(self) -> set[str]:
        """Ids of the servers that have a host."""
        return {
            server_id
            for server_id, server in self.servers().items()
            if server.compute_host
        }

    def consumers(self) -> Iterator[str]:
        """Ids of all that has allocations in Placement."""
        placement = self.admin.placement
        for provider in placement.resource_providers():
            answer = placement.get(
                f'/resource_providers/{provider.id}/allocations'
            )
            yield from answer.json()['allocations']
