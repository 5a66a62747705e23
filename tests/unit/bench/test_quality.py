# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

import math
import os
import pathlib
import tempfile
import unittest
from unittest import mock

try:
    import numpy as np
except ImportError:
    raise unittest.SkipTest('needs numpy') from None

from bench import quality
from bench import quality_choosers as choosers
from bench import quality_cloud
from bench import quality_frames
from bench import quality_load
from bench import quality_matrix
from bench import quality_report
from bench.quality_measures import NOWHERE
from bench.quality_measures import SITES
from bench.quality_measures import Kept
from bench.quality_measures import Quality
from bench.quality_measures import Statistics
from bench.quality_measures import at
from bench.quality_measures import split_matrix
from bench.quality_measures import split_nodes
from bench.result import Check
from bench.result import Section
from demo.matrix import BadDatasetError


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

    def test_a_part_of_it(self):
        matrix = np.arange(12.0).reshape(3, 4)
        part = Statistics(matrix, matrix + 1).between(
            np.array([2, 0]), np.array([3])
        )
        self.assertEqual([[11], [3]], part.p50_ms.tolist())
        self.assertEqual([[12], [4]], part.p95_ms.tolist())
        self.assertIsNone(part.samples)


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
        self.assertEqual([3, 2], at(matrix, np.array([1, 0])).tolist())

    def test_kept_and_violated_budgets(self):
        picks = np.array([0, 1, NOWHERE])
        truth_ms = np.array([[20.0, 1, 1], [1, 20.1, 1]])
        kept = Kept.of(picks, truth_ms, budget_ms=20)
        self.assertEqual(Kept(asked=3, placed=2, violated=1), kept)
        self.assertEqual(Kept(6, 4, 2), kept + kept)


class ChoosersTestCase(unittest.TestCase):
    def test_least(self):
        figures_ms = np.array([[3.0, np.nan], [2.0, 9.0], [np.nan, 8.0]])
        self.assertEqual([1, 2], choosers.by_least(figures_ms).tolist())

    def test_latest_is_the_last_that_was_measured(self):
        window = of_one_path(10, 30, np.nan)
        self.assertEqual(30, choosers.latest(window)[0, 0])

    def test_ewma_begins_with_the_first_sample(self):
        window = of_one_path(np.nan, 10, 18, np.nan, 27)
        # 10, 10 + 8 / 8, 11 + 16 / 8
        self.assertEqual(13, choosers.ewma(window)[0, 0])


class RowsTestCase(unittest.TestCase):
    def test_a_row_for_each_site_and_client(self):
        p50_ms = np.array([[1.0, 2.0], [3.0, 4.0]])
        p95_ms = p50_ms + np.array([[0, 0], [0, 10_000]])
        known = Statistics(p50_ms, p95_ms, np.full((2, 2), 229.0))
        rows = [row.latency for row in quality_cloud._rows(known)]
        self.assertEqual(
            [
                ('site-0', '10.0.0.0/24', 1, 1),
                ('site-1', '10.0.0.0/24', 3, 3),
                ('site-0', '10.0.1.0/24', 2, 2),
                ('site-1', '10.0.1.0/24', 4, math.inf),
            ],
            [
                (row.vantage, row.client, row.rtt_p50_ms, row.rtt_p95_ms)
                for row in rows
            ],
        )
        self.assertEqual({229}, {row.samples for row in rows})

    def test_what_was_not_measured_has_no_row(self):
        p50_ms = np.array([[1.0, np.nan], [np.nan, 4.0]])
        rows = quality_cloud._rows(Statistics(p50_ms, p50_ms))
        self.assertEqual(
            [('site-0', '10.0.0.0/24'), ('site-1', '10.0.1.0/24')],
            [(row.latency.vantage, row.latency.client) for row in rows],
        )

    def test_the_hint_is_an_address_of_the_client(self):
        self.assertEqual(
            {'edge:client': ['10.1.44.7']}, quality_cloud.near(300)
        )


