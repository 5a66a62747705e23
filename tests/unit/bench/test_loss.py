# SPDX-License-Identifier: Apache-2.0

import unittest

try:
    import numpy as np
except ImportError:
    raise unittest.SkipTest('needs numpy') from None

from bench import loss


class LostTestCase(unittest.TestCase):
    def test_as_much_is_lost_as_it_should(self):
        chance = np.random.default_rng(1)
        found = loss.lost(chance, np.full(400, 0.03))
        self.assertAlmostEqual(0.03, found.mean(), delta=0.002)
        self.assertEqual((400, 45), found.shape)

    def test_in_bursts(self):
        chance = np.random.default_rng(1)
        found = loss.lost(chance, np.full(400, 0.03))
        # Apart 86 of 100 windows would lose some.
        self.assertLess((found > 0).mean(), 0.6)

    def test_nothing(self):
        chance = np.random.default_rng(1)
        self.assertEqual(0, loss.lost(chance, np.zeros(3)).max())


class OutcomeTestCase(unittest.TestCase):
    def test_the_hour_violates_less_for_as_many_kept(self):
        window, hour = (loss.outcome(0.5, m) for m in ('window', 'hour'))
        self.assertLess(hour.violated, window.violated / 3)
        self.assertGreater(hour.kept, 0.9 * window.kept)

    def test_a_path_that_is_cut_is_held_against_at_once(self):
        row = loss.row_of(np.array([0.0] * 44 + [0.9]))
        self.assertEqual(0.9, row.held_loss_ratio)
