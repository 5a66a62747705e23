# SPDX-License-Identifier: Apache-2.0

"""``edge-sched measurement`` on a real store."""

import csv
import datetime
import io
import json
import pathlib
import time
from unittest import mock

from edge_sched.cmd import progress
from edge_sched.store import clock
from edge_sched.store import measurements
from tests.unit.cmd import base


def ago(seconds: float) -> str:
    moment = datetime.datetime.now(datetime.UTC)
    return (moment - datetime.timedelta(seconds=seconds)).isoformat()


class TestImport(base.SyncedTestCase):
    def assertImportFails(self, message: str, *lines: str) -> None:
        path = self.write('bad.csv', *lines)
        self.assertFails(
            message.format(path=path), 'measurement', 'import', path
        )

    def test_summary(self):
        result = self.import_csv(
            base.HEADER, 'lyon,10.0.0.0/8,1,2', 'nice,10.0.0.0/8,1,2'
        )

        self.assertEqual(
            '2 rows stored, 0 older than the stored ones skipped\n',
            result.out,
        )

    def test_time_is_that_of_the_store(self):
        # Whatever the clock of this host says.
        there = 4_000_000_000.0
        header = f'{base.HEADER},measured_at'
        with mock.patch.object(clock, 'now', return_value=there):
            self.import_csv(
                header,
                'lyon,10.0.0.0/8,1,2,',
                'nice,10.0.0.0/8,1,2,2096-10-02T07:06:45Z',
            )
            self.assertImportFails(
                "{path}: line 2, column measured_at: '2096-10-02T07:06:46Z' "
                'is 6 s ahead of the clock',
                header,
                'nice,10.0.0.0/8,1,2,2096-10-02T07:06:46Z',
            )
        self.assertEqual(
            {
                'lyon': '2096-10-02T07:06:40+00:00',
                'nice': '2096-10-02T07:06:45+00:00',
            },
            {
                row['vantage']: row['measured_at']
                for row in self.listed('measurement', 'list')
            },
        )

    def test_header_alone(self):
        result = self.import_csv(base.HEADER)

        self.assertIn('0 rows stored', result.out)

    def test_older_rows_are_skipped_and_counted(self):
        header = f'{base.HEADER},measured_at'
        self.import_csv(
            header,
            f'lyon,10.0.0.0/8,1,2,{ago(60)}',
            f'nice,10.0.0.0/8,1,2,{ago(60)}',
        )

        result = self.import_csv(
            header,
            f'lyon,10.0.0.0/8,3,4,{ago(90)}',
            f'nice,10.0.0.0/8,3,4,{ago(30)}',
            f'lille,10.0.0.0/8,3,4,{ago(900)}',
        )

        self.assertEqual(
            '2 rows stored, 1 older than the stored ones skipped\n',
            result.out,
        )
        self.assertEqual(
            {'lyon': 1.0, 'nice': 3.0, 'lille': 3.0},
            {
                row['vantage']: row['rtt_p50_ms']
                for row in self.listed('measurement', 'list')
            },
        )

    def test_json_lines(self):
        path = self.write(
            'rows.jsonl',
            '{"vantage": "lyon", "client": "10.0.0.0/8", "rtt_p50_ms": 1,'
            ' "rtt_p95_ms": null}',
        )

        self.succeed('measurement', 'import', path)

        (row,) = self.listed('measurement', 'list')
        self.assertEqual('inf', row['rtt_p95_ms'])

    def test_one_bad_line_and_nothing_is_stored(self):
        self.assertImportFails(
            '{path}: line 3, column rtt_p95_ms: 1 is less than rtt_p50_ms 2\n'
            "{path}: line 5, column samples: '0' is not a whole number in "
            '1..2147483647',
            f'{base.HEADER},samples',
            'lyon,10.0.0.0/8,1,2,60',
            'nice,10.0.0.0/8,2,1,60',
            '',
            'lille,10.0.0.0/8,1,2,0',
            'paris,10.0.0.0/8,1,2,60',
        )
        self.assertEqual([], self.listed('measurement', 'list'))

    def test_bad_bytes(self):
        path = pathlib.Path(self.write('bad.csv', base.HEADER))
        path.write_bytes(path.read_bytes() + b'lyon\xff,10.0.0.0/8,1,2\n')

        self.assertFails(
            f'{path}: line 2: is not UTF-8 text',
            *('measurement', 'import', str(path)),
        )

    def test_file_without_line_breaks_is_not_read_whole(self):
        path = self.write('bad.csv', 'x' * 10_000_000)

        with mock.patch('csv.reader', side_effect=AssertionError):
            self.assertFails(
                f'{path}: line 1: is longer than 8192 characters',
                *('measurement', 'import', path),
            )

    def test_file_that_cannot_be_read(self):
        for path, why in (
            (str(self.home / 'missing.csv'), 'No such file or directory'),
            (str(self.home), 'Is a directory'),
        ):
            self.assertFails(
                f'cannot read {path}: {why}', 'measurement', 'import', path
            )

    def test_name_that_is_no_client(self):
        self.succeed(*'client set car 10.0.0.1 --project p1'.split())
        for line, owner in (
            ('lyon,bus,1,2,p1', "'bus' is no client of project p1"),
            ('lyon,car,1,2,p2', "'car' is no client of project p2"),
            ('lyon,car,1,2,', "'car' is no client that is shared"),
            ('lyon,Car,1,2,p1', "'Car' is no client of project p1"),
        ):
            self.assertImportFails(
                f'{{path}}: line 4, column client: {owner}',
                f'{base.HEADER},project',
                'lyon,10.0.0.0/8,1,2,',
                'lyon,car,1,2,p1',
                line,
                'nice,10.0.0.0/8,1,2,',
            )
        self.assertEqual([], self.listed('measurement', 'list'))

    def test_names_by_owner(self):
        self.succeed(*'client set car 10.0.0.1 --project p1'.split())
        self.succeed(*'client set car 10.0.0.2 --shared'.split())

        self.import_csv(
            f'{base.HEADER},project', 'lyon,car,1,2,p1', 'lyon,car,3,4,'
        )

        self.assertEqual(
            {('p1', 1.0), (None, 3.0)},
            {
                (row['project'], row['rtt_p50_ms'])
                for row in self.listed('measurement', 'list')
            },
        )

    def test_failure_half_way_stores_nothing(self):
        self.patch(measurements, 'BATCH_ROWS', 2)
        upsert = measurements.upsert_newer
        calls = []

        def fail_late(*args: object) -> None:
            calls.append(args)
            if len(calls) == 2:
                raise RuntimeError('the power went')
            upsert(*args)

        self.patch(measurements, 'upsert_newer', fail_late)
        self.assertImportFails(
            'the power went',
            base.HEADER,
            *(f'lyon,10.0.0.{i},1,2' for i in range(6)),
        )

        self.assertEqual(2, len(calls))
        self.assertEqual([], self.listed('measurement', 'list'))

    def test_many_lines_show_progress(self):
        self.patch(progress, 'STEP', 1000)
        path = self.write(
            'rows.csv',
            base.HEADER,
            *(f'v{i},10.0.0.0/8,1,2' for i in range(2500)),
        )

        result = self.run_command('measurement', 'import', path)
        again = self.run_command('-q', 'measurement', 'import', path)

        self.assertEqual(
            [
                '1000 lines read',
                '2000 lines read',
                '1000 of 2500 rows stored',
                '2000 of 2500 rows stored',
            ],
            result.err.splitlines(),
        )
        self.assertEqual(('', result.out), (again.err, again.out))


