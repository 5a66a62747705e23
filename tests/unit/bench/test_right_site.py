# SPDX-License-Identifier: Apache-2.0

import unittest

from bench import right_site
from bench.country import Figures
from bench.country import Wish
from bench.site_model import Right

FIGURES = {'paris': Figures(5.0, 7.0), 'lille': Figures(5.9, 9.0)}
NEAR = Wish(7, FIGURES)
STRICT = Wish(8, FIGURES, 3.0, required=True, zone='west')
BOTH = Right(frozenset(['paris']), frozenset(['paris', 'lille']))


class OutcomeTestCase(unittest.TestCase):
    def test_in_the_band_is_right_and_at_its_edge_not_the_best(self):
        paris = right_site.Outcome(NEAR, 'paris', BOTH)
        self.assertTrue(paris.is_right and paris.is_best)
        lille = right_site.Outcome(NEAR, 'lille', BOTH)
        self.assertTrue(lille.is_right and not lille.is_best)

    def test_elsewhere_and_refused_are_wrong(self):
        for site in ('lyon', ''):
            outcome = right_site.Outcome(NEAR, site, BOTH)
            self.assertFalse(outcome.is_right or outcome.is_best)

    def test_to_refuse_is_right_where_there_is_nothing(self):
        refused = right_site.Outcome(STRICT, '', Right())
        self.assertTrue(refused.is_right and refused.is_best)
        placed = right_site.Outcome(STRICT, 'paris', Right())
        self.assertFalse(placed.is_right or placed.is_best)

    def test_says_what_is_wrong(self):
        self.assertEqual(
            'client 7, no budget: lyon (unknown), best paris (5.00, 7.00 ms)',
            str(right_site.Outcome(NEAR, 'lyon', BOTH)),
        )
        self.assertEqual(
            'client 8, required budget of 3 ms in west: refused, best none',
            str(right_site.Outcome(STRICT, '', Right())),
        )
