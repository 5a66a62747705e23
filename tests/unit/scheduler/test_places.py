# SPDX-License-Identifier: Apache-2.0

"""Which clients of a request are places, and where."""

import logging
from unittest import mock

import fixtures
import nova.conf
from oslo_config import fixture as config_fixture
from oslo_utils.fixture import uuidsentinel as uuids
from oslotest import base

from edge_sched.judging.place import Place
from edge_sched.model.client import Client
from edge_sched.model.client import parse_client
from edge_sched.model.latency import Answer
from edge_sched.scheduler import places as module
from edge_sched.scheduler.peers import PEERS
from edge_sched.scheduler.peers import Peer
from edge_sched.scheduler.places import Places
from edge_sched.scheduler.places import Where
from edge_sched.scheduler.places import find_places
from edge_sched.scheduler.topology.membership import Aggregate
from edge_sched.scheduler.topology.topology import TOPOLOGY
from tests.unit.factories import NOW
from tests.unit.factories import make_row
from tests.unit.scheduler.topology.test_topology import CELL1
from tests.unit.scheduler.topology.test_topology import CELLS
from tests.unit.scheduler.topology.test_topology import SITE
from tests.unit.scheduler.topology.test_topology import topology

ALICE = parse_client('203.0.113.7')
CREW = parse_client('crew')
LYON, SECRET = Client(site='lyon'), Client(site='secret')
DB = Client(server=uuids.db)
GROUP = Client(group=uuids.group)

AT_LYON_1 = Place(('lyon-1', 'lyon', 'nova', 'cell1'), ('lyon',))
AT_LYON_2 = Place(('lyon-2', 'lyon', 'nova', 'cell1'), ('lyon',))
LYON_1, LYON_2 = ('lyon-1', CELL1), ('lyon-2', CELL1)


