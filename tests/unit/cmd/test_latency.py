# SPDX-License-Identifier: Apache-2.0

"""``edge-sched latency show`` on a real store."""

import datetime
import time
from typing import Any
from unittest import mock

from edge_sched.cmd import latency
from edge_sched.model.client import parse_client
from edge_sched.model.latency import Latency
from edge_sched.model.latency import NewLatency
from edge_sched.store import clock
from edge_sched.store.settings import StoreSettings
from edge_sched.store.writer import Writer
from tests.unit.cmd import base


def ago(seconds: float) -> str:
    moment = datetime.datetime.now(datetime.UTC)
    return (moment - datetime.timedelta(seconds=seconds)).isoformat()


class TestShow(base.SyncedTestCase):
    def setUp(self):
        super().setUp()
        self.succeed(*'client set car 203.0.113.7 --project p1'.split())
        self.succeed(*'client set car 198.51.100.7 --shared'.split())
        self.import_csv(
            f'{base.HEADER},rtt_min_ms,rtt_p99_ms,pdv_ms,loss_ratio,samples,'
            'measured_at,source,project',
            f'lyon,203.0.113.0/24,9,12,8,40,,0.01,600,{ago(40)},stamp,',
            f'nice,203.0.113.0/24,8,31,7,,,,64,{ago(40)},stamp,',
            f'lille,203.0.113.0/24,7,inf,6,,,,64,{ago(40)},stamp,',
            f'paris,203.0.113.0/24,1,2,,,,,64,{ago(7200)},stamp,',
            f'brest,203.0.113.0/24,1,2,,,,,59,{ago(40)},stamp,',
            f'lyon,203.0.0.0/16,1,2,,,,,600,{ago(40)},stamp,',
            f'metz,203.0.0.0/16,5,6,,,,,,{ago(40)},,',
            f'metz,car,3,4,,,,,64,{ago(40)},,p1',
        )

    def show(self, *argv: str) -> dict[str, dict[str, Any]]:
        result = self.run_command('latency', 'show', *argv, '-f', 'json')
        rows = {row['vantage']: row for row in result.json}
        # An empty table is silent, so that much is said beside it.
        said = '' if rows else f'{argv[0]} was never measured\n'
        self.assertEqual((0, said), (result.status, result.err))
        return rows

    def verdicts(self, *argv: str) -> list[tuple[str, str]]:
        """Vantages and verdicts as they are listed."""
        return [
            (vantage, row['verdict'])
            for vantage, row in self.show(*argv).items()
        ]

    def test_columns(self):
        out = self.run_command('latency', 'show', 'car', '-f', 'csv').out

        self.assertEqual(
            '"vantage","client","verdict","rtt_p50_ms","rtt_p95_ms",'
            '"rtt_p99_ms","pdv_ms","loss_ratio","samples","age_seconds",'
            '"source","rtt_p50_hour_ms","rtt_p95_hour_ms",'
            '"loss_hour_ratio"',
            out.splitlines()[0],
        )

    def test_figures_of_the_row_that_decides(self):
        row = self.show('203.0.113.7')['lyon']

        self.assertTrue(39 < row.pop('age_seconds') < 100)
        self.assertEqual(
            {
                'vantage': 'lyon',
                'client': '203.0.113.0/24',
                'verdict': 'within',
                'rtt_p50_ms': 9.0,
                'rtt_p95_ms': 12.0,
                'rtt_p99_ms': 40.0,
                'pdv_ms': 4.0,
                'loss_ratio': 0.01,
                'samples': 600,
                'source': 'stamp',
                'rtt_p50_hour_ms': None,
                'rtt_p95_hour_ms': None,
                'loss_hour_ratio': None,
            },
            row,
        )

    def test_budget_at_the_default_percentile_best_first(self):
        self.assertEqual(
            [
                ('metz', 'within'),
                ('lyon', 'within'),
                ('brest', 'unknown'),
                ('paris', 'unknown'),
                ('lille', 'over'),
                ('nice', 'over'),
            ],
            self.verdicts('203.0.113.7', '--budget', '20'),
        )

    def test_percentile(self):
        shown = self.show(*'203.0.113.7 --budget 20 --percentile p50'.split())

        self.assertEqual('within', shown['nice']['verdict'])
        self.assertEqual('within', shown['lille']['verdict'])
        self.assertEqual('inf', shown['lille']['rtt_p95_ms'])
        self.assertEqual('within', shown['brest']['verdict'])
        self.assertEqual('unknown', shown['paris']['verdict'])

        shown = self.show(
            *'203.0.113.7 --budget 39.9 --percentile p99'.split()
        )

        self.assertEqual('over', shown['lyon']['verdict'])
        self.assertEqual('unknown', shown['nice']['verdict'])
        self.assertEqual('over', shown['lille']['verdict'])

    def test_configuration_counts(self):
        path = self.write(
            'more.conf',
            '[edge_sched]',
            'max_age = 10000',
            'default_percentile = p50',
        )

        result = self.run_bare(
            *('--config-file', self.conf, '--config-file', path),
            *'latency show 203.0.113.7 --budget 8.5 -f json'.split(),
        )

        shown = {row['vantage']: row['verdict'] for row in result.json}
        self.assertEqual('within', shown['paris'])
        self.assertEqual('within', shown['nice'])
        self.assertEqual('over', shown['lyon'])

    def test_outage_of_measuring(self):
        settings = StoreSettings(f'sqlite:///{self.store}')
        argv = ('latency', 'show', '203.0.113.7', '-f', 'json')
        with (
            Writer(settings) as writer,
            mock.patch.object(clock, 'now') as now,
        ):
            for age, verdict, said in (
                (
                    7200,
                    'within',
                    'measuring is down: measurements are used up to an age '
                    'of 6 h\n',
                ),
                (60, 'unknown', ''),
            ):
                now.return_value = time.time() - age
                writer.beat('1/1')
                result = self.run_command(*argv)
                (paris,) = (r for r in result.json if r['vantage'] == 'paris')
                self.assertEqual(said, result.err)
                self.assertEqual(verdict, paris['verdict'])
                self.assertGreaterEqual(paris['age_seconds'], 7200)

    def test_clock_that_is_ahead(self):
        row = Latency('lyon', '203.0.113.0/24', 1, 2, time.time() + 40)
        with Writer(StoreSettings(f'sqlite:///{self.store}')) as writer:
            writer.store_latencies([NewLatency(parse_client(row.client), row)])

        result = self.run_command(
            *'latency show 203.0.113.7 --budget 20 -f json'.split()
        )

        (lyon,) = (r for r in result.json if r['vantage'] == 'lyon')
        self.assertEqual('unknown', lyon['verdict'])
        self.assertTrue(-40 <= lyon['age_seconds'] < -5)
        self.assertRegex(
            result.err,
            r'^1 of these measured \d+ s in the future: check the clocks\n$',
        )

    def test_prefix_matches_rows_that_contain_it(self):
        self.assertEqual(['lyon', 'metz'], sorted(self.show('203.0.112.0/22')))
        self.assertEqual({}, self.show('203.0.0.0/8'))

    def test_name_by_project(self):
        shown = self.show('car', '--project', 'p1')

        self.assertEqual(
            ['brest', 'lille', 'lyon', 'metz', 'nice', 'paris'], sorted(shown)
        )
        self.assertEqual('car', shown['metz']['client'])
        self.assertEqual('203.0.113.0/24', shown['lyon']['client'])
        # The shared car is elsewhere, where nothing was measured.
        self.assertEqual({}, self.show('car', '--project', 'p2'))
        self.assertEqual({}, self.show('car'))

    def test_name_with_a_prefix_that_was_not_measured(self):
        self.succeed(*'client set two 203.0.113.7 10.9.9.9 --shared'.split())

        lyon = self.show('two')['lyon']

        self.assertEqual('unknown', lyon.pop('verdict'))
        self.assertEqual('lyon', lyon.pop('vantage'))
        self.assertEqual({None}, set(lyon.values()))

    def test_unknown_name_and_that_of_another_project(self):
        self.succeed(*'client set own 203.0.113.7 --project p1'.split())

        self.assertFails(
            'bus is not a known client',
            *'latency show bus --project p2'.split(),
        )
        self.assertFails(
            'own is not a known client',
            *'latency show own --project p2'.split(),
        )
        self.assertFails(
            'own is not a known client', *'latency show own'.split()
        )

    def test_site_has_the_rows_of_either_end(self):
        self.import_csv(
            f'{base.HEADER},measured_at',
            f'lyon,site:oslo,9,12,{ago(40)}',
            f'oslo,site:nice,7,8,{ago(40)}',
            f'oslo,site:lyon,1,2,{ago(50)}',
        )
        self.assertEqual(
            {
                'lyon': ('site:oslo', 9.0, 'within'),
                'nice': ('site:oslo', 7.0, 'within'),
            },
            {
                vantage: (row['client'], row['rtt_p50_ms'], row['verdict'])
                for vantage, row in self.show('site:oslo').items()
            },
        )
        self.assertEqual({}, self.show('site:Oslo'))

    def test_bad_arguments(self):
        for argv, message in (
            (
                ['999.1.1.1'],
                "'999.1.1.1' is not an address, a prefix, a name or a site "
                '(site:lyon)',
            ),
            *(
                (
                    [client],
                    f"'{client}' is not an address, a prefix, a name or a "
                    'site (site:lyon)',
                )
                for client in ('car,bus', 'site:', 'site:a@1', 'server:a')
            ),
            (['car', '--budget', '0'], "--budget '0' is not a number > 0"),
            (['car', '--budget=nan'], "--budget 'nan' is not a number > 0"),
            (
                ['car', '--percentile', 'p90'],
                "--percentile 'p90' is not one of p50, p95, p99",
            ),
            (['car', '--project', ''], "'' is not a project id"),
        ):
            self.assertFails(message, 'latency', 'show', *argv)

    def test_table(self):
        out = self.succeed(*'latency show 203.0.113.7 --budget 20'.split()).out

        for column in latency.COLUMNS:
            self.assertIn(f' {column} ', out.splitlines()[1])
        self.assertRegex(out, r'\| lille .* over +\| +7\.0 \| +lost \| lost')