class TestList(base.SyncedTestCase):
    def setUp(self):
        super().setUp()
        self.succeed(*'client set car 10.0.0.1 --project p1'.split())
        self.import_csv(
            f'{base.HEADER},rtt_min_ms,rtt_p99_ms,pdv_ms,loss_ratio,samples,'
            'measured_at,source,project',
            'lyon,10.0.0.0/8,9.5,12,8,inf,4,0.01,600,'
            '2026-01-02T03:04:05+01:00,stamp,',
            'lyon,10.1.0.0/16,,,,,,,,2026-01-02T03:04:05Z,,',
            'nice,car,3,inf,,,,,,2026-01-02T03:04:05.25Z,icmp,p1',
        )

    def names(self, *argv: str) -> list[tuple[str, str]]:
        return [
            (row['vantage'], row['client'])
            for row in self.listed('measurement', 'list', *argv)
        ]

    def test_json_has_numbers_and_nulls(self):
        rows = {
            row['client']: row for row in self.listed('measurement', 'list')
        }

        self.assertEqual(
            {
                'vantage': 'lyon',
                'client': '10.0.0.0/8',
                'rtt_p50_ms': 9.5,
                'rtt_p95_ms': 12.0,
                'rtt_min_ms': 8.0,
                'rtt_p99_ms': 'inf',
                'pdv_ms': 4.0,
                'loss_ratio': 0.01,
                'samples': 600,
                'measured_at': '2026-01-02T02:04:05+00:00',
                'source': 'stamp',
                'project': None,
                'rtt_p50_hour_ms': None,
                'rtt_p95_hour_ms': None,
                'loss_hour_ratio': None,
            },
            rows['10.0.0.0/8'],
        )
        self.assertEqual(
            ['inf', 'inf', None, 'inf', None, None, None],
            [
                rows['10.1.0.0/16'][column]
                for column in (
                    'rtt_p50_ms',
                    'rtt_p95_ms',
                    'rtt_min_ms',
                    'rtt_p99_ms',
                    'pdv_ms',
                    'loss_ratio',
                    'samples',
                )
            ],
        )
        self.assertEqual('p1', rows['car']['project'])

    def test_table_says_lost(self):
        out = self.succeed(
            *('measurement', 'list', '--client', 'car'),
            *('-c', 'vantage', '-c', 'rtt_p50_ms', '-c', 'rtt_p95_ms'),
        ).out

        self.assertIn('| nice    |        3.0 | lost       |', out)

    def test_lost_sorts_behind_all_numbers(self):
        for column, expected in (
            ('rtt_p95_ms', ['lyon', 'lyon', 'nice']),
            ('rtt_p50_ms', ['nice', 'lyon', 'lyon']),
        ):
            names = self.names('--sort-column', column)
            self.assertEqual(expected, [vantage for vantage, _ in names])

    def test_csv_can_be_imported_again(self):
        before = self.succeed('measurement', 'list', '-f', 'csv').out
        path = self.write('again.csv', before)
        self.succeed('measurement', 'purge', '--all')

        result = self.succeed('measurement', 'import', path)

        self.assertIn('3 rows stored', result.out)
        self.assertEqual(
            before, self.succeed('measurement', 'list', '-f', 'csv').out
        )
        rows = list(csv.DictReader(io.StringIO(before)))
        self.assertEqual('inf', rows[0]['rtt_p99_ms'])

    def test_json_can_be_imported_again_line_by_line(self):
        before = self.listed('measurement', 'list')
        path = self.write('again.jsonl', *map(json.dumps, before))
        self.succeed('measurement', 'purge', '--all')

        self.succeed('measurement', 'import', path)

        self.assertEqual(before, self.listed('measurement', 'list'))

    def test_by_client(self):
        for client, expected in (
            ('10.0.0.0/8', [('lyon', '10.0.0.0/8')]),
            ('10.1.2.3/16', [('lyon', '10.1.0.0/16')]),
            ('10.0.0.1', []),
            ('car', [('nice', 'car')]),
            ('bus', []),
        ):
            self.assertEqual(expected, self.names('--client', client))

    def test_by_vantage(self):
        self.assertEqual([('nice', 'car')], self.names('--vantage', 'nice'))
        self.assertEqual([], self.names('--vantage', 'Nice'))
        self.assertEqual(
            [], self.names('--vantage', 'nice', '--client', '10.0.0.0/8')
        )

    def test_site(self):
        site = 'site:a "b" \xe9'
        of_site = ('--client', site)
        path = self.write(
            'sites.jsonl',
            json.dumps(
                {
                    'vantage': 'lyon',
                    'client': site,
                    'rtt_p50_ms': 9,
                    'rtt_p95_ms': 12,
                }
            ),
        )
        self.succeed('measurement', 'import', path)
        self.assertEqual([('lyon', site)], self.names(*of_site))
        listed = self.succeed('measurement', 'list', '-f', 'csv').out

        purged = self.succeed('measurement', 'purge', *of_site)

        self.assertEqual('1 rows deleted\n', purged.out)
        self.assertEqual([], self.names(*of_site))
        self.succeed('measurement', 'import', self.write('all.csv', listed))
        self.assertEqual([('lyon', site)], self.names(*of_site))

    def test_client_that_cannot_be(self):
        for command in 'list', 'purge':
            self.assertFails(
                "'999.1.1.1' is not an address, a prefix, a name or a site "
                '(site:lyon)',
                *('measurement', command, '--client', '999.1.1.1'),
            )


