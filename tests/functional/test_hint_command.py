# SPDX-License-Identifier: Apache-2.0

"""``edge-sched hint``: an operator changes what a living server asks for."""

import json
from typing import Any

from nova import context
from nova import objects
from oslo_utils.fixture import uuidsentinel as uuids

from tests.functional.base import HOST
from tests.functional.base import Server
from tests.functional.commands import CommandCloudTestCase

ALICE = '203.0.113.7'
BOB = '198.51.100.7'
BUDGET = {'latency_budget_ms': '20'}


class HintCommandTest(CommandCloudTestCase):
    sites = {
        'paris': ('cell1', ['paris-1']),
        'lille': ('cell1', ['lille-1']),
        'rouen': ('cell1', ['rouen-1']),
    }

    def setUp(self) -> None:
        super().setUp()
        self.measure('203.0.113.0/24', paris=5, rouen=12, lille=15)
        self.measure('198.51.100.0/24', paris=50, rouen=60, lille=7)

    def run_hint(self, *argv: str, status: int = 0) -> str:
        """Run ``edge-sched hint``; what it says on stdout, or on stderr."""
        result = self.run_command('hint', *argv)
        self.assertEqual(status, result.status, result.err)
        return result.err if status else result.out

    def set_hints(self, server: Server, *argv: str) -> Any:
        """``{key: (before, after)}`` as the command shows it."""
        out = self.run_hint('set', server['id'], *argv, '-f', 'json')
        return {
            row['hint']: (row['before'], row['after'])
            for row in json.loads(out)
        }

    def shown(self, server: Server) -> dict[str, list[str]]:
        """What ``hint show`` shows, which is what the API does."""
        out = self.run_hint('show', server['id'], '-f', 'json')
        hints = {row['hint']: row['values'] for row in json.loads(out)}
        admin = self.client('admin', self.admin.project_id, admin=True)
        admin.microversion = '2.100'
        seen = admin.get_server(server['id'])['scheduler_hints']
        self.assertEqual(seen, hints)
        return hints

    def test_new_budget_holds_at_the_next_move(self) -> None:
        server = self.near(ALICE, **BUDGET)
        self.assertLanded('paris', server)

        self.assertEqual(
            {
                'edge:client': ([ALICE], [ALICE]),
                'edge:latency_budget_ms': (['20'], ['10']),
            },
            self.set_hints(server, 'edge:latency_budget_ms=10'),
        )

        self.assertEqual(
            {'edge:client': [ALICE], 'edge:latency_budget_ms': ['10']},
            self.shown(server),
        )
        self.assertLanded('paris', self.live_migrate(server))
        self.assertEqual('rejected', self.outcome())
        self.set_hints(server, '--unset', 'edge:latency_budget_ms')
        self.assertLanded('rouen', self.live_migrate(server))

    def test_new_client_is_followed_and_other_hints_stay(self) -> None:
        group = self.user.post_server_groups(
            {'name': 'apart', 'policy': 'anti-affinity'}
        )
        server = self.create_server(
            {
                'edge:client': [ALICE],
                'edge:latency_budget_ms': '20',
                'group': group['id'],
                'theirs': ['1', '2'],
            }
        )
        self.assertLanded('paris', server)
        # Where the new client is nearest there is another of the group.
        self.create_server({'edge:client': BOB, 'group': group['id']})
        self.set_client('crew', ['198.51.100.0/24'], self.user.project_id)

        self.set_hints(
            server,
            'edge:client=crew',
            f'edge:client={BOB}@90',
            '--unset',
            'edge:latency_budget_ms',
        )

        self.assertEqual(
            {
                'edge:client': ['crew', f'{BOB}@90'],
                'group': [group['id']],
                'theirs': ['1', '2'],
            },
            self.shown(server),
        )
        self.assertLanded('rouen', self.live_migrate(server))
        self.set_hints(server, f'edge:client={ALICE}')
        self.assertLanded('paris', self.live_migrate(server))

    def test_a_change_that_makes_no_sense_changes_nothing(self) -> None:
        self.set_client('theirs', [BOB], self.other_user.project_id)
        server = self.near(ALICE, **BUDGET)
        before = self.shown(server)
        for argv, why in (
            (
                ['edge:percentile=p99', 'edge:latency_budget_ms=soon'],
                "edge:latency_budget_ms 'soon' is not a number > 0",
            ),
            (['edge:client=theirs'], 'theirs is no client of project'),
            (
                ['edge:percentile=p99', '--unset', 'edge:unknown'],
                "has no hint 'edge:unknown'",
            ),
        ):
            said = self.run_hint('set', server['id'], *argv, status=1)
            self.assertIn(why, said)
            self.assertEqual(before, self.shown(server))

    def test_store_away(self) -> None:
        server = self.near(ALICE, **BUDGET)
        self.writer.close()
        with open(self.edge_sched_conf, 'a') as conf_file:
            conf_file.write(
                '[edge_sched_database]\n'
                'connection = mysql+pymysql://edge@127.0.0.1:1/edge\n'
            )
        set_crew = ('set', server['id'], 'edge:client=crew')
        self.assertIn(
            'the latency store cannot be used',
            self.run_hint(*set_crew, status=1),
        )
        self.run_hint(*set_crew, '--force')
        self.assertEqual(['crew'], self.shown(server)['edge:client'])
        # An address needs no store.
        self.run_hint('set', server['id'], f'edge:client={BOB}')

    def test_server_that_is_busy(self) -> None:
        server = self.near(ALICE, **BUDGET)
        mapping = objects.InstanceMapping.get_by_instance_uuid(
            context.get_admin_context(), server['id']
        )
        with context.target_cell(
            context.get_admin_context(), mapping.cell_mapping
        ) as in_cell:
            instance = objects.Instance.get_by_uuid(in_cell, server['id'])
            instance.task_state = 'migrating'
            instance.save()
        argv = ('set', server['id'], 'edge:latency_budget_ms=10')
        self.assertIn('is migrating', self.run_hint(*argv, status=1))
        self.assertEqual(['20'], self.shown(server)['edge:latency_budget_ms'])
        self.run_hint(*argv, '--force')
        self.assertEqual(['10'], self.shown(server)['edge:latency_budget_ms'])

    def test_server_that_is_not_there(self) -> None:
        server = self.near(ALICE)
        self.delete_server(server)
        for argv in ['show'], ['set', 'edge:percentile=p50']:
            name, *given = argv
            self.assertIn(
                'is deleted',
                self.run_hint(name, server['id'], *given, status=1),
            )
            self.assertIn(
                f'there is no server {uuids.nobody}',
                self.run_hint(name, uuids.nobody, *given, status=1),
            )

    def test_server_without_hints_gets_some(self) -> None:
        server = self.create_server()
        self.assertEqual({}, self.shown(server))
        before = server[HOST]
        self.set_hints(server, f'edge:client={ALICE}')
        self.assertEqual({'edge:client': [ALICE]}, self.shown(server))
        self.assertNotEqual(before, self.live_migrate(server)[HOST])
        self.assertEqual('judged', self.outcome())
