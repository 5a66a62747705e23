# SPDX-License-Identifier: Apache-2.0

"""Figures about round trips."""

import math

from oslotest import base

from tests.emulation.echo import RoundTrips


class RoundTripsTest(base.BaseTestCase):
    def test_some_are_lost(self) -> None:
        trips = RoundTrips(sent=40, times_ms=range(1, 31))
        self.assertEqual(15.5, trips.median_ms)
        # 0.95 * 30 = 28.5, so the 29th.
        self.assertEqual(29, trips.p95_ms)
        self.assertEqual(0.25, trips.loss_ratio)

    def test_all_are_lost(self) -> None:
        trips = RoundTrips(sent=40, times_ms=[])
        self.assertTrue(math.isnan(trips.median_ms))
        self.assertTrue(math.isnan(trips.p95_ms))
        self.assertEqual(1, trips.loss_ratio)
