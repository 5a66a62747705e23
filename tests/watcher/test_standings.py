# SPDX-License-Identifier: Apache-2.0

"""Where the standings come from."""

import sys
import types

import fixtures
from oslotest import base

from edge_sched.store.errors import StoreUnavailableError
from edge_sched.store.settings import StoreSettings
from edge_sched.watcher.standings import read_standings

SETTINGS = StoreSettings('sqlite:////nowhere')


class ReadTest(base.BaseTestCase):
    def _install(self, module):
        name = 'edge_sched.store.standings'
        self.useFixture(
            fixtures.MonkeyPatch('sys.modules', sys.modules | {name: module})
        )

    def test_store_is_asked_with_its_settings(self):
        asked = []
        module = types.ModuleType('edge_sched.store.standings')
        module.read_standings = lambda settings: asked.append(settings) or ()
        self._install(module)
        self.assertEqual((), read_standings(SETTINGS))
        self.assertEqual([SETTINGS], asked)

    def test_release_that_keeps_none(self):
        self._install(None)
        self.assertRaisesRegex(
            StoreUnavailableError, 'no auditor', read_standings, SETTINGS
        )
