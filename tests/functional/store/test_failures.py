# SPDX-License-Identifier: Apache-2.0

"""The store away, slow, refusing, missing: what a look-up does about it."""

import dataclasses
import os
import pathlib
import socket
import threading
import time

import sqlalchemy as sa
from oslo_db import exception as db_exception
from oslotest import base as oslo_base

from edge_sched.model.client import parse_client
from edge_sched.store.errors import StoreUnavailableError
from edge_sched.store.reader import Reader
from edge_sched.store.settings import StoreSettings
from tests.functional.store import base

CLIENT = parse_client('203.0.113.7')
OTHER = parse_client('198.51.100.7')

#: For a server that does not answer.
SHORT_SECONDS = 1.0

#: Within which a wait of ``SHORT_SECONDS`` ends on a busy machine.
BOUND_SECONDS = 15.0


class FailureTests:
    def setUp(self):
        super().setUp()
        self.store(base.row('lyon', '203.0.113.0/24', 1.0))

    def test_stale_answers_until_the_store_is_back(self):
        reader = self.make_reader(
            cache_ttl_seconds=1e-9, retry_after_seconds=0.0
        )
        self.assertEqual('miss', reader.look_up([CLIENT], '').cache)
        self.take_away()
        found = reader.look_up([CLIENT], '')
        self.assertEqual(('stale', 'open'), (found.cache, found.breaker))
        self.assertIn('lyon', found.answers[CLIENT].parts[0])
        # All or nothing: of the other there is no answer.
        self.assertRaises(
            StoreUnavailableError, reader.look_up, [CLIENT, OTHER], ''
        )
        self.bring_back()
        found = reader.look_up([CLIENT, OTHER], '')
        self.assertEqual(('miss', 'closed'), (found.cache, found.breaker))

    def test_an_unknown_name_is_not_served_stale(self):
        self.writer.set_client('car', [])
        reader = self.make_reader(
            cache_ttl_seconds=1e-9, retry_after_seconds=0.0
        )
        car, nobody = parse_client('car'), parse_client('nobody')
        reader.look_up([car, nobody], '')
        self.take_away()
        self.assertEqual('stale', reader.look_up([car], '').cache)
        self.assertRaises(StoreUnavailableError, reader.look_up, [nobody], '')

    def test_nothing_is_stale_after_max_age(self):
        reader = self.make_reader(cache_ttl_seconds=1e-9, max_age_seconds=1e-9)
        reader.look_up([CLIENT], '')
        self.take_away()
        self.assertRaises(StoreUnavailableError, reader.look_up, [CLIENT], '')

    def test_a_failed_store_is_left_alone(self):
        reader = self.make_reader(retry_after_seconds=3600.0)
        self.take_away()
        self.assertRaises(StoreUnavailableError, reader.look_up, [CLIENT], '')
        self.assertEqual('open', reader.breaker)
        self.bring_back()
        error = self.assertRaises(
            StoreUnavailableError, reader.look_up, [CLIENT], ''
        )
        self.assertIn('left alone', str(error))
        # One that is new knows nothing of that.
        self.make_reader().look_up([CLIENT], '')

    def test_missing_table(self):
        self.select('DROP TABLE edge_latencies')
        reader = self.make_reader()
        error = self.assertRaises(
            StoreUnavailableError, reader.look_up, [CLIENT], ''
        )
        self.assertIn('edge_latencies', str(error))
        self.assertEqual('open', reader.breaker)

    def test_the_reader_cannot_write(self):
        reader = self.make_reader()
        with reader._database.reading() as connection:
            self.assertRaises(
                (sa.exc.SQLAlchemyError, db_exception.DBError),
                connection.exec_driver_sql,
                "INSERT INTO edge_vantages (name) VALUES ('x')",
            )