class PlacesTestCase(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.conf = self.useFixture(config_fixture.Config(nova.conf.CONF))
        self.log = self.useFixture(fixtures.FakeLogger(level=logging.WARNING))
        self.topology = self.useFixture(
            fixtures.MockPatchObject(
                TOPOLOGY,
                'get',
                return_value=topology(
                    Aggregate('1', {SITE: 'lyon'}, ['lyon-1', 'lyon-2']),
                    Aggregate(
                        '2', {SITE: 'secret', 'filter_tenant_id': 'x'}, ['s']
                    ),
                ),
            )
        ).mock
        self.peers = self.useFixture(
            fixtures.MockPatchObject(PEERS, 'find')
        ).mock

    def find(self, *clients: Client, **peers: Peer) -> Places:
        """Of ``uuids.me`` of project ``mine``."""
        self.peers.return_value = {
            DB: peers.get('db'),
            GROUP: peers.get('group'),
        }
        return find_places(clients, 'mine', uuids.me)

    def where(self, client: Client, **peers: Peer) -> Where:
        found = self.find(client, **peers)
        self.assertEqual({client}, found.where.keys())
        return found.where[client]


class FindTest(PlacesTestCase):
    def test_request_without_a_place_asks_nobody(self) -> None:
        for clients in ([], [ALICE, CREW]):
            self.assertEqual(Places(), self.find(*clients))
        self.topology.assert_not_called()
        self.peers.assert_not_called()

    def test_site_that_the_project_may_know_of(self) -> None:
        lyon = Place(('lyon',), ('lyon',))
        self.assertEqual(Where(frozenset([lyon])), self.where(LYON))
        for site in (SECRET, Client(site='nowhere')):
            found = self.find(site)
            problem = found.where[site].problem
            self.assertEqual(
                f"edge:client '{site}' is not a site", str(problem)
            )
            self.assertIs(problem, found.problem(site))
        self.peers.assert_not_called()

    def test_server_is_where_its_host_is(self) -> None:
        found = self.where(DB, db=Peer(True, {uuids.db: LYON_1}))
        self.assertEqual(Where(frozenset([AT_LYON_1])), found)
        ((clients, project, cells),) = (
            call.args for call in self.peers.mock_calls
        )
        self.assertEqual(([DB], 'mine'), (clients, project))
        self.assertEqual([*CELLS.values()], [*cells])

    def test_server_that_is_not_one_of_the_project(self) -> None:
        found = self.find(DB, db=Peer(False))
        self.assertEqual(
            f"edge:client 'server:{uuids.db}' is not a server of this project",
            str(found.problem(DB)),
        )
        self.assertFalse(found.answer(DB, {}, NOW).known)
        self.assertEqual(set(), found.nobody)

    def test_server_that_has_no_host_yet(self) -> None:
        found = self.find(DB, db=Peer(True))
        self.assertEqual(
            f"edge:client 'server:{uuids.db}' has no host yet",
            str(found.problem(DB)),
        )
        self.assertFalse(found.answer(DB, {}, NOW).known)

    def test_server_whose_cell_is_away(self) -> None:
        found = self.where(DB, db=Peer(True, away=True))
        self.assertEqual(Where(unplaced=True), found)

    def test_nobody_is_near_to_itself(self) -> None:
        me = Client(server=uuids.me)
        self.assertEqual({me}, self.find(me).nobody)
        self.peers.assert_not_called()
        found = self.find(me, LYON, DB, db=Peer(True, {uuids.db: LYON_1}))
        self.assertEqual({me}, found.nobody)
        self.assertEqual({me, LYON, DB}, found.where.keys())

    def test_request_of_no_server_is_nobody(self) -> None:
        self.peers.return_value = {GROUP: Peer(True, {uuids.a: LYON_1})}
        found = find_places([GROUP], 'mine', None)
        self.assertEqual(set(), found.nobody)

    def test_group_is_where_its_other_servers_are(self) -> None:
        found = self.where(
            GROUP,
            group=Peer(
                True,
                {
                    uuids.a: LYON_1,
                    uuids.b: LYON_1,
                    uuids.c: LYON_2,
                    uuids.me: ('s', CELL1),
                },
            ),
        )
        self.assertEqual(Where(frozenset([AT_LYON_1, AT_LYON_2])), found)

    def test_group_of_nobody_else(self) -> None:
        for hosts in ({}, {uuids.me: LYON_1}):
            found = self.find(GROUP, LYON, group=Peer(True, hosts))
            self.assertEqual({GROUP}, found.nobody)

    def test_group_that_is_not_one_of_the_project(self) -> None:
        found = self.find(GROUP, group=Peer(False))
        self.assertIn(
            'is not a server group of this project', str(found.problem(GROUP))
        )
        self.assertEqual(set(), found.nobody)

    def test_group_of_which_a_cell_is_away(self) -> None:
        self.assertEqual(
            Where(frozenset([AT_LYON_1]), unplaced=True),
            self.where(GROUP, group=Peer(True, {uuids.a: LYON_1}, away=True)),
        )
        self.assertEqual(
            Where(unplaced=True),
            self.where(GROUP, group=Peer(True, {}, away=True)),
        )

    def test_name_that_is_no_client(self) -> None:
        self.assertEqual(
            "edge:client 'crew' is not an address, a prefix or a known client",
            str(Places().problem(CREW)),
        )


class FailureTest(PlacesTestCase):
    """Whatever it is, it is unknown where they are."""

    def test_nothing_can_be_asked_for(self) -> None:
        self.topology.side_effect = RuntimeError('no API database')
        me = Client(server=uuids.me)
        found = find_places([DB, LYON, me, ALICE], 'mine', uuids.me)
        self.assertEqual(
            {
                DB: Where(unplaced=True),
                LYON: Where(unplaced=True),
                me: Where(),
            },
            found.where,
        )
        self.assertEqual({me}, found.nobody)
        self.assertEqual(1, self.log.output.count('Cannot tell which sites'))

    def test_what_ought_not_happen(self) -> None:
        with mock.patch.object(module, '_of_peer', side_effect=KeyError('x')):
            found = self.find(DB)
        self.assertEqual({DB: Where(unplaced=True)}, found.where)
        self.assertIn("KeyError: 'x'", self.log.output)


class AnswerTest(PlacesTestCase):
    def test_vantages_are_measured_as_sites(self) -> None:
        found = self.find(
            ALICE, DB, LYON, CREW, db=Peer(True, {uuids.db: LYON_1})
        )
        asked = found.measured_as([ALICE, DB, LYON, CREW])
        vantages = {Client(site=name) for name in AT_LYON_1.chain}
        self.assertEqual({ALICE, CREW, *vantages}, {*asked})
        # Each once.
        self.assertEqual(6, len(asked))
        self.assertEqual([CREW], found.measured_as([CREW]))

    def test_what_is_not_known_is_not_asked_for(self) -> None:
        found = self.find(DB, SECRET, GROUP, db=Peer(False), group=Peer(True))
        self.assertEqual([], found.measured_as([DB, SECRET, GROUP]))

    def test_answer_of_what_is_no_place(self) -> None:
        answer = Answer(True, ({},))
        self.assertIs(answer, Places().answer(ALICE, {ALICE: answer}, NOW))

    def test_answer_of_a_place(self) -> None:
        self.conf.config(group='edge_sched', same_site_rtt_ms=0.2)
        found = self.find(DB, db=Peer(True, {uuids.db: LYON_1}))
        row = make_row(5, vantage='nice', client='site:lyon')
        stored = {
            Client(site=name): Answer(True, ({},), 7.0)
            for name in AT_LYON_1.chain
        }
        stored[LYON] = Answer(True, ({'nice': row},), 7.0)
        answer = found.answer(DB, stored, NOW)
        (part,) = answer.parts
        self.assertIs(row, part['nice'])
        assumed = part['lyon']
        self.assertEqual((0.2, NOW), (assumed.rtt_p95_ms, assumed.measured_at))
        self.assertEqual(
            (True, 7.0, False),
            (answer.known, answer.heartbeat_at, answer.unplaced),
        )

    def test_answer_of_what_cannot_be_placed(self) -> None:
        found = self.find(DB, db=Peer(True, away=True))
        self.assertEqual(
            Answer(True, (), None, unplaced=True), found.answer(DB, {}, NOW)
        )
