# SPDX-License-Identifier: Apache-2.0

"""Two releases on one store: expand, go over, contract.

This release is the old one here, in this process; the new one is
``next_release``, whose commands are processes. What a scheduler does is a
look-up, what a collector and an operator do is writing.
"""

import json

import fixtures

from edge_sched.model.client import parse_prefix
from edge_sched.store import migrate
from edge_sched.store.errors import StoreUnavailableError
from tests.functional.store import base
from tests.functional.store.next_release import NextRelease

HEADER = 'vantage,client,rtt_p50_ms,rtt_p95_ms'


class RollingUpgradeTests:
    def setUp(self):
        super().setUp()
        directory = self.useFixture(fixtures.TempDir()).path
        self.next = NextRelease(directory, self.settings.connection)
        self.scheduler = self.make_reader(cache_ttl_seconds=0)

    def run_next(self, *argv, stdin=''):
        """What a command of the next release has on stdout."""
        status, out, err = self.next.run(*argv, stdin=stdin)
        self.assertEqual((0, ''), (status, err))
        return out

    def fail_next(self, *argv):
        """Why a command of the next release fails."""
        status, out, err = self.next.run(*argv)
        self.assertEqual((1, ''), (status, out))
        return err

    def next_finds(self):
        """What the next release's scheduler has: ``{'lyon': 1.0}``."""
        out = self.run_next('latency', 'show', '203.0.113.7', '-f', 'json')
        return {r['vantage']: r['rtt_p50_ms'] for r in json.loads(out)}

    def next_hops(self):
        out = self.run_next('measurement', 'list', '-f', 'json')
        return {r['vantage']: r['rtt_min_ms'] for r in json.loads(out)}

    def next_stores(self, line):
        self.run_next('measurement', 'import', '-', stdin=f'{HEADER}\n{line}')

    def finds(self):
        """What this release's scheduler has, which runs all the time."""
        (answer,) = self.look_up('203.0.113.7', reader=self.scheduler)
        (part,) = answer.parts
        return {vantage: row.rtt_p50_ms for vantage, row in part.items()}

    def test_from_this_release_to_the_next(self):
        self.store(base.row('lyon', '203.0.113.0/24', 1.0, rtt_min_ms=0.5))

        # The new release before the schema is expanded: declared a failure.
        self.assertIn(
            'the latency store is at revision 0008, not 0010: run "edge-sched '
            'db sync"',
            self.fail_next('latency', 'show', '203.0.113.7'),
        )
        self.assertIn(
            '0010 (contract) waits for 0009 (expand)',
            self.fail_next('db', 'sync', '--contract'),
        )
        self.assertEqual({'lyon': 1.0}, self.finds())

        for _ in range(2):
            self.assertIn(
                'is at 0009; left to do: 0010 (contract)\n',
                self.run_next('db', 'sync', '--expand'),
            )
        self.check_both_releases()

        self.assertIn('is at 0010\n', self.run_next('db', 'sync'))
        self.check_the_next_release_alone()

    def check_both_releases(self):
        """Each reads and writes beside the other."""
        self.assertEqual('0009', migrate.current(self.settings))
        self.assertTrue(migrate.is_newer('0009'))
        # There is nothing to do for this release, which is no mistake.
        self.assertEqual('0009', migrate.sync(self.settings))
        self.assertEqual({'lyon': 1.0}, self.finds())
        self.store(
            base.row('lyon', '203.0.113.0/24', 2.0, measured_at=base.NOW + 1),
            base.row('nice', '203.0.113.0/24', 3.0),
        )
        self.writer.set_client('car', [parse_prefix('203.0.113.7')])
        self.writer.beat('1/1')
        self.assertEqual(1, self.writer.rename_vantage('nice', 'sea'))
        self.next_stores('oslo,203.0.113.0/24,4,5')
        both = {'lyon': 2.0, 'sea': 3.0, 'oslo': 4.0}
        self.assertEqual(both, self.finds())
        self.assertEqual(both, self.next_finds())
        self.assertEqual(
            {'lyon': None, 'sea': None, 'oslo': 3}, self.next_hops()
        )

    def check_the_next_release_alone(self):
        log = self.useFixture(fixtures.FakeLogger())
        error = self.assertRaises(StoreUnavailableError, self.finds)
        self.assertIn('rtt_min_ms', str(error))
        self.assertIn('The latency store is away', log.output)
        self.assertIn('rtt_min_ms', log.output)
        self.next_stores('rome,203.0.113.0/24,6,7')
        self.assertEqual(
            {'lyon': 2.0, 'sea': 3.0, 'oslo': 4.0, 'rome': 6.0},
            self.next_finds(),
        )


class SqliteTestCase(base.Sqlite, RollingUpgradeTests, base.StoreTestCase):
    pass


class MariaDBTestCase(base.MariaDB, RollingUpgradeTests, base.StoreTestCase):
    pass


class PostgreSQLTestCase(
    base.PostgreSQL, RollingUpgradeTests, base.StoreTestCase
):
    pass