class ServerFailureTests(FailureTests):
    def setUp(self):
        super().setUp()
        # For the tests of this process that come after.
        self.addCleanup(self.bring_back)

    def take_away(self):
        self.server.stop()

    def bring_back(self):
        if not self.server.running:
            self.server.start()

    def test_a_restarted_server_is_no_failure(self):
        reader = self.make_reader(cache_ttl_seconds=0)
        for _ in range(2):
            reader.look_up([CLIENT], '')
            self.server.stop()
            self.server.start()
        found = reader.look_up([CLIENT], '')
        self.assertEqual(('miss', 'closed'), (found.cache, found.breaker))

    def test_a_connection_that_breaks_in_a_query_is_replaced_at_once(self):
        reader = self.make_reader(cache_ttl_seconds=0)
        reader.look_up([CLIENT], '')
        self.break_next_statement(reader)
        found = reader.look_up([CLIENT], '')
        self.assertEqual('closed', found.breaker)
        self.assertIn('lyon', found.answers[CLIENT].parts[0])

    def test_a_slow_statement_is_ended_by_the_server(self):
        database = self.make_reader(timeout_seconds=SHORT_SECONDS)._database
        start = time.monotonic()
        try:
            with database.reading() as connection:
                connection.exec_driver_sql(self.slow_statement)
        except Exception as error:
            self.assertIn(self.slow_error, str(error))
        else:
            self.fail('not ended')
        self.assertLess(time.monotonic() - start, BOUND_SECONDS)

    def test_a_server_that_hangs_costs_one_timeout(self):
        reader = self.make_reader(
            timeout_seconds=SHORT_SECONDS, retry_after_seconds=3600.0
        )
        reader.look_up([OTHER], '')
        self.server.suspend()
        self.addCleanup(self.server.resume)
        start = time.monotonic()
        clients = [parse_client(f'203.0.113.{n}') for n in range(64)]
        results = base.in_threads(
            64, lambda number: reader.look_up([clients[number]], '')
        )
        self.assertLess(time.monotonic() - start, BOUND_SECONDS)
        for error in results:
            self.assertIsInstance(error, StoreUnavailableError)
        self.assertEqual('open', reader.breaker)
        start = time.monotonic()
        self.assertRaises(StoreUnavailableError, reader.look_up, [CLIENT], '')
        self.assertLess(time.monotonic() - start, SHORT_SECONDS)
        # What was fresh still is.
        self.assertEqual('hit', reader.look_up([OTHER], '').cache)


class SqliteTestCase(base.Sqlite, FailureTests, base.StoreTestCase):
    @property
    def path(self):
        return pathlib.Path(
            self.settings.connection.removeprefix('sqlite:///')
        )

    def take_away(self):
        self.path.rename(f'{self.path}.away')

    def bring_back(self):
        pathlib.Path(f'{self.path}.away').rename(self.path)

    def test_a_missing_file_is_not_made(self):
        self.take_away()
        reader = self.make_reader()
        error = self.assertRaises(
            StoreUnavailableError, reader.look_up, [CLIENT], ''
        )
        self.assertIn('unable to open database file', str(error))
        self.assertRaises(
            StoreUnavailableError,
            self.store,
            base.row('lyon', '203.0.113.7', 1.0),
        )
        self.assertFalse(self.path.exists())

    def test_no_database(self):
        self.path.write_text('This is no database. ' * 100)
        self.assertRaises(
            StoreUnavailableError, self.make_reader().look_up, [CLIENT], ''
        )

    def test_a_reader_needs_no_right_to_write(self):
        if os.geteuid():
            self.skipTest('Only root can become another user.')
        for directory in (self.path.parent, self.path.parent.parent):
            directory.chmod(0o755)
        self.path.chmod(0o644)

        def look_up():
            # To the users of this machine, nobody.
            os.setgid(65534)
            os.setuid(65534)
            (answer,) = self.look_up('203.0.113.7')
            return sorted(answer.parts[0])

        self.assertEqual("['lyon']", base.in_child(look_up))

    def test_a_reader_goes_on_while_a_large_import_is_written(self):
        seen = []

        def progress(done):
            (answer,) = self.look_up('203.0.113.7')
            seen.append(answer.parts[0]['lyon'].rtt_p50_ms)

        rows = [base.row('lyon', '203.0.113.0/24', 2.0)]
        rows += [
            base.row(f'v{vantage}', f'10.{n >> 8}.{n & 255}.0/24', 1.0)
            for vantage in range(30)
            for n in range(1000)
        ]
        self.writer.store_latencies(rows, progress)
        self.assertGreater(len(seen), 10)
        self.assertEqual({1.0}, set(seen))
        self.assertEqual(
            {'lyon': ('203.0.113.0/24', 2.0)}, self.figures('203.0.113.7')
        )

    def test_a_locked_file_costs_one_timeout(self):
        reader = self.make_reader(timeout_seconds=SHORT_SECONDS)
        with self.writer._store._database.engine().connect() as connection:
            connection.exec_driver_sql('PRAGMA locking_mode = EXCLUSIVE')
            connection.exec_driver_sql('DELETE FROM edge_latencies')
            connection.exec_driver_sql('COMMIT')
            start = time.monotonic()
            self.assertRaises(
                StoreUnavailableError, reader.look_up, [CLIENT], ''
            )
            self.assertLess(time.monotonic() - start, BOUND_SECONDS)

    def test_a_slow_statement_is_ended(self):
        database = self.make_reader(timeout_seconds=SHORT_SECONDS)._database
        with database.reading() as connection:
            error = self.assertRaises(
                sa.exc.OperationalError,
                connection.exec_driver_sql,
                'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1'
                ' FROM n) SELECT count(*) FROM n',
            )
        self.assertIn('interrupted', str(error))


