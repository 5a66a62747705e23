# SPDX-License-Identifier: Apache-2.0

import random
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from edge_sched.listen.recent import CLIENT_SAMPLES
from edge_sched.listen.recent import SLICE_SAMPLES
from edge_sched.listen.recent import SLICES
from edge_sched.listen.recent import Recent
from edge_sched.probe.memory import PAUSE_SECONDS
from edge_sched.probe.memory import Hour


class RecentTestCase(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.recent = Recent()
        self.random = random.Random(1)

    def add(self, rtts_us, slice_number=0, clients=1000, now=1.0):
        for number, rtt_us in enumerate(rtts_us):
            self.recent.add(
                rtt_us,
                number % clients,
                now,
                slice_number,
                self.random.random,
            )

    def test_quantiles_are_by_the_nearest_rank(self):
        self.add(range(1000, 61_000, 1000))
        found = self.recent.statistics()
        self.assertEqual(
            (60, 1.0, 30.0, 57.0, None),
            (
                found.samples,
                found.rtt_min_ms,
                found.rtt_p50_ms,
                found.rtt_p95_ms,
                found.rtt_p99_ms,
            ),
        )
        for unknown in ('loss_ratio', 'pdv_ms', 'raw_min_ms', 'refused_ratio'):
            self.assertIsNone(getattr(found, unknown))

    def test_a_full_window_has_a_p99(self):
        for number in range(SLICES):
            self.add(range(1, SLICE_SAMPLES + 1), number)
        found = self.recent.statistics()
        self.assertEqual((300, 0.06), (found.samples, found.rtt_p99_ms))

    def test_slices_go_one_by_one(self):
        for number in range(SLICES + 1):
            self.add([number + 1] * 2, number)
            self.assertEqual(
                max(number + 2 - SLICES, 1) / 1e3,
                self.recent.statistics().rtt_min_ms,
            )
        self.recent.forget(SLICES + SLICES - 1)
        self.assertEqual(2, len(self.recent))
        self.recent.forget(SLICES + SLICES)
        self.assertEqual((0, 0), (len(self.recent), self.recent.clients()))

    def test_what_is_added_after_a_look_is_of_the_same_slice(self):
        self.add([1] * 10, 0)
        self.add([2] * SLICE_SAMPLES, SLICES - 1)
        self.recent.forget(SLICES)
        self.add([3] * SLICE_SAMPLES, SLICES - 1)
        self.assertEqual(SLICE_SAMPLES, len(self.recent))

    def test_any_connection_of_a_slice_may_be_kept(self):
        total = 20 * SLICE_SAMPLES
        ranks = []
        for _ in range(50):
            self.recent = Recent()
            self.add(range(1, total + 1), clients=total)
            self.assertEqual(SLICE_SAMPLES, len(self.recent))
            ranks.append(self.recent.statistics().rtt_p50_ms * 1e3 / total)
        # The median of 60 of them is that of all, within 4 sigma of 50 turns.
        self.assertAlmostEqual(0.5, sum(ranks) / len(ranks), delta=0.04)

    def test_the_61st_is_kept_in_60_of_61_cases(self):
        for case, rtt_min_ms in ((59.99, 0.001), (60.01, 0.002)):
            self.recent = Recent()
            # Those of another slice make no difference.
            self.add([2] * 7, slice_number=0)
            self.add([2] * SLICE_SAMPLES, slice_number=1)
            self.random = mock.Mock(random=lambda case=case: case / 61)
            self.add([1], slice_number=1)
            self.assertEqual(rtt_min_ms, self.recent.statistics().rtt_min_ms)
            self.assertEqual(SLICE_SAMPLES + 7, len(self.recent))

    def test_one_client_counts_so_often(self):
        self.add([1] * 1000, clients=1)
        self.assertEqual(CLIENT_SAMPLES, len(self.recent))
        self.add([2] * 1000, slice_number=1, clients=1)
        self.assertEqual(2 * CLIENT_SAMPLES, len(self.recent))
        self.assertEqual(1, self.recent.clients())

    def test_a_window_is_remembered_once_it_is_due(self):
        self.recent.remember(0.0, 5)
        self.add([10_000] * 57 + [30_000] * 3)
        self.recent.remember(PAUSE_SECONDS - 1, 5)
        self.assertIsNone(self.recent.hour(PAUSE_SECONDS))
        self.recent.remember(PAUSE_SECONDS, 5)
        self.assertEqual(
            Hour(10.0, 10.0, None), self.recent.hour(PAUSE_SECONDS)
        )
        self.add([50_000] * 60, slice_number=1)
        self.recent.remember(PAUSE_SECONDS * 2 - 1, 5)
        self.assertEqual(
            Hour(10.0, 10.0, None), self.recent.hour(PAUSE_SECONDS * 2)
        )
        self.recent.remember(PAUSE_SECONDS * 2, 5)
        self.assertEqual(
            Hour(10.0, 50.0, None), self.recent.hour(PAUSE_SECONDS * 2)
        )

    def test_none_is_remembered_of_few_connections_or_clients(self):
        for connections, clients in ((29, 29), (40, 4)):
            self.recent = Recent()
            self.recent.remember(0.0, 5)
            for number in range(2):
                self.add([1] * connections, number, clients)
            self.recent.remember(PAUSE_SECONDS, 5)
            self.assertIsNone(self.recent.hour(PAUSE_SECONDS))

    @given(
        st.lists(
            st.tuples(
                st.integers(0, 3), st.integers(1, 10**7), st.integers(0, 9)
            ),
            max_size=400,
        )
    )
    def test_what_is_kept_is_bounded_and_was_there(self, connections):
        recent = Recent()
        now = 0
        offered = set()
        for pause, rtt_us, client in connections:
            now += pause
            offered.add(rtt_us / 1e3)
            recent.add(rtt_us, client, now, now, self.random.random)
            found = recent.statistics()
            self.assertLessEqual(found.samples, SLICES * SLICE_SAMPLES)
            self.assertLessEqual(found.rtt_min_ms, found.rtt_p50_ms)
            self.assertLessEqual(found.rtt_p50_ms, found.rtt_p95_ms)
            self.assertIn(found.rtt_p95_ms, offered)
            self.assertLessEqual(recent.clients(), 10)
