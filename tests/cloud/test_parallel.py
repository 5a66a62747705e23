# SPDX-License-Identifier: Apache-2.0

"""Many servers at a time."""

import itertools
from collections.abc import Iterator
from concurrent import futures

from openstack.compute.v2.server import Server
from openstack.connection import Connection

from demo import sample
from demo.measured import site_client
from edge_sched.replay.recorded import read
from edge_sched.replay.tally import unlike
from tests.cloud import inventory
from tests.cloud.expected import PlacedTestCase
from tests.cloud.expected import expected
from tests.cloud.sites import CELLS
from tests.cloud.sites import site_of

SERVERS = 40
#: Whose records are held against where they are.
RECORDED = 500
#: What Nova logs when a claim comes too late.
CLAIM_FAILED = 'Unable to submit allocation for instance'
CALLERS = 10
#: Servers that others name, and those that name them.
PEERS, NAMING = 8, 64
#: Where the former are made, and where they move to within the cell.
HOMES = (('paris', 'lille'), ('marseille', 'nice'))
#: Why one of these is nowhere.
NO_PEER = r"edge:client 'server:\S+' (has no host yet|is not a server of this)"
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
    #: 500 servers take half an hour on a machine of two processors.
    DEFAULT_TIMEOUT = 3600

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
        self.delete_all(servers)
        # A server is gone a moment before its allocation is.
        self.wait_for(
            'no allocation to be left',
            lambda: self.placed() == set(self.consumers()) - before,
        )

    def test_64_servers_whose_peers_are_built_moved_and_deleted(self):
        begun = self.cloud.log_size('nova-scheduler')
        with (
            futures.ThreadPoolExecutor(PEERS) as movers,
            futures.ThreadPoolExecutor(PEERS) as callers,
        ):
            called = [
                callers.submit(self.name_a_peer, number, movers)
                for number in range(PEERS)
            ]
            named = [each.result() for each in called]
        servers = [server for _, near in named for server in near]
        self.assertEqual(NAMING, len(servers))
        self.addCleanup(self.delete_all, servers)
        self.wait_for('all to be made', lambda: not self.in_the_making())
        made = self.servers()
        used = set()
        for sites, near in named:
            for server in near:
                shown = made[server.id]
                if shown.status == 'ACTIVE':
                    self.assertIn(site_of(shown.compute_host), sites)
                    used.add(self.cell_of(shown))
                else:
                    self.assertRegex(self.fault_of(shown), NO_PEER)
        self.assertEqual(set(CELLS), used)
        log = self.log_text('nova-scheduler', begun)
        self.assertNotRegex(log, r'(ERROR|CRITICAL) .*edge_sched')

    def test_records_name_where_500_servers_are(self):
        begun = first_begun = self.cloud.log_size('nova-scheduler')
        callers = [
            inventory.connect(self.cloud.layout, 'alice')
            for _ in range(CALLERS)
        ]
        wanted = list(itertools.islice(itertools.cycle(CLIENTS), RECORDED))
        elsewhere, seen = [], 0
        # As many at a time as there is room for.
        for first in range(0, RECORDED, SERVERS):
            some = wanted[first : first + SERVERS]
            with futures.ThreadPoolExecutor(CALLERS) as pool:
                created = pool.map(
                    self.create_some,
                    callers,
                    [some[i::CALLERS] for i in range(CALLERS)],
                )
                servers = [server for few in created for server in few]
            self.wait_for('all to be made', lambda: not self.in_the_making())
            made = self.servers()
            records = {
                record['instance']: record
                for _, record in self.decided(since=begun)
            }
            for server in servers:
                host = made[server.id].compute_host
                ranking = records[server.id].get('ranking')
                self.assertEqual(host is None, ranking is None)
                seen += 1
                if ranking and ranking['first']['host'] != host:
                    elsewhere.append((server.id, host))
                self.assertEqual('', unlike(read(records[server.id])))
            begun = self.cloud.log_size('nova-scheduler')
            self.delete_all(servers)
        log = self.log_text('nova-scheduler', first_begun)
        failed = log.count(CLAIM_FAILED)
        print(f'{seen} servers, {len(elsewhere)} not on the first host')
        self.assertEqual(RECORDED, seen)
        self.assertLessEqual(len(elsewhere), failed, elsewhere)

    def name_a_peer(
        self, number: int, movers: futures.Executor
    ) -> tuple[set[str], list[Server]]:
        """Servers near one that is being built, then moved or deleted.

        :return: where each of them may be, and they
        """
        caller = inventory.connect(self.cloud.layout, 'alice')
        home, away = HOMES[number % len(HOMES)]
        peer = self.near(site_client(home), wait=False, by=caller)
        near_it = [(f'server:{peer.id}', 20)] * (NAMING // PEERS // 2)
        servers = self.create_some(caller, near_it)
        self.assertEqual('ACTIVE', self.settled(peer).status)
        if number >= PEERS // 2:
            caller.compute.delete_server(peer.id)
            return {home}, servers + self.create_some(caller, near_it)
        moving = movers.submit(self.live_migrate, peer, f'{away}-1')
        servers += self.create_some(caller, near_it)
        moving.result()
        self.assertLanded(away, peer)
        return {home, away}, servers

    def delete_all(self, servers: list[Server]) -> None:
        """It is not waited for their end."""
        for server in servers:
            self.alice.compute.delete_server(server.id)

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
