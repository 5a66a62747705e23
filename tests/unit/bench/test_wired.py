# SPDX-License-Identifier: Apache-2.0

import unittest

try:
    import numpy as np
except ImportError:
    raise unittest.SkipTest('needs numpy') from None

from bench import wired


def windows(*rtts_ms):
    """Of 64 probes each, all alike."""
    return np.repeat(np.array(rtts_ms, float).reshape(-1, 1), 64, axis=1)


class OutcomeTestCase(unittest.TestCase):
    def test_shares_are_of_all_requests(self):
        accepted = np.array([True, True, True, False, False])
        would_keep = np.array([True, True, False, True, False])
        self.assertEqual(
            (0.4, 0.2, 0.2), wired.Outcome.of(accepted, would_keep)
        )


class MakePathTestCase(unittest.TestCase):
    def path(self, seed, spell_seconds=80.0):
        times = np.arange(5760) * 1.25
        chance = np.random.default_rng(seed)
        return wired.make_path(chance, times, 1.0, spell_seconds)

    def test_is_never_better_than_the_best(self):
        for seed in range(20):
            self.assertGreaterEqual(self.path(seed).min(), 1.0)

    def test_is_the_same_of_the_same_seed(self):
        np.testing.assert_array_equal(self.path(3), self.path(3))
        self.assertFalse(np.array_equal(self.path(3), self.path(4)))

    def test_is_late_as_often_however_long_at_a_time(self):
        for seconds in wired.SPELLS_SECONDS:
            late = [
                np.mean(path > np.median(path) + 0.1)
                for path in (self.path(seed, seconds) for seed in range(200))
            ]
            # Of those spells 7 in 10 are that late, and some paths changed.
            self.assertTrue(0.003 < np.mean(late) < 0.03, np.mean(late))


class JudgeTestCase(unittest.TestCase):
    def test_a_late_window_in_ten_is_none_of_the_hour(self):
        # 4 of 45 are late, and the newest is not.
        row = wired.row_of(windows(*[30] * 4, *[20] * 41))
        self.assertEqual(
            (20, 20, 64), (row.rtt_p95_ms, row.rtt_p95_hour_ms, row.samples)
        )
        row = wired.row_of(windows(*[30] * 5, *[20] * 40))
        self.assertEqual((20, 30), (row.rtt_p95_ms, row.rtt_p95_hour_ms))
        self.assertTrue(wired.is_within(row, 25.0, 'window'))
        self.assertFalse(wired.is_within(row, 25.0, 'hour'))

    def test_the_newest_window_alone_may_be_late(self):
        late = np.full(64, 20.0)
        late[:5] = 30
        row = wired.row_of(np.vstack([windows(*[20] * 44), late]))
        self.assertFalse(wired.is_within(row, 25.0, 'window'))
        self.assertTrue(wired.is_within(row, 25.0, 'hour'))
