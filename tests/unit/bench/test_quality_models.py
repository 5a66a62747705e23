# SPDX-License-Identifier: Apache-2.0

import unittest

try:
    import numpy as np
except ImportError:
    raise unittest.SkipTest('needs numpy') from None


from bench import quality_load
from bench import quality_models as models
from bench.quality_models import NOWHERE
from bench.quality_models import SITES
from bench.quality_models import Kept
from bench.quality_models import Quality
from bench.quality_models import Split
from bench.quality_models import Statistics
from bench.quality_models import make_matrix
from bench.quality_models import split_matrix
from bench.quality_models import split_nodes


def of_one_path(*samples_ms):
    """A window of frames, between one site and one client."""
    return np.array(samples_ms, float).reshape(-1, 1, 1)


class StatisticsTestCase(unittest.TestCase):
    def test_percentiles_are_those_of_the_nearest_rank(self):
        known = Statistics.of(of_one_path(*range(100, 0, -1)))
        self.assertEqual(50, known.p50_ms[0, 0])
        self.assertEqual(95, known.p95_ms[0, 0])
        self.assertEqual(100, known.samples[0, 0])

    def test_what_was_not_measured_is_no_sample(self):
        known = Statistics.of(of_one_path(30, np.nan, 10, np.nan, 20))
        self.assertEqual(20, known.p50_ms[0, 0])
        self.assertEqual(30, known.p95_ms[0, 0])
        self.assertEqual(3, known.samples[0, 0])

    def test_of_nothing_there_is_nothing(self):
        known = Statistics.of(of_one_path(np.nan, np.nan))
        self.assertTrue(np.isnan(known.p50_ms[0, 0]))
        self.assertEqual(0, known.samples[0, 0])


class RememberingTestCase(unittest.TestCase):
    def hour(self, *windows_ms):
        """Of windows whose frames are all alike, the newest last."""
        frames = np.repeat(windows_ms, models.WINDOW_FRAMES)
        hour = of_one_path(*frames)
        newest = Statistics.of(hour[-models.WINDOW_FRAMES :])
        return [each[0, 0] for each in newest.remembering(hour).hour]

    def test_median_and_what_nine_in_ten_kept(self):
        self.assertEqual([15, 27], self.hour(*range(1, 31)))

    def test_worst_of_few(self):
        self.assertEqual([15, 29], self.hour(*range(1, 30)))

    def test_windows_that_were_not_measured(self):
        nothing = [np.nan] * 20
        self.assertEqual([13, 25], self.hour(*nothing, *range(1, 26)))


class SplitTestCase(unittest.TestCase):
    def test_each_node_is_a_site_or_a_client(self):
        sites, clients = split_nodes(99, seed=3)
        self.assertEqual(SITES, len(sites))
        self.assertEqual(set(range(99)), {*sites, *clients})

    def test_a_seed_gives_one_split(self):
        again = [split_nodes(99, seed)[0].tolist() for seed in (3, 3, 4)]
        self.assertEqual(again[0], again[1])
        self.assertNotEqual(again[0], again[2])

    def test_clients_that_a_site_did_not_measure_are_left_out(self):
        matrix = np.ones((50, 50))
        sites, clients = split_nodes(50, seed=3)
        matrix[sites[7], clients[2]] = np.inf
        self.assertEqual((SITES, 9), split_matrix(matrix, 3).shape)


class QualityTestCase(unittest.TestCase):
    def test_shares_and_penalties(self):
        quality = Quality.of(
            np.array([10.0, 11.0, 44.0, 100.0]),
            np.array([10.0, 10.0, 40.0, 40.0]),
            band_ms=1.0,
        )
        # Within 10 % are 0 of 10, 1 of 10 and 4 of 40 ms.
        self.assertEqual(0.25, quality.in_band)
        self.assertEqual(0.5, quality.within_1_ms)
        self.assertEqual(0.75, quality.within_5_ms)
        self.assertEqual(0.75, quality.within_tenth)
        self.assertEqual(65 / 4, quality.mean_penalty_ms)

    def test_tie_band_grows_with_the_best(self):
        quality = Quality.of(np.array([104.9]), np.array([100.0]), 1.0)
        self.assertEqual(1, quality.in_band)
        quality = Quality.of(np.array([105.0]), np.array([100.0]), 1.0)
        self.assertEqual(0, quality.in_band)

    def test_figures_at_the_sites_that_were_picked(self):
        matrix = np.array([[1.0, 2.0], [3.0, 4.0]])
        self.assertEqual([3, 2], models.at(matrix, np.array([1, 0])).tolist())

    def test_kept_and_violated_budgets(self):
        picks = np.array([0, 1, 0, NOWHERE])
        truth_ms = np.array([[20.0, 1, 5, 1], [1, 20.1, 90, 1]])
        kept = Kept.of(picks, truth_ms, budget_ms=20)
        self.assertEqual(Kept(asked=4, placed=3, violated=1), kept)


