# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

import argparse
import contextlib
import io
import os
import unittest
from unittest import mock

from bench import suite
from bench.result import Check
from bench.result import Section


def sections(options):
    return [Section('Where', f'{options.short} {os.getpid()}')]


class RunApartTestCase(unittest.TestCase):
    def test_each_module_runs_in_a_process_of_its_own(self):
        options = argparse.Namespace(short=True)
        (section,) = suite.run_apart(__name__, options)
        short, process = section.text.split()
        self.assertEqual('True', short)
        self.assertNotEqual(f'{os.getpid()}', process)


class OptionsTestCase(unittest.TestCase):
    def refused(self, *arguments):
        """What is said of arguments that cannot be used."""
        said = io.StringIO()
        with (
            contextlib.redirect_stderr(said),
            self.assertRaises(SystemExit) as caught,
        ):
            suite.main(arguments)
        self.assertEqual(2, caught.exception.code)
        return said.getvalue()

    def test_an_unknown_benchmark_is_refused_with_the_known_ones(self):
        said = self.refused('quallity')
        self.assertIn("no benchmark is named 'quallity'", said)
        self.assertIn('whereabouts', said)

    def test_short_figures_cannot_be_published(self):
        said = self.refused('--short', '--page', 'page')
        self.assertIn('not allowed', said)


class AttemptsTestCase(unittest.TestCase):
    def exit_status(self, *figures, short=True):
        """What becomes of a benchmark with another figure at each run."""
        runs = [
            [Section('Cost', '', [Check('cost', figure, 0.2)])]
            for figure in figures
        ]
        arguments = ['--short'] if short else []
        with (
            contextlib.redirect_stdout(io.StringIO()),
            mock.patch.object(suite, 'run_apart', side_effect=runs) as run,
        ):
            status = suite.main([*arguments, 'scheduler_pass'])
        self.assertEqual(len(figures), run.call_count)
        return status

    def test_a_quarter_more_is_missed(self):
        self.assertEqual(1, self.exit_status(0.25, 0.25, 0.25))

    def test_a_run_that_holds_is_enough(self):
        self.assertEqual(0, self.exit_status(0.21))
        self.assertEqual(0, self.exit_status(0.25, 0.23, 0.21))

    def test_a_long_one_runs_once(self):
        self.assertEqual(1, self.exit_status(0.21, short=False))
