# SPDX-License-Identifier: Apache-2.0

"""Round trips while somebody sets the clock; times in microseconds."""

from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from edge_sched.probe import clock
from edge_sched.probe.clock import Reading
from edge_sched.probe.clock import Trip


def reading(monotonic_us, offset_us, width_us=0, at_us=0):
    """Wall is monotonic + offset; it was read ``at`` after the first one."""
    return Reading(
        monotonic_us * 1000,
        (monotonic_us + at_us + offset_us) * 1000,
        (monotonic_us + width_us) * 1000,
    )


class TripTest(base.BaseTestCase):
    def test_by_the_stamp_of_the_kernel_however_late_it_is_read(self):
        sent = reading(1_000, 500_000)
        seen = reading(90_000, 500_000)
        self.assertEqual(
            Trip(10_000_000, stepped=False),
            clock.trip(sent, 511_000 * 1000, seen),
        )

    def test_a_step_makes_the_monotonic_clock_count(self):
        sent = reading(1_000, 500_000)
        for step_us in (101, -101, 3_600_000_000, -400_000):
            seen = reading(12_000, 500_000 + step_us)
            received_ns = (511_000 + step_us) * 1000
            self.assertEqual(
                Trip(11_000_000, stepped=True),
                clock.trip(sent, received_ns, seen),
            )

    def test_what_is_below_the_bound_is_no_step(self):
        sent = reading(1_000, 500_000)
        for step_us in (99, -99):
            seen = reading(12_000, 500_000 + step_us)
            self.assertFalse(clock.trip(sent, 511_000_000, seen).stepped)

    def test_a_trip_into_the_past_is_a_step(self):
        sent = reading(1_000, 500_000)
        seen = reading(1_030, 499_950)
        self.assertEqual(
            Trip(30_000, stepped=True),
            clock.trip(sent, 500_970_000, seen),
        )

    @given(*[st.integers(0, 10**6)] * 4)
    def test_being_put_to_sleep_between_two_clocks_is_no_step(
        self, width_us, at_us, late_width_us, late_at_us
    ):
        sent = reading(0, 7, width_us, min(at_us, width_us))
        seen = reading(
            10**6 + 5, 7, late_width_us, min(late_at_us, late_width_us)
        )
        received_ns = sent.wall_ns + 5_000
        self.assertEqual(
            Trip(5_000, stepped=False), clock.trip(sent, received_ns, seen)
        )

    def test_a_reading_is_in_order(self):
        before = clock.read()
        after = clock.read()
        self.assertLessEqual(before.before_ns, before.after_ns)
        self.assertLessEqual(before.after_ns, after.before_ns)
