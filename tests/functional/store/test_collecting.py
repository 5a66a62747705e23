# SPDX-License-Identifier: Apache-2.0

"""What a collector writes, on each database: rows, heartbeats, retention."""

import dataclasses
import ipaddress
import math
import time

import fixtures

from edge_sched.model.client import parse_prefix
from edge_sched.model.latency import DERIVED
from edge_sched.model.latency import PASSIVE
from edge_sched.store import ids
from edge_sched.store import measurements
from edge_sched.store.candidates import Candidate
from edge_sched.store.measurements import Recorded
from tests.functional.store import base

HOME = parse_prefix('203.0.113.0/24')
AWAY = parse_prefix('2001:db8::/56')


def probed(address, row):
    """A row that was measured at an address."""
    return dataclasses.replace(row, address=ipaddress.ip_address(address))


class CollectingTests:
    def at(self, moment):
        """The clock of the database."""
        clock = self.useFixture(
            fixtures.MockPatch('edge_sched.store.clock.now')
        )
        clock.mock.return_value = moment

    def record(self, *rows):
        return self.writer.record(iter(rows))

    def test_rows_are_written_and_those_without_a_place_counted(self):
        self.writer.set_client('car', [HOME], 'p1')
        self.writer.set_client('bus', [])
        self.store(base.row('lyon', '203.0.113.7', 1.0))
        recorded = self.record(
            base.row('lyon', '203.0.113.7', 2.0, measured_at=base.NOW - 1),
            base.row('oslo', '203.0.113.7', 3.0),
            base.row('oslo', '2001:db8::/56', 4.0),
            base.row('oslo', 'car', 5.0, 'p1'),
            base.row('oslo', 'car', 6.0, 'p2'),
            base.row('oslo', 'car', 7.0),
            base.row('oslo', 'nobody', 8.0),
            probed('192.0.2.1', base.row('oslo', 'site:lyon', 12.0)),
            probed('203.0.113.9', base.row('lyon', 'car', 9.0, 'p1')),
            probed('203.0.112.9', base.row('rome', 'car', 10.0, 'p1')),
            probed('203.0.113.9', base.row('oslo', 'bus', 11.0)),
        )
        self.assertEqual(
            Recorded(5, 1, 3, 2, frozenset({4, 5, 6, 9, 10})), recorded
        )
        self.assertEqual(
            {1.0, 3.0, 4.0, 5.0, 9.0, 12.0},
            {row.latency.rtt_p50_ms for row in self.writer.list_latencies()},
        )
        self.assertEqual(
            [('lyon',), ('oslo',)],
            [
                tuple(row)
                for row in self.select(
                    'SELECT name FROM edge_vantages ORDER BY name'
                )
            ],
        )

    def test_a_name_that_was_pointed_elsewhere_keeps_the_old_place_out(self):
        old = probed('203.0.113.7', base.row('lyon', 'car', 1.0))
        new = probed('2001:db8::7', base.row('lyon', 'car', 2.0))
        self.writer.set_client('car', [HOME])
        self.assertEqual(Recorded(1, 0, 0, 0), self.record(old))
        self.writer.set_client('car', [AWAY])
        self.assertEqual(
            Recorded(0, 0, 0, 1, frozenset({0})), self.record(old)
        )
        self.assertEqual({}, self.figures('car'))
        self.assertEqual(
            Recorded(1, 0, 0, 1, frozenset({0})), self.record(old, new)
        )
        self.assertEqual({'lyon': ('car', 2.0)}, self.figures('car'))
        self.writer.set_client('car', [HOME, AWAY])
        self.assertEqual(Recorded(2, 0, 0, 0), self.record(old, new))

    def test_a_mapped_address_is_that_of_ipv4(self):
        self.writer.set_client('car', [HOME])
        for address in ('203.0.113.7', '::ffff:203.0.113.7'):
            row = probed(address, base.row('lyon', 'car', 1.0))
            self.assertEqual(1, self.record(row).written)
        for address in ('::203.0.113.7', '::ffff:203.0.114.0', '::1'):
            row = probed(address, base.row('lyon', 'car', 1.0))
            self.assertEqual(1, self.record(row).misplaced)

    def test_the_address_of_a_prefix_does_not_matter(self):
        # As of a gateway on the way to it.
        row = probed('192.0.2.1', base.row('lyon', '203.0.113.0/24', 1.0))
        self.assertEqual(Recorded(1, 0, 0, 0), self.record(row))

    def test_nothing_is_nothing(self):
        self.assertEqual(Recorded(0, 0, 0, 0), self.record())

    def test_statements_do_not_grow_with_the_rows(self):
        def rows(count, moment):
            return [
                base.row(
                    vantage,
                    f'10.{number >> 8}.{number & 255}.0/24',
                    1.0,
                    measured_at=moment,
                )
                for number in range(count)
                for vantage in ('lyon', 'oslo')
            ]

        self.record(*rows(ids.BATCH_ROWS // 2, base.NOW))
        statements = base.Statements(self)
        self.record(*rows(10, base.NOW + 1))
        few = len(statements)
        self.record(*rows(ids.BATCH_ROWS // 2, base.NOW + 2))
        self.assertEqual(few, len(statements) - few)

    def test_nobody_gets_in_between_a_name_and_its_rows(self):
        self.writer.set_client('car', [HOME])

        def work(number):
            for turn in range(6):
                if number == 0:
                    # Elsewhere at last, so that no row of home may be left.
                    places = [AWAY] if turn % 2 else [HOME, AWAY]
                    self.writer.set_client('car', places)
                elif number == 1:
                    self.writer.retain(0)
                else:
                    self.writer.beat('1/1')
                    self.writer.record(
                        [
                            probed(
                                '203.0.113.7',
                                base.row(
                                    'lyon', 'car', 1.0, measured_at=4e9 + turn
                                ),
                            ),
                            *(
                                base.row(
                                    'lyon',
                                    f'10.0.{i}.0/24',
                                    1.0,
                                    measured_at=turn,
                                )
                                for i in range(20)
                            ),
                        ]
                    )
            return 'done'

        self.assertEqual(['done'] * 4, base.in_threads(4, work))
        self.assertEqual({}, self.figures('car'))
        self.writer.retain(0)
        self.assertEqual([], self.writer.list_latencies())

    def test_retention(self):
        self.writer.set_client('car', [HOME])
        self.store(
            base.row('lyon', 'car', 1.0),
            base.row('lyon', '203.0.113.0/24', 2.0),
            base.row('oslo', '203.0.113.0/24', 3.0, measured_at=base.NOW + 1),
            base.row('rome', '10.0.0.0/8', 4.0),
            base.row('rome', 'site:lyon', 5.0),
            base.row('oslo', 'site:rome', 6.0, measured_at=base.NOW + 1),
        )
        self.at(base.NOW)
        self.writer.beat('1/2')
        self.at(base.NOW + 1)
        self.writer.beat('2/2')
        self.at(base.NOW + 100.5)
        self.assertEqual(4, self.writer.retain(100))
        self.assertEqual(
            [3.0, 6.0],
            [row.latency.rtt_p50_ms for row in self.writer.list_latencies()],
        )
        for table, left in (
            ('edge_vantages', ['oslo']),
            ('edge_clients WHERE name IS NOT NULL', ['car']),
            ('edge_heartbeats', ['2/2']),
        ):
            rows = self.select(f'SELECT name FROM {table}')
            self.assertEqual(left, [name for (name,) in rows])
        self.assertEqual(3, self.count('edge_clients'))
        self.assertEqual(0, self.writer.retain(100))
        # As a writer leaves it behind that makes a site and fails.
        self.select(
            "INSERT INTO edge_clients (project_id, site) VALUES ('', 'nice')"
        )
        self.writer.retain(100)
        self.assertEqual(3, self.count('edge_clients'))

    def test_retention_takes_many_short_transactions(self):
        self.useFixture(
            fixtures.MockPatch('edge_sched.store.retention.BATCH_VALUES', 7)
        )
        self.useFixture(
            fixtures.MockPatch('edge_sched.store.retention.READ_KEYS', 12)
        )
        fresh = {(3, 2), (11, 0)}
        self.store(
            *(
                base.row(
                    f'v{vantage}',
                    f'10.0.{number}.0/24',
                    1.0,
                    measured_at=base.NOW + ((number, vantage) in fresh),
                )
                for number in range(20)
                for vantage in range(3)
            )
        )
        self.at(base.NOW + 0.5)
        statements = base.Statements(self)
        self.assertEqual(58, self.writer.retain(0))
        deletes = [text for text in statements.texts if 'DELETE' in text]
        rows = [text for text in deletes if 'FROM edge_latencies W' in text]
        clients = [text for text in deletes if 'FROM edge_clients W' in text]
        # At most those of 3 clients and 3 vantages each, and these clients.
        self.assertGreaterEqual(len(rows), 58 // 9)
        self.assertEqual(len(rows), len(clients))
        self.assertEqual(2, len(self.writer.list_latencies()))
        self.assertEqual(2, self.count('edge_clients'))

    def test_candidates(self):
        self.writer.set_client('car', [HOME, AWAY])
        self.writer.set_client('bus', [HOME])
        lost = {'rtt_p50_ms': math.inf, 'rtt_p95_ms': math.inf}
        self.store(
            base.row('lyon', '203.0.113.0/24', 9.0),
            base.row('oslo', '203.0.113.0/24', 5.0),
            base.row('rome', '203.0.113.0/24', 5.0),
            base.row('nice', '203.0.113.0/24', 1.0, **lost),
            base.row('lyon', '203.0.113.7', 1.0, **lost),
            base.row('oslo', '203.0.113.7', 1.0, **lost),
            base.row('rome', '203.0.113.7', 99.0),
            base.row('oslo', '10.0.0.0/16', 5.0),
            base.row('lyon', 'car', 1.0),
            base.row('lyon', 'site:oslo', 1.0),
        )
        address, wide = (
            parse_prefix('203.0.113.7'),
            parse_prefix('10.0.0.0/16'),
        )
        for vantage, expected in (
            (
                'lyon',
                {
                    Candidate(HOME, 9.0, 2, True, True),
                    Candidate(address, math.inf, 1, True),
                    Candidate(wide, None, 0, True),
                    Candidate(AWAY, None, 0, False, True),
                },
            ),
            (
                'oslo',
                {
                    Candidate(HOME, 5.0, 0, True, True),
                    Candidate(address, math.inf, 1, True),
                    Candidate(wide, 5.0, 0, True),
                    Candidate(AWAY, None, 0, False, True),
                },
            ),
            (
                'nowhere',
                {
                    Candidate(HOME, None, 0, True, True),
                    Candidate(address, None, 0, True),
                    Candidate(wide, None, 0, True),
                    Candidate(AWAY, None, 0, False, True),
                },
            ),
        ):
            found = self.writer.list_candidates(vantage)
            self.assertEqual(expected, set(found), vantage)
            self.assertEqual(4, len(found))

    def test_the_oldest_heartbeat_comes_with_the_rows(self):
        now = int(time.time())
        self.store(base.row('lyon', '203.0.113.0/24', 1.0))
        self.writer.set_client('car', [HOME])
        self.assertEqual({None}, self.heartbeats())
        for name, age in (('1/1', 21_700), ('1/2', 7200), ('2/2', 10)):
            self.at(now - age)
            self.writer.beat(name)
        # One that is older than outage_max_age is taken for removed.
        self.assertEqual({now - 7200}, self.heartbeats())
        self.at(now - 20)
        self.writer.beat('1/2')
        self.assertEqual({now - 20}, self.heartbeats())

    def test_a_clock_that_was_ahead_hides_no_outage(self):
        now = int(time.time())
        self.store(base.row('lyon', '203.0.113.0/24', 1.0))
        self.writer.set_client('car', [HOME])
        self.at(now + 86_400)
        self.writer.beat('1/1')
        self.at(now)
        self.writer.beat('1/1')
        self.assertEqual({now}, self.heartbeats())

    def test_collectors_of_another_number_are_no_more(self):
        for name in ('1/2', '2/2', '1/1', '1/1'):
            self.writer.beat(name)
        self.assertEqual(
            [('1/1',)],
            [
                tuple(row)
                for row in self.select('SELECT name FROM edge_heartbeats')
            ],
        )

    def test_one_statement_with_and_without_heartbeats(self):
        self.store(base.row('lyon', '203.0.113.0/24', 1.0))
        self.writer.set_client('car', [HOME])
        statements = base.Statements(self)
        self.heartbeats()
        self.assertEqual(1, len(statements))
        self.writer.beat('1/1')
        del statements.texts[:]
        self.heartbeats()
        self.assertEqual(1, len(statements))

    def heartbeats(self):
        """What a name and an address say of the collectors."""
        answers = self.look_up('203.0.113.7', 'car')
        return {answer.heartbeat_at for answer in answers}

    def count(self, table):
        return self.select(f'SELECT COUNT(*) FROM {table}')[0][0]


class PrecedenceTests:
    """One pair is never fed by two sources in turn."""

    def record(self, p50_ms, ago_seconds, source):
        return self.writer.record(
            [
                base.row(
                    'lyon',
                    '203.0.113.0/24',
                    p50_ms,
                    measured_at=base.NOW - ago_seconds,
                    source=source,
                )
            ]
        )

    def assert_stored(self, p50_ms, source):
        (row,) = self.writer.list_latencies()
        self.assertEqual(
            (p50_ms, source), (row.latency.rtt_p50_ms, row.latency.source)
        )

    def test_handshakes_do_not_replace_fresh_probes(self):
        self.record(1.0, 899, 'stamp')
        recorded = self.record(2.0, 0, PASSIVE)
        self.assertEqual((0, 1), (recorded.written, recorded.older))
        self.assert_stored(1.0, 'stamp')

    def test_handshakes_replace_probes_that_are_no_longer_used(self):
        self.record(1.0, 900, 'stamp')
        self.assertEqual(1, self.record(2.0, 0, PASSIVE).written)
        self.assert_stored(2.0, PASSIVE)

    def test_probes_replace_newer_handshakes(self):
        self.record(1.0, 0, PASSIVE)
        self.assertEqual(1, self.record(2.0, 899, 'icmp').written)
        self.assert_stored(2.0, 'icmp')

    def test_probes_that_are_no_longer_used_replace_no_handshakes(self):
        self.record(1.0, 0, PASSIVE)
        self.assertEqual(1, self.record(2.0, 901, 'icmp').older)
        self.assert_stored(1.0, PASSIVE)

    def test_of_two_of_handshakes_the_newer_counts(self):
        self.record(1.0, 20, PASSIVE)
        self.assertEqual(1, self.record(2.0, 10, PASSIVE).written)
        self.assertEqual(1, self.record(3.0, 11, PASSIVE).older)
        self.assert_stored(2.0, PASSIVE)

    def test_what_was_derived_replaces_only_what_was(self):
        self.record(1.0, 5, DERIVED)
        self.assertEqual(1, self.record(2.0, 4, DERIVED).written)
        self.assertEqual(1, self.record(3.0, 800, PASSIVE).written)
        self.assertEqual(1, self.record(4.0, 0, DERIVED).older)
        self.assert_stored(3.0, PASSIVE)

    def test_what_another_wrote_meanwhile_counts_as_well(self):
        """Two collectors, each of which has seen no row of the other's."""
        self.patch(measurements, '_times', lambda *args: {})
        for first, second, stored in (
            (('stamp', 800), (PASSIVE, 0), 'stamp'),
            (('stamp', 901), (PASSIVE, 0), PASSIVE),
            ((PASSIVE, 0), ('stamp', 800), 'stamp'),
            ((PASSIVE, 0), ('stamp', 901), PASSIVE),
            ((PASSIVE, 600), (DERIVED, 0), PASSIVE),
            ((DERIVED, 0), (PASSIVE, 600), PASSIVE),
        ):
            self.writer.purge()
            for p50_ms, (source, ago) in enumerate((first, second), start=1):
                self.record(float(p50_ms), ago, source)
            self.assert_stored(
                1.0 if stored == first[0] else 2.0,
                stored,
            )


class SqliteTestCase(base.Sqlite, CollectingTests, base.StoreTestCase):
    pass


class MariaDBTestCase(base.MariaDB, CollectingTests, base.StoreTestCase):
    pass


class PostgreSQLTestCase(base.PostgreSQL, CollectingTests, base.StoreTestCase):
    pass


class SqlitePrecedenceTestCase(
    base.Sqlite, PrecedenceTests, base.StoreTestCase
):
    pass


class MariaDBPrecedenceTestCase(
    base.MariaDB, PrecedenceTests, base.StoreTestCase
):
    pass


class PostgreSQLPrecedenceTestCase(
    base.PostgreSQL, PrecedenceTests, base.StoreTestCase
):
    pass
