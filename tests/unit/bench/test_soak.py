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
from unittest import mock

from bench import soak


class SoakTestCase(unittest.TestCase):
    def served(self, *megabytes):
        """The parts of a soak, with the memory after each."""
        numbers = []
        with mock.patch.object(
            soak, 'private_megabytes', side_effect=megabytes
        ):
            parts = list(soak.parts(numbers.append, 800))
        self.assertEqual(list(range(200 * len(parts))), numbers)
        return parts

    def test_what_warms_up_is_no_leak(self):
        parts = self.served(170.0, 170.5, 170.9, 170.8)
        (check,) = soak.section(parts).checks
        self.assertTrue(check.holds)
        self.assertAlmostEqual(0.9, check.figure)

    def test_a_kilobyte_a_request_is_one(self):
        parts = self.served(170.0, 170.4, 170.8, 171.2)
        (check,) = soak.section(parts).checks
        self.assertFalse(check.holds)

    def test_a_large_leak_ends_it(self):
        parts = self.served(170.0, 280.0)
        self.assertEqual([200, 400], [part.requests for part in parts])
        self.assertIn('550.0', soak.section(parts).text)
