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

from bench import site_count
from bench import subjects

COSTS = {
    subjects.COMPUTE_FILTER: 10.0,
    subjects.DEFAULT_FILTERS: 40.0,
    subjects.ALL_WEIGHERS: 60.0,
    subjects.OUR_FILTER: 2.0,
    subjects.EMPTY_PASS: 4.0,
    subjects.OUR_PASS: 11.0,
}


class SiteCountTestCase(unittest.TestCase):
    def missed(self, filter_cost, pass_cost=11.0):
        """The checks that a cost at 200 and at 1000 sites does not pass."""
        costs = COSTS | {
            subjects.OUR_FILTER: filter_cost,
            subjects.OUR_PASS: pass_cost,
        }
        section = site_count.shown(
            {200: [costs], 1000: [costs]}, {200: 0.3, 1000: 0.6}
        )
        return [check.name for check in section.checks if not check.holds]

    def test_each_number_of_sites_has_its_target(self):
        self.assertEqual([], self.missed(3.0))
        name = 'EdgeLatencyFilter / ComputeFilter'
        self.assertEqual([f'{name}, 200 sites'], self.missed(6.0))
        self.assertEqual(
            [f'{name}, 200 sites', f'{name}, 1000 sites'], self.missed(6.1)
        )

    def test_all_of_ours_have_one_target(self):
        name = '(ours - empty) / (default filters + all weighers)'
        self.assertEqual(
            [f'{name}, 200 sites', f'{name}, 1000 sites'],
            self.missed(3.0, pass_cost=12.1),
        )
