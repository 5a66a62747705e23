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

import unittest

from bench import clocked


class Clock:
    """Goes on only when it is told to."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def checked():
    """A plug-in that is a function."""


class ClockedTestCase(unittest.TestCase):
    def setUp(self):
        super().setUp()
        self.clock = Clock()

    def test_time_until_the_next_is_that_of_the_item(self):
        items = clocked.Clocked([checked, 'text'], self.clock)
        for seconds, _ in enumerate(items, 1):
            self.clock.now += seconds
        self.assertEqual({'checked': 1, 'str': 2}, items.seconds)

    def test_two_of_a_class_and_two_passes_add_up(self):
        items = clocked.Clocked(['a', 'b'], self.clock)
        for _ in range(2):
            for _ in items:
                self.clock.now += 1
        self.assertEqual({'str': 4}, items.seconds)

    def test_one_that_ends_it_all_counts(self):
        items = clocked.Clocked(['a', 2], self.clock)
        with self.assertRaises(ZeroDivisionError):
            for _ in items:
                self.clock.now += 1
                raise ZeroDivisionError
        self.assertEqual({'str': 1}, items.seconds)

    def test_is_a_list(self):
        self.assertEqual(['a', 'b'], clocked.Clocked('ab'))
