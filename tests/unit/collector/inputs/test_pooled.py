# SPDX-License-Identifier: Apache-2.0

import math

from oslotest import base

from edge_sched.collector.inputs import pooled


class FiguresTest(base.BaseTestCase):
    def test_of_a_hundred(self):
        rtts_ms = [*map(float, range(100, 1, -1)), math.inf]
        self.assertEqual(
            pooled.Figures(
                rtt_p50_ms=51.0,
                rtt_p95_ms=96.0,
                rtt_p99_ms=100.0,
                rtt_min_ms=2.0,
                loss_ratio=0.01,
                samples=100,
            ),
            pooled.figures(rtts_ms),
        )
