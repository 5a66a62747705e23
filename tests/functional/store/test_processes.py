# SPDX-License-Identifier: Apache-2.0

"""Forks, other people's configuration, and green threads."""

import importlib.metadata
import os
import pathlib
import subprocess
import sys

from oslo_config import cfg
from oslo_config import fixture as config_fixture
from oslo_db import options as db_options

from edge_sched.model.client import parse_client
from edge_sched.store.reader import reader
from tests.functional.store import base

CLIENT = parse_client('203.0.113.7')
ROOT = pathlib.Path(__file__).parents[3]


class ProcessTests:
    def setUp(self):
        super().setUp()
        self.store(base.row('lyon', '203.0.113.0/24', 1.0))

    def test_one_reader_a_process_and_settings(self):
        self.assertIs(reader(self.settings), reader(self.settings))

    def test_a_forked_child_has_an_engine_of_its_own(self):
        ours = self.make_reader(cache_ttl_seconds=0)
        ours.look_up([CLIENT], '')
        engine = ours._database.engine()
        registered = reader(self.settings)
        registered.look_up([CLIENT], '')

        def child():
            found = ours.look_up([CLIENT], '')
            again = reader(self.settings).look_up([CLIENT], '')
            return (
                found.answers[CLIENT].parts[0]['lyon'].rtt_p50_ms,
                again.cache,
                ours._database.engine() is engine,
            )

        for _ in range(3):
            self.assertEqual("(1.0, 'miss', False)", base.in_child(child))
            # The parent's connection is as it was: not closed, not mixed up.
            with engine.connect() as connection:
                self.assertEqual(
                    1, connection.exec_driver_sql('SELECT 1').scalar()
                )
            found = ours.look_up([CLIENT], '')
            self.assertEqual(('miss', 'closed'), (found.cache, found.breaker))
            self.assertIs(engine, ours._database.engine())

    def test_options_of_another_database_do_not_move_ours(self):
        conf = self.useFixture(config_fixture.Config(cfg.CONF))
        cfg.CONF.register_opts(db_options.database_opts, 'database')
        nowhere = 'sqlite:////nowhere/nova.sqlite'
        conf.config(
            group='database',
            connection=nowhere,
            slave_connection=nowhere,
            max_retries=7,
            retry_interval=5,
            max_pool_size=17,
            max_overflow=19,
            pool_timeout=23,
            connection_recycle_time=1,
            connection_parameters='nonsense=1',
        )
        ours = self.make_reader()
        found = ours.look_up([CLIENT], '')
        self.assertIn('lyon', found.answers[CLIENT].parts[0])
        facade = ours._database.facade()
        self.assertIs(facade.reader.get_engine(), facade.writer.get_engine())
        self.assertNotIn('nowhere', str(facade.reader.get_engine().url))
        self.assertNotIn('nonsense', str(facade.reader.get_engine().url))
        if self.backend != 'sqlite':
            pool = ours._database.engine().pool
            self.assertEqual(self.settings.max_pool_size, pool.size())

    def test_green_threads(self):
        try:
            importlib.metadata.version('eventlet')
        except importlib.metadata.PackageNotFoundError:
            self.skipTest('eventlet is not installed')
        done = subprocess.run(
            [sys.executable, '-c', GREEN, self.settings.connection],
            env={**os.environ, 'PYTHONPATH': str(ROOT)},
            capture_output=True,
            text=True,
            timeout=base.PATIENCE_SECONDS * 2,
            check=False,
        )
        self.assertEqual('64 1.0 True\n', done.stdout, done.stderr)


#: What nova-scheduler does in its eventlet mode: patch first, then import.
GREEN = """
import eventlet
eventlet.monkey_patch()
import sys
import time
import sqlalchemy as sa
from edge_sched.model.client import parse_client
from edge_sched.store.errors import StoreUnavailableError
from edge_sched.store.reader import Reader
from edge_sched.store.settings import StoreSettings

count = 0

def add(connection, cursor, statement, *args):
    global count
    count += 'edge_' in statement

sa.event.listen(sa.Engine, 'before_cursor_execute', add)
reader = Reader(StoreSettings(sys.argv[1], timeout_seconds=30.0))
client = parse_client('203.0.113.7')
pool = eventlet.GreenPool()
results = list(
    pool.imap(lambda _: reader.look_up([client], ''), range(64))
)
assert count <= 2, count
# One that never answers: all wait together, no longer than they should.
listener = eventlet.listen(('127.0.0.1', 0))
port = listener.getsockname()[1]
dead = Reader(
    StoreSettings(f'mysql+pymysql://x@127.0.0.1:{port}/x', timeout_seconds=1.0)
)

def fail(number):
    try:
        dead.look_up([parse_client(f'203.0.113.{number}')], '')
    except StoreUnavailableError:
        return True

start = time.monotonic()
failed = list(pool.imap(fail, range(64)))
assert time.monotonic() - start < 15
rtt_ms = {f.answers[client].parts[0]['lyon'].rtt_p50_ms for f in results}
print(len(results), *rtt_ms, all(failed))
"""


class SqliteTestCase(base.Sqlite, ProcessTests, base.StoreTestCase):
    pass


class MariaDBTestCase(base.MariaDB, ProcessTests, base.StoreTestCase):
    pass


class PostgreSQLTestCase(base.PostgreSQL, ProcessTests, base.StoreTestCase):
    pass
