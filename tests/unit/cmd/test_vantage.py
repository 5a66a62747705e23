# SPDX-License-Identifier: Apache-2.0

"""``edge-sched vantage`` on a real store."""

import time

import sqlalchemy as sa

from edge_sched.model.client import parse_client
from edge_sched.model.latency import Latency
from edge_sched.model.latency import NewLatency
from edge_sched.store.engine import Database
from edge_sched.store.schema import vantages
from edge_sched.store.settings import StoreSettings
from edge_sched.store.writer import Writer
from tests.unit.cmd import base
from tests.unit.cmd.test_measurement import ago
from tests.unit.model.test_names import ONE
from tests.unit.model.test_names import TWO

LIST = ('measurement', 'list')


class VantageTestCase(base.SyncedTestCase):
    def setUp(self):
        super().setUp()
        self.import_csv(
            f'{base.HEADER},measured_at,source',
            f'lyon,10.0.0.0/8,1,2,{ago(60)},stamp',
            f'lyon,10.1.0.0/16,1,2,{ago(7200)},icmp',
            f'nice,10.0.0.0/8,3,4,{ago(3600)},',
        )

    def clients(self):
        """``{'lyon': 2}``"""
        return {
            row['vantage']: row['clients']
            for row in self.listed('vantage', 'list')
        }

    def says(self, *argv):
        return self.succeed('vantage', *argv).out


class TestList(VantageTestCase):
    def test_columns(self):
        lyon, nice = self.listed('vantage', 'list')

        self.assertTrue(60 <= lyon.pop('age_seconds') < 600)
        self.assertRegex(lyon.pop('measured_at'), r'^2.*\+00:00$')
        self.assertEqual(
            {
                'vantage': 'lyon',
                'clients': 2,
                'stale': False,
                'sources': ['icmp', 'stamp'],
            },
            lyon,
        )
        self.assertEqual((True, []), (nice['stale'], nice['sources']))

    def test_one_text_where_a_format_has_no_lists(self):
        for form, expected in (
            ('csv', 'False,"icmp, stamp"\n'),
            ('table', '| icmp, stamp |'),
            ('yaml', '  - icmp\n  - stamp\n'),
        ):
            self.assertIn(expected, self.says('list', '-f', form))

    def test_stale_is_older_than_max_age(self):
        self.conf = self.write(
            'edge_sched.conf',
            '[edge_sched_database]',
            f'connection = sqlite:///{self.store}',
            '[edge_sched]',
            'max_age = 30',
        )

        stale = [row['stale'] for row in self.listed('vantage', 'list')]

        self.assertEqual([True, True], stale)

    def test_from_the_future_is_stale_unless_there_is_another(self):
        writer = Writer(StoreSettings(f'sqlite:///{self.store}'))
        self.addCleanup(writer.close)
        ahead = time.time() + 3600
        writer.store_latencies(
            [
                NewLatency(
                    parse_client(client),
                    Latency(vantage, client, 1.0, 2.0, ahead, source='twamp'),
                )
                for vantage, client in (
                    ('lyon', '10.2.0.0/16'),
                    ('nord', '10.2.0.0/16'),
                )
            ]
        )

        result = self.run_command('vantage', 'list', '-f', 'json')

        ages = {row['vantage']: row['age_seconds'] for row in result.json}
        self.assertTrue(60 <= ages['lyon'] < 600)
        self.assertTrue(-3600 <= ages['nord'] < -3000)
        self.assertEqual(
            {'lyon': False, 'nice': True, 'nord': True},
            {row['vantage']: row['stale'] for row in result.json},
        )
        self.assertRegex(
            result.err,
            r'^1 of these measured \d+ min in the future: check the clocks\n$',
        )


class TestRename(VantageTestCase):
    def test_rename(self):
        self.assertEqual(
            '2 rows of lyon given to metro\n',
            self.says('rename', 'lyon', 'metro'),
        )
        self.assertEqual({'metro': 2, 'nice': 1}, self.clients())

    def test_keep(self):
        self.says('rename', 'lyon', 'metro', '--keep')

        self.assertEqual({'lyon': 2, 'metro': 2, 'nice': 1}, self.clients())

    def test_names_that_look_the_same(self):
        """As stored by a release that kept what it was given."""
        self.rename_in_store('lyon', TWO)
        self.assertEqual(2, len(self.listed(*LIST, '--vantage', ONE)))
        self.says('rename', ONE, ONE)
        self.assertEqual({ONE: 2, 'nice': 1}, self.clients())
        self.rename_in_store('nice', TWO)
        # Of both it is the one that is typed.
        self.assertEqual(2, len(self.listed(*LIST, '--vantage', ONE)))
        self.assertEqual(1, len(self.listed(*LIST, '--vantage', TWO)))
        self.says('delete', TWO)
        self.assertEqual({ONE: 2}, self.clients())
        self.says('rename', TWO, 'metro')
        self.says('rename', 'metro', TWO)
        self.assertEqual({ONE: 2}, self.clients())

    def rename_in_store(self, old, new):
        settings = StoreSettings(f'sqlite:///{self.store}')
        with Database(settings, 'write').writing() as connection:
            connection.execute(
                sa.update(vantages)
                .where(vantages.c.name == old)
                .values(name=new)
            )

    def test_taken(self):
        self.assertFails(
            "'nice' has rows already (1): with --merge the newer of each "
            'client stays',
            *('vantage', 'rename', 'lyon', 'nice'),
        )
        self.assertEqual({'lyon': 2, 'nice': 1}, self.clients())

    def test_merge(self):
        self.says('rename', 'lyon', 'nice', '--merge')

        self.assertEqual({'nice': 2}, self.clients())

    def test_of_nothing(self):
        self.assertFails(
            "nothing was measured from 'Lyon'",
            *('vantage', 'rename', 'Lyon', 'metro'),
        )

    def test_to_itself(self):
        self.assertFails(
            "'lyon' is both names",
            *('vantage', 'rename', 'lyon', 'lyon', '--merge'),
        )
        self.assertEqual({'lyon': 2, 'nice': 1}, self.clients())

    def test_names_that_cannot_be(self):
        for name in '', ' metro', 'a\tb', 'm' * 256:
            for argv in (
                ('rename', 'lyon', name),
                ('rename', name, 'lyon'),
                ('delete', name),
            ):
                result = self.run_command('vantage', *argv)
                self.assertEqual((1, ''), (result.status, result.out))
                self.assertIn('is not the name of a vantage point', result.err)
        self.assertEqual({'lyon': 2, 'nice': 1}, self.clients())


class TestDelete(VantageTestCase):
    def test_delete(self):
        self.assertEqual('2 rows deleted\n', self.says('delete', 'lyon'))
        self.assertEqual({'nice': 1}, self.clients())

    def test_of_nothing(self):
        self.assertFails(
            "nothing was measured from 'metro'", 'vantage', 'delete', 'metro'
        )
