# SPDX-License-Identifier: Apache-2.0

"""What a status report asks, of each database."""

import dataclasses
from unittest import mock

from edge_sched.model.client import parse_client
from edge_sched.model.client import parse_prefix
from edge_sched.store import survey as module
from edge_sched.store.errors import StoreUnavailableError
from edge_sched.store.survey import Survey
from edge_sched.store.survey import fresh_vantages
from edge_sched.store.survey import survey
from edge_sched.store.survey import vantages_ahead
from tests.functional.store import base


class SurveyTests:
    def test_nothing_is_there(self):
        self.assertEqual(Survey(frozenset(), {}), survey(self.settings))
        self.assertEqual(set(), fresh_vantages(self.settings, base.NOW, 900))

    def test_a_vantage_is_fresh_if_any_of_its_rows_is(self):
        old = {'measured_at': base.NOW - 901}
        self.store(
            base.row('lyon', '203.0.113.0/24', 10.0, **old),
            base.row('lyon', '192.0.2.0/24', 10.0),
            base.row('nice', '203.0.113.0/24', 10.0, **old),
            base.row(
                'nord', '203.0.113.0/24', 10.0, measured_at=base.NOW - 900
            ),
        )
        self.assertEqual(
            {'lyon', 'nice', 'nord'}, survey(self.settings).vantages
        )
        self.assertEqual(
            {'lyon', 'nord'},
            fresh_vantages(self.settings, base.NOW, 900),
        )
        self.assertEqual(set(), vantages_ahead(self.settings, base.NOW))

    def test_a_row_from_the_future_is_not_fresh(self):
        ahead = {'measured_at': base.NOW + 6}
        self.store(
            base.row('lyon', '203.0.113.0/24', 10.0, **ahead),
            base.row('lyon', '192.0.2.0/24', 10.0),
            base.row('nice', '203.0.113.0/24', 10.0, **ahead),
            base.row('nord', '203.0.113.0/24', 10.0, measured_at=base.NOW + 5),
        )
        self.assertEqual(
            {'lyon', 'nord'}, fresh_vantages(self.settings, base.NOW, 900)
        )
        self.assertEqual(
            {'lyon', 'nice'}, vantages_ahead(self.settings, base.NOW)
        )

    def test_a_vantage_without_rows_is_none(self):
        self.store(base.row('lyon', '203.0.113.0/24', 10.0))
        self.writer.purge(vantage='lyon')
        self.assertEqual(set(), survey(self.settings).vantages)

    def test_clients_that_were_measured(self):
        self.writer.set_client('car', [], 'a')
        self.writer.set_client('car', [parse_prefix('203.0.113.7')])
        self.store(
            base.row('lyon', '203.0.113.0/24', 10.0),
            base.row('nice', '203.0.113.0/24', 10.0),
            base.row('lyon', '2001:db8::7', 10.0),
            base.row('lyon', '192.0.2.7', 10.0),
            base.row('lyon', 'site:nice', 10.0),
            base.row('lyon', 'car', 10.0, project='a'),
        )
        self.writer.purge(client=parse_client('192.0.2.7'))
        expected = [
            ('car', 'a'),
            ('203.0.113.0/24', ''),
            ('2001:db8::7/128', ''),
            ('site:nice', ''),
        ]
        for size in 1, 3, 4, 99:
            with mock.patch.object(module, 'PAGE', size):
                pages = list(module.measured_clients(self.settings))
            self.assertEqual(
                [(each.canonical, owner) for p in pages for each, owner in p],
                expected,
            )
            self.assertEqual(min(size, 4), len(pages[0]))

    def test_collectors_that_are_at_work(self):
        self.writer.beat('1/2')
        self.writer.beat('2/2')
        self.assertEqual(
            {'1/2', '2/2'}, survey(self.settings).heartbeats.keys()
        )

    def test_a_store_without_tables(self):
        empty = dataclasses.replace(self.settings, connection=self.new_url())
        self.assertRaises(StoreUnavailableError, survey, empty)
        self.assertRaises(
            StoreUnavailableError, fresh_vantages, empty, base.NOW, 900
        )
        self.assertRaises(
            StoreUnavailableError, next, module.measured_clients(empty)
        )


class SqliteTestCase(base.Sqlite, SurveyTests, base.StoreTestCase):
    pass


class MariaDBTestCase(base.MariaDB, SurveyTests, base.StoreTestCase):
    pass


class PostgreSQLTestCase(base.PostgreSQL, SurveyTests, base.StoreTestCase):
    pass
