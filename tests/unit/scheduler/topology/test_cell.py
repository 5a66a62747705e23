# SPDX-License-Identifier: Apache-2.0


"""What is made of the answers of cells, and of those that give none."""

from unittest import mock

from nova import context
from nova import objects
from nova.db.main import models
from oslo_utils.fixture import uuidsentinel as uuids
from oslotest import base

from edge_sched.scheduler import nova_internals
from edge_sched.scheduler.topology import cell
from tests.unit.scheduler.nova_databases import CellDatabase

CELLS = [
    objects.CellMapping(uuid=uuid, name=name)
    for uuid, name in ((uuids.cell1, 'cell1'), (uuids.cell2, 'cell2'))
]
#: What a row of a compute node must have.
HOSTS = {uuids.cell1: ['a', 'b'], uuids.cell2: ['c', 'd', 'e']}


class AnswersTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        patcher = mock.patch.dict(cell._SEVERAL_NODES, clear=True)
        patcher.start()
        self.addCleanup(patcher.stop)

    def answer(self, of_cell1: object, of_cell2: object) -> None:
        patcher = mock.patch.object(
            context,
            'scatter_gather_cells',
            return_value={uuids.cell1: of_cell1, uuids.cell2: of_cell2},
        )
        patcher.start()
        self.addCleanup(patcher.stop)

    def test_hosts_of_a_slow_cell_are_not_down(self) -> None:
        self.answer(['a'], context.did_not_respond_sentinel)
        self.assertEqual(
            cell.Down(1, frozenset([uuids.cell2])),
            cell.count_down(CELLS, HOSTS),
        )

    def test_hosts_of_a_cell_that_fails_are_down(self) -> None:
        self.answer(['a'], RuntimeError('no database'))
        self.assertEqual(
            cell.Down(4, frozenset()), cell.count_down(CELLS, HOSTS)
        )

    def test_task_of_a_server(self) -> None:
        self.answer('rebuilding', None)
        self.assertEqual('rebuilding', cell.task_state(CELLS[0], 'server'))
        self.assertIsNone(cell.task_state(CELLS[1], 'server'))

    def test_task_of_a_server_that_its_cell_does_not_tell(self) -> None:
        self.answer(RuntimeError('no database'), None)
        error = self.assertRaises(
            cell.CellAwayError, cell.task_state, CELLS[0], 'server'
        )
        self.assertEqual('no database', str(error))

    def test_cells_that_cannot_be_asked_at_all(self) -> None:
        with mock.patch.object(
            context, 'scatter_gather_cells', side_effect=RuntimeError('a test')
        ):
            self.assertEqual(
                cell.Down(5, frozenset()), cell.count_down(CELLS, HOSTS)
            )

    def test_servers_of_cells_that_answer_in_time(self) -> None:
        self.answer({'a': 1}, context.did_not_respond_sentinel)
        servers, away = cell.servers_in(CELLS, {}, 7.0)
        self.assertEqual({'a': 1}, servers)
        self.assertEqual([uuids.cell2], [*away])
        self.assertIsInstance(away[uuids.cell2], TimeoutError)
        (asked,) = context.scatter_gather_cells.mock_calls
        self.assertEqual(7.0, asked.args[2])

    def test_hosts_that_are_up_of_all_cells_that_answer(self) -> None:
        self.answer(frozenset({'a'}), frozenset({'c'}))
        self.assertEqual({'a', 'c'}, cell.hosts_up(CELLS, ['node']))
        self.answer(frozenset({'a'}), context.did_not_respond_sentinel)
        self.assertEqual({'a'}, cell.hosts_up(CELLS, ['node']))
        self.answer(RuntimeError('no database'), frozenset({'c'}))
        self.assertEqual({'c'}, cell.hosts_up(CELLS, ['node']))

    def test_hosts_of_nodes_of_a_cell_that_answers_in_time(self) -> None:
        self.answer({'node': 'a'}, context.did_not_respond_sentinel)
        told, silent = CELLS
        self.assertEqual(
            {'node': 'a'}, cell.hosts_of_nodes(told, ['node', 'other'], 7.0)
        )
        (asked,) = context.scatter_gather_cells.mock_calls
        self.assertEqual([told], asked.args[1])
        self.assertEqual(7.0, asked.args[2])
        self.assertEqual((['node', 'other'],), asked.args[4:])
        error = self.assertRaises(
            cell.CellAwayError, cell.hosts_of_nodes, silent, [], 7.0
        )
        self.assertIn('did not answer in time', str(error))

    def test_hosts_of_several_nodes(self) -> None:
        self.answer({'a': 40}, {'c': 2, 'd': 3})
        self.assertEqual({'a': 40, 'c': 2, 'd': 3}, cell.several_nodes(CELLS))

    def test_nodes_of_a_cell_that_is_away_are_those_it_told_last(self) -> None:
        away = context.did_not_respond_sentinel
        self.answer(away, RuntimeError('no database'))
        self.assertEqual({}, cell.several_nodes(CELLS))
        self.answer({'a': 40}, {'c': 2})
        cell.several_nodes(CELLS)
        self.answer({'b': 5}, away)
        self.assertEqual({'b': 5, 'c': 2}, cell.several_nodes(CELLS))


class CountDownTest(base.BaseTestCase):
    def test_services_are_asked_for_some_at_a_time(self) -> None:
        asked: list[list[str]] = []

        def services(
            context: object, hosts: list[str]
        ) -> list[dict[str, str]]:
            asked.append(hosts)
            return [{'host': host} for host in hosts]

        nova = mock.Mock()
        nova.service_is_up.side_effect = {'host': 'b'}.__eq__
        with (
            mock.patch.object(cell, '_HOSTS_A_QUERY', 2),
            mock.patch.object(nova_internals, 'compute_services', services),
            mock.patch.object(cell, '_servicegroup', return_value=nova),
        ):
            self.assertEqual(['a', 'c'], cell._down(None, ['a', 'b', 'c']))
        self.assertEqual([['a', 'b'], ['c']], asked)

    def test_hosts_of_nodes_that_are_down_are_left_out(self) -> None:
        of_nodes = {'node1': 'a', 'node2': 'a', 'node3': 'b'}
        with (
            mock.patch.object(
                nova_internals, 'hosts_of_nodes', return_value=of_nodes
            ),
            mock.patch.object(cell, '_down', return_value=['b']) as down,
        ):
            self.assertEqual({'a'}, cell._up(None, [*of_nodes]))
        down.assert_called_once_with(None, ['a', 'b'])


class QueriesTest(base.BaseTestCase):
    """What is asked, of tables of Nova's."""

    def setUp(self) -> None:
        super().setUp()
        self.cell = self.useFixture(CellDatabase())

    def test_task_of_a_server_by_its_uuid(self) -> None:
        row = {'uuid': uuids.server, 'task_state': 'rebuilding'}
        self.cell.insert(models.Instance, row)
        self.assertEqual(
            'rebuilding', cell._task_state(self.cell.context, uuids.server)
        )
