# SPDX-License-Identifier: Apache-2.0

import pathlib
import signal
import subprocess
import sys

import fixtures
from oslotest import base

from tests.cloud import processes
from tests.cloud.layout import Layout

SLEEP = [sys.executable, '-c', 'import time; time.sleep(600)']
#: Ends by a child of its own only, and never by SIGTERM.
STUBBORN = [
    sys.executable,
    '-c',
    'import os, signal, time; signal.signal(15, signal.SIG_IGN); os.fork(); '
    'print("ready", flush=True); time.sleep(600)',
]


class ProcessesTest(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        folder = self.useFixture(fixtures.TempDir()).path
        self.layout = Layout(pathlib.Path(folder))
        self.layout.make()
        self.addCleanup(self._kill_all)

    def _kill_all(self):
        processes.send(processes.find(self.layout), signal.SIGKILL)

    def _launch(self, name, command=SLEEP):
        processes.launch(self.layout, name, command, {})
        processes.wait_for(name, lambda: processes.find(self.layout, name))

    def test_service_is_found_by_its_name_and_leads_its_session(self):
        self._launch('one')
        self._launch('two')
        [one] = processes.find(self.layout, 'one')
        self.assertTrue(one.leads)
        self.assertEqual(
            {'one', 'two'},
            {each.service for each in processes.find(self.layout)},
        )

    def test_another_cloud_is_not_seen(self):
        self._launch('one')
        folder = self.useFixture(fixtures.TempDir()).path
        self.assertEqual([], processes.find(Layout(pathlib.Path(folder))))

    def test_zombie_is_gone(self):
        child = subprocess.Popen(
            SLEEP, env=self.layout.environment('one'), start_new_session=True
        )
        self.addCleanup(child.wait)
        processes.wait_for(
            'the child', lambda: processes.find(self.layout, 'one')
        )
        self.assertEqual([], processes.stop(self.layout, 'one'))

    def test_stop_leaves_others_alone(self):
        self._launch('one')
        self._launch('two')
        self.assertEqual([], processes.stop(self.layout, 'one'))
        self.assertEqual(
            ['two'], [each.service for each in processes.find(self.layout)]
        )

    def test_who_does_not_end_is_killed_with_its_children(self):
        self.patch(processes, 'END_SECONDS', 0.5)
        self._launch('one', STUBBORN)
        log = self.layout.log('one')
        processes.wait_for('both', lambda: log.read_text().count('ready') == 2)
        killed = processes.stop(self.layout, 'one')
        self.assertEqual(2, len(killed))
        self.assertEqual([], processes.find(self.layout, 'one'))

    def test_waiting_in_vain_says_for_what_and_how_long(self):
        error = self.assertRaises(
            processes.NotInTimeError,
            processes.wait_for,
            'rain',
            lambda: False,
            0,
        )
        self.assertEqual('waited 0 s in vain for rain', str(error))