class FramesTestCase(unittest.TestCase):
    def test_instant_stands_between_two_hours(self):
        hour = quality_frames.HOUR
        frames = np.full((2 * hour, 50, 50), 10.0)
        frames[hour:] = 20
        frames[hour - 3 : hour, 0, 1] = 90
        instant = quality_frames.Instant.of(frames, hour)
        self.assertEqual(10, instant.past.p50_ms[0, 1])
        self.assertEqual(
            [90, 10, 10],
            [known.p50_ms[0, 1] for known in instant.remembered.values()],
        )
        self.assertEqual(
            [64, 64, hour],
            [known.samples[0, 1] for known in instant.remembered.values()],
        )
        self.assertEqual(90, instant.latest_ms[0, 1])
        self.assertAlmostEqual(90 - 80 * (7 / 8) ** 3, instant.ewma_ms[0, 1])
        self.assertEqual(20, instant.next.p50_ms[0, 1])

    def test_clients_that_were_not_measured_are_left_out(self):
        hour = quality_frames.HOUR
        frames = np.full((2 * hour, 4, 4), 10.0)
        frames[:hour, 0, 2] = np.nan
        frames[hour:, 2, 1] = np.nan
        instant = quality_frames.Instant.of(frames, hour)
        sites, clients = np.array([0, 1]), np.array([2, 3])
        self.assertEqual(
            (2, 1), instant.between(sites, clients).next.p50_ms.shape
        )
        self.assertEqual((2, 1), instant.between(sites, clients).ewma_ms.shape)


class StillSites:
    """Sites whose Nova picks what was measured to be nearest."""

    def measure(self, known):
        self._known = known

    def first(self, clients):
        return np.zeros(clients, np.intp)

    def nearest(self, clients):
        return choosers.by_least(self._known.p50_ms)

    def nearest_within(self, budgets_ms):
        nearest = choosers.by_least(self._known.p95_ms)
        within = at(self._known.p95_ms, nearest) <= budgets_ms
        return np.where(within, nearest, NOWHERE)


class FramesSectionTestCase(unittest.TestCase):
    def setUp(self):
        for name, pick in (
            ('by_stock_nova', StillSites.first),
            ('by_edge_sched', StillSites.nearest),
            ('by_edge_sched_within', StillSites.nearest_within),
        ):
            patcher = mock.patch.object(choosers, name, pick)
            patcher.start()
            self.addCleanup(patcher.stop)
        chance = np.random.default_rng(1)
        self.matrix = chance.uniform(100, 400, (50, 50))

    def section(self, frames):
        return quality_frames.section('still', frames, StillSites(), splits=1)

    def test_what_does_not_change_is_picked_well_by_the_past(self):
        frames = np.tile(self.matrix, (2 * quality_frames.HOUR, 1, 1))
        section = self.section(frames)
        self.assertEqual([1] * 4, [check.figure for check in section.checks])
        self.assertEqual(
            [None, quality_frames.WITHIN_TENTH, None, None],
            [check.target for check in section.checks],
        )
        # Six instants of ten clients.
        self.assertIn('60 requests', section.text)

    def test_what_changes_is_not(self):
        frames = np.tile(self.matrix, (2 * quality_frames.HOUR, 1, 1))
        frames[quality_frames.HOUR :] = 500 - self.matrix
        _, judged, *_ = self.section(frames).checks
        self.assertFalse(judged.holds)


class LoadTestCase(unittest.TestCase):
    def test_an_empty_cloud_could_serve_each_request(self):
        rtt_ms = np.array([[5.0, 30.0, 190.0, 900.0], [999, 25, 999, 210]])
        asks = quality_load.make_asks(rtt_ms, 100, seed=1)
        tight = [ask.client for ask in asks if ask.budget_ms == 20]
        loose = [ask.client for ask in asks if ask.budget_ms == 200]
        self.assertEqual((30, 70), (len(tight), len(loose)))
        self.assertEqual({0}, set(tight))
        self.assertEqual({0, 1, 2}, set(loose))
        first = [ask.budget_ms for ask in asks[:40]]
        self.assertEqual({20, 200}, set(first))

    def test_served(self):
        ask = quality_load.Ask
        asks = [ask(0, 20.0), ask(1, 20.0), ask(1, 200.0), ask(0, 200.0)]
        rtt_ms = np.array([[10.0, 40.0], [15.0, 100.0]])
        served = quality_load.Served.of(asks, [1, None, 1, 0], rtt_ms)
        self.assertEqual(
            (0.5, 1, 0.75), (served.tight, served.loose, served.all)
        )
        self.assertEqual(125 / 3, served.mean_rtt_ms)
        self.assertEqual(0, served.over)
        served = quality_load.Served.of(asks, [1, 0, 1, 0], rtt_ms)
        self.assertEqual(1, served.over)

    def test_ratio_is_the_mean_of_the_splits(self):
        def served(tight):
            return [quality_load.Served(tight, 1, 1, 10, 0)]

        results = {
            quality_load.NEAREST: [served(0.5), served(0.8)],
            quality_load.FIT: [served(0.75), served(0.8)],
        }
        self.assertEqual(
            1.25, quality_load.tight_ratio(results, quality_load.FIT, 0)
        )


