# SPDX-License-Identifier: Apache-2.0

"""Rows and back, without a database."""

import math

from oslotest import base

from edge_sched.model.latency import Latency
from edge_sched.store.figures import FIGURES
from edge_sched.store.figures import to_latency
from edge_sched.store.figures import to_row
from edge_sched.store.schema import latencies


def stored(latency):
    row = to_row(latency)
    figures = [row[column.name] for column in FIGURES]
    return [latency.vantage, 'car', None, None, *figures]


class FiguresTestCase(base.BaseTestCase):
    def test_every_column_is_filled(self):
        row = to_row(Latency('lyon', 'car', 1.0, 2.0, 3.0))
        self.assertEqual({column.name for column in FIGURES}, row.keys())
        ids = {'client_id', 'vantage_id', 'site_vantage_id'}
        self.assertEqual(ids | row.keys(), set(latencies.c.keys()))

    def test_infinity_never_reaches_the_database(self):
        lost = math.inf
        row = to_row(Latency('lyon', 'car', lost, lost, 3.0, lost, lost, lost))
        self.assertNotIn(lost, row.values())
        self.assertEqual(50, row['lost_from'])

    def test_comes_back_as_it_was(self):
        latency = Latency(
            'lyon', 'car', 2.0, 3.0, 5.0, 1.0, 4.0, 2.0, 0.01, 64, 'stamp'
        )
        self.assertEqual(latency, to_latency(stored(latency), {}))

    def test_the_lowest_lost_quantile_is_kept(self):
        for p50, p95, p99, lost_from in (
            (1.0, 2.0, 3.0, None),
            (1.0, 2.0, None, None),
            (1.0, 2.0, math.inf, 99),
            (1.0, math.inf, None, 95),
            (math.inf, math.inf, math.inf, 50),
        ):
            latency = Latency('lyon', 'car', p50, p95, 3.0, rtt_p99_ms=p99)
            self.assertEqual(lost_from, to_row(latency)['lost_from'])
            back = to_latency(stored(latency), {})
            for percentile in ('p50', 'p95', 'p99'):
                self.assertEqual(
                    latency.held_ms(percentile), back.held_ms(percentile)
                )

    def test_lost_of_the_hour(self):
        lost = math.inf
        for p50, p95, lost_from in (
            (4.0, 5.0, None),
            (4.0, lost, 95),
            (lost, lost, 50),
        ):
            latency = Latency(
                'lyon',
                'car',
                1.0,
                2.0,
                3.0,
                rtt_p50_hour_ms=p50,
                rtt_p95_hour_ms=p95,
                loss_hour_ratio=0.25,
            )
            row = to_row(latency)
            self.assertEqual(
                (None, lost_from), (row['lost_from'], row['hour_lost_from'])
            )
            self.assertNotIn(lost, row.values())
            self.assertEqual(latency, to_latency(stored(latency), {}))

    def test_equal_texts_are_one_object(self):
        texts = {}
        found = [
            to_latency(
                stored(
                    Latency(
                        ''.join(['ly', 'on']),
                        'car',
                        1.0,
                        2.0,
                        3.0,
                        source=''.join(['st', 'amp']),
                    )
                ),
                texts,
            )
            for _ in range(2)
        ]
        self.assertIs(found[0].vantage, found[1].vantage)
        self.assertIs(found[0].source, found[1].source)

    def test_a_long_source_is_cut(self):
        row = to_row(Latency('v', 'car', 1.0, 2.0, 3.0, source='x' * 999))
        self.assertEqual(255, len(row['source']))
