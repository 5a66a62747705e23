# SPDX-License-Identifier: Apache-2.0

"""Where servers and groups are, as a project sees them."""

import logging
import time
from collections.abc import Sequence
from unittest import mock

import fixtures
import nova.conf
from nova import objects
from oslo_config import fixture as config_fixture
from oslo_utils.fixture import uuidsentinel as uuids
from oslotest import base

from edge_sched.model.client import Client
from edge_sched.scheduler import nova_internals
from edge_sched.scheduler import peers
from edge_sched.scheduler.nova_internals import PeerRow
from edge_sched.scheduler.peers import Peer
from edge_sched.scheduler.peers import Peers

CELL0 = objects.CellMapping.CELL0_UUID
CELLS = [
    objects.CellMapping(id=number, uuid=uuid)
    for number, uuid in enumerate((CELL0, uuids.cell1, uuids.cell2))
]
#: Of ``mine``, as Nova's databases have them.
ROWS = [
    PeerRow('', 's1', 1),
    PeerRow('', 's2', 2),
    PeerRow('', 'new', None),
    PeerRow('', 'failed', 0),
    PeerRow('', 'building', 1),
    PeerRow('', 'newer', 7),
    PeerRow('web', '', None),
    PeerRow('web', 's1', 1),
    PeerRow('web', 's2', 2),
    PeerRow('web', 'new', None),
    PeerRow('empty', '', None),
]
HOSTS = {uuids.cell1: {'s1': 'lyon-1'}, uuids.cell2: {'s2': 'nice-1'}}
S1 = ('lyon-1', uuids.cell1)
S2 = ('nice-1', uuids.cell2)


def server(uuid: str) -> Client:
    return Client(server=uuid)


def group(uuid: str) -> Client:
    return Client(group=uuid)


