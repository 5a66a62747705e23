# SPDX-License-Identifier: Apache-2.0

"""Settings, and the words for a failure."""

import sqlite3

import sqlalchemy as sa
from oslo_config import cfg
from oslo_db import exception as db_exception
from oslotest import base

from edge_sched import conf as edge_conf
from edge_sched.store.engine import Database
from edge_sched.store.engine import _url
from edge_sched.store.errors import StoreUnavailableError
from edge_sched.store.reasons import reason
from edge_sched.store.settings import StoreSettings


class SettingsTestCase(base.BaseTestCase):
    def test_from_conf(self):
        conf = cfg.ConfigOpts()
        edge_conf.register_opts(conf)
        conf([], default_config_files=[], default_config_dirs=[])
        conf.set_override('store_timeout', 7, 'edge_sched')
        conf.set_override('outage_max_age', 60, 'edge_sched')
        conf.set_override('connection', 'sqlite:///x', 'edge_sched_database')
        self.assertEqual(
            StoreSettings(
                'sqlite:///x', timeout_seconds=7, outage_max_age_seconds=60
            ),
            StoreSettings.from_conf(conf),
        )

    def test_password_that_is_not_encoded(self):
        for connection in (
            'mysql+pymysql://edge:p@ss9@127.0.0.1/edge',
            'mysql+pymysql://e/dge:ss9@127.0.0.1/edge',
            'postgresql://edge@corp:ss9@127.0.0.1/edge',
        ):
            self.assertNoUrl(
                'there is an @ that is none before the host', connection
            )

    def test_what_is_no_url_is_not_shown(self):
        for connection in (
            'mysql+pymysql://edge:ss9',
            'mysql+pymysql://127.0.0.1:ss9/edge',
            'ss9',
        ):
            self.assertNoUrl(
                'this is no URL as in mysql+pymysql://user:password@host/'
                'database',
                connection,
            )

    def assertNoUrl(self, why, connection):
        for use in (
            lambda settings: settings.url,
            lambda settings: settings.sqlite_file,
            lambda settings: Database(settings, 'read').facade(),
        ):
            error = self.assertRaises(
                StoreUnavailableError, use, StoreSettings(connection)
            )
            self.assertEqual(
                f'[edge_sched_database] connection: {why}; in a password, @ '
                'is written %40, : is %3A, / is %2F, ? is %3F and % is %25',
                str(error),
            )
            self.assertTrue(
                error.__suppress_context__ or not error.__context__
            )

    def test_password_that_is_encoded(self):
        url = StoreSettings('mysql://edge:p%40s%2Fs@b/c').url
        self.assertEqual('p@s/s', url.password)
        self.assertIsNone(StoreSettings('sqlite:////a@b/c@d').url.host)

    def test_no_password_is_shown(self):
        self.assertNotIn('s3cret', repr(StoreSettings('mysql://a:s3cret@b/c')))


def url_of(connection, access):
    return _url(StoreSettings(connection).url, access)


class UrlTestCase(base.BaseTestCase):
    def test_sqlite_opens_as_it_should(self):
        for access, mode in (
            ('read', 'ro'),
            ('write', 'rw'),
            ('create', 'rwc'),
        ):
            url = url_of('sqlite:////var/lib/a b%?.sqlite', access)
            (database,), keywords = url.get_dialect()().create_connect_args(
                url
            )
            self.assertIn(f'mode={mode}', database)
            self.assertTrue(keywords['uri'])
        # What is a query to a URL is none to the file system.
        url = url_of('sqlite:////var/lib/a%b.sqlite', 'read')
        self.assertEqual('file:/var/lib/a%25b.sqlite', url.database)

    def test_mysql_speaks_all_of_unicode(self):
        url = url_of('mysql+pymysql://a@b/c', 'read')
        self.assertEqual('utf8mb4', url.query['charset'])
        url = url_of('mysql+pymysql://a@b/c?charset=latin1', 'read')
        self.assertEqual('latin1', url.query['charset'])


class ReasonTestCase(base.BaseTestCase):
    def test_that_of_the_driver_without_statement_and_parameters(self):
        driver = sqlite3.OperationalError('unable to open\n\tdatabase file')
        sqlalchemy = sa.exc.OperationalError(
            'SELECT secret', {'network': '203.0.113.7'}, driver
        )
        for error in (
            driver,
            sqlalchemy,
            db_exception.DBConnectionError(sqlalchemy),
        ):
            self.assertEqual(
                'OperationalError: unable to open database file',
                reason(error),
            )

    def test_bounded(self):
        self.assertEqual('ValueError', reason(ValueError()))
        self.assertEqual(200, len(reason(ValueError('x' * 999))))
        self.assertEqual(
            "OSError: Can't connect", reason(OSError(2003, "Can't connect"))
        )
