# SPDX-License-Identifier: Apache-2.0

"""``edge-sched audit``: servers that live, judged where they are by now."""

from collections.abc import Mapping
from typing import Any
from unittest import mock

import sqlalchemy as sa
from nova import context as nova_context
from nova.db.api import api as api_db
from nova.db.api import models as api_models
from nova.db.main import api as main_db
from nova.db.main import models as main_models
from oslo_db import exception as db_exception

from edge_sched.cmd.audit import ANY_OVER
from edge_sched.scheduler import nova_servers
from tests.functional.base import Server
from tests.functional.commands import CommandCloudTestCase
from tests.unit.cmd.base import Result

ALICE = '203.0.113.7'
ALICES = '203.0.113.0/24'
BOB = '198.51.100.7'
BUDGET = {'latency_budget_ms': '20'}

Row = Mapping[str, Any]


class AuditCommandTest(CommandCloudTestCase):
    """Brest is near to all, and kept for bob."""

    sites = {
        'paris': ('cell1', ['paris-1']),
        'lille': ('cell1', ['lille-1']),
        'brest': ('cell1', ['brest-1'], 'west'),
        'lyon': ('cell2', ['lyon-1']),
    }

    def setUp(self) -> None:
        super().setUp()
        bob = self.other_user.project_id
        self.set_aggregate_metadata('brest', {'filter_tenant_id': bob})
        self.measure(ALICES, paris=5, lille=12, lyon=60, brest=80)

    def audit(self, *argv: str, status: int = 0) -> Result:
        result = self.run_command('audit', '-f', 'json', *argv)
        self.assertEqual(status, result.status, result.err)
        return result

    def rows(self, *argv: str, status: int = 0) -> dict[str, Row]:
        """What is shown of each server."""
        rows = self.audit(*argv, status=status).json
        return {row['server']: row for row in rows}

    def assertShown(self, server: Server, **expected: Any) -> None:
        row = self.rows()[server['id']]
        self.assertEqual(expected, {key: row[key] for key in expected})

    def on_server(self, server: Server, **values: Any) -> None:
        """Change the row that a cell has of a server."""
        table = main_models.Instance

        @main_db.pick_context_manager_writer
        def change(context: nova_context.RequestContext) -> None:
            context.session.execute(
                sa.update(table)
                .where(table.uuid == server['id'])
                .values(**values)
            )

        (cell,) = (
            cell
            for cell in self.cell_mappings.values()
            if cell.name == self.cell_of(server)
        )
        with nova_context.target_cell(
            nova_context.get_admin_context(), cell
        ) as in_cell:
            change(in_cell)

    def break_request(self, server: Server) -> None:
        """Leave half of what is stored of a request."""
        request = api_models.RequestSpec
        context = nova_context.get_admin_context()
        with api_db.context_manager.writer.using(context):
            context.session.execute(
                sa.update(request)
                .where(request.instance_uuid == server['id'])
                .values(spec='{"nova_object.data": {"edge:client')
            )

    def test_verdicts_follow_the_measurements(self) -> None:
        self.set_client('crew', [ALICES], self.user.project_id)
        near = self.near(ALICE, **BUDGET)
        crew = self.near('crew', latency_budget_ms='10')
        dark = self.near(BOB, unknown='allow', **BUDGET)
        far = self.near(ALICE, latency_budget_ms='70', zone='nova:lyon-1')
        bobs = self.near(ALICE, by=self.other_user, **BUDGET)
        self.create_server()
        refused = self.near(ALICE, latency_budget_ms='1')
        self.assertEqual('ERROR', refused['status'])

        found = self.audit()
        self.assertEqual('1 server without a host\n', found.err)
        rows = {row['server']: row for row in found.json}
        self.assertEqual(
            [near['id'], crew['id'], dark['id'], far['id'], bobs['id']],
            [row['server'] for row in found.json],
        )
        self.assertEqual(
            {
                'server': near['id'],
                'project': self.user.project_id,
                'site': 'paris',
                'client': ALICE,
                'verdict': 'within',
                'judged_ms': 6.0,
                'budget_ms': 20.0,
                'over_since': None,
                'best_site': 'lille',
                'best_ms': 13.0,
                'gain_ms': -7.0,
                'movable': 'yes',
            },
            rows[near['id']],
        )
        # No other site is near enough.
        row = rows[crew['id']]
        self.assertEqual(
            ('crew', 'within', None, 'nowhere'),
            (row['client'], row['verdict'], row['best_site'], row['movable']),
        )
        row = rows[dark['id']]
        self.assertEqual(
            ('unknown', None, 20.0),
            (row['verdict'], row['judged_ms'], row['budget_ms']),
        )
        # Its cell has one site.
        row = rows[far['id']]
        self.assertEqual(
            ('lyon', 'within', 61.0, 'cell'),
            (row['site'], row['verdict'], row['judged_ms'], row['movable']),
        )

        self.measure(ALICES, paris=50, brest=3, age=0)

        over = ('--verdict', 'over', '--fail-over')
        rows = self.rows(*over, status=ANY_OVER)
        expected = {near['id'], crew['id'], bobs['id']}
        self.assertEqual(expected, rows.keys())
        row = rows[near['id']]
        self.assertEqual(
            (51.0, 'lille', 13.0, 38.0),
            tuple(
                row[name]
                for name in ('judged_ms', 'best_site', 'best_ms', 'gain_ms')
            ),
        )
        self.assertEqual('brest', rows[bobs['id']]['best_site'])
        self.assertEqual('nowhere', rows[crew['id']]['movable'])

        bob = ('--project', self.other_user.project_id)
        self.assertEqual({bobs['id']}, self.rows(*bob).keys())
        self.assertEqual({far['id']}, self.rows('--site', 'lyon').keys())
        self.rows('--site', 'lyon', '--fail-over')
        result = self.run_command('audit', '--site', 'oslo')
        self.assertIn("'oslo' is no site of Nova", result.err)

        # What stands in the way.
        lock = {'lock': {}}
        self.admin.post_server_action(near['id'], lock)
        self.assertShown(near, movable='locked', best_site='lille')
        self.on_server(bobs, task_state='migrating')
        self.assertShown(bobs, movable='task')
        self.on_server(bobs, task_state=None, vm_state='suspended')
        self.assertShown(bobs, movable='state')

    def test_what_cannot_be_judged_is_named(self) -> None:
        servers = [self.near(ALICE, **BUDGET) for _ in range(4)]
        far = self.near(ALICE, zone='nova:lyon-1')
        good, broken, gone, deleted = servers
        self.break_request(broken)
        self.on_server(gone, deleted=7)
        self.delete_server(deleted)
        down = next(
            cell.uuid
            for cell in self.cell_mappings.values()
            if cell.name == 'cell2'
        )
        real = nova_servers.servers_of_cell

        def servers_of_cell(
            context: nova_context.RequestContext, uuids: Any
        ) -> Any:
            if context.cell_uuid == down:
                raise db_exception.DBConnectionError('no route\x1b')
            return real(context, uuids)

        with mock.patch.object(
            nova_servers, 'servers_of_cell', servers_of_cell
        ):
            found = self.audit()
        self.assertEqual([good['id']], [row['server'] for row in found.json])
        lines = found.err.splitlines()
        self.assertIn(
            f'server {broken["id"]}: its request cannot be read', lines[0]
        )
        self.assertIn('cell cell2 is away: DBConnectionError', lines[1])
        self.assertEqual(
            [
                f'server {gone["id"]}: was deleted meanwhile',
                '1 server of cell cell2 is not judged',
                '1 request that cannot be read',
                '1 server that was deleted meanwhile',
            ],
            lines[2:],
        )
        self.assertNotIn('\x1b', found.err)
        self.assertEqual('lyon', self.rows()[far['id']]['site'])
        # The whole cloud cannot be judged without the store.
        self.writer.close()
        with open(self.edge_sched_conf, 'a') as conf_file:
            conf_file.write(
                '[edge_sched_database]\n'
                'connection = mysql+pymysql://edge@127.0.0.1:1/edge\n'
            )
        said = self.audit(status=1).err
        self.assertIn('the latency store cannot be used', said)

    def test_servers_near_each_other_and_apart(self) -> None:
        group = self.user.post_server_groups(
            {'name': 'apart', 'policy': 'soft-anti-affinity'}
        )
        hints = {
            'edge:client': ALICE,
            'edge:spread': 'site',
            'edge:spread_mode': 'required',
            'group': group['id'],
        }
        one, two = (self.create_server(hints) for _ in range(2))
        self.assertLanded('paris', one)
        self.assertLanded('lille', two)
        self.measure('site:paris', lille=9, age=0)
        # Where the server of the group is that it is near to.
        beside = self.near(f'server:{one["id"]}', **BUDGET)
        self.assertLanded('paris', beside)

        # The only other site that is theirs has the other one.
        for server in one, two:
            self.assertShown(server, best_site=None, movable='nowhere')
        self.assertShown(
            beside,
            client=f'server:{one["id"]}',
            site='paris',
            judged_ms=0.5,
            best_site='lille',
            best_ms=10.0,
        )
