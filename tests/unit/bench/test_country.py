# SPDX-License-Identifier: Apache-2.0

import itertools
import statistics
import unittest

from bench import country

SITES = [f'site-{number}' for number in range(200)]
ZONE_OF = {f'site-{number}': f'zone-{number % 4}' for number in range(40)}


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


class WishesTestCase(unittest.TestCase):
    def setUp(self):
        super().setUp()
        self.wishes = country.make_wishes(ZONE_OF, 200)

    def test_every_kind_is_there(self):
        self.assertEqual(
            {'no budget', 'required budget', 'preferred budget'},
            {wish.kind for wish in self.wishes},
        )
        self.assertEqual(
            {'', *ZONE_OF.values()}, {wish.zone for wish in self.wishes}
        )
        self.assertEqual(
            {country.NEAR_SITES, len(ZONE_OF)},
            {len(wish.figures) for wish in self.wishes},
        )

    def test_some_budgets_cannot_be_met(self):
        can_be_met = [
            wish.budget_ms >= min(f.p95_ms for f in wish.figures.values())
            for wish in self.wishes
            if wish.budget_ms is not None
        ]
        self.assertIn(True, can_be_met)
        self.assertIn(False, can_be_met)

    def test_same_seed_makes_the_same(self):
        self.assertEqual(self.wishes, country.make_wishes(ZONE_OF, 200))
        self.assertNotEqual(
            self.wishes, country.make_wishes(ZONE_OF, 200, seed=2)
        )

    def test_nearest_have_the_least_round_trips(self):
        everywhere = country.Country(list(ZONE_OF)).measure()
        near = country.nearest(everywhere)
        self.assertEqual(country.NEAR_SITES, len(near))
        others = everywhere.keys() - near.keys()
        self.assertLessEqual(
            max(near.values()), min(everywhere[site] for site in others)
        )