class MariaDBTestCase(base.MariaDB, ServerFailureTests, base.StoreTestCase):
    slow_statement = (
        'SELECT COUNT(*) FROM seq_1_to_100000 a, seq_1_to_100000 b'
    )
    slow_error = 'max_statement_time'

    def break_next_statement(self, reader):
        _before_next_query(reader, self._kill_all)

    def _kill_all(self):
        for (number,) in self.select(
            'SELECT id FROM information_schema.processlist'
            ' WHERE db = DATABASE() AND id <> CONNECTION_ID()'
        ):
            self.select(f'KILL {number}')


class PostgreSQLTestCase(
    base.PostgreSQL, ServerFailureTests, base.StoreTestCase
):
    slow_statement = 'SELECT pg_sleep(60)'
    slow_error = 'statement timeout'

    def break_next_statement(self, reader):
        _before_next_query(
            reader,
            lambda: self.select(
                'SELECT pg_terminate_backend(pid) FROM pg_stat_activity'
                ' WHERE datname = current_database()'
                ' AND pid <> pg_backend_pid()'
            ),
        )


class DeadServerTestCase(oslo_base.BaseTestCase):
    """No server at all: who listens, if anyone, is this test."""

    URLS = (
        'mysql+pymysql://edge@127.0.0.1:{}/edge',
        'postgresql+psycopg2://edge@127.0.0.1:{}/edge',
    )

    def setUp(self):
        super().setUp()
        self.listener = socket.create_server(('127.0.0.1', 0), backlog=128)
        self.addCleanup(self.listener.close)
        self.port = self.listener.getsockname()[1]

    def readers(self, **settings):
        for url in self.URLS:
            reader = Reader(StoreSettings(url.format(self.port), **settings))
            self.addCleanup(reader.close)
            yield reader

    def test_refused(self):
        self.listener.close()
        for reader in self.readers(timeout_seconds=BOUND_SECONDS):
            start = time.monotonic()
            self.assertRaises(
                StoreUnavailableError, reader.look_up, [CLIENT], ''
            )
            self.assertLess(time.monotonic() - start, BOUND_SECONDS)

    def test_64_threads_make_one_connection(self):
        accepted = []

        def accept():
            while True:
                try:
                    accepted.append(self.listener.accept())
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        clients = [parse_client(f'203.0.113.{n}') for n in range(64)]
        for reader in self.readers(timeout_seconds=SHORT_SECONDS):
            accepted.clear()
            start = time.monotonic()
            results = base.in_threads(
                64, lambda n, r=reader: r.look_up([clients[n]], '')
            )
            self.assertLess(time.monotonic() - start, BOUND_SECONDS)
            for error in results:
                self.assertIsInstance(error, StoreUnavailableError)
            self.assertEqual(1, len(accepted))

    def test_no_driver_and_no_url(self):
        for url in ('oracle+nodriver://edge@nowhere/edge', 'nonsense'):
            reader = Reader(StoreSettings(url))
            self.assertRaises(
                StoreUnavailableError, reader.look_up, [CLIENT], ''
            )

    def test_no_password_in_what_is_said(self):
        settings = StoreSettings(
            f'mysql+pymysql://edge:s3cret@127.0.0.1:{self.port}/edge'
        )
        self.assertNotIn('s3cret', repr(settings))
        self.listener.close()
        error = self.assertRaises(
            StoreUnavailableError, Reader(settings).look_up, [CLIENT], ''
        )
        self.assertNotIn('s3cret', str(error))
        self.assertNotEqual(
            settings, dataclasses.replace(settings, timeout_seconds=9.0)
        )


def _before_next_query(reader, work):
    """Run ``work`` after the connection is checked and before it is used."""
    engine = reader._database.engine()

    done = []

    def once(connection, cursor, statement, *args):
        if not done:
            done.append(True)
            work()

    sa.event.listen(engine, 'before_cursor_execute', once)
