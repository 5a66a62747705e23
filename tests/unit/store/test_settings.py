# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""Settings, and the words for a failure."""

import sqlite3

import sqlalchemy as sa
from oslo_config import cfg
from oslo_db import exception as db_exception
from oslotest import base

from edge_sched import conf as edge_conf
from edge_sched.store.engine import _url
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

    def test_no_password_is_shown(self):
        self.assertNotIn('s3cret', repr(StoreSettings('mysql://a:s3cret@b/c')))


class UrlTestCase(base.BaseTestCase):
    def test_sqlite_opens_as_it_should(self):
        for access, mode in (
            ('read', 'ro'),
            ('write', 'rw'),
            ('create', 'rwc'),
        ):
            url = _url('sqlite:////var/lib/a b%?.sqlite', access)
            (database,), keywords = url.get_dialect()().create_connect_args(
                url
            )
            self.assertIn(f'mode={mode}', database)
            self.assertTrue(keywords['uri'])
        # What is a query to a URL is none to the file system.
        url = _url('sqlite:////var/lib/a%b.sqlite', 'read')
        self.assertEqual('file:/var/lib/a%25b.sqlite', url.database)

    def test_mysql_speaks_all_of_unicode(self):
        url = _url('mysql+pymysql://a@b/c', 'read')
        self.assertEqual('utf8mb4', url.query['charset'])
        url = _url('mysql+pymysql://a@b/c?charset=latin1', 'read')
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
