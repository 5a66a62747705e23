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

import itertools
import statistics
import unittest

from bench import country

SITES = [f'site-{number}' for number in range(200)]


class CountryTestCase(unittest.TestCase):
    def setUp(self):
        super().setUp()
        self.country = country.Country(SITES)

    def test_client_has_figures_to_every_site(self):
        figures = self.country.measure()
        self.assertEqual(SITES, list(figures))
        for p50_ms, p95_ms in figures.values():
            self.assertLessEqual(country.LAST_MILE_MS, p50_ms)
            self.assertLessEqual(p50_ms, p95_ms)

    def test_another_client_is_elsewhere(self):
        self.assertNotEqual(self.country.measure(), self.country.measure())

    def test_same_seed_makes_the_same(self):
        self.assertEqual(
            self.country.measure(), country.Country(SITES).measure()
        )
        self.assertNotEqual(
            self.country.measure(), country.Country(SITES, seed=2).measure()
        )

    def test_sites_that_follow_each_other_are_neighbours(self):
        places = list(self.country._places.values())
        steps = itertools.starmap(
            country.math.dist, itertools.pairwise(places)
        )
        # Two places anywhere are half the country apart.
        self.assertLess(statistics.fmean(steps), country.COUNTRY_KM / 5)


class RowsTestCase(unittest.TestCase):
    def test_clients_are_numbered(self):
        near, far = country.Figures(1.0, 2.0), country.Figures(8.0, 9.0)
        rows = country.rows([{'paris': near}, {'paris': far, 'lyon': near}])
        self.assertEqual(
            [
                ('10.0.0.0/24', 'paris', 1.0, 2.0),
                ('10.0.1.0/24', 'paris', 8.0, 9.0),
                ('10.0.1.0/24', 'lyon', 1.0, 2.0),
            ],
            [
                (
                    row.latency.client,
                    row.latency.vantage,
                    row.latency.rtt_p50_ms,
                    row.latency.rtt_p95_ms,
                )
                for row in rows
            ],
        )
