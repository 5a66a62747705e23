# SPDX-License-Identifier: Apache-2.0

"""``edge-sched explain``: why a server is where it is, and not elsewhere."""

from typing import Any

from edge_sched.cmd import coverage
from tests.functional import cloud
from tests.functional.base import Server
from tests.functional.commands import CommandCloudTestCase

ALICE = '203.0.113.7'
ALICES = '203.0.113.0/24'
NOBODY = '8b0f2c1e-5d0c-4b8e-9d65-0b8f3f0c6c11'


class ExplainCommandTest(CommandCloudTestCase):
    sites = {
        'paris': ('cell1', ['paris-1']),
        'lille': ('cell1', ['lille-1']),
        'brest': ('cell1', ['brest-1'], 'west'),
        'nice': ('cell1', ['nice-1']),
        'lyon': ('cell2', ['lyon-1']),
    }

    def explain(self, server: Server, *argv: str) -> Any:
        result = self.run_command('explain', server['id'], '-f', 'json', *argv)
        self.assertEqual(0, result.status, result.err)
        return result.json

    @cloud.cloud(conf={'edge_sched': {'record_detail': 'full'}})
    def test_every_site_and_what_was_decided(self) -> None:
        bob = self.other_user.project_id
        self.set_aggregate_metadata('nice', {'filter_tenant_id': bob})
        self.measure(ALICES, paris=5, lille=12, lyon=6)
        self.measure(ALICES, brest={'rtt_p50_ms': 30, 'rtt_p95_ms': 41})
        server = self.near(
            ALICE, latency_budget_ms='20', zone='nova', percentile='p50'
        )
        self.assertLanded('paris', server)

        told = self.explain(server)
        self.assertEqual(
            {
                'edge:client': [f'{ALICE}@20'],
                'edge:percentile': 'p50',
                'edge:budget_mode': 'required',
                'edge:unknown': 'reject',
                'edge:objective': 'nearest',
                'edge:combine': 'worst',
            },
            told['asks'],
        )
        self.assertEqual(
            ('paris', 'within', 5, 20, 'lille', 12, 'yes'),
            tuple(
                told[name]
                for name in (
                    'site',
                    'verdict',
                    'judged_ms',
                    'budget_ms',
                    'best_site',
                    'best_ms',
                    'movable',
                )
            ),
        )
        self.assertEqual(
            [
                ('paris', 'within', 'the server is here'),
                ('lille', 'within', ''),
                ('lyon', 'within', 'another cell, which no move leads to'),
                ('nice', 'unknown', 'kept for other projects'),
                ('brest', 'over', 'not in zone nova, which was asked for'),
            ],
            [
                (site['site'], site['verdict'], site['why_not'])
                for site in told['sites']
            ],
        )

        result = self.run_command('coverage', '-f', 'json')
        self.assertEqual(0, result.status, result.err)
        (row,) = result.json
        self.assertEqual(
            {
                'fresh': 4,
                'stale': 0,
                'never': 1,
                'within': 3,
                'over': 1,
                'nearest': 'paris',
                'nearest_ms': 5,
            },
            {name: row[name] for name in coverage.BY_CLIENT[5:]},
        )
        self.assertEqual((ALICE, 1), (row['client'], row['servers']))
        self.measure('198.51.100.0/24', age=2000, lyon=7)
        result = self.run_command('coverage', '--by', 'prefix', '-f', 'json')
        self.assertEqual(
            [(ALICES, 1, 4, 0, 1), ('198.51.100.0/24', 0, 0, 1, 4)],
            [
                tuple(
                    row[name]
                    for name in ('client', 'servers', *coverage.STATES)
                )
                for row in result.json
            ],
        )
        argv = ('coverage', '--site', 'brest', '-f', 'json')
        (row,) = self.run_command(*argv).json
        self.assertEqual(
            ('fresh', 'over', 30),
            tuple(row[name] for name in coverage.AT_SITE[5:]),
        )
        argv = ('coverage', '--missing', '--site', 'nice', '-f', 'json')
        (row,) = self.run_command(*argv).json
        self.assertEqual(
            f'nice has not measured {ALICES}, which 1 server asks for, nor '
            'any other: it has no prober, or no collector reads it',
            row['missing'],
        )
        result = self.run_command('coverage', '--site', 'oslo')
        self.assertIn("'oslo' is no site of Nova", result.err)

        log = f'{self.folder}/scheduler.log'
        with open(log, 'w') as file:
            file.write('edge decision {\n')
            file.writelines(f'{x}\n' for x in self.log_lines('edge decision'))
        result = self.run_command('explain', server['id'], '--log', log)
        self.assertEqual(0, result.status, result.err)
        self.assertIn('scheduler.log, line 1: is broken off', result.err)
        self.assertIn('judged, paris-1 first', result.out)
        self.assertIn('another cell, which no move leads to', result.out)
        (decision,) = self.explain(server, '--log', log)['decisions']
        self.assertEqual('paris-1', decision['first'])
        self.assertEqual('create', decision['operation'])
        self.assertEqual({}, decision['without_budget'])

    def test_group_that_is_apart(self) -> None:
        self.measure(ALICES, paris=5, lille=12, nice=90)
        group = self.user.post_server_groups(
            {'name': 'replicas', 'policy': 'soft-anti-affinity'}
        )
        hints = {
            'edge:client': f'{ALICE}@20',
            'edge:spread': 'site',
            'edge:spread_mode': 'required',
            'group': group['id'],
        }
        first, second = (self.create_server(hints) for _ in range(2))
        self.assertLanded('paris', first)
        self.assertLanded('lille', second)
        sites = {s['site']: s for s in self.explain(second)['sites']}
        self.assertEqual([1], sites['paris']['members'])
        self.assertEqual(
            'has a server of the group', sites['paris']['why_not']
        )
        self.assertEqual('over latency', sites['nice']['why_not'])
        self.assertEqual('unknown: never measured', sites['brest']['why_not'])

        plain = self.create_server()
        for server in (plain['id'], NOBODY):
            result = self.run_command('explain', server)
            self.assertEqual(1, result.status)
            self.assertIn('there is nothing to explain', result.err)
        result = self.run_command('explain', 'web')
        self.assertEqual(1, result.status)
        self.assertIn("'web' is not the id of a server", result.err)
        result = self.run_command('explain', plain['id'], '--log', 'missing')
        self.assertIn('missing: No such file', result.err)
