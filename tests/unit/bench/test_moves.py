# SPDX-License-Identifier: Apache-2.0

import unittest

try:
    import numpy as np
except ImportError:
    raise unittest.SkipTest('needs numpy') from None

from bench import moves
from bench.moves import MOVERS
from bench.moves import Paths
from bench.moves import Tally

#: Rounds of a trial.
ROUNDS = moves.FIRST + 60


def of_one_client(*sites_ms):
    """Paths from sites to a client, each by what it is in every round.

    What is known of a path after a round is what was sent in it.
    """
    probes_ms = np.empty((ROUNDS, moves.ROUND, len(sites_ms), 1))
    for site, rtt_ms in enumerate(sites_ms):
        probes_ms[:, :, site, 0] = np.reshape(rtt_ms, (-1, 1))
    return Paths(probes_ms, probes_ms[:, 0])


def changing(before_ms, after_ms, rounds):
    """A path that gets worse some rounds after the start."""
    changes = moves.FIRST + rounds
    return np.where(np.arange(ROUNDS) < changes, before_ms, after_ms)


class ReplayTestCase(unittest.TestCase):
    # A budget of 15 ms, and from round 10 on of the 60 the path is over it.
    degraded = of_one_client(changing(10.0, 40.0, 10), 12.0)

    def test_who_never_moves_stays_over(self):
        tally = moves.replay(self.degraded, MOVERS[moves.NEVER])
        self.assertEqual((60 * moves.ROUND, 50 * moves.ROUND), tally[:2])
        self.assertEqual(0, tally.moves)
        self.assertAlmostEqual(60 * 63 / 3600, tally.server_hours)

    def test_who_always_moves_is_over_for_a_round(self):
        tally = moves.replay(self.degraded, MOVERS[moves.ALWAYS])
        self.assertEqual((1, moves.ROUND), (tally.moves, tally.over))

    def test_rule_moves_once_it_was_over_for_long_enough(self):
        tally = moves.replay(self.degraded, MOVERS[moves.OURS])
        # 18 rounds, of 63 s, are the first 18 minutes of an hour.
        self.assertEqual((1, 18 * moves.ROUND), (tally.moves, tally.over))

    def test_no_site_within_the_budget_is_no_way_out(self):
        paths = of_one_client(changing(10.0, 40.0, 10), 16.0)
        for name, expected in (
            (moves.ALWAYS, 1),
            (moves.ALWAYS_WITHIN, 0),
            (moves.OURS, 0),
        ):
            with self.subTest(name):
                tally = moves.replay(paths, MOVERS[name])
                self.assertEqual(expected, tally.moves)

    def test_paths_that_flap_move_nothing_twice(self):
        in_turn = np.arange(ROUNDS) % 2
        paths = of_one_client(10.0 + 30 * in_turn, 40.0 - 30 * in_turn)
        always = moves.replay(paths, MOVERS[moves.ALWAYS])
        self.assertEqual(59, always.straight_back)
        ours = moves.replay(paths, MOVERS[moves.OURS])
        self.assertEqual((1, 0), (ours.moves, ours.straight_back))

    def test_path_that_was_not_measured_is_lost(self):
        paths = of_one_client(10.0, np.full(ROUNDS, np.nan))
        tally = moves.replay(paths, MOVERS[moves.ALWAYS])
        self.assertEqual((60 * moves.ROUND, 0, 0), tally[:3])


class PathsTestCase(unittest.TestCase):
    def test_window_ends_with_its_round(self):
        # One path, which is as slow as the number of its frame.
        frames = np.arange(90.0).reshape(-1, 1, 1)
        paths = Paths.of(frames)
        # 90 frames are 22 rounds and a half.
        self.assertEqual((22, moves.ROUND, 1, 1), paths.probes_ms.shape)
        # p95 of 64 frames is the 61st, of 4 the last.
        self.assertEqual(3, paths.known_ms[0, 0, 0])
        self.assertEqual(24 + 60, paths.known_ms[21, 0, 0])

    def test_other_end(self):
        frames = np.arange(4.0 * 2 * 2).reshape(4, 2, 2)
        turned = Paths.of(frames).turned()
        np.testing.assert_array_equal(
            frames[:, 0, 1], turned.probes_ms[0, :, 1, 0]
        )


class GainTestCase(unittest.TestCase):
    def test_share_of_what_another_gains(self):
        tallies = {
            moves.NEVER: Tally(100, 20),
            moves.ALWAYS: Tally(100, 10),
            moves.OURS: Tally(100, 14),
        }
        gain = moves.gain(tallies, moves.OURS, moves.ALWAYS)
        self.assertAlmostEqual(0.6, gain)
