# SPDX-License-Identifier: Apache-2.0

"""Who may read the file of an SQLite store."""

import os
import pathlib
import stat

import fixtures
from oslotest import base

from edge_sched.store import migrate
from edge_sched.store.errors import StoreUnavailableError
from edge_sched.store.settings import StoreSettings

#: Of nobody.
USER, GROUP = 64_123, 64_321


class FileTestCase(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.path = self.folder / 'latency.sqlite'
        self.settings = StoreSettings(f'sqlite:///{self.path}')

    def mode(self) -> int:
        return stat.S_IMODE(self.path.stat().st_mode)

    def test_new_one_is_for_its_group_whatever_the_umask(self) -> None:
        for umask in (0, 0o077):
            self.addCleanup(os.umask, os.umask(umask))
            migrate.sync(self.settings)
            self.assertEqual(0o640, self.mode())
            self.path.unlink()

    def test_group_and_owner_are_those_of_the_folder(self) -> None:
        if os.geteuid():
            self.skipTest('only root can give files away')
        os.chown(self.folder, USER, GROUP)
        migrate.sync(self.settings)
        status = self.path.stat()
        self.assertEqual((USER, GROUP), (status.st_uid, status.st_gid))

    def test_one_that_is_there_is_left_alone(self) -> None:
        self.path.touch()
        self.path.chmod(0o604)
        migrate.sync(self.settings)
        self.assertEqual(0o604, self.mode())
        self.assertEqual(migrate.head(), migrate.current(self.settings))

    def test_what_cannot_be_made_is_said_by_sqlite(self) -> None:
        settings = StoreSettings(f'sqlite:///{self.path}/no/folder')
        self.path.touch()
        error = self.assertRaises(
            StoreUnavailableError, migrate.sync, settings
        )
        self.assertIn('unable to open database file', str(error))
