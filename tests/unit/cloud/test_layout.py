# SPDX-License-Identifier: Apache-2.0

import pathlib

import fixtures
from oslotest import base

from tests.cloud.layout import Layout
from tests.cloud.layout import LayoutError
from tests.cloud.ports import DEFAULT_BASE
from tests.cloud.ports import VARIABLE


class LayoutTest(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def _layout(self, wanted=None):
        self.useFixture(fixtures.EnvironmentVariable(VARIABLE, wanted))
        return Layout(self.folder)

    def test_new_folder_takes_what_the_environment_says_or_the_default(self):
        self.assertEqual(31000, self._layout('31000').ports.base)
        self.assertEqual(DEFAULT_BASE, self._layout().ports.base)

    def test_folder_keeps_its_ports(self):
        self._layout('31000').keep_ports()
        for wanted in (None, '31000', '32000'):
            layout = self._layout(wanted)
            self.assertEqual(31000, layout.ports.base)
        error = self.assertRaises(LayoutError, layout.check_wanted_ports)
        self.assertIn(f'{VARIABLE}=31000', str(error))
        self.assertIn('32000 takes a new one', str(error))

    def test_same_ports_may_be_asked_for_again(self):
        self._layout('31000').keep_ports()
        self.assertIsNone(self._layout('31000').check_wanted_ports())
        self.assertIsNone(self._layout().check_wanted_ports())

    def test_services_are_marked_and_know_no_other_home(self):
        self.useFixture(fixtures.EnvironmentVariable('OS_CLOUD', 'other'))
        environment = self._layout().environment('keystone')
        self.assertNotIn('OS_CLOUD', environment)
        self.assertEqual(str(self.folder), environment['EDGE_SCHED_CLOUD'])
        self.assertEqual('keystone', environment['EDGE_SCHED_CLOUD_SERVICE'])
        for name in ('HOME', 'TMPDIR'):
            self.assertIn(str(self.folder), environment[name])
