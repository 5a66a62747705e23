# SPDX-License-Identifier: Apache-2.0

"""How often rows are derived, and of which vantages."""

from oslotest import base

from edge_sched.collector.derivations import Derivations
from edge_sched.collector.equipment import Equipment
from edge_sched.store.errors import StoreUnavailableError
from tests.unit.collector.fakes import FakeStore
from tests.unit.collector.fakes import row

PARTS = '10.0.1.0/24', '10.0.2.0/24', '10.0.3.0/24'


class DerivationsTest(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.now = 0.0
        self.store = FakeStore()
        self.equipment = Equipment((), self.store)
        self.derivations = Derivations(lambda: self.now)

    def see(self, vantage, rtts_ms=(10.0, 10.0, 10.0)):
        self.store.record(
            [
                row(vantage, client, p50_ms)
                for client, p50_ms in zip(PARTS, rtts_ms, strict=True)
            ]
        )
        self.derivations.saw(vantage)

    def derive(self):
        """The medians of what is derived by now, by vantage."""
        self.derivations.derive(self.equipment)
        return {
            vantage: [latency.rtt_p50_ms for latency in latencies]
            for vantage, latencies in self.store.derived.items()
        }

    def test_nothing_of_nothing(self):
        self.assertEqual({}, self.derive())

    def test_of_each_vantage_that_brought_rows(self):
        self.see('lyon')
        self.see('oslo', (10.0, 10.0, 12.0))
        self.assertEqual({'lyon': [10.0], 'oslo': []}, self.derive())

    def test_anew_once_rows_are_stamped_anew(self):
        self.see('lyon')
        self.derive()
        for self.now, expected in ((299.0, 10.0), (300.0, 10.0), (330.0, 8.0)):
            self.see('lyon', (8.0, 8.0, 8.0))
            self.assertEqual({'lyon': [expected]}, self.derive())

    def test_a_vantage_that_is_silent_is_left_alone(self):
        self.see('lyon')
        self.derive()
        self.store.derived.clear()
        self.now = 1000.0
        self.assertEqual({}, self.derive())

    def test_what_takes_too_long_goes_on_in_the_next_round(self):
        self.see('lyon')
        self.see('oslo')

        def replace(vantage, rows):
            self.now += 3.1
            FakeStore.replace_derived(self.store, vantage, rows)

        self.store.replace_derived = replace
        self.assertEqual(['lyon'], list(self.derive()))
        self.assertEqual(['lyon', 'oslo'], list(self.derive()))

    def test_a_store_that_is_away(self):
        self.see('lyon')
        self.store.away = True
        self.assertRaises(StoreUnavailableError, self.derive)
        self.store.away = False
        self.assertEqual({'lyon': [10.0]}, self.derive())

    def test_by_the_tie_band_of_the_scheduler(self):
        self.equipment = Equipment((), self.store, tie_band_ms=3.0)
        self.see('oslo', (10.0, 10.0, 12.0))
        self.assertEqual({'oslo': [10.0]}, self.derive())
