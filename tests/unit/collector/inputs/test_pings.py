# SPDX-License-Identifier: Apache-2.0

import math

from oslotest import base

from edge_sched.collector.inputs import pings
from edge_sched.collector.inputs.line_protocol import Point


def point(**fields):
    return Point(
        {}, {f: float(value) for f, value in fields.items()}, 5 * 10**9
    )


def ping(sent, received, **fields):
    return pings.read(
        point(
            packets_transmitted=sent,
            packets_received=received,
            **{'average_response_ms': 20, 'maximum_response_ms': 30, **fields},
        )
    )


def one(rtt_ms):
    received = 0 if math.isinf(rtt_ms) else 1
    return ping(1, received, average_response_ms=0 if not received else rtt_ms)


class ReadTest(base.BaseTestCase):
    def test_what_was_sent_and_what_came_back(self):
        read = ping(5, 4)
        self.assertEqual((5.0, 5, 4), read[:3])

    def test_no_more_than_needed_is_kept_of_a_single_packet(self):
        self.assertEqual({'average_response_ms': 20}, ping(1, 1).rtts_ms)
        self.assertEqual({}, ping(1, 0).rtts_ms)
        self.assertEqual(30, ping(2, 1).rtts_ms['maximum_response_ms'])

    def test_no_such_host_is_no_ping(self):
        self.assertIsNone(pings.read(point(result_code=1)))
        self.assertIsNone(
            pings.read(point(packets_transmitted=0, packets_received=0))
        )

    def test_all_lost(self):
        read = pings.read(
            point(
                packets_transmitted=3,
                packets_received=0,
                percent_packet_loss=100,
                result_code=1,
            )
        )
        self.assertEqual((3, 0), (read.sent, read.received))

    def test_answers_of_others_on_windows(self):
        self.assertEqual(2, ping(4, 4, reply_received=2).received)

    def test_answers_that_came_twice(self):
        self.assertEqual(4, ping(4, 6).received)

    def test_fields_that_are_missing_are_named(self):
        for fields, why in (
            ({'packets_transmitted': 1}, 'has no field packets_received'),
            (
                {'packets_transmitted': 1, 'packets_received': 1},
                'has no field average_response_ms',
            ),
        ):
            error = self.assertRaises(ValueError, pings.read, point(**fields))
            self.assertEqual(why, str(error))


class FiguresTest(base.BaseTestCase):
    def test_single_packets_are_pooled(self):
        rtts_ms = [*range(1, 58), math.inf, math.inf, 99]
        found = pings.figures([one(rtt_ms) for rtt_ms in rtts_ms])
        # Of 60 sent the 30th, the 57th, and the 60th, which was lost.
        self.assertEqual((30, 57), (found['rtt_p50_ms'], found['rtt_p95_ms']))
        self.assertEqual(math.inf, found['rtt_p99_ms'])
        self.assertEqual((1, 60), (found['rtt_min_ms'], found['samples']))
        self.assertAlmostEqual(2 / 60, found['loss_ratio'])
        self.assertEqual('telegraf ping', found['source'])

    def test_all_single_packets_lost(self):
        found = pings.figures([one(math.inf)] * 3)
        self.assertEqual(math.inf, found['rtt_p50_ms'])
        self.assertIsNone(found['rtt_min_ms'])
        self.assertEqual(1, found['loss_ratio'])

    def test_a_mean_counts_for_too_few_to_judge_a_p95(self):
        found = pings.figures(
            [ping(1, 1), ping(100, 99, minimum_response_ms=9)]
        )
        self.assertEqual(
            {
                'rtt_p50_ms': 20,
                'rtt_p95_ms': 30,
                'rtt_p99_ms': None,
                'rtt_min_ms': 9,
                'loss_ratio': 1 - 99 / 100,
                'samples': 10,
                'source': 'telegraf ping mean',
            },
            found,
        )
        for sent in (2, 5):
            self.assertEqual(
                sent, pings.figures([ping(sent, sent)])['samples']
            )

    def percentiles(self, sent, received):
        found = pings.figures(
            [
                ping(
                    sent,
                    received,
                    percentile50_ms=10,
                    percentile95_ms=19,
                    percentile99_ms=23,
                )
            ]
        )
        return (
            *(found[f'rtt_p{each}_ms'] for each in (50, 95, 99)),
            found['samples'],
        )

    def test_percentiles_of_the_native_method(self):
        self.assertEqual((10, 19, 23, 100), self.percentiles(100, 100))

    def test_percentiles_are_made_those_of_the_packets_sent(self):
        # Of 98 the 48.5th is of those sent what the 50th of 95 is: p51.02,
        # p96.94, and p99 was lost.
        p50_ms, p95_ms, p99_ms, samples = self.percentiles(100, 98)
        self.assertAlmostEqual(10 + 9 * (50 / 98 - 0.5) / 0.45, p50_ms)
        self.assertAlmostEqual(19 + 4 * (95 / 98 - 0.95) / 0.04, p95_ms)
        self.assertEqual((math.inf, 100), (p99_ms, samples))

    def test_a_percentile_that_was_lost(self):
        p50_ms, p95_ms, _, samples = self.percentiles(100, 94)
        self.assertAlmostEqual(10 + 9 * (50 / 94 - 0.5) / 0.45, p50_ms)
        self.assertEqual((math.inf, 100), (p95_ms, samples))

    def test_the_last_that_came_back_is_not_lost(self):
        # p95 of those sent is the longest, which is no percentile.
        _, p95_ms, p99_ms, samples = self.percentiles(100, 95)
        self.assertEqual((30, None, 10), (p95_ms, p99_ms, samples))

    def test_percentiles_that_do_not_reach_as_far_only_rank(self):
        # p95 of those sent is p99.58 of those that came back.
        p50_ms, p95_ms, p99_ms, samples = self.percentiles(1000, 954)
        self.assertEqual((30, None, 10), (p95_ms, p99_ms, samples))
        self.assertLess(p50_ms, 11)

    def test_a_median_alone_only_ranks(self):
        found = pings.figures([ping(100, 100, percentile50_ms=10)])
        self.assertEqual((10, 30), (found['rtt_p50_ms'], found['rtt_p95_ms']))
        self.assertEqual(10, found['samples'])
