# SPDX-License-Identifier: Apache-2.0

"""Nothing that others wrote is an order to a terminal."""

import hypothesis
import testtools
from hypothesis import strategies as st

from edge_sched_osc import text


class TestText(testtools.TestCase):
    def test_readable(self):
        for given, expected in (
            ('Köln', 'Köln'),
            ('a\x1b[2J', 'a\\x1b[2J'),
            ('a\r\n b\tc', 'a b c'),
            ('\u202eab', '\\u202eab'),
            ('\x9b1m', '\\x9b1m'),
            ('', ''),
        ):
            self.assertEqual(expected, text.readable(given))

    @hypothesis.given(st.text())
    def test_readable_is_printable(self, given):
        self.assertTrue(text.readable(given).isprintable())

    def test_cleaned_to_the_last_key(self):
        self.assertEqual(
            {'a\\x07': ['b\\x1b', {'c': 'd\\x1b'}, 1, None, True, 2.5]},
            text.cleaned(
                {'a\x07': ['b\x1b', {'c': 'd\x1b'}, 1, None, True, 2.5]}
            ),
        )
