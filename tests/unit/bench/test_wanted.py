# SPDX-License-Identifier: Apache-2.0

import unittest

try:
    import numpy as np
except ImportError:
    raise unittest.SkipTest('needs numpy') from None

from bench import quality_models as models
from bench import wanted


def matrix(nodes=models.SITES + 5):
    return models.make_matrix(nodes)


class AskTestCase(unittest.TestCase):
    def test_all_sites_know_the_best_in_one_round(self):
        found = wanted.ask(matrix(), wanted.by_descent(models.SITES, 1))
        self.assertEqual(5 * wanted.SPLITS, len(found.penalties_ms))
        self.assertEqual(5 * wanted.SPLITS, found.rounds)
        self.assertFalse(found.penalties_ms.any())

    def test_a_penalty_is_what_the_others_are_nearer(self):
        # One site is asked, and it is 7 ms from all; others are 2 ms away.
        nodes = matrix()
        nodes[:] = 2.0
        for seed in range(wanted.SPLITS):
            sites, _ = models.split_nodes(len(nodes), seed)

        def ask_one(mesh_ms, measured_ms):
            return [] if measured_ms else ['site-0']

        nodes[sites[0], :] = nodes[:, sites[0]] = 7.0
        found = wanted.ask(nodes, ask_one)
        self.assertEqual([5.0] * 5, list(found.penalties_ms[-5:]))
        self.assertLess(found.within_1_ms, 1)

    def test_rounds_are_counted(self):
        found = wanted.ask(matrix(), wanted.by_descent(12, 5))
        self.assertEqual(3 * 5 * wanted.SPLITS, found.rounds)
        found = wanted.ask(matrix(), wanted.by_chance(12))
        self.assertEqual(5 * wanted.SPLITS, found.rounds)

    def test_a_line_is_no_penalty(self):
        found = wanted.ask(
            matrix(), wanted.by_descent(models.SITES, 1), line_ms=20.0
        )
        np.testing.assert_allclose(found.penalties_ms, 0, atol=1e-9)

    def test_a_site_has_measured_64_others(self):
        nodes = matrix(140)
        meshes = []

        def ask_none(mesh_ms, measured_ms):
            meshes.append(mesh_ms)
            return [] if measured_ms else ['site-0']

        wanted.ask(nodes, ask_none, sites=139)
        self.assertEqual(139 * 64, len(meshes[0]))
        self.assertFalse(any(one == other for one, other in meshes[0]))
