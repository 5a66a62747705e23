# SPDX-License-Identifier: Apache-2.0

from collections.abc import Callable
from typing import Any
from unittest import mock

import sqlalchemy as sa
from nova import context as nova_context
from nova import objects
from nova.db.api import models as api_models
from nova.db.main import models as main_models
from oslo_utils.fixture import uuidsentinel as uuids
from oslotest import base
from sqlalchemy.dialects import postgresql

from edge_sched.cmd.nova import hints
from edge_sched.model import keys
from edge_sched.scheduler.peers import PEERS
from edge_sched.scheduler.topology.topology import TOPOLOGY
from tests.unit.scheduler.nova_databases import ApiDatabase
from tests.unit.scheduler.nova_databases import CellDatabase

HINTS = {'edge:client': ['203.0.113.7'], 'group': ['g']}


class HintsTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.api = self.useFixture(ApiDatabase())

    def map_server(self, **fields: Any) -> None:
        """Have the API know a server."""
        row = {
            'instance_uuid': uuids.server,
            'project_id': 'mine',
            'queued_for_delete': False,
        }
        self.api.insert(api_models.InstanceMapping, row | fields)

    def map_cell(self) -> CellDatabase:
        """Have the API know a cell, whose id is 1."""
        cell = self.useFixture(CellDatabase())
        row = {
            'id': 1,
            'uuid': uuids.cell,
            'name': 'cell1',
            'transport_url': 'none:///',
            'database_connection': cell.url,
        }
        self.api.insert(api_models.CellMapping, row)
        # Nova keeps how to reach those that it knows.
        patcher = mock.patch.dict(nova_context.CELL_CACHE, clear=True)
        patcher.start()
        self.addCleanup(patcher.stop)
        return cell

    def create_spec(self, **fields: Any) -> None:
        """What was asked for when the server was made."""
        objects.RequestSpec(
            nova_context.get_admin_context(),
            instance_uuid=uuids.server,
            **fields,
        ).create()

    def assertSays(self, words: str, work: Callable[..., object]) -> None:
        error = self.assertRaises(hints.HintsError, work, uuids.server)
        self.assertIn(words, str(error))

    def test_server_and_its_hints(self) -> None:
        self.map_server()
        self.create_spec(project_id='mine', scheduler_hints=HINTS)
        self.assertEqual(
            hints.Server('mine', HINTS), hints.read_server(uuids.server)
        )

    def test_old_request_that_has_neither(self) -> None:
        self.map_server()
        self.create_spec()
        self.assertEqual(hints.Server('', {}), hints.read_server(uuids.server))

    def test_no_server(self) -> None:
        words = f'there is no server {uuids.server}'
        self.assertSays(words, hints.read_server)
        self.assertSays(words, hints.task_of)
        self.assertSays(words, lambda uuid: hints.change_hints(uuid, dict))
        self.map_cell()
        self.map_server(cell_id=1)
        self.assertSays(words, hints.read_server)
        self.assertSays(words, hints.task_of)

    def test_server_that_is_deleted(self) -> None:
        self.map_server(queued_for_delete=True)
        words = f'server {uuids.server} is deleted'
        self.assertSays(words, hints.read_server)
        self.assertSays(words, hints.task_of)

    def test_database_that_fails(self) -> None:
        words = "Nova's database cannot be used"
        api_models.BASE.metadata.drop_all(self.api.engine)
        self.assertSays(words, hints.read_server)
        self.api.engine.dispose()
        with mock.patch.object(
            hints, '_mapping', side_effect=sa.exc.TimeoutError('no connection')
        ):
            self.assertSays(words, hints.read_server)

    def check(self, *texts: str) -> None:
        """Check clients of ``uuids.server`` of ``mine``, as read just now."""
        TOPOLOGY.forget()
        PEERS.forget()
        self.addCleanup(TOPOLOGY.forget)
        self.addCleanup(PEERS.forget)
        near = [keys.parse_near_client(text, peers=True) for text in texts]
        hints.check_places([n.client for n in near], 'mine', uuids.server)

    def test_places_that_there_are(self) -> None:
        cell = self.map_cell()
        self.map_server(instance_uuid=uuids.db, cell_id=1)
        cell.insert(main_models.Instance, {'uuid': uuids.db, 'host': 'lyon-1'})
        self.api.insert(
            api_models.HostMapping, {'host': 'lyon-1', 'cell_id': 1}
        )
        self.api.insert(
            api_models.Aggregate, {'id': 1, 'uuid': uuids.a, 'name': 'a'}
        )
        self.api.insert(
            api_models.AggregateMetadata,
            {'aggregate_id': 1, 'key': 'edge:site', 'value': 'lyon'},
        )
        self.api.insert(
            api_models.AggregateHost, {'aggregate_id': 1, 'host': 'lyon-1'}
        )
        self.api.insert(
            api_models.InstanceGroup,
            {'id': 1, 'uuid': uuids.web, 'project_id': 'mine', 'name': 'web'},
        )
        self.check(
            '203.0.113.7',
            'crew',
            'site:lyon',
            f'server:{uuids.db}',
            # Without a server there is nobody to be near to, nor in itself.
            f'group:{uuids.web}',
            f'server:{uuids.server}',
        )

    def test_places_that_there_are_not(self) -> None:
        self.map_cell()
        self.map_server(instance_uuid=uuids.new)
        self.map_server(instance_uuid=uuids.theirs, project_id='theirs')
        self.map_server(instance_uuid=uuids.lost, cell_id=7)
        for text, words in (
            ('site:nice', 'is not a site'),
            (f'server:{uuids.theirs}', 'is not a server of this project'),
            (f'group:{uuids.theirs}', 'is not a server group of this project'),
            (f'server:{uuids.new}', 'has no host yet'),
            (f'server:{uuids.lost}', 'is cannot be told now: try again'),
        ):
            error = self.assertRaises(
                hints.HintsError, self.check, '203.0.113.7', text
            )
            self.assertIn(text, str(error))
            self.assertIn(words, str(error))

    def test_task_of_a_server_that_has_no_cell_yet(self) -> None:
        self.map_server()
        self.assertEqual('scheduling', hints.task_of(uuids.server))

    def test_task_is_what_its_cell_says(self) -> None:
        cell = self.map_cell()
        self.map_server(cell_id=1)
        server = {'id': 1, 'uuid': uuids.server}
        cell.insert(main_models.Instance, server)
        self.assertEqual('', hints.task_of(uuids.server))
        with cell.engine.begin() as connection:
            connection.execute(
                sa.update(main_models.Instance).values(task_state='migrating')
            )
        self.assertEqual('migrating', hints.task_of(uuids.server))

    def test_change_is_all_that_changes(self) -> None:
        self.map_server()
        self.create_spec(
            project_id='mine', scheduler_hints=HINTS, num_instances=3
        )

        def change(before: hints.Hints) -> hints.Hints:
            self.assertEqual(HINTS, before)
            before.pop('group')
            return before | {'edge:percentile': ['p99']}

        before = hints.change_hints(uuids.server, change)
        self.assertNotIn('edge:percentile', before)
        spec = objects.RequestSpec.get_by_instance_uuid(
            nova_context.get_admin_context(), uuids.server
        )
        self.assertEqual(
            {'edge:client': HINTS['edge:client'], 'edge:percentile': ['p99']},
            spec.scheduler_hints,
        )
        self.assertEqual(('mine', 3), (spec.project_id, spec.num_instances))

    def test_row_is_locked_before_it_is_read(self) -> None:
        self.create_spec(scheduler_hints=HINTS)
        statements: list[str] = []

        @sa.event.listens_for(self.api.engine, 'before_execute')
        def note(
            connection: sa.Connection, statement: Any, *others: object
        ) -> None:
            if not isinstance(statement, sa.TextClause):
                # SQLite has no such words.
                compiled = statement.compile(dialect=postgresql.dialect())
                statements.append(str(compiled))

        hints.change_hints(uuids.server, dict)
        first, *_, last = statements
        self.assertIn('WHERE request_specs.instance_uuid =', first)
        self.assertTrue(first.endswith('FOR UPDATE'), first)
        self.assertTrue(last.startswith('UPDATE request_specs'), last)
