# SPDX-License-Identifier: Apache-2.0

import math

import ddt
from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from edge_sched.collector import door
from edge_sched.model.client import parse_client
from edge_sched.model.latency import Latency
from edge_sched.model.plausible import check
from tests.unit.collector.fakes import CLIENT
from tests.unit.collector.fakes import NOW
from tests.unit.collector.fakes import reading
from tests.unit.model.test_names import ONE
from tests.unit.model.test_names import TWO

INF, NAN = math.inf, math.nan

OLDEST = NOW - 3600

FIGURES = ('rtt_p50_ms', 'rtt_p95_ms', 'rtt_p99_ms', 'rtt_min_ms', 'pdv_ms')

LOST = {'rtt_p50_ms': None, 'rtt_p95_ms': None, 'rtt_min_ms': None}


def admit(**changes):
    return door.admit(reading(**changes), NOW, OLDEST)


@ddt.ddt
class DoorTest(base.BaseTestCase):
    def assertRefused(self, reason, **changes):
        error = self.assertRaises(door.RefusedError, admit, **changes)
        self.assertEqual(reason, error.reason)

    def test_what_is_fine_becomes_a_row(self):
        admitted = admit(
            rtt_p99_ms=15.0, pdv_ms=3.0, loss_ratio=0.01, samples=300.0
        )
        self.assertEqual(
            Latency(
                vantage='lyon',
                client=CLIENT,
                rtt_p50_ms=10.0,
                rtt_p95_ms=12.0,
                measured_at=NOW,
                rtt_min_ms=9.0,
                rtt_p99_ms=15.0,
                pdv_ms=3.0,
                loss_ratio=0.01,
                samples=300,
                source='stamp',
            ),
            admitted.latency,
        )
        self.assertEqual(parse_client(CLIENT), admitted.client)
        self.assertIsInstance(admitted.latency.samples, int)

    def test_a_name_is_stored_in_its_one_form(self):
        latency = admit(vantage=TWO, source=TWO).latency
        self.assertEqual((ONE, ONE), (latency.vantage, latency.source))

    def test_a_client_is_stored_in_its_one_form(self):
        for text, stored in (
            ('203.0.113.9/24', '203.0.113.0/24'),
            ('::ffff:203.0.113.7', '203.0.113.7/32'),
            ('2001:DB8::/56', '2001:db8::/56'),
            ('vehicle-42', 'vehicle-42'),
            ('site:lyon', 'site:lyon'),
            (f'site:{TWO}', f'site:{ONE}'),
            ('site:' + 'x' * 255, 'site:' + 'x' * 255),
        ):
            self.assertEqual(stored, admit(client=text).latency.client)

    def test_a_name_keeps_its_owner_and_the_address_probed(self):
        admitted = admit(
            client='vehicle-42', project_id='p1', address='203.0.113.7'
        )
        self.assertEqual('p1', admitted.project_id)
        self.assertEqual('203.0.113.7', str(admitted.address))
        self.assertIsNone(admit(client='vehicle-42').address)

    @ddt.data(
        ('vantage', {'vantage': ''}),
        ('vantage', {'vantage': 'ly\non'}),
        ('vantage', {'vantage': 'x' * 256}),
        ('client', {'client': ''}),
        ('client', {'client': '999.1.1.1'}),
        ('client', {'project_id': 'p1'}),
        ('client', {'client': 'site:lyon', 'project_id': 'p1'}),
        ('client', {'client': 'site:'}),
        ('client', {'client': 'site:' + 'x' * 256}),
        # Twice as long as it is stored.
        ('client', {'client': 'site:' + '\u0958' * 255}),
        ('client', {'client': 'car', 'project_id': 'a\x00b'}),
        ('address', {'client': 'car', 'address': 'nearby'}),
        ('source', {'source': 'x' * 256}),
        ('clock', {'measured_at': None}),
        ('clock', {'measured_at': NAN}),
        ('clock', {'measured_at': INF}),
        ('future', {'measured_at': NOW + 5.1}),
        ('expired', {'measured_at': OLDEST - 0.1}),
        ('samples', {'samples': 0.0}),
        ('samples', {'samples': 6.5}),
        ('samples', {'samples': -1.0}),
        ('samples', {'samples': NAN}),
        ('samples', {'samples': INF}),
        ('samples', {'samples': 2.0**31}),
        ('loss', {'loss_ratio': NAN}),
        ('loss', {'loss_ratio': -0.1}),
        ('loss', {'loss_ratio': 1.1}),
        ('order', {'rtt_min_ms': 10.1}),
        ('order', {'rtt_p50_ms': 12.1}),
        ('order', {'rtt_p99_ms': 11.9}),
        ('infinite', {'rtt_min_ms': INF}),
        ('infinite', {'pdv_ms': INF}),
    )
    @ddt.unpack
    def test_what_cannot_have_been_measured_is_refused(self, reason, changes):
        self.assertRefused(reason, **changes)

    def test_figures_that_no_network_has_are_refused(self):
        for name in FIGURES:
            for value, reason in (
                (NAN, 'nan'),
                (-1.0, 'negative'),
                (-INF, 'negative'),
                (10_000.1, 'absurd'),
            ):
                self.assertRefused(reason, **{name: value})

    def test_a_round_trip_of_zero_is_refused_a_variation_of_zero_is_not(self):
        for name in set(FIGURES) - {'pdv_ms'}:
            self.assertRefused('zero', **{name: 0.0})
        level = admit(rtt_min_ms=12.0, rtt_p50_ms=12.0, pdv_ms=0.0).latency
        self.assertEqual(0.0, level.pdv_ms)

    def test_a_variation_that_is_not_p95_less_the_shortest_is_refused(self):
        self.assertRefused('pdv', pdv_ms=1.4)
        self.assertRefused('pdv', pdv_ms=0.0)
        self.assertEqual(1.6, admit(pdv_ms=1.6).latency.pdv_ms)
        of_another = admit(pdv_ms=1.4, rtt_min_ms=None).latency
        self.assertEqual(1.4, of_another.pdv_ms)

    def test_a_round_trip_of_less_than_a_microsecond_is_refused(self):
        small = {'rtt_p95_ms': 0.001, 'rtt_p50_ms': 0.001, 'rtt_min_ms': 0.001}
        self.assertEqual(0.001, admit(**small).latency.rtt_min_ms)
        for name in small:
            self.assertRefused('absurd', **small | {name: 1e-9})
            self.assertRefused('absurd', **small | {name: 0.000999})
        # Two may well differ by less.
        self.assertEqual(1e-9, admit(pdv_ms=1e-9, **small).latency.pdv_ms)

    def test_no_text_is_kept_before_its_length_is_looked_at(self):
        caches = (door._kept_client, door._parsed_address)
        for cache in caches:
            cache.cache_clear()
        misses = [cache.cache_info().misses for cache in caches]
        self.assertRefused('client', client='1' * 64)
        self.assertRefused('client', client='1' * 261)
        admit(client='site:' + 'x' * 59)
        self.assertRefused('address', client='car', address='1' * 46)
        self.assertEqual(
            # Of the name car.
            [misses[0] + 1, misses[1]],
            [cache.cache_info().misses for cache in caches],
        )
        longest = '0000:0000:0000:0000:0000:ffff:255.255.255.255'
        admit(client='c' * 63, address=longest)

    def test_five_seconds_of_skew_are_forgiven(self):
        latency = admit(measured_at=NOW + 5).latency
        self.assertEqual(NOW + 5, latency.measured_at)

    def test_all_lost_is_a_measurement(self):
        for lost in (None, INF):
            latency = admit(
                rtt_p50_ms=lost,
                rtt_p95_ms=lost,
                rtt_min_ms=None,
                loss_ratio=1.0,
            ).latency
            self.assertEqual(
                (INF, INF, INF, None),
                (
                    latency.rtt_p50_ms,
                    latency.rtt_p95_ms,
                    latency.rtt_p99_ms,
                    latency.rtt_min_ms,
                ),
            )

    def test_a_lost_quantile_needs_a_loss_that_explains_it(self):
        # Of 64 probes the p95 is the 61st: 60 must have come back at most.
        lost = {'rtt_p95_ms': INF}
        latency = admit(loss_ratio=4 / 64, **lost).latency
        self.assertEqual((10.0, INF), (latency.rtt_p50_ms, latency.rtt_p95_ms))
        self.assertRefused('infinite', loss_ratio=3 / 64, **lost)
        self.assertRefused('infinite', loss_ratio=None, **lost)
        self.assertRefused('incomplete', loss_ratio=3 / 64, rtt_p95_ms=None)
        self.assertRefused('incomplete', loss_ratio=None, **LOST)

    def test_what_the_loss_says_was_lost_is_lost_whatever_is_said(self):
        # As of a tool whose quantiles are of the probes that came back.
        latency = admit(loss_ratio=0.25, rtt_p99_ms=13.0, pdv_ms=3.0).latency
        self.assertEqual(
            (9.0, 10.0, INF, INF, None),
            (
                latency.rtt_min_ms,
                latency.rtt_p50_ms,
                latency.rtt_p95_ms,
                latency.rtt_p99_ms,
                latency.pdv_ms,
            ),
        )
        latency = admit(loss_ratio=0.02, rtt_p99_ms=13.0).latency
        self.assertEqual((12.0, INF), (latency.rtt_p95_ms, latency.rtt_p99_ms))
        latency = admit(loss_ratio=1.0).latency
        self.assertEqual(
            (None, INF, INF),
            (latency.rtt_min_ms, latency.rtt_p50_ms, latency.rtt_p95_ms),
        )

    def test_what_is_lost_must_be_a_round_trip_all_the_same(self):
        for name in FIGURES:
            self.assertRefused('nan', loss_ratio=1.0, **{name: NAN})

    def test_loss_explains_without_samples_too(self):
        lost = {'rtt_p95_ms': INF, 'samples': None}
        self.assertEqual(
            INF, admit(loss_ratio=0.06, **lost).latency.rtt_p95_ms
        )
        self.assertRefused('infinite', loss_ratio=0.05, **lost)

    def test_a_form_that_says_lost_needs_no_loss(self):
        lost = {'rtt_p95_ms': INF, 'loss_ratio': None, 'lost_stated': True}
        self.assertEqual(INF, admit(**lost).latency.rtt_p95_ms)
        self.assertRefused('incomplete', **{**lost, 'rtt_p95_ms': None})

    def test_loss_of_the_hour(self):
        for ratio in (None, 0.0, 0.07, 1.0):
            latency = admit(loss_hour_ratio=ratio).latency
            self.assertEqual(ratio, latency.loss_hour_ratio)
        for ratio in (-0.1, 1.1, INF, math.nan):
            self.assertRefused('loss', loss_hour_ratio=ratio)

    def test_hour_is_kept_if_a_network_can_have_it(self):
        def hour(p50_ms, p95_ms):
            return {'rtt_p50_hour_ms': p50_ms, 'rtt_p95_hour_ms': p95_ms}

        # Whatever the loss of the newest window.
        for p50_ms, p95_ms in ((5.0, 20.0), (5.0, INF), (INF, INF)):
            latency = admit(loss_ratio=0.0, **hour(p50_ms, p95_ms)).latency
            self.assertEqual(p50_ms, latency.rtt_p50_hour_ms)
            self.assertEqual(p95_ms, latency.rtt_p95_hour_ms)
        for reason, p50_ms, p95_ms in (
            ('order', 20.0, 5.0),
            ('order', INF, 5.0),
            ('incomplete', 5.0, None),
            ('incomplete', None, 20.0),
            ('zero', 0.0, 20.0),
            ('nan', 5.0, math.nan),
            ('negative', -5.0, 20.0),
            ('absurd', 5.0, 10_000.1),
        ):
            self.assertRefused(reason, **hour(p50_ms, p95_ms))

    def test_p99_may_be_absent(self):
        self.assertIsNone(admit(rtt_p99_ms=None).latency.rtt_p99_ms)

    @given(sent=st.integers(1, 10_000), data=st.data())
    def test_exactly_what_fell_on_a_lost_probe_is_lost(self, sent, data):
        lost = data.draw(st.integers(0, sent))
        came_back = sent - lost
        for quantile, name, below in (
            (50, 'rtt_p50_ms', {'rtt_p95_ms': INF}),
            (95, 'rtt_p95_ms', {}),
        ):
            rank = -(-quantile * sent // 100)
            changes = {
                'samples': float(sent),
                'loss_ratio': lost / sent,
                **below,
                name: INF,
            }
            if rank > came_back:
                self.assertEqual(INF, getattr(admit(**changes).latency, name))
            else:
                self.assertRefused('infinite', **changes)

    @given(
        st.fixed_dictionaries(
            {},
            optional={
                name: st.none() | st.floats()
                for name in (
                    *FIGURES,
                    'rtt_p50_hour_ms',
                    'rtt_p95_hour_ms',
                    'loss_ratio',
                    'loss_hour_ratio',
                    'samples',
                    'measured_at',
                )
            }
            | {'client': st.text(max_size=20), 'vantage': st.text()},
        )
    )
    def test_whatever_comes_is_refused_or_a_measurement(self, changes):
        try:
            latency = admit(**changes).latency
        except door.RefusedError as refused:
            self.assertTrue(refused.reason.isalpha())
        else:
            self.assertIsNone(check(latency))
            self.assertTrue(OLDEST <= latency.measured_at <= NOW + 5)
