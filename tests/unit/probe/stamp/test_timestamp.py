# SPDX-License-Identifier: Apache-2.0

"""Both formats of a time, also past the end of an era."""

from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from edge_sched.probe.stamp import timestamp

#: 2036-02-07 06:28:16 UTC, when the seconds of NTP begin anew.
NTP_ERA_1_NS = 2_085_978_496 * 10**9
#: 2106-02-07 06:28:16 UTC, when those of PTPv2 do.
PTP_ERA_1_NS = 2**32 * 10**9

TIMES_NS = st.integers(0, 2 * PTP_ERA_1_NS)
BITS = st.integers(0, 2**64 - 1)


class TimestampTest(base.BaseTestCase):
    def test_known_times(self):
        # The epoch is 2 208 988 800 s after that of NTP (RFC 5905).
        self.assertEqual(0x83AA7E80_00000000, timestamp.encode(0))
        self.assertEqual(0x83AA7E81_80000000, timestamp.encode(1_500_000_000))
        self.assertEqual(
            0x00000001_1DCD6500, timestamp.encode(1_500_000_000, ptp=True)
        )

    def test_eras_begin_at_zero(self):
        self.assertEqual(0, timestamp.encode(NTP_ERA_1_NS))
        self.assertEqual(0, timestamp.encode(PTP_ERA_1_NS, ptp=True))

    def test_a_trip_over_the_end_of_an_era_is_short(self):
        for era_ns, ptp in ((NTP_ERA_1_NS, False), (PTP_ERA_1_NS, True)):
            before = timestamp.encode(era_ns - 1000, ptp)
            after = timestamp.encode(era_ns + 1000, ptp)
            before_ns = timestamp.decode(before, era_ns, ptp)
            self.assertEqual(
                2000, timestamp.decode(after, before_ns, ptp) - before_ns
            )

    @given(TIMES_NS, st.integers(-(2**60), 2**60), st.booleans())
    def test_exact_both_ways(self, time_ns, away_ns, ptp):
        bits = timestamp.encode(time_ns, ptp)
        self.assertEqual(
            time_ns, timestamp.decode(bits, time_ns + away_ns, ptp)
        )

    @given(BITS, TIMES_NS, st.booleans())
    def test_any_bits_are_a_time_within_half_an_era(self, bits, near_ns, ptp):
        time_ns = timestamp.decode(bits, near_ns, ptp)
        self.assertLessEqual(abs(time_ns - near_ns), PTP_ERA_1_NS // 2)