class PeersTestCase(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.conf = self.useFixture(config_fixture.Config(nova.conf.CONF))
        self.log = self.useFixture(fixtures.FakeLogger(level=logging.WARNING))
        self.rows = list(ROWS)
        self.away: set[str] = set()
        #: What was asked for in each query of the API database.
        self.asked: list[tuple[str, list[str], list[str]]] = []
        self.most: list[int] = []
        #: Which cells were asked for what, all at once.
        self.cells_asked: list[tuple[set[str], list[str]]] = []
        for module, name, function in (
            (nova_internals, 'read_peers', self.read_peers),
            (peers, 'hosts_of_servers', self.hosts_of_servers),
        ):
            patcher = mock.patch.object(module, name, function)
            patcher.start()
            self.addCleanup(patcher.stop)
        self.peers = Peers()

    def read_peers(
        self, project_id: str, servers: list[str], groups: list[str], most: int
    ) -> list[PeerRow]:
        self.asked.append((project_id, servers, groups))
        self.most.append(most)
        return [
            row
            for row in self.rows
            if project_id == 'mine'
            and (row.group in groups if row.group else row.server in servers)
        ]

    def hosts_of_servers(
        self, cells: Sequence[objects.CellMapping], servers: list[str]
    ) -> tuple[dict[str, str | None], frozenset[str]]:
        asked = {each.uuid for each in cells}
        if cells:
            self.cells_asked.append((asked, servers))
        hosts: dict[str, str | None] = {'building': None}
        for cell in asked - self.away:
            hosts |= HOSTS[cell]
        return hosts, frozenset(asked & self.away)

    def find(self, *clients: Client, project: str = 'mine') -> list[Peer]:
        found = self.peers.find(clients, project, CELLS)
        self.assertEqual({*clients}, found.keys())
        return [found[client] for client in clients]


class FindTest(PeersTestCase):
    def test_servers_and_groups_by_two_questions(self) -> None:
        self.assertEqual(
            [
                Peer(True, {'s1': S1}),
                Peer(True, {'s2': S2}),
                Peer(True, {'s1': S1, 's2': S2}),
                Peer(True),
            ],
            self.find(
                server('s1'), server('s2'), group('web'), group('empty')
            ),
        )
        self.assertEqual(
            [('mine', ['s1', 's2'], ['web', 'empty'])], self.asked
        )
        self.assertEqual(
            [({uuids.cell1, uuids.cell2}, ['s1', 's2'])], self.cells_asked
        )

    def test_cell_of_none_of_them_is_not_asked(self) -> None:
        self.find(server('s1'))
        self.assertEqual([({uuids.cell1}, ['s1'])], self.cells_asked)

    def test_none_of_the_project_by_one_question(self) -> None:
        for asked, project in (
            ('s1', 'theirs'),
            ('gone', 'mine'),
            ('made up', 'mine'),
        ):
            self.asked.clear()
            found = self.find(server(asked), group(asked), project=project)
            self.assertEqual([Peer(False)] * 2, found)
            self.assertEqual([(project, [asked], [asked])], self.asked)
        self.assertEqual([], self.cells_asked)

    def test_server_without_a_host(self) -> None:
        for uuid, asks_cell in (
            # Nova looks for one, found none, or builds it.
            ('new', False),
            ('failed', False),
            ('building', True),
        ):
            self.cells_asked.clear()
            self.assertEqual([Peer(True)], self.find(server(uuid)))
            self.assertEqual(asks_cell, bool(self.cells_asked), uuid)

    def test_cell_that_is_away(self) -> None:
        self.away = {uuids.cell2}
        self.assertEqual(
            [
                Peer(True, {'s1': S1}),
                Peer(True, away=True),
                Peer(True, {'s1': S1}, away=True),
            ],
            self.find(server('s1'), server('s2'), group('web')),
        )

    def test_cell_that_came_after_they_were_read(self) -> None:
        self.assertEqual([Peer(True, away=True)], self.find(server('newer')))
        self.assertEqual([], self.cells_asked)


class GroupOfManyTest(PeersTestCase):
    def many(self, count: int) -> None:
        self.rows += [PeerRow('many', '', None)]
        self.rows += [PeerRow('many', f'm{i:04}', 1) for i in range(count)]

    def test_first_servers_count(self) -> None:
        for count, looked_for, warned in (
            (480, 480, False),
            (481, 480, True),
        ):
            self.many(count)
            self.assertEqual([Peer(True)], self.find(group('many')))
            self.assertEqual([481], self.most)
            (_, servers) = self.cells_asked.pop()
            self.assertEqual(looked_for, len(servers))
            self.assertEqual(f'm{looked_for - 1:04}', servers[-1])
            self.assertEqual(warned, 'group many' in self.log.output)
            self.rows, self.most = list(ROWS), []
        self.assertEqual(1, self.log.output.count('only the first 480'))

    def test_groups_of_a_request_share_them(self) -> None:
        self.many(481)
        found = self.find(group('many'), server('s2'), group('web'))
        self.assertEqual([241], self.most)
        self.assertEqual(Peer(True, {'s1': S1, 's2': S2}), found[2])
        (_, servers) = self.cells_asked.pop()
        self.assertEqual(240 + 2, len(servers))

    def test_all_that_a_request_names_are_one_query(self) -> None:
        most = nova_internals.SERVERS_A_QUERY
        for groups in range(17):
            share = peers.MAX_MEMBERS // max(1, groups)
            self.assertLessEqual(groups * share + 16 - groups, most)


class KeptTest(PeersTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.now = 1000.0
        patcher = mock.patch.object(time, 'monotonic', lambda: self.now)
        patcher.start()
        self.addCleanup(patcher.stop)

    def questions(self) -> int:
        count = len(self.asked)
        self.asked.clear()
        return count

    def test_for_a_while(self) -> None:
        for _ in range(2):
            self.assertEqual([Peer(True, {'s1': S1})], self.find(server('s1')))
            self.now += 9.9
        self.assertEqual(1, self.questions())
        self.now = 1010
        self.find(server('s1'))
        self.assertEqual(1, self.questions())

    def test_what_is_not_kept_is_asked_for(self) -> None:
        self.find(server('s1'), group('web'))
        found = self.find(server('s1'), server('s2'))
        self.assertEqual(
            [Peer(True, {'s1': S1}), Peer(True, {'s2': S2})], found
        )
        self.assertEqual(('mine', ['s2'], []), self.asked[-1])

    def test_each_project_has_its_own(self) -> None:
        self.assertTrue(self.find(server('s1'))[0].known)
        self.assertFalse(self.find(server('s1'), project='theirs')[0].known)
        self.assertTrue(self.find(server('s1'))[0].known)
        self.assertEqual(2, self.questions())
        self.assertFalse(self.find(server('s1'), project='theirs')[0].known)
        self.assertEqual(0, self.questions())

    def test_nothing_if_the_operator_says_so(self) -> None:
        self.conf.config(group='edge_sched', cache_ttl=0)
        self.find(server('s1'))
        self.find(server('s1'))
        self.assertEqual(2, self.questions())
        # Nor is there anything to find once it may be.
        self.conf.config(group='edge_sched', cache_ttl=10)
        self.find(server('s1'))
        self.assertEqual(1, self.questions())

    def test_what_may_be_otherwise_in_a_moment_is_not(self) -> None:
        self.away = {uuids.cell2}
        for client in (
            server('new'),
            server('s2'),
            group('web'),
            group('empty'),
        ):
            self.find(client)
            self.find(client)
            self.assertEqual(2, self.questions(), client)

    def test_whoever_is_kept_is_there_while_nobody_can_be_asked_for(
        self,
    ) -> None:
        self.find(server('s1'))
        with mock.patch.object(
            nova_internals, 'read_peers', side_effect=OSError('no database')
        ):
            for _ in range(2):
                self.assertEqual(
                    [Peer(True, {'s1': S1}), Peer(True, away=True)],
                    self.find(server('s1'), server('s2')),
                )
        self.assertEqual(2, self.log.output.count('Cannot tell where servers'))
        self.assertIn('no database', self.log.output)
        self.assertEqual([Peer(True, {'s2': S2})], self.find(server('s2')))

    def test_forget(self) -> None:
        self.find(server('s1'))
        self.peers.forget()
        self.find(server('s1'))
        self.assertEqual(2, self.questions())

    def test_bounded_by_servers(self) -> None:
        self.peers = Peers(max_servers=5)
        # It counts 3, and those that there are not 1.
        self.find(group('web'))
        self.find(server('a'))
        self.find(server('b'))
        self.questions()
        self.find(group('web'))
        self.assertEqual(0, self.questions())
        # The one that was asked for least lately goes.
        self.find(server('c'))
        self.questions()
        self.find(group('web'), server('b'), server('c'))
        self.assertEqual(0, self.questions())
        self.find(server('a'))
        self.assertEqual(1, self.questions())
