# SPDX-License-Identifier: Apache-2.0

import math

from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from edge_sched.collector.outbox import FORGET_ROUNDS
from edge_sched.collector.outbox import Fate
from edge_sched.collector.outbox import Outbox
from edge_sched.model.latency import PASSIVE
from edge_sched.store.errors import StoreUnavailableError
from tests.unit.collector.fakes import NOW
from tests.unit.collector.fakes import FakeStore
from tests.unit.collector.fakes import row

PAIR = 'lyon', '203.0.113.0/24'
MAX_AGE = 900.0
INTERVAL = 30.0
RESTAMP = MAX_AGE / 3


class OutboxTest(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.store = FakeStore()
        self.outbox = Outbox(RESTAMP, INTERVAL)

    def flush(self, batch_rows=5000, **how):
        return list(self.outbox.flush(self.store, batch_rows, **how))

    def put(self, *rows):
        return [self.outbox.put(each) for each in rows]

    def test_what_is_new_is_written_once(self):
        self.assertEqual([Fate.PENDING], self.put(row()))
        self.assertEqual(1, len(self.outbox))
        self.flush()
        self.assertEqual(0, len(self.outbox))
        self.assertEqual([Fate.UNCHANGED], self.put(row()))
        self.assertEqual([], self.flush())

    def test_handshakes_yield_to_fresh_probes(self):
        served = [
            row(p50_ms=12.0, measured_at=NOW + seconds, source=PASSIVE)
            for seconds in (-10, 10)
        ]
        self.put(row(measured_at=NOW))
        self.assertEqual([Fate.YIELDED] * 2, self.put(*served))
        self.flush()
        self.assertEqual([Fate.YIELDED] * 2, self.put(*served))
        self.assertEqual([], self.flush())

    def test_probes_go_before_handshakes_that_wait_or_are_written(self):
        served = row(p50_ms=12.0, measured_at=NOW, source=PASSIVE)
        probed = row(measured_at=NOW - 10)
        self.assertEqual([Fate.PENDING] * 2, self.put(served, probed))
        self.flush()
        self.assertEqual('', self.store.rows[PAIR].source)
        self.outbox = Outbox(RESTAMP, INTERVAL)
        self.put(served)
        self.flush()
        self.assertEqual([Fate.PENDING], self.put(probed))

    def test_handshakes_are_written_once_probes_are_no_longer_used(self):
        self.put(row(measured_at=NOW))
        self.flush()
        served = row(p50_ms=12.0, measured_at=NOW + 900, source=PASSIVE)
        self.assertEqual([Fate.PENDING], self.put(served))

    def test_what_changed_is_written(self):
        self.put(row())
        self.flush()
        self.assertEqual(
            [Fate.PENDING], self.put(row(p50_ms=11.0, measured_at=NOW + 30))
        )
        self.flush()
        self.assertEqual(
            11.0, self.store.rows['lyon', '203.0.113.0/24'].rtt_p50_ms
        )

    def test_of_duplicates_the_newest_counts(self):
        fates = self.put(
            row(p50_ms=2.0, measured_at=NOW + 1),
            row(p50_ms=1.0, measured_at=NOW),
            row(p50_ms=3.0, measured_at=NOW + 1),
        )
        self.assertEqual([Fate.PENDING, Fate.OLDER, Fate.PENDING], fates)
        self.flush()
        self.assertEqual([1], self.store.batches)
        (stored,) = self.store.rows.values()
        self.assertEqual(3.0, stored.rtt_p50_ms)

    def test_late_data_is_older_than_what_was_written(self):
        self.put(row(measured_at=NOW))
        self.flush()
        self.assertEqual(
            [Fate.OLDER], self.put(row(p50_ms=1.0, measured_at=NOW - 1))
        )
        self.assertEqual(0, len(self.outbox))

    def test_a_clock_that_was_ahead_keeps_nothing_out(self):
        self.put(row('lyon', measured_at=NOW + 3600))
        self.flush()
        self.put(row('paris', measured_at=NOW + 3600))
        self.outbox.next_round(NOW, MAX_AGE)
        self.assertEqual(
            [Fate.PENDING, Fate.PENDING],
            self.put(
                row('lyon', p50_ms=1.0, measured_at=NOW),
                row('paris', p50_ms=1.0, measured_at=NOW),
            ),
        )

    def test_the_same_reading_with_a_little_less_time_is_unchanged(self):
        self.put(row(measured_at=NOW))
        self.assertEqual([Fate.PENDING], self.put(row(measured_at=NOW - 0.01)))
        self.flush()
        self.assertEqual(
            [Fate.UNCHANGED], self.put(row(measured_at=NOW - 0.01))
        )

    def test_what_the_store_left_out_is_known_to_be(self):
        self.store.unknown = {'ghost'}
        rows = [row('lyon', 'ghost'), row('lyon', 'car')]
        self.assertEqual([Fate.PENDING] * 2, self.put(*rows))
        self.flush()
        self.assertEqual([Fate.LEFT_OUT, Fate.UNCHANGED], self.put(*rows))
        earlier = row('lyon', 'ghost', measured_at=NOW - 0.01)
        self.assertEqual([Fate.LEFT_OUT], self.put(earlier))
        # Tried again when it is due.
        self.store.unknown = set()
        self.outbox.next_round(NOW + RESTAMP, MAX_AGE)
        self.assertEqual([Fate.PENDING], self.put(rows[0]))

    def test_owners_vantages_and_clients_are_different_pairs(self):
        self.put(
            row('lyon', 'car'),
            row('paris', 'car'),
            row('lyon', 'bus'),
        )
        self.assertEqual(3, len(self.outbox))

    def test_what_the_store_does_not_take_waits(self):
        self.put(row('lyon'), row('paris'), row('rome'))
        self.store.away = True
        self.assertRaises(StoreUnavailableError, self.flush)
        self.assertEqual(3, len(self.outbox))
        self.store.away = False
        self.flush()
        self.assertEqual(3, len(self.store.rows))

    def test_batches_are_bounded(self):
        self.put(*(row(f'site-{number}') for number in range(25)))
        self.flush(batch_rows=10, partly=False)
        self.assertEqual([10, 10], self.store.batches)
        self.assertEqual(5, len(self.outbox))
        self.flush(batch_rows=10)
        self.assertEqual([10, 10, 5], self.store.batches)

    def test_a_batch_that_was_taken_is_not_written_again(self):
        self.put(*(row(f'site-{number}') for number in range(20)))
        for _ in self.outbox.flush(self.store, 10):
            self.store.away = True
            break
        self.assertRaises(StoreUnavailableError, self.flush, 10)
        self.store.away = False
        self.flush(10)
        self.assertEqual([10, 10], self.store.batches)

    def test_no_stamp_is_ever_older_than_a_third_of_max_age(self):
        vantages = [f'site-{number}' for number in range(200)]
        writes = []
        for number in range(60):
            now = NOW + number * INTERVAL
            self.outbox.next_round(now, MAX_AGE)
            self.put(*(row(vantage, measured_at=now) for vantage in vantages))
            writes.append(len(self.outbox))
            self.flush()
            # Just before the next round writes.
            oldest = min(r.measured_at for r in self.store.rows.values())
            self.assertLessEqual(now + INTERVAL - oldest, RESTAMP)
        self.assertEqual(200, writes[0])
        # Nothing is due yet, and later not everything at once.
        self.assertEqual([0, 0, 0], writes[1:4])
        self.assertLess(max(writes[30:]), 100)
        # Six rounds at the least between two stamps of a row.
        self.assertLess(sum(writes[1:]), 200 * 60 / 5)

    def test_every_round_is_a_stamp_if_rounds_are_as_rare(self):
        self.outbox.set_pace(RESTAMP, RESTAMP)
        self.put(row())
        self.flush()
        self.outbox.next_round(NOW + RESTAMP, MAX_AGE)
        self.assertEqual(
            [Fate.PENDING], self.put(row(measured_at=NOW + RESTAMP))
        )

    def test_a_stamp_is_due_however_old_its_samples_were(self):
        self.outbox.next_round(NOW, MAX_AGE)
        self.put(row(measured_at=NOW - 11))
        self.flush()
        for number in range(1, 12):
            now = NOW + number * INTERVAL
            self.outbox.next_round(now, MAX_AGE)
            self.put(row(measured_at=now - 11))
            self.flush()
            (stored,) = self.store.rows.values()
            # Just before the next round writes.
            self.assertLessEqual(now + INTERVAL - stored.measured_at, RESTAMP)

    def test_pairs_that_are_gone_are_forgotten(self):
        self.put(row('lyon'), row('paris'))
        self.flush()
        for _ in range(FORGET_ROUNDS + 1):
            self.outbox.next_round(NOW, MAX_AGE)
            self.put(row('lyon'))
        self.assertEqual(
            [Fate.UNCHANGED, Fate.PENDING], self.put(row('lyon'), row('paris'))
        )

    def test_what_waits_too_long_is_dropped(self):
        self.put(
            row('lyon', measured_at=NOW), row('paris', measured_at=NOW + 1)
        )
        self.outbox.next_round(NOW + 1, 0.5)
        self.flush()
        self.assertEqual(
            ['paris'], [vantage for vantage, _ in self.store.rows]
        )

    @given(
        st.lists(
            st.tuples(
                st.sampled_from(['put', 'flush', 'away', 'back', 'round']),
                st.sampled_from(['lyon', 'paris']),
                st.floats(1, 3),
                st.floats(0, 100),
            )
        )
    )
    def test_the_store_ends_with_the_newest_of_each_pair(self, steps):
        self.store = FakeStore()
        self.outbox = Outbox(RESTAMP, INTERVAL)
        newest = {}
        for step, vantage, p50_ms, seconds in steps:
            if step == 'put':
                new = row(vantage, p50_ms=p50_ms, measured_at=NOW + seconds)
                self.outbox.put(new)
                old = newest.get(vantage)
                if old is None or old.measured_at <= new.latency.measured_at:
                    newest[vantage] = new.latency
            elif step == 'round':
                self.outbox.next_round(NOW + 100, math.inf)
            elif step == 'flush' and not self.store.away:
                self.flush(1)
            else:
                self.store.away = step == 'away'
        self.store.away = False
        self.flush()
        stored = {key[0]: latency for key, latency in self.store.rows.items()}
        self.assertEqual(newest.keys(), stored.keys())
        for vantage, latency in newest.items():
            # But for stamps that are not due yet.
            self.assertEqual(latency.rtt_p50_ms, stored[vantage].rtt_p50_ms)
