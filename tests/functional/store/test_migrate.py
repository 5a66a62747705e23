# SPDX-License-Identifier: Apache-2.0

"""Migrations: what they make, and what they leave alone."""

import dataclasses
import os
from unittest import mock

import sqlalchemy as sa
from alembic import autogenerate
from alembic import migration

from edge_sched.store import migrate
from edge_sched.store import schema
from edge_sched.store.errors import StoreUnavailableError
from edge_sched.store.writer import Writer
from tests.functional.store import base
from tests.functional.store import expansion


class MigrateTests:
    def test_the_newest_revision_is_reached_and_stays(self):
        self.assertEqual(migrate.head(), migrate.current(self.settings))
        self.store(base.row('lyon', '203.0.113.7', 1.0))
        migrate.sync(self.settings)
        self.assertEqual(migrate.head(), migrate.current(self.settings))
        self.assertEqual(1, len(self.writer.list_latencies()))

    def test_an_empty_database_is_at_no_revision(self):
        empty = dataclasses.replace(self.settings, connection=self.new_url())
        if self.backend == 'sqlite':
            self.assertRaises(StoreUnavailableError, migrate.current, empty)
        else:
            self.assertIsNone(migrate.current(empty))

    def test_the_tables_are_those_of_the_schema(self):
        engine = sa.create_engine(self.settings.connection)
        self.addCleanup(engine.dispose)
        with engine.connect() as connection:
            context = migration.MigrationContext.configure(
                connection,
                opts={
                    'version_table': schema.VERSION_TABLE,
                    'compare_type': True,
                    'compare_server_default': True,
                },
            )
            self.assertEqual(
                [], autogenerate.compare_metadata(context, schema.metadata)
            )
        inspector = sa.inspect(engine)
        for table in schema.metadata.tables.values():
            self.assertEqual(
                {key.name for key in table.foreign_key_constraints},
                {
                    key['name']
                    for key in inspector.get_foreign_keys(table.name)
                },
            )

    def test_the_schema_before_this_one(self):
        old = dataclasses.replace(self.settings, connection=self.new_url())
        self.upgrade_to(old, '0001')
        self.settings = old
        for statement in (
            "INSERT INTO edge_vantages (id, name) VALUES (1, 'lyon')",
            "INSERT INTO edge_clients (id, name, project_id)"
            " VALUES (1, 'car', '')",
            'INSERT INTO edge_latencies (client_id, vantage_id, rtt_p50_ms,'
            " measured_at, source) VALUES (1, 1, 1.0, 1.0, '')",
        ):
            self.select(statement)
        self.writer = Writer(old)
        self.addCleanup(self.writer.close)
        new = base.row('oslo', 'car', 2.0)
        # Declared: as if the store were away, until it is upgraded.
        for work, missing in (
            # The one or the other first.
            (lambda: self.look_up('car'), 'edge_heartbeats|rtt_p50_hour_ms'),
            (lambda: self.store(new), 'site_vantage_id'),
        ):
            error = self.assertRaises(StoreUnavailableError, work)
            self.assertRegex(str(error), missing)
        migrate.sync(old)
        self.assertEqual(migrate.head(), migrate.current(old))
        self.store(new)
        self.assertEqual(
            {'lyon': ('car', 1.0), 'oslo': ('car', 2.0)}, self.figures('car')
        )

    def upgrade_to(self, settings, name):
        known = migrate.revisions()
        names = [revision.name for revision in known]
        with mock.patch.object(
            migrate,
            'revisions',
            return_value=known[: names.index(name) + 1],
        ):
            migrate.sync(settings)

    def test_expansions_only_add(self):
        before = {}
        at = dataclasses.replace(self.settings, connection=self.new_url())
        for revision in migrate.revisions():
            self.upgrade_to(at, revision.name)
            after = expansion.snapshot(at.connection)
            self.assertNotEqual(before, after)
            if revision.phase == 'expand':
                self.assertEqual([], [*expansion.breaches(before, after)])
            before = after

    def test_what_no_expansion_may_do(self):
        before = expansion.snapshot(self.settings.connection)
        column = (
            'MODIFY COLUMN source VARCHAR(9) NOT NULL'
            if self.backend == 'mariadb'
            else 'ADD COLUMN other VARCHAR(9) CHECK (other <> source)'
        )
        for statement, breach in (
            (
                'ALTER TABLE edge_latencies DROP COLUMN samples',
                "('column', 'edge_latencies', 'samples') is gone",
            ),
            (
                "ALTER TABLE edge_clients ADD COLUMN kind INTEGER DEFAULT 1"
                " NOT NULL",
                None,
            ),
            (
                'CREATE UNIQUE INDEX one ON edge_heartbeats (beaten_at)',
                'edge_heartbeats has a new rule one',
            ),
            ('CREATE INDEX many ON edge_latencies (source)', None),
            ('ALTER TABLE edge_clients ADD COLUMN hue INTEGER', None),
            (
                'CREATE UNIQUE INDEX hues ON edge_clients (hue, site)',
                'edge_clients has a new rule hues',
            ),
            ('DROP TABLE edge_heartbeats', 'edge_heartbeats'),
            (f'ALTER TABLE edge_latencies {column}', 'edge_latencies'),
        ):
            self.select(statement)
            after = expansion.snapshot(self.settings.connection)
            self.assertNotEqual(before, after)
            found = [*expansion.breaches(before, after)]
            if breach is None:
                self.assertEqual([], found)
            else:
                self.assertIn(breach, ' '.join(found))
            before = after

    def test_another_project_in_the_same_schema_is_left_alone(self):
        shared = dataclasses.replace(self.settings, connection=self.new_url())
        engine = sa.create_engine(shared.connection)
        self.addCleanup(engine.dispose)
        with engine.begin() as connection:
            for statement in (
                'CREATE TABLE alembic_version (version_num VARCHAR(32))',
                "INSERT INTO alembic_version VALUES ('theirs')",
                'CREATE TABLE clients (id INTEGER)',
            ):
                connection.exec_driver_sql(statement)
        migrate.sync(shared)
        self.assertEqual(migrate.head(), migrate.current(shared))
        with engine.connect() as connection:
            self.assertEqual(
                [('theirs',)],
                connection.exec_driver_sql(
                    'SELECT * FROM alembic_version'
                ).fetchall(),
            )
        ours = set(sa.inspect(engine).get_table_names())
        ours -= {'alembic_version', 'clients'}
        self.assertTrue(all(name.startswith('edge_') for name in ours), ours)


class SqliteTestCase(base.Sqlite, MigrateTests, base.StoreTestCase):
    def test_a_missing_directory(self):
        gone = dataclasses.replace(
            self.settings, connection='sqlite:////nowhere/latency.sqlite'
        )
        self.assertRaises(StoreUnavailableError, migrate.sync, gone)
        self.assertFalse(os.path.exists('/nowhere'))


class MariaDBTestCase(base.MariaDB, MigrateTests, base.StoreTestCase):
    def test_names_and_addresses_have_binary_types(self):
        columns = self.select(
            'SELECT column_name, column_type, collation_name'
            ' FROM information_schema.columns'
            ' WHERE table_schema = DATABASE()'
            " AND column_name IN ('name', 'project_id', 'network', 'last')"
        )
        self.assertEqual(
            {
                ('name', 'varchar(255)', 'utf8mb4_bin'),
                ('name', 'varchar(63)', 'utf8mb4_bin'),
                ('project_id', 'varchar(255)', 'utf8mb4_bin'),
                ('network', 'binary(16)', None),
                ('last', 'binary(16)', None),
            },
            {tuple(column) for column in columns},
        )


class PostgreSQLTestCase(base.PostgreSQL, MigrateTests, base.StoreTestCase):
    pass