class ChoosersTestCase(unittest.TestCase):
    def test_least(self):
        figures_ms = np.array([[3.0, np.nan], [2.0, 9.0], [np.nan, 8.0]])
        self.assertEqual([1, 2], models.by_least(figures_ms).tolist())

    def test_latest_is_the_last_that_was_measured(self):
        window = of_one_path(10, 30, np.nan)
        self.assertEqual(30, models.latest(window)[0, 0])

    def test_ewma_begins_with_the_first_sample(self):
        window = of_one_path(np.nan, 10, 18, np.nan, 27)
        # 10, 10 + 8 / 8, 11 + 16 / 8
        self.assertEqual(13, models.ewma(window)[0, 0])


class InstantTestCase(unittest.TestCase):
    def test_stands_between_two_hours(self):
        hour = models.HOUR
        frames = np.full((2 * hour, 50, 50), 10.0)
        frames[hour:] = 20
        frames[hour - 3 : hour, 0, 1] = 90
        instant = models.Instant.of(frames, hour)
        self.assertEqual(
            [90, 90, 10, 10],
            [known.p50_ms[0, 1] for known in instant.remembered.values()],
        )
        self.assertEqual(
            [64, 64, 64, hour],
            [known.samples[0, 1] for known in instant.remembered.values()],
        )
        latest, ewma, p50 = (
            guess[0, 1] for guess in instant.guesses_ms.values()
        )
        self.assertEqual((90, 10), (latest, p50))
        self.assertAlmostEqual(90 - 80 * (7 / 8) ** 3, ewma)
        self.assertEqual(20, instant.next.p50_ms[0, 1])

    def test_clients_that_were_not_measured_are_left_out(self):
        hour = models.HOUR
        frames = np.full((2 * hour, 2, 3), 10.0)
        frames[:hour, 0, 0] = np.nan
        frames[hour:, 1, 2] = np.nan
        # Not all of it is missing.
        frames[:9, 1, 1] = np.nan
        instant = models.Instant.of(frames, hour)
        for known in (*instant.remembered.values(), instant.next):
            self.assertEqual((2, 1), known.p95_ms.shape)
        for guess_ms in instant.guesses_ms.values():
            self.assertEqual((2, 1), guess_ms.shape)


class LoadTestCase(unittest.TestCase):
    def test_an_empty_cloud_could_serve_each_request(self):
        rtt_ms = np.array([[5.0, 30.0, 190.0, 900.0], [999, 25, 999, 210]])
        clients, budgets_ms = quality_load.make_asks(rtt_ms, 100, seed=1)
        tight, loose = budgets_ms == 20, budgets_ms == 200
        self.assertEqual((30, 70), (tight.sum(), loose.sum()))
        self.assertEqual({0}, set(clients[tight]))
        self.assertEqual({0, 1, 2}, set(clients[loose]))
        self.assertEqual({20, 200}, set(budgets_ms[:40]))

    def test_served_up_to_each_load(self):
        asks = quality_load.Asks(
            np.array([0, 1, 1, 0]), np.array([20.0, 200.0, 20.0, 200.0])
        )
        rtt_ms = np.array([[10.0, 40.0], [15.0, 100.0]])
        picks = np.array([1, 1, NOWHERE, 0])
        half, *_, whole = quality_load.served(asks, picks, rtt_ms)
        self.assertEqual((1, 1, 1), half[:3])
        self.assertEqual((0.5, 1, 0.75), whole[:3])
        self.assertEqual(125 / 3, whole.mean_rtt_ms)
        self.assertEqual(0, whole.over)
        picks[2] = 0
        *_, whole = quality_load.served(asks, picks, rtt_ms)
        self.assertEqual(1, whole.over)


class ApplicationsTestCase(unittest.TestCase):
    def test_who_asks_has_a_site_within_budget(self):
        matrix = make_matrix(2 * SITES)
        split = Split.of(matrix, 1, 10.0, 50)
        self.assertEqual(50, len(split.clients))
        best_ms = split.rtt_ms.min(axis=0)
        self.assertLessEqual(best_ms[split.clients].max(), 10.0)
        self.assertGreater(best_ms.max(), 10.0)

    def test_mesh_is_between_the_sites(self):
        matrix = make_matrix(2 * SITES)
        np.testing.assert_array_equal(matrix, matrix.T)
        sites, _ = split_nodes(2 * SITES, 1)
        split = Split.of(matrix, 1, 10.0, 1)
        self.assertEqual(matrix[sites[3], sites[5]], split.mesh_ms[3, 5])
        self.assertTrue(np.isinf(split.mesh_ms.diagonal()).all())
