# SPDX-License-Identifier: Apache-2.0

"""Settings that are read from records, which may be anybody's."""

import math

from oslotest import base

from edge_sched.judging.verdict import Policy
from edge_sched.replay import settings
from edge_sched.replay.settings import Settings
from tests.unit.replay.factories import SETTINGS


class SettingsTest(base.BaseTestCase):
    def read(self, **changes: object) -> Settings:
        return Settings.read(SETTINGS | changes)

    def test_each_option_is_where_it_belongs(self) -> None:
        read = self.read(
            max_age=1,
            outage_max_age=2,
            memory='window',
            rank_percentile='p99',
            reference_latency_ms=3,
            tie_band_ms=4,
            fit_headroom=5,
            latency_weight_multiplier=6,
            cell_latency_weight_multiplier=7,
            max_attempts=8,
        )
        policy = Policy(1, 2, 'window', 'p99', 3, 4, 5)
        self.assertEqual(Settings(policy, 6, 7, 8), read)

    def test_some_are_changed_and_the_others_left(self) -> None:
        read = self.read()
        self.assertEqual(read, read.changed({'mode': 'enforce'}))
        changed = read.changed({'tie_band_ms': 5.0, 'max_attempts': 1})
        self.assertEqual(self.read(tie_band_ms=5.0, max_attempts=1), changed)

    def test_what_can_be_set_otherwise(self) -> None:
        # Not what is of Nova.
        self.assertEqual(
            {'mode', *SETTINGS} - {'max_attempts'}, {*settings.NAMES}
        )

    def test_least_and_most(self) -> None:
        for name, good, bad in (
            ('max_attempts', (1, 1000), (0, 1001, 3.0, True, '3', None)),
            ('max_age', (0, 0.5, 1e300), (-1e-9, math.inf, math.nan, '1')),
            ('tie_band_ms', (1e-9, 5), (0, 9e-10, -1, None)),
            ('reference_latency_ms', (1e-9, 5), (0, 9e-10, -1, None)),
            ('fit_headroom', (0, 0.99), (-0.1, [])),
            ('latency_weight_multiplier', (0, 3000.0), (-1, {})),
            ('memory', ('hour', 'window'), ('day', 3600, None)),
            ('rank_percentile', ('p50', 'p99'), ('p90', 50, None)),
        ):
            for value in good:
                self.read(**{name: value})
            for value in bad:
                error = self.assertRaises(
                    TypeError, self.read, **{name: value}
                )
                self.assertIn(f'{name} is {value!r}', str(error))

    def test_what_is_missing(self) -> None:
        for name in SETTINGS.keys() - {'memory'}:
            recorded = {k: v for k, v in SETTINGS.items() if k != name}
            self.assertRaises(KeyError, Settings.read, recorded)

    def test_record_of_the_time_before_the_hour(self) -> None:
        recorded = {k: v for k, v in SETTINGS.items() if k != 'memory'}
        self.assertEqual('window', Settings.read(recorded).policy.memory)

    def test_odd_values_are_cut(self) -> None:
        error = self.assertRaises(TypeError, self.read, max_age='x' * 1000)
        self.assertLess(len(str(error)), 60)
