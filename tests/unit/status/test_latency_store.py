# SPDX-License-Identifier: Apache-2.0

"""The latency store, judged from what can be told of it."""

import os
import pathlib

import fixtures

from edge_sched.status.cloud import Schedulers
from edge_sched.status.latency_store import Store
from edge_sched.status.latency_store import judge_sharing
from edge_sched.status.latency_store import judge_store
from edge_sched.status.latency_store import read_store
from edge_sched.store import migrate
from edge_sched.store.errors import StoreUnavailableError
from edge_sched.store.migrate import Revision
from edge_sched.store.settings import StoreSettings
from tests.unit.status import base

URL = 'mysql+pymysql://edge:***@db/edge'
CONNECTION = (
    '[edge_sched_database]',
    'connection = mysql+pymysql://edge_sched:SECRET@CONTROLLER/edge_sched'
    '?charset=utf8mb4',
)
EXPAND = Revision('0003', 'expand', 'Add something.')
CONTRACT = Revision('0004', 'contract', 'Take something away.')
EXPAND_AGAIN = Revision('0005', 'expand', 'Add something else.')


class JudgeStoreTest(base.JudgementTestCase):
    def test_current(self) -> None:
        self.assertSuccess(
            judge_store(Store(URL, False, '0002')),
            f'The latency store {URL} is at revision 0002.',
        )

    def test_away(self) -> None:
        self.assertFails(
            judge_store(Store(URL, False, error='OperationalError: gone')),
            f'{URL} cannot be used by this user: OperationalError: gone.',
            *CONNECTION,
            '$ edge-sched db sync',
        )

    def test_empty(self) -> None:
        self.assertFails(
            judge_store(Store(URL, False, pending=(EXPAND,))),
            'has no tables. Run:',
            '$ edge-sched db sync',
        )

    def test_of_a_newer_release(self) -> None:
        self.assertWarns(
            judge_store(Store(URL, False, '0010', is_newer=True)),
            'is at revision 0010, of a newer release. That is as it should',
        )

    def test_too_old(self) -> None:
        for pending, phases in (
            ([EXPAND], ['expand']),
            ([EXPAND, CONTRACT], ['expand']),
            ([CONTRACT, EXPAND_AGAIN], ['contract', 'expand']),
            (
                [EXPAND, CONTRACT, EXPAND_AGAIN],
                ['expand', 'contract', 'expand'],
            ),
        ):
            self.assertFails(
                judge_store(Store(URL, False, '0002', pending=pending)),
                'is at revision 0002, which is too old for this release.',
                *(f'$ edge-sched db sync --{phase}' for phase in phases),
            )

    def test_with_something_left_to_clear_away(self) -> None:
        self.assertWarns(
            judge_store(Store(URL, False, '0003', pending=[CONTRACT])),
            'still has what only an older release needs.',
            '$ edge-sched db sync --contract',
        )


class ReadStoreTest(base.JudgementTestCase):
    def setUp(self) -> None:
        super().setUp()
        folder = self.useFixture(fixtures.TempDir()).path
        self.path = pathlib.Path(folder, 'latency.sqlite')
        self.settings = StoreSettings(f'sqlite:///{self.path}')
        self.url = f'sqlite:///{self.path}'

    def test_file_that_is_not_there(self) -> None:
        self.assertEqual(
            Store(self.url, True, error='there is no such file'),
            read_store(self.settings),
        )

    def test_empty_file(self) -> None:
        self.path.touch()
        self.assertEqual(
            Store(self.url, True, None, pending=migrate.revisions()),
            read_store(self.settings),
        )

    def test_current_store(self) -> None:
        migrate.sync(self.settings)
        self.assertEqual(
            Store(self.url, True, migrate.head()), read_store(self.settings)
        )

    def test_file_that_is_no_database(self) -> None:
        self.path.write_text('vantage,client\n' * 100)
        store = read_store(self.settings)
        self.assertEqual('DatabaseError: file is not a database', store.error)

    def test_directory_where_a_file_should_be(self) -> None:
        os.mkdir(self.path)
        store = read_store(self.settings)
        # What it says depends on the release of SQLite.
        self.assertRegex(store.error, '^OperationalError: .')

    def test_server_that_is_not_there_is_named_without_its_password(
        self,
    ) -> None:
        store = read_store(
            StoreSettings('mysql+pymysql://edge:secret@127.0.0.1:1/edge')
        )
        self.assertFalse(store.is_file)
        self.assertEqual(
            'mysql+pymysql://edge:***@127.0.0.1:1/edge', store.url
        )
        self.assertIn('Connection refused', store.error)

    def test_connection_that_is_no_url(self) -> None:
        self.assertRaises(
            StoreUnavailableError, read_store, StoreSettings('latency.sqlite')
        )


class SharingTest(base.JudgementTestCase):
    def judge(self, *hosts: str, silent: tuple[str, ...] = ()) -> object:
        return judge_sharing(Schedulers(frozenset(hosts), frozenset(silent)))

    def test_one_controller(self) -> None:
        for hosts in (['ctl-1'], []):
            self.assertSuccess(
                self.judge(*hosts),
                'The latency store is a file, for one nova-scheduler.',
            )

    def test_two_controllers(self) -> None:
        for silent in ((), ('cell2',)):
            self.assertFails(
                self.judge('ctl-2', 'ctl-1', silent=silent),
                'nova-scheduler runs on ctl-1, ctl-2, each with a file of '
                'its own.',
                *CONNECTION,
            )

    def test_cell_that_does_not_tell(self) -> None:
        self.assertWarns(
            self.judge('ctl-1', silent=('cell2',)),
            'since these cells do not answer: cell2',
        )
