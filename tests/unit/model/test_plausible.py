# SPDX-License-Identifier: Apache-2.0

"""Which rows no measurement can give."""

import dataclasses
import math

import ddt
from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from edge_sched.model import plausible
from edge_sched.model.latency import Latency
from edge_sched.model.plausible import BadLatencyError
from edge_sched.model.plausible import check
from edge_sched.model.plausible import is_lost
from edge_sched.probe.outcome import Outcome
from edge_sched.probe.window import Window
from tests.unit.factories import make_row

INF = math.inf


@ddt.ddt
class PlausibleTest(base.BaseTestCase):
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
        {'rtt_p50_ms': INF, 'rtt_p95_ms': INF, 'loss_ratio': 1.0},
        # Half of the probes came back, and the shortest of them.
        {'rtt_min_ms': 1.0, 'rtt_p95_ms': INF, 'loss_ratio': 0.5},
        {'loss_ratio': 0.05, 'samples': 64},
        {'rtt_p99_ms': 30.0, 'loss_ratio': 0.01},
        # Each in whole milliseconds: 10.4 less 4.5 is 5.9.
        {'rtt_min_ms': 5.0, 'pdv_ms': 6.0, 'rtt_p50_ms': 7.0},
        {'rtt_min_ms': 4.0, 'pdv_ms': 7.5},
        {'pdv_ms': 900.0},
        {'samples': None, 'measured_at': 0.0},
        {'rtt_p50_hour_ms': 50.0, 'rtt_p95_hour_ms': 50.0},
        {'rtt_p50_hour_ms': 0.01, 'rtt_p95_hour_ms': INF, 'loss_ratio': 0.0},
        {'rtt_p50_hour_ms': INF, 'rtt_p95_hour_ms': INF},
    )
    def test_figures_that_can_be_measured_are_taken(self, figures):
        check(make_row(**figures))

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
        error = self.assertRaises(BadLatencyError, check, row)
        self.assertEqual(column, error.column)
        self.assertTrue(str(error).startswith(f'{column} '))

    @ddt.data(
        ({'rtt_p50_ms': INF}, 'rtt_p95_ms'),
        ({'rtt_p95_ms': INF, 'rtt_p99_ms': 50.0}, 'rtt_p99_ms'),
        ({'rtt_min_ms': 5.1}, 'rtt_p50_ms'),
        # The one between is not carried, the order holds across it.
        ({'rtt_min_ms': INF}, 'rtt_p50_ms'),
        ({'rtt_p50_hour_ms': 9, 'rtt_p95_hour_ms': 8}, 'rtt_p95_hour_ms'),
        ({'rtt_p50_hour_ms': INF, 'rtt_p95_hour_ms': 8}, 'rtt_p95_hour_ms'),
        ({'rtt_p50_hour_ms': 9, 'rtt_p95_hour_ms': 0}, 'rtt_p95_hour_ms'),
        ({'rtt_p50_hour_ms': 9}, 'rtt_p95_hour_ms'),
        ({'rtt_p95_hour_ms': 9}, 'rtt_p50_hour_ms'),
        ({'loss_hour_ratio': 1.1}, 'loss_hour_ratio'),
        ({'loss_hour_ratio': -0.1}, 'loss_hour_ratio'),
        ({'loss_hour_ratio': math.nan}, 'loss_hour_ratio'),
    )
    @ddt.unpack
    def test_quantiles_are_in_order(self, figures, column):
        row = make_row(**figures)
        error = self.assertRaises(BadLatencyError, check, row)
        self.assertEqual(column, error.column)

    # What the loss says was lost has no figure.
    @ddt.data(
        ('rtt_min_ms', {'rtt_min_ms': 1.0, 'loss_ratio': 1.0}),
        ('rtt_p50_ms', {'loss_ratio': 1.0}),
        ('rtt_p50_ms', {'rtt_p95_ms': INF, 'loss_ratio': 0.51}),
        ('rtt_p95_ms', {'loss_ratio': 0.25, 'samples': 64}),
        ('rtt_p95_ms', {'loss_ratio': 4 / 64}),
        ('rtt_p99_ms', {'rtt_p99_ms': 30.0, 'loss_ratio': 0.02}),
        ('pdv_ms', {'rtt_min_ms': 4.0, 'pdv_ms': 7.6}),
        ('pdv_ms', {'rtt_min_ms': 4.0, 'pdv_ms': 0.0}),
        (
            'pdv_ms',
            {'rtt_min_ms': 4.0, 'rtt_p95_ms': INF, 'pdv_ms': 6.0},
        ),
    )
    @ddt.unpack
    def test_what_contradicts_itself_is_refused(self, column, figures):
        row = make_row(**figures)
        error = self.assertRaises(BadLatencyError, check, row)
        self.assertEqual(column, error.column)

    def test_a_contradiction_is_told_with_both_values(self):
        row = make_row(9.1, 12.4, loss_ratio=0.25)
        error = self.assertRaises(BadLatencyError, check, row)
        self.assertEqual(
            'rtt_p95_ms 12.4 contradicts loss_ratio 0.25: of the probes sent '
            'it is one that was lost (inf)',
            str(error),
        )
        row = make_row(9.1, 12.4, rtt_min_ms=8, pdv_ms=1)
        error = self.assertRaises(BadLatencyError, check, row)
        self.assertEqual(
            'pdv_ms 1 is not rtt_p95_ms 12.4 less rtt_min_ms 8', str(error)
        )

    def test_what_a_rate_loses_makes_no_loss(self):
        # 57 of 60 came back, as far as Prometheus extrapolates.
        self.assertFalse(is_lost(0.95, 1 - 56.99999 / 60))
        # Nor does just what is forgiven.
        forgiven = 1 - 0.05 + plausible._LOSS_ROUNDING
        self.assertFalse(is_lost(forgiven, 0.05))

    @given(st.sampled_from((50, 95, 99)), st.integers(1, 10_000), st.data())
    def test_exactly_the_quantiles_beyond_what_came_back_are_lost(
        self, percent, sent, data
    ):
        # The k-th shortest, k the least that is so much of all sent.
        k = next(k for k in range(1, sent + 1) if k * 100 >= percent * sent)
        lost = data.draw(
            st.sampled_from((sent - k, sent - k + 1)) | st.integers(0, sent)
        )
        ranked = [*range(1, sent - lost + 1), *[INF] * lost]
        self.assertEqual(
            (ranked[k - 1] == INF, ranked[0] == INF),
            (
                is_lost(percent / 100, lost / sent),
                is_lost(0.0, lost / sent),
            ),
        )

    @given(
        st.lists(st.floats(0.001, 10_000) | st.just(INF), min_size=1),
        st.integers(2, 9),
    )
    def test_no_honest_window_is_refused(self, rtts_ms, digits):
        window = Window(len(rtts_ms), 1)
        for rtt_ms in rtts_ms:
            window.add(Outcome(rtt_ms, rtt_ms), 0)
        carried = {field.name for field in dataclasses.fields(Latency)}
        statistics = {
            name: figure
            for name, figure in dataclasses.asdict(window.statistics()).items()
            if name in carried
        }
        check(make_row(**statistics))
        statistics['loss_ratio'] = round(statistics['loss_ratio'], digits)
        check(make_row(**statistics))
