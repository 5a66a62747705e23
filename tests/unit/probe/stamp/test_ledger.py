# SPDX-License-Identifier: Apache-2.0

"""What a reply is worth, with clocks and time stamps of the test's own."""

import math
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from edge_sched.probe.clock import Reading
from edge_sched.probe.outcome import LOST
from edge_sched.probe.outcome import Outcome
from edge_sched.probe.stamp import ledger
from edge_sched.probe.stamp import packet
from edge_sched.probe.stamp import timestamp
from edge_sched.probe.stamp.ledger import Flight
from edge_sched.probe.stamp.ledger import Ledger
from edge_sched.probe.stamp.packet import Reply
from tests.unit.probe.stamp.base import KEY

MS = 1_000_000
NOW_NS = 1_800_000_000 * 10**9
PATH = (0, '192.0.2.1', 862)
SENT = Reading(0, NOW_NS, 0)
#: The clock of the peer is an hour off.
PEER_NS = NOW_NS + 3600 * 10**9


def reply(residence_ns, ssid=0, ptp=False):
    return Reply(
        sequence=0,
        timestamp=timestamp.encode(PEER_NS + residence_ns, ptp),
        error_estimate=packet.error_estimate(ptp),
        ssid=ssid,
        receive_timestamp=timestamp.encode(PEER_NS, ptp),
        sender_sequence=3,
        # What it claims of T1 makes no difference to the outcome.
        sender_timestamp=99,
        sender_error_estimate=1,
    )


