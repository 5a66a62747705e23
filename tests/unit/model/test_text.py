# SPDX-License-Identifier: Apache-2.0


import ddt
from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from edge_sched.model import text


@ddt.ddt
class TextTest(base.BaseTestCase):
    def test_long_text_is_cut_to_64_characters(self):
        self.assertEqual('x' * 64, text.shorten('x' * 64))
        self.assertEqual('x' * 61 + '...', text.shorten('x' * 65))

    @ddt.data(
        ('lyon: HTTP status 500', 'lyon: HTTP status 500'),
        ('caf\u00e9', 'caf\u00e9'),
        ('\x1b[2J\r\n round 1', r'\x1b[2J round 1'),
        ('a\rb\u2028c\td', 'a b c d'),
        ('\u202egnp.exe', r'\u202egnp.exe'),
        # What a name of a file has that is not UTF-8.
        ('a\udcff.csv', r'a\udcff.csv'),
        ('x' * 200, 'x' * 200),
        ('x' * 201, 'x' * 197 + '...'),
        ('\x1b' * 51, r'\x1b' * 49 + r'\...'),
    )
    @ddt.unpack
    def test_what_a_log_may_have(self, given, readable):
        self.assertEqual(readable, text.readable(given))

    def test_no_long_text_is_looked_at_whole(self):
        self.assertEqual('', text.readable(' ' * 9_999_999 + 'x'))
        # Eight times what may be shown.
        self.assertEqual('x', text.readable(' ' * 79 + 'x', 10))
        self.assertEqual('', text.readable(' ' * 80 + 'x', 10))

    @given(st.text(max_size=300))
    def test_whatever_it_is_it_is_a_short_line(self, given):
        readable = text.readable(given, 100)
        self.assertLessEqual(len(readable), 100)
        self.assertTrue(readable.isprintable())
