# SPDX-License-Identifier: Apache-2.0

"""``edge-sched db`` in phases; the files it makes are in ``test_shell``."""

from unittest import mock

from edge_sched.store import migrate
from tests.unit.cmd import base

TO_COME = (
    migrate.Revision('0009', 'expand', 'More.'),
    migrate.Revision('0010', 'contract', 'Less.'),
)


class TestPhases(base.CommandTestCase):
    def setUp(self):
        super().setUp()
        self.known = migrate.revisions()

    def sync(self, *argv):
        """What it says after the store's name."""
        out = self.succeed('db', 'sync', *argv).out
        return out.removeprefix(f'sqlite:///{self.store} ')

    def knowing(self, *revisions):
        """As if a release knew these revisions and no others."""
        return mock.patch.object(migrate, 'revisions', return_value=revisions)

    def test_expand_makes_the_tables(self):
        self.assertEqual(f'is at {migrate.head()}\n', self.sync('--expand'))
        self.assertEqual([], self.listed('client', 'list'))

    def test_contract_has_nothing_to_do(self):
        left = ', '.join(f'{step.name} (expand)' for step in self.known)
        self.assertEqual(
            f'has no tables; left to do: {left}\n', self.sync('--contract')
        )
        self.sync()
        self.assertEqual(f'is at {migrate.head()}\n', self.sync('--contract'))

    def test_what_is_left_is_said(self):
        self.sync()
        with self.knowing(*self.known, TO_COME[1]):
            self.assertEqual(
                f'is at {self.known[-1].name}; left to do: 0010 (contract)\n',
                self.sync('--expand'),
            )

    def test_contract_before_expand_is_a_mistake(self):
        self.sync()
        with self.knowing(*self.known, *TO_COME):
            self.assertFails(
                '0010 (contract) waits for 0009 (expand)',
                *('db', 'sync', '--contract'),
            )

    def test_both_at_once(self):
        result = self.run_command('db', 'sync', '--expand', '--contract')

        self.assertEqual(1, result.status)
        self.assertFalse(self.store.exists())

    def test_schema_of_a_newer_release_is_left_alone(self):
        self.sync()
        with self.knowing(self.known[0]):
            self.assertEqual(
                f'is at {self.known[-1].name}, of a newer release; nothing is '
                'done\n',
                self.sync(),
            )
            self.assertEqual([], self.listed('client', 'list'))

    def test_status(self):
        with self.knowing(*self.known[:-1]):
            self.sync()

        self.assertEqual(
            [
                {
                    'revision': step.name,
                    'phase': step.phase,
                    'done': step is not self.known[-1],
                    'what': step.what,
                }
                for step in self.known
            ],
            self.listed('db', 'status'),
        )

    def test_status_of_a_newer_release(self):
        self.sync()
        with self.knowing(self.known[0]):
            *_, last = self.listed('db', 'status')

        self.assertEqual(
            {
                'revision': self.known[-1].name,
                'phase': None,
                'done': True,
                'what': 'Of a newer release.',
            },
            last,
        )

    def test_status_of_nothing(self):
        self.assertFails(
            f'there is no latency store at {self.store}: run "edge-sched db '
            'sync"',
            *('db', 'status'),
        )

    def test_schema_that_is_too_old_is_said(self):
        with self.knowing(self.known[0]):
            self.sync()

        # The first schema has all that this command asks for.
        self.assertEqual([], self.listed('client', 'list'))
        self.assertFails(
            f'the latency store is at revision {self.known[0].name}, not '
            f'{migrate.head()}: run "edge-sched db sync"',
            *('latency', 'show', '10.0.0.1'),
        )

    def test_schema_of_a_newer_release_that_is_contracted(self):
        self.sync()
        with (
            self.knowing(self.known[0]),
            mock.patch(
                'edge_sched.store.query.statement',
                side_effect=migrate.sa.exc.OperationalError(
                    'SELECT', {}, Exception('no such column')
                ),
            ),
        ):
            self.assertFails(
                f'the latency store is at revision {self.known[-1].name}, of '
                'a newer release: Exception: no such column',
                *('latency', 'show', '10.0.0.1'),
            )
