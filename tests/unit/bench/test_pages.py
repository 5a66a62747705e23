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

import contextlib
import io
import pathlib
import tempfile
import unittest

from bench import pages
from bench.result import Check
from bench.result import Growth
from bench.result import Section

GOOD = Check('cost', 0.1, 0.2, beside='floor 0.04')
BAD = Check('throughput', 0.5, 0.85, at_most=False)
SHOWN = Check('others', 3.0)


class CheckTestCase(unittest.TestCase):
    def test_targets_are_bounds_of_either_side(self):
        self.assertTrue(Check('', 0.2, 0.2).holds)
        self.assertFalse(Check('', 0.21, 0.2).holds)
        self.assertTrue(Check('', 200, 200, at_most=False).holds)
        self.assertFalse(Check('', 199, 200, at_most=False).holds)

    def test_slack_is_for_what_may_be_at_most(self):
        self.assertTrue(Check('', 0.24, 0.2).holds_with(slack=1.25))
        self.assertFalse(Check('', 0.26, 0.2).holds_with(slack=1.25))
        self.assertFalse(Check('', 1, 0).holds_with(slack=1.25))
        self.assertFalse(
            Check('', 199, 200, at_most=False).holds_with(slack=1.25)
        )

    def test_figure_that_is_no_number_never_holds(self):
        for at_most in (True, False):
            self.assertFalse(Check('', float('nan'), 1, at_most).holds)

    def test_figure_without_target_is_only_shown(self):
        self.assertTrue(SHOWN.holds)
        self.assertEqual('', SHOWN.wanted)


class PagesTestCase(unittest.TestCase):
    def test_checks_are_a_table(self):
        self.assertEqual(
            [
                '| cost       |    0.1 |  <= 0.2 | floor 0.04 | pass |',
                '| throughput |    0.5 | >= 0.85 |            | FAIL |',
                '| others     |      3 |         |            |      |',
            ],
            pages.checks([GOOD, BAD, SHOWN]).splitlines()[2:],
        )

    def test_status_is_1_if_anything_was_missed(self):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            self.assertEqual(0, pages.show([Section('A', 'a', [GOOD])]))
            self.assertEqual(1, pages.show([Section('B', 'b', [GOOD, BAD])]))
        self.assertIn('Missed: throughput is 0.5, >= 0.85', out.getvalue())

    def test_part_has_sections_and_plots(self):
        growth = Growth('How it grows', 'x', 'y', {'a': [(1, 1), (10, 2)]})
        section = Section('Cost', 'Measured.', [GOOD], [growth])
        with tempfile.TemporaryDirectory() as folder:
            parts = pathlib.Path(folder, 'page')
            try:
                pages.write_part(parts, 'cost', [section], 'The end.')
            except ImportError as error:
                self.skipTest(f'no matplotlib: {error}')
            text = pathlib.Path(parts, 'cost.md').read_text()
            plot = pathlib.Path(parts, 'how-it-grows.svg').read_text()
        self.assertIn('<svg', plot)
        self.assertTrue(text.startswith('## Cost\n\nMeasured.'))
        self.assertIn('![How it grows](page/how-it-grows.svg)', text)
        self.assertTrue(text.endswith('\nThe end.\n'))
