# SPDX-License-Identifier: Apache-2.0

"""How figures and names stand on the page."""

import math

import ddt
import testtools

from edge_sched.model.client import parse_client
from edge_sched.report import texts


@ddt.ddt
class TextsTest(testtools.TestCase):
    @ddt.data(
        (None, '\u2013'),
        (math.inf, 'lost'),
        (0.0, '0.0'),
        (5.24, '5.2'),
        (9.94, '9.9'),
        (9.95, '10'),
        (51.4, '51'),
        (999.4, '999'),
        (999.5, '1s'),
        (1234.0, '1.2s'),
        (10_000.0, '10s'),
        (-3.0, '-3.0'),
        (-38.2, '-38'),
    )
    @ddt.unpack
    def test_milliseconds(self, value: float | None, expected: str) -> None:
        self.assertEqual(expected, texts.milliseconds(value))

    def test_budget_is_as_given(self) -> None:
        self.assertEqual('20', texts.budget(20.0))
        self.assertEqual('2.5', texts.budget(2.5))
        self.assertEqual('\u2013', texts.budget(None))

    def test_age(self) -> None:
        self.assertEqual('40 s', texts.age(40.2))
        self.assertEqual('\u2013', texts.age(None))

    def test_time_is_utc(self) -> None:
        self.assertEqual(
            '2026-08-17 20:53:20 UTC', texts.time_utc(1_787_000_000.9)
        )

    def test_name_of_a_stranger(self) -> None:
        self.assertEqual('a\\x1b[2J b', texts.name('a\x1b[2J\r\n b'))
        self.assertEqual(63, len(texts.name('x' * 64)))
        self.assertEqual('x' * 63, texts.name('x' * 63))

    def test_address_is_cut(self) -> None:
        for text, expected in (
            ('203.0.113.7', '203.0.113.0/24'),
            ('203.0.0.0/16', '203.0.0.0/16'),
            ('2001:db8:1:2ff::7', '2001:db8:1:200::/56'),
            ('crew', 'crew'),
            ('site:lyon', 'site:lyon'),
        ):
            self.assertEqual(expected, texts.client_name(parse_client(text)))

    def test_middle_of_a_long_name_goes(self) -> None:
        self.assertEqual('abcdef', texts.squeezed('abcdef', 6))
        self.assertEqual('abc\u2026fg', texts.squeezed('abcdefg', 6))
        self.assertEqual('ab\u2026fg', texts.squeezed('abcdefg', 5))

    def test_counted(self) -> None:
        self.assertEqual('0 servers', texts.counted(0, 'server'))
        self.assertEqual('1 server', texts.counted(1, 'server'))
        self.assertEqual('2 servers', texts.counted(2, 'server'))
