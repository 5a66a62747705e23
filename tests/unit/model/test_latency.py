# SPDX-License-Identifier: Apache-2.0

"""What a row says, of its newest window and of the last hour."""

import math

import ddt
from hypothesis import given
from oslotest import base

from edge_sched.model import client
from edge_sched.model import latency
from tests.unit import factories
from tests.unit.factories import make_row

INF = math.inf


@ddt.ddt
class LatencyTest(base.BaseTestCase):
    def test_round_trip_at_a_percentile(self):
        row = make_row(5.0, 10.0, rtt_p99_ms=30.0)
        self.assertEqual(
            [5.0, 10.0, 30.0], [row.held_ms(p) for p in ('p50', 'p95', 'p99')]
        )

    def test_p99_that_is_not_carried_is_none(self):
        self.assertIsNone(make_row().held_ms('p99'))

    def test_what_is_lost_stays_lost_further_up(self):
        self.assertEqual(INF, make_row(5.0, INF).held_ms('p99'))
        row = make_row(5.0, 9.0, rtt_p99_ms=INF)
        self.assertEqual(INF, row.held_ms('p99'))
        self.assertEqual(5.0, make_row(5.0, INF).held_ms('p50'))

    # p95, min, pdv as carried; what it is.
    @ddt.data(
        (10.0, None, None, None),
        (10.0, 4.0, None, 6.0),
        (10.0, 4.0, 3.0, 3.0),
        (10.0, None, 3.0, 3.0),
        (10.0, 4.0, 0.0, 0.0),
        (10.0, 10.0, None, 0.0),
        (INF, None, None, INF),
        (INF, 4.0, None, INF),
        (INF, 4.0, 3.0, INF),
    )
    @ddt.unpack
    def test_variation_is_p95_less_min_unless_carried(
        self, p95, rtt_min, pdv, expected
    ):
        row = make_row(min(p95, 5.0), p95, rtt_min_ms=rtt_min, pdv_ms=pdv)
        self.assertEqual(expected, row.variation_ms())

    # p50 and p95 of the newest window, p50 and p95 of the hour; what is held
    # against a budget at either, and what is ranked by.
    @ddt.data(
        (5.0, 10.0, None, None, 5.0, 10.0, 5.0),
        (5.0, 10.0, 6.0, 20.0, 6.0, 20.0, 6.0),
        (5.0, 30.0, 4.0, 20.0, 5.0, 20.0, 4.0),
        # As long as the tail of the hour is no more than that.
        (20.0, 30.0, 4.0, 20.0, 20.0, 20.0, 4.0),
        (20.1, 30.0, 4.0, 20.0, 20.1, 20.1, 4.0),
        # It is another path where it is twice that.
        (40.0, 50.0, 4.0, 20.0, 40.0, 40.0, 4.0),
        (40.1, 50.0, 4.0, 20.0, 40.1, 40.1, 40.1),
        (INF, INF, 4.0, 20.0, INF, INF, INF),
        (5.0, INF, 4.0, 20.0, 5.0, 20.0, 4.0),
        (5.0, 10.0, 4.0, INF, 5.0, INF, 4.0),
        (INF, INF, 4.0, INF, INF, INF, INF),
        (5.0, 10.0, INF, INF, INF, INF, INF),
    )
    @ddt.unpack
    def test_hour_counts_unless_the_median_goes_over(
        self, p50, p95, hour_p50, hour_p95, held_p50, held_p95, ranked
    ):
        row = make_row(
            p50, p95, rtt_p50_hour_ms=hour_p50, rtt_p95_hour_ms=hour_p95
        )
        self.assertEqual(
            (held_p50, held_p95, ranked),
            (row.held_ms('p50'), row.held_ms('p95'), row.ranked_p50_ms),
        )
        alone = row.of_window()
        self.assertEqual(
            (p50, p95, p50),
            (alone.held_ms('p50'), alone.held_ms('p95'), alone.ranked_p50_ms),
        )

    # Loss of the newest window, of the hour, newest p50; what is held.
    @ddt.data(
        (0.1, None, 5.0, 0.1),
        (None, 0.02, 5.0, 0.02),
        (None, None, 5.0, None),
        (0.1, 0.02, 5.0, 0.02),
        (0.0, 0.02, 5.0, 0.02),
        (0.6, 0.02, INF, 0.6),
        (0.6, 0.7, INF, 0.7),
    )
    @ddt.unpack
    def test_loss_of_the_hour_counts_unless_the_median_is_lost(
        self, newest, hour, p50, held
    ):
        row = make_row(p50, INF, loss_ratio=newest, loss_hour_ratio=hour)
        self.assertEqual(held, row.held_loss_ratio)
        self.assertEqual(newest, row.of_window().held_loss_ratio)

    def test_p99_is_no_less_than_what_p95_is_held_to_be(self):
        hour = {'rtt_p50_hour_ms': 5.0, 'rtt_p95_hour_ms': 20.0}
        self.assertIsNone(make_row(**hour).held_ms('p99'))
        for p99, held in ((15.0, 20.0), (30.0, 30.0), (INF, INF)):
            row = make_row(rtt_p99_ms=p99, **hour)
            self.assertEqual(held, row.held_ms('p99'))
        hour['rtt_p95_hour_ms'] = INF
        self.assertEqual(INF, make_row(rtt_p99_ms=15.0, **hour).held_p99_ms)

    def test_handshakes_have_no_variation(self):
        row = make_row(
            rtt_min_ms=3.0,
            rtt_p50_hour_ms=6.0,
            rtt_p95_hour_ms=20.0,
            source=latency.PASSIVE,
        )
        self.assertIsNone(row.variation_ms())

    # Fresh probes go before handshakes, and these before probes of old.
    @ddt.data(
        ('stamp', 0, 'icmp', 1),
        ('stamp', 899, latency.PASSIVE, 0),
        (latency.PASSIVE, 0, 'stamp', 901),
        (latency.PASSIVE, 600_000, latency.DERIVED, 0),
        ('icmp', 600_000, latency.DERIVED, 0),
    )
    @ddt.unpack
    def test_precedence(self, first, first_age, second, second_age):
        self.assertGreater(
            make_row(age=first_age, source=first).precedence_at,
            make_row(age=second_age, source=second).precedence_at,
        )

    def test_variation_of_the_hour(self):
        hour = {'rtt_p50_hour_ms': 5.0, 'rtt_p95_hour_ms': 20.0}
        for rtt_min, pdv, variation in (
            (4.0, 6.0, 16.0),
            (4.0, None, 16.0),
            (None, 6.0, 6.0),
            (None, None, None),
        ):
            row = make_row(rtt_min_ms=rtt_min, pdv_ms=pdv, **hour)
            self.assertEqual(variation, row.variation_ms())
        hour['rtt_p95_hour_ms'] = INF
        self.assertEqual(INF, make_row(pdv_ms=6.0, **hour).variation_ms())

    @given(factories.rows())
    def test_percentiles_are_held_in_their_order(self, row):
        p50, p95, p99 = map(row.held_ms, latency.PERCENTILES)
        self.assertLessEqual(row.rtt_p50_ms, p50)
        self.assertLessEqual(row.ranked_p50_ms, p95)
        self.assertLessEqual(p50, p95)
        self.assertTrue(p99 is None or p95 <= p99)

    def test_skewed_clock_never_makes_an_age_negative(self):
        # Clocks that are kept in time differ by so much.
        for age in (-0.5, -4, -5):
            row = make_row(age=age)
            self.assertEqual(0.0, row.age_seconds(factories.NOW))
        for age in (-5.5, 0.5, 40):
            row = make_row(age=age)
            self.assertEqual(age, row.age_seconds(factories.NOW))

    def test_latest_time_is_just_not_from_the_future(self):
        latest = latency.latest_time(1000.0)
        self.assertEqual(0.0, latency.age_seconds(latest, 1000.0))
        self.assertLess(latency.age_seconds(latest + 0.1, 1000.0), 0)

    def test_row_that_was_measured_later(self):
        new = latency.NewLatency(
            client.parse_client('198.51.100.7'), make_row(), line=3
        )
        moved = new.moved(2.5)
        self.assertEqual(
            new.latency.measured_at + 2.5, moved.latency.measured_at
        )
        self.assertEqual(new, moved.moved(-2.5))

    def test_fresh(self):
        for age, fresh in (
            (-5.5, False),
            (-0.1, False),
            (0, True),
            (900, True),
            (900.1, False),
        ):
            self.assertIs(fresh, latency.is_fresh(age, 900))
