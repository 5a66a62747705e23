# SPDX-License-Identifier: Apache-2.0

"""What is written, skipped, replaced and deleted, on each database."""

import time

import fixtures
import sqlalchemy as sa

from edge_sched.model.client import parse_client
from edge_sched.model.client import parse_prefix
from edge_sched.model.latency import Answer
from edge_sched.store import ids
from edge_sched.store.errors import StoreUnavailableError
from edge_sched.store.errors import UnknownClientError
from edge_sched.store.measurements import Stored
from edge_sched.store.named import NamedClient
from tests.functional.store import base

CAR = [parse_prefix('203.0.113.7')]


class WriterTests:
    def test_an_older_row_is_skipped_and_counted(self):
        self.store(base.row('lyon', '203.0.113.0/24', 10.0))
        stored = self.store(
            base.row('lyon', '203.0.113.0/24', 1.0, measured_at=base.NOW - 1),
            base.row('oslo', '203.0.113.0/24', 2.0, measured_at=base.NOW - 1),
        )
        self.assertEqual(Stored(written=1, older=1), stored)
        self.assertEqual(
            {
                'lyon': ('203.0.113.0/24', 10.0),
                'oslo': ('203.0.113.0/24', 2.0),
            },
            self.figures('203.0.113.7'),
        )

    def test_a_newer_row_replaces_every_figure(self):
        self.store(
            base.row(
                'lyon',
                '203.0.113.7',
                1.0,
                rtt_min_ms=0.5,
                rtt_p99_ms=9.0,
                samples=300,
                loss_ratio=0.5,
                pdv_ms=3.0,
                source='ping',
            )
        )
        new = base.row('lyon', '203.0.113.7', 2.0, measured_at=base.NOW + 1)
        self.assertEqual(Stored(1, 0), self.store(new))
        (answer,) = self.look_up('203.0.113.7')
        self.assertEqual({'lyon': new.latency}, answer.parts[0])

    def test_of_equal_times_the_later_counts(self):
        self.store(base.row('lyon', '203.0.113.7', 1.0))
        stored = self.store(
            base.row('lyon', '203.0.113.7', 2.0),
            base.row('lyon', '203.0.113.7', 3.0),
            base.row('lyon', '203.0.113.7', 4.0, measured_at=base.NOW - 1),
        )
        self.assertEqual(Stored(written=2, older=1), stored)
        self.assertEqual(
            {'lyon': ('203.0.113.7/32', 3.0)}, self.figures('203.0.113.7')
        )

    def test_a_row_of_a_clock_that_was_ahead_is_replaced(self):
        hour = 3600.0
        ahead = base.row(
            'lyon', '203.0.113.7', 1.0, measured_at=time.time() + hour
        )
        self.store(ahead)
        stored = self.store(base.row('lyon', '203.0.113.7', 2.0))
        self.assertEqual(Stored(written=1, older=0), stored)
        self.assertEqual(
            {'lyon': ('203.0.113.7/32', 2.0)}, self.figures('203.0.113.7')
        )

    def test_the_database_itself_refuses_an_older_row(self):
        # As if another writer had been faster than our reading of the times.
        new = base.row('lyon', '203.0.113.7', 1.0)
        self.store(new)
        self.select('UPDATE edge_latencies SET measured_at = measured_at - 1')
        statements = []

        def interfere(connection, cursor, statement, *args):
            upsert = 'INSERT INTO edge_latencies' in statement
            if upsert and not statements:
                statements.append(statement)
                cursor.execute(
                    'UPDATE edge_latencies SET measured_at = 1700000001'
                )

        sa.event.listen(sa.Engine, 'before_cursor_execute', interfere)
        self.addCleanup(
            sa.event.remove, sa.Engine, 'before_cursor_execute', interfere
        )
        self.store(base.row('lyon', '203.0.113.7', 5.0))
        self.assertEqual(1, len(statements))
        self.assertEqual(
            [(1.0, base.NOW + 1)],
            [
                tuple(row)
                for row in self.select(
                    'SELECT rtt_p50_ms, measured_at FROM edge_latencies'
                )
            ],
        )

    def test_many_rows_show_progress_and_are_all_there(self):
        rows = [
            base.row(f'v{vantage}', f'10.{number >> 8}.{number & 255}.0/24', 1)
            for number in range(1000)
            for vantage in range(5)
        ]
        progress = []
        stored = self.writer.store_latencies(iter(rows), progress.append)
        self.assertEqual(Stored(5000, 0), stored)
        self.assertEqual(sorted(progress), progress)
        self.assertGreater(len(progress), 1)
        self.assertEqual(5000, progress[-1])
        self.assertEqual(5000, len(self.writer.list_latencies()))

    def test_an_unknown_name_is_named_by_its_line_and_nothing_is_stored(self):
        self.writer.set_client('car', [], 'p1')
        error = self.assertRaises(
            UnknownClientError,
            self.store,
            base.row('lyon', '203.0.113.7', 1.0, line=2),
            base.row('lyon', 'car', 1.0, 'p1', line=3),
            base.row('lyon', 'car', 1.0, 'p2', line=4),
            base.row('lyon', 'nobody', 1.0, line=5),
        )
        self.assertEqual(
            ('car', 'p2', 4), (error.name, error.project_id, error.line)
        )
        self.assertEqual([], self.writer.list_latencies())
        self.assertEqual(0, self._count('edge_vantages'))

    def test_a_failure_half_way_stores_nothing(self):
        def fail(done):
            raise ValueError(done)

        rows = [base.row(f'v{n}', '203.0.113.7', 1.0) for n in range(1500)]
        self.assertRaises(ValueError, self.writer.store_latencies, rows, fail)
        self.assertEqual([], self.writer.list_latencies())

    def test_a_client_that_moves_loses_its_own_rows(self):
        self.writer.set_client('car', CAR)
        self.store(
            base.row('lyon', 'car', 1.0),
            base.row('lyon', '198.51.100.0/24', 2.0),
        )
        self.writer.set_client('car', CAR)
        self.assertEqual({'lyon': ('car', 1.0)}, self.figures('car'))
        self.writer.set_client('car', [parse_prefix('198.51.100.1')])
        self.assertEqual(
            {'lyon': ('198.51.100.0/24', 2.0)}, self.figures('car')
        )

    def test_unset(self):
        self.writer.set_client('car', CAR, 'p1')
        self.store(base.row('lyon', 'car', 1.0, 'p1'))
        self.assertRaises(
            UnknownClientError, self.writer.unset_client, 'car', 'p2'
        )
        self.assertRaises(UnknownClientError, self.writer.unset_client, 'car')
        self.writer.unset_client('car', 'p1')
        self.assertEqual(
            [Answer(known=False)], self.look_up('car', project='p1')
        )
        for table in (
            'edge_clients',
            'edge_named_prefixes',
            'edge_named_prefix_ancestors',
            'edge_latencies',
        ):
            self.assertEqual(0, self._count(table), table)

    def test_list_clients(self):
        prefixes = [parse_prefix('2001:db8::/56'), parse_prefix('10.0.0.0/8')]
        self.writer.set_client('car', prefixes, 'p1')
        self.writer.set_client('car', [], None)
        self.writer.set_client('bus', CAR, 'p2')
        self.store(
            base.row('lyon', '203.0.113.7', 1.0),
            base.row('lyon', 'site:oslo', 1.0),
        )
        self.assertEqual(
            [
                NamedClient('bus', 'p2', tuple(CAR)),
                NamedClient('car', '', ()),
                NamedClient('car', 'p1', (prefixes[1], prefixes[0])),
            ],
            self.writer.list_clients(),
        )

    def test_list_latencies(self):
        self.writer.set_client('car', CAR, 'p1')
        self.store(
            base.row('lyon', 'car', 1.0, 'p1'),
            base.row('oslo', '203.0.113.0/24', 2.0),
            base.row('lyon', '203.0.113.0/24', 3.0),
            base.row('lyon', '203.0.112.0/23', 4.0),
            base.row('lyon', '2001:db8::/56', 5.0),
            base.row('lyon', 'site:oslo', 6.0),
            base.row('oslo', 'site:car', 7.0),
        )
        for chosen, expected in (
            ({}, [4.0, 3.0, 2.0, 5.0, 7.0, 6.0, 1.0]),
            ({'client': parse_client('site:car')}, [7.0]),
            ({'client': parse_client('site:nowhere')}, []),
            ({'vantage': 'oslo'}, [2.0, 7.0]),
            ({'client': parse_client('203.0.113.0/24')}, [3.0, 2.0]),
            ({'client': parse_client('203.0.113.7')}, []),
            ({'client': parse_client('car')}, [1.0]),
            ({'client': parse_client('car'), 'vantage': 'oslo'}, []),
        ):
            listed = self.writer.list_latencies(**chosen)
            self.assertEqual(
                expected, [row.latency.rtt_p50_ms for row in listed]
            )
        listed = self.writer.list_latencies()
        self.assertEqual('p1', listed[-1].project_id)
        self.assertEqual(
            {
                ('lyon', 'car', 1.0),
                ('oslo', '203.0.113.0/24', 2.0),
                ('lyon', '203.0.113.0/24', 3.0),
                ('lyon', '203.0.112.0/23', 4.0),
                ('lyon', '2001:db8::/56', 5.0),
                ('lyon', 'site:oslo', 6.0),
                ('oslo', 'site:car', 7.0),
            },
            {
                (
                    row.latency.vantage,
                    row.latency.client,
                    row.latency.rtt_p50_ms,
                )
                for row in listed
            },
        )

    def test_purge(self):
        self.writer.set_client('car', CAR, 'p1')
        rows = [
            base.row('lyon', 'car', 1.0, 'p1'),
            base.row('lyon', '203.0.113.0/24', 2.0, measured_at=1.0),
            base.row('oslo', '203.0.113.0/24', 3.0, measured_at=4e9),
            base.row('rome', '10.0.0.0/8', 4.0, measured_at=4e9),
            base.row('rome', 'site:lyon', 5.0, measured_at=4e9),
        ]
        for chosen, purged, clients, vantages in (
            ({'older_than_seconds': 60.0}, [2.0], 4, 3),
            ({'client': parse_client('10.0.0.0/8')}, [4.0], 3, 3),
            ({'client': parse_client('10.0.0.0/9')}, [], 4, 3),
            ({'client': parse_client('car')}, [1.0], 4, 3),
            ({'client': parse_client('site:lyon')}, [5.0], 3, 3),
            ({'client': parse_client('site:car')}, [], 4, 3),
            ({'vantage': 'lyon'}, [1.0, 2.0], 4, 2),
            ({'vantage': 'rome'}, [4.0, 5.0], 2, 2),
            ({'vantage': 'nowhere'}, [], 4, 3),
            ({}, [1.0, 2.0, 3.0, 4.0, 5.0], 1, 0),
        ):
            self.writer.purge()
            self.store(
                base.row('lyon', 'car', 1.0, 'p1', measured_at=4e9), *rows[1:]
            )
            self.assertEqual(len(purged), self.writer.purge(**chosen), chosen)
            left = {
                row.latency.rtt_p50_ms for row in self.writer.list_latencies()
            }
            self.assertEqual({1.0, 2.0, 3.0, 4.0, 5.0} - set(purged), left)
            # Names stay; what else has no row does not.
            self.assertEqual(clients, self._count('edge_clients'), chosen)
            self.assertEqual(vantages, self._count('edge_vantages'), chosen)
            self.assertTrue(self.look_up('car', project='p1')[0].known)

    def test_purge_takes_many_short_transactions(self):
        self.useFixture(
            fixtures.MockPatch('edge_sched.store.retention.BATCH_VALUES', 7)
        )
        self.useFixture(
            fixtures.MockPatch('edge_sched.store.retention.READ_KEYS', 12)
        )
        self.store(
            *(
                base.row(f'v{vantage}', f'10.0.{number}.0/24', 1.0)
                for number in range(10)
                for vantage in range(3)
            )
        )
        statements = base.Statements(self)
        self.assertEqual(30, self.writer.purge())
        rows = [t for t in statements.texts if 'FROM edge_latencies' in t]
        deletes = [t for t in rows if t.startswith('DELETE FROM edge_lat')]
        self.assertGreaterEqual(len(deletes), 30 // 9)
        # Three with keys, and one that finds no more.
        reads = [text for text in rows if 'LIMIT' in text]
        self.assertEqual(4, len(reads))
        self.assertEqual(0, self._count('edge_clients'))
        self.assertEqual(0, self._count('edge_vantages'))

    def test_what_another_writer_deletes_at_once_is_made_again(self):
        insert_missing = ids.insert_missing
        for name, client in (
            ('edge_clients', '10.0.0.0/8'),
            ('edge_clients', 'site:oslo'),
            ('edge_vantages', '10.0.0.0/8'),
        ):
            outrun = [name]

            def insert(connection, table, key, rows, outrun=outrun):
                # As if it was there, and deleted in between.
                if table.name in outrun:
                    outrun.remove(table.name)
                else:
                    insert_missing(connection, table, key, rows)

            self.writer.purge()
            with fixtures.MockPatchObject(ids, 'insert_missing', insert):
                self.store(base.row('lyon', client, 1.0))
            self.assertEqual([], outrun)
            self.assertEqual(1, len(self.writer.list_latencies()), name)

    def test_a_writer_that_is_always_outrun_gives_up(self):
        self.useFixture(
            fixtures.MockPatchObject(
                ids, 'insert_missing', lambda *arguments: None
            )
        )
        self.useFixture(fixtures.MockPatch('time.sleep'))
        self.assertRaisesRegex(
            StoreUnavailableError,
            'prefix was deleted',
            self.store,
            base.row('lyon', '10.0.0.0/8', 1.0),
        )

    def test_writers_at_once_do_each_other_no_harm(self):
        def write(number):
            for turn in range(5):
                # In another order each, and made anew by the one who purges.
                rows = [
                    base.row(
                        f'v{(index * (number + 1)) % 7}',
                        f'10.0.{(index * (number + 2)) % 11}.0/24',
                        number + 1.0,
                        measured_at=base.NOW + turn,
                    )
                    for index in range(60)
                ]
                rows += [
                    base.row(f'v{index % 5}', f'site:v{index % 7}', 1.0)
                    for index in range(number, 35)
                ]
                self.writer.store_latencies(rows)
                self.writer.set_client('car', CAR if turn % 2 else [])
                if number == 0:
                    self.writer.purge(vantage='v3')
            return 'done'

        self.assertEqual(['done'] * 4, base.in_threads(4, write))
        self.store(base.row('lyon', '10.0.0.0/24', 1.0))
        self.assertEqual(1, len(self.writer.list_clients()))

    def test_without_tables(self):
        for table in (
            'edge_latencies',
            'edge_named_prefix_ancestors',
            'edge_named_prefixes',
            'edge_clients',
            'edge_vantages',
        ):
            self.select(f'DROP TABLE {table}')
        self.assertRaises(
            StoreUnavailableError,
            self.store,
            base.row('lyon', '203.0.113.7', 1.0),
        )
        self.assertRaises(StoreUnavailableError, self.writer.list_clients)

    def _count(self, table):
        return self.select(f'SELECT COUNT(*) FROM {table}')[0][0]


class SqliteTestCase(base.Sqlite, WriterTests, base.StoreTestCase):
    pass


class MariaDBTestCase(base.MariaDB, WriterTests, base.StoreTestCase):
    pass


class PostgreSQLTestCase(base.PostgreSQL, WriterTests, base.StoreTestCase):
    pass