class ReportTestCase(unittest.TestCase):
    def test_qualities_are_of_all_requests(self):
        tally = quality_report.Tally()
        truth_ms = np.array([[10.0, 20.0], [10.5, 40.0]])
        tally.add(truth_ms, {'mine': np.array([1, 1])})
        tally.add(truth_ms[:, :1], {'mine': np.array([0])})
        self.assertEqual(3, tally.requests)
        mine = tally.qualities()['mine']
        self.assertEqual(2 / 3, mine.in_band)
        self.assertIn(
            '| mine      |                             66.7 % |',
            quality_report.quality_table({'mine': mine}),
        )

    def test_budgets_have_two_columns_each(self):
        kept = {300.0: Kept(10, 4, 1), 500.0: Kept(10, 0, 0)}
        table = quality_report.kept_table({'mine': kept})
        self.assertEqual(
            ['40.0 %', '25.0 %', '0.0 %', '-'],
            [cell.strip() for cell in table.splitlines()[-1].split('|')[2:-1]],
        )

    def test_sections_have_their_targets(self):
        for figure, missed in ((1.0, False), (0.98, True)):
            ours = mock.Mock(in_band=figure, within_1_ms=0.97)
            checks = quality_matrix.checks(ours)
            self.assertEqual(missed, not all(check.holds for check in checks))


class CommandTestCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        patcher = mock.patch.dict(os.environ, {quality.FOLDER: folder.name})
        patcher.start()
        self.addCleanup(patcher.stop)

    def test_datasets_are_found_in_the_folder(self):
        self.assertEqual([], quality.find_datasets())
        for name in ('b.npz', 'a.npz', 'README.md'):
            (self.folder / name).touch()
        self.assertEqual(
            [self.folder / 'a.npz', self.folder / 'b.npz'],
            quality.find_datasets(),
        )

    def test_without_a_dataset_it_is_skipped(self):
        with mock.patch('builtins.print') as printed:
            self.assertEqual(0, quality.main([]))
        self.assertIn('Skipped', printed.call_args.args[0])

    def test_a_missed_target_is_the_exit_status(self):
        path = self.folder / 'some.npz'
        np.savez(path, rtt_ms=np.ones((99, 99)))
        for share, status in ((0.97, 0), (0.96, 1)):
            check = Check('picks', share, 0.97, at_most=False)
            section = Section('Picks', 'text', [check])
            with (
                mock.patch.object(quality, 'sections', return_value=[section]),
                mock.patch('builtins.print') as printed,
            ):
                self.assertEqual(status, quality.main([]))
            self.assertIn(
                'FAIL' if status else 'pass', printed.call_args_list[0].args[0]
            )

    def test_a_bad_dataset(self):
        path = self.folder / 'bad.npz'
        path.write_text('text')
        with mock.patch('builtins.print'):
            self.assertEqual(2, quality.main(['--dataset', str(path)]))

    def test_a_dataset_of_too_short_a_time(self):
        path = self.folder / 'short.npz'
        np.savez(path, rtt_ms=np.ones((9, 99, 99)))
        self.assertRaises(BadDatasetError, quality.read, path)

    def test_matrix_and_frames_are_told_apart(self):
        path = self.folder / 'some.npz'
        np.savez(path, rtt_ms=np.ones((99, 99)))
        self.assertEqual(2, quality.read(path).ndim)
        np.savez(path, rtt_ms=np.ones((500, 99, 99), np.uint16))
        self.assertEqual(3, quality.read(path).ndim)