class TestPurge(base.SyncedTestCase):
    def setUp(self):
        super().setUp()
        self.succeed(*'client set car 10.0.0.1 --shared'.split())
        self.import_csv(
            f'{base.HEADER},measured_at',
            f'lyon,10.0.0.0/8,1,2,{ago(7200)}',
            f'nice,10.0.0.0/8,1,2,{ago(60)}',
            f'nice,10.0.0.1,1,2,{ago(60)}',
            f'paris,car,1,2,{ago(60)}',
        )

    def assertPurged(self, count: int, *argv: str) -> None:
        result = self.succeed('measurement', 'purge', *argv)
        self.assertEqual(f'{count} rows deleted\n', result.out)
        self.assertEqual(4 - count, len(self.listed('measurement', 'list')))

    def test_all(self):
        self.assertPurged(4, '--all')

        self.assertEqual(1, len(self.listed('client', 'list')))

    def test_older_than(self):
        self.assertPurged(1, '--older-than', '3600')

    def test_older_than_nothing(self):
        time.sleep(0.01)
        self.assertPurged(4, '--older-than', '0')

    def test_client(self):
        self.assertPurged(2, '--client', '10.0.0.0/8')

    def test_name(self):
        self.assertPurged(1, '--client', 'car')

    def test_vantage(self):
        self.assertPurged(2, '--vantage', 'nice')

    def test_nothing_is_not_all(self):
        self.assertPurged(0, '--vantage', '')
        self.assertPurged(0, '--client', 'bus')

    def test_seconds_that_cannot_be(self):
        for text in 'soon', '-1', 'nan', 'inf', '':
            self.assertFails(
                f'--older-than {text!r} is not a number of seconds',
                *('measurement', 'purge', f'--older-than={text}'),
            )