class OutcomeTest(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.ledger = Ledger(1.0, residence_max_ms=50.0)

    def outcome(self, trip_ns, residence_ns, step_ns=0, ptp=False):
        seen = Reading(trip_ns, NOW_NS + trip_ns + step_ns, trip_ns)
        return self.ledger.outcome(
            Flight(SENT, self.fail),
            reply(residence_ns, ptp=ptp),
            NOW_NS + trip_ns + step_ns,
            seen,
        )

    def test_holding_a_packet_makes_no_difference(self):
        for ptp in (False, True):
            self.assertEqual(
                Outcome(10.0, 10.0), self.outcome(10 * MS, 0, ptp=ptp)
            )
            self.assertEqual(
                Outcome(10.0, 17.0), self.outcome(17 * MS, 7 * MS, ptp=ptp)
            )
        self.assertEqual(0, self.ledger.counters.uncredited)

    def test_residence_that_cannot_be_is_not_credited(self):
        claims = (10 * MS, 10 * MS + 1, 3600 * 10**9, -1, -7 * MS)
        for count, residence_ns in enumerate(claims, start=1):
            self.assertEqual(
                Outcome(10.0, 10.0, refused=True),
                self.outcome(10 * MS, residence_ns),
            )
            self.assertEqual(count, self.ledger.counters.uncredited)

    def test_residence_above_the_bound_is_not_credited(self):
        self.assertEqual(Outcome(50.0, 100.0), self.outcome(100 * MS, 50 * MS))
        self.assertEqual(
            Outcome(100.0, 100.0, refused=True),
            self.outcome(100 * MS, 50 * MS + 1),
        )
        self.assertEqual(1, self.ledger.counters.uncredited)

    def test_a_reply_after_the_time_out_is_lost(self):
        self.assertEqual(Outcome(1000.0, 1000.0), self.outcome(10**9, 0))
        self.assertEqual(LOST, self.outcome(10**9 + 1, 0))
        self.assertEqual(1, self.ledger.counters.unexpected)

    def test_a_step_of_our_clock_makes_no_difference(self):
        for step_ns in (3600 * 10**9, -3600 * 10**9, 5 * MS):
            self.assertEqual(
                Outcome(10.0, 17.0), self.outcome(17 * MS, 7 * MS, step_ns)
            )

    def test_a_step_is_counted_once_however_many_saw_it(self):
        self.outcome(17 * MS, 0, 5 * MS)
        self.outcome(18 * MS, 0, 5 * MS)
        self.assertEqual(1, self.ledger.counters.clock_steps)
        later_ns = 18 * MS
        sent = Reading(later_ns, NOW_NS, later_ns)
        seen = Reading(2 * later_ns, NOW_NS, 2 * later_ns)
        self.ledger.outcome(Flight(sent, self.fail), reply(0), NOW_NS, seen)
        self.assertEqual(2, self.ledger.counters.clock_steps)

    @given(
        st.integers(1, 2 * 10**9), st.integers(-(2**62), 2**62), st.booleans()
    )
    def test_no_claim_makes_a_trip_longer_or_go_back_in_time(
        self, trip_ns, residence_ns, ptp
    ):
        result = self.outcome(trip_ns, residence_ns, ptp=ptp)
        if trip_ns > 10**9:
            self.assertEqual(LOST, result)
        else:
            self.assertEqual(trip_ns / MS, result.raw_rtt_ms)
            self.assertLess(0, result.rtt_ms)
            self.assertLessEqual(result.rtt_ms, result.raw_rtt_ms)
            self.assertLess(result.raw_rtt_ms - result.rtt_ms, 50.001)
        self.assertFalse(math.isnan(result.rtt_ms))


class IdentifyTest(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.ledger = Ledger(1.0)
        self.session = self.ledger.session(PATH)

    def identify(self, ssid, path=PATH):
        return self.ledger.identify(
            path, packet.pack_reply(reply(0, ssid=ssid))
        )

    def test_own_identifier_and_none_are_accepted(self):
        for ssid in (self.session.ssid, 0):
            key, read = self.identify(ssid)
            self.assertEqual((self.session, 3, 99), key)
            self.assertEqual(ssid, read.ssid)

    def test_another_identifier_is_a_stranger(self):
        self.assertIsNone(self.identify(self.session.ssid ^ 0x8000 or 1))
        self.assertEqual(1, self.ledger.counters.strangers)

    def test_where_no_probe_went_is_a_stranger(self):
        for path in (
            (1, '192.0.2.1', 862),
            (0, '192.0.2.2', 862),
            (0, '192.0.2.1', 863),
        ):
            self.assertIsNone(self.identify(0, path))
        self.assertEqual(3, self.ledger.counters.strangers)

    @given(st.binary(max_size=200), st.sampled_from((None, KEY)))
    def test_any_octets(self, octets, key):
        fuzzed = Ledger(1.0, key)
        fuzzed.session(PATH)
        self.assertIsNone(fuzzed.identify((7, '::1', 1), octets))
        identified = fuzzed.identify(PATH, octets)
        counters = fuzzed.counters
        self.assertEqual(
            identified is None,
            counters.malformed + counters.bad_seals + counters.strangers == 2,
        )


class UnguessableTest(base.BaseTestCase):
    @given(st.integers(0, 2**32 - 1))
    def test_is_off_by_less_than_a_second(self, fraction):
        with mock.patch.object(
            ledger.secrets, 'randbits', return_value=fraction
        ) as randbits:
            bits = ledger.unguessable(NOW_NS)
        randbits.assert_called_once_with(32)
        self.assertEqual(fraction, bits & 0xFFFFFFFF)
        off_ns = timestamp.decode(bits, NOW_NS) - NOW_NS
        self.assertLessEqual(abs(off_ns), 10**9)


class SessionTest(base.BaseTestCase):
    def test_counts_from_zero_in_32_bits(self):
        session = Ledger(1.0).session(PATH)
        self.assertEqual([0, 1], [session.next_sequence() for _ in range(2)])
        session._sequence = 2**32 - 2
        self.assertEqual(
            [2**32 - 1, 0], [session.next_sequence() for _ in range(2)]
        )

    def test_identifiers_are_never_zero(self):
        self.patch(ledger.secrets, 'randbelow', lambda below: 0)
        self.assertEqual(1, Ledger(1.0).session(PATH).ssid)
        self.patch(ledger.secrets, 'randbelow', lambda below: below - 1)
        self.assertEqual(0xFFFF, Ledger(1.0).session(PATH).ssid)

    def test_sessions_are_bounded(self):
        self.patch(ledger, 'MAX_SESSIONS', 3)
        bounded = Ledger(1.0)
        paths = [(0, '192.0.2.1', port) for port in range(1, 5)]
        sessions = [bounded.session(path) for path in paths]
        self.assertIs(sessions[3], bounded.session(paths[3]))
        self.assertIsNot(sessions[0], bounded.session(paths[0]))
