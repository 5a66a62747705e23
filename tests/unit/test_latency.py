# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""What a row says, and which rows no measurement can give."""

import math

import ddt
from oslotest import base

from edge_sched import latency
from tests.unit import factories
from tests.unit.factories import make_row

INF = math.inf


@ddt.ddt
class LatencyTest(base.BaseTestCase):
    def test_round_trip_at_a_percentile(self):
        row = make_row(5.0, 10.0, rtt_p99_ms=30.0)
        self.assertEqual(
            [5.0, 10.0, 30.0], [row.rtt_ms(p) for p in ('p50', 'p95', 'p99')]
        )

    def test_p99_that_is_not_carried_is_none(self):
        self.assertIsNone(make_row().rtt_ms('p99'))

    def test_what_is_lost_stays_lost_further_up(self):
        self.assertEqual(INF, make_row(5.0, INF).rtt_ms('p99'))
        self.assertEqual(INF, make_row(5.0, 9.0, rtt_p99_ms=INF).rtt_ms('p99'))
        self.assertEqual(5.0, make_row(5.0, INF).rtt_ms('p50'))

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

    def test_skewed_clock_never_makes_an_age_negative(self):
        self.assertEqual(40.0, make_row(age=40).age_seconds(factories.NOW))
        self.assertEqual(0.0, make_row(age=-4).age_seconds(factories.NOW))

    @ddt.data(
        {},
        {'rtt_min_ms': 5.0, 'rtt_p99_ms': 10.0},
        {'rtt_p50_ms': INF, 'rtt_p95_ms': INF, 'rtt_p99_ms': INF},
        {'rtt_min_ms': INF, 'rtt_p50_ms': INF, 'rtt_p95_ms': INF},
        {'rtt_p95_ms': INF, 'rtt_p99_ms': None},
        {'rtt_p99_ms': 10_000.0},
        {'rtt_min_ms': 0.01, 'rtt_p50_ms': 0.01, 'rtt_p95_ms': 0.02},
        {'pdv_ms': 10_000.0},
        {'pdv_ms': 0.0, 'loss_ratio': 0.0, 'samples': 1},
        {'loss_ratio': 1.0},
        {'samples': None, 'measured_at': 0.0},
    )
    def test_figures_that_can_be_measured_are_taken(self, figures):
        make_row(**figures).check()

    @ddt.data(
        ('rtt_p50_ms', 0.0),
        ('rtt_p50_ms', -1.0),
        ('rtt_p50_ms', math.nan),
        ('rtt_p50_ms', -INF),
        ('rtt_p99_ms', 10_000.1),
        ('rtt_min_ms', math.nan),
        ('pdv_ms', -0.1),
        ('pdv_ms', math.nan),
        ('pdv_ms', INF),
        ('loss_ratio', -0.01),
        ('loss_ratio', 1.01),
        ('loss_ratio', math.nan),
        ('samples', 0),
        ('measured_at', math.nan),
        ('measured_at', INF),
        ('measured_at', -1.0),
        # Out of order: the later column is named.
        ('rtt_p95_ms', 4.9),
        ('rtt_p99_ms', 9.9),
    )
    @ddt.unpack
    def test_what_cannot_be_measured_is_refused(self, column, value):
        row = make_row(**{column: value})
        error = self.assertRaises(latency.BadLatencyError, row.check)
        self.assertEqual(column, error.column)
        self.assertTrue(str(error).startswith(f'{column} '))

    @ddt.data(
        ({'rtt_p50_ms': INF}, 'rtt_p95_ms'),
        ({'rtt_p95_ms': INF, 'rtt_p99_ms': 50.0}, 'rtt_p99_ms'),
        ({'rtt_min_ms': 5.1}, 'rtt_p50_ms'),
        # The one between is not carried, the order holds across it.
        ({'rtt_min_ms': INF}, 'rtt_p50_ms'),
    )
    @ddt.unpack
    def test_quantiles_are_in_order(self, figures, column):
        row = make_row(**figures)
        error = self.assertRaises(latency.BadLatencyError, row.check)
        self.assertEqual(column, error.column)

    def test_vantages_of_an_answer(self):
        row = make_row()
        answer = latency.Answer(True, ({'lyon': row}, {'paris': row}, {}))
        self.assertEqual({'lyon', 'paris'}, answer.vantages())
        self.assertEqual(frozenset(), latency.Answer(False).vantages())
