# SPDX-License-Identifier: Apache-2.0

import asyncio
import collections
import random
import time

from oslotest import base

from edge_sched.probe.outcome import LOST
from edge_sched.probe.outcome import Outcome
from edge_sched.probe.prober import LATE_SECONDS
from edge_sched.probe.prober import Prober
from edge_sched.probe.prober import seconds_since_boot
from tests.unit.probe.fakes import FakeProbe
from tests.unit.probe.fakes import Loop
from tests.unit.probe.fakes import a_target

A, B, C = '203.0.113.1', '203.0.113.2', '203.0.113.3'


class ProberTestCase(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.loop = Loop()
        self.stamp = FakeProbe(self.loop, Outcome(5.0, 6.0))
        self.icmp = FakeProbe(self.loop, LOST)
        self.prober = Prober(
            self.loop,
            {'stamp': self.stamp, 'icmp': self.icmp},
            clock=self.loop.time,
            uniform=random.Random(1).uniform,
        )

    def follow(self, *targets):
        asyncio.run(self.prober.follow(targets))

    def report(self):
        return asyncio.run(self.prober.report())

    def figures(self):
        return {each.target.client: each for each in self.report().figures}

    def samples(self):
        return {
            client: each.statistics.samples
            for client, each in self.figures().items()
        }


class SendingTestCase(ProberTestCase):
    def test_every_target_has_its_rate(self):
        self.follow(
            a_target(A),
            a_target(B, packets=2, interval_seconds=60, window=2),
            a_target(C, probe='icmp', port=0),
        )
        self.loop.run(3600)
        self.assertAlmostEqual(8 * 360, len(self.stamp.times(A)), delta=1)
        self.assertAlmostEqual(2 * 60, len(self.stamp.times(B)), delta=1)
        self.assertAlmostEqual(8 * 360, len(self.icmp.times(C)), delta=1)

    def test_turns_of_a_target_go_up_by_one(self):
        self.follow(a_target(A), a_target(B))
        self.loop.run(60)
        turns = collections.defaultdict(list)
        for _, address, port, turn in self.stamp.sent:
            self.assertEqual(862, port)
            turns[address].append(turn)
        for sent in turns.values():
            self.assertEqual(list(range(len(sent))), sent)

    def test_many_targets_begin_spread_as_they_go_on(self):
        self.follow(
            *(a_target(f'10.0.{n // 256}.{n % 256}') for n in range(2000))
        )
        self.loop.run(10)
        per_tenth = collections.Counter(
            int((now - 1000) * 10) for now, _, _, _ in self.stamp.sent
        )
        # 160 on average, from the first on: six times the deviation.
        self.assertEqual(100, len(per_tenth))
        for sent in per_tenth.values():
            self.assertAlmostEqual(160, sent, delta=76)

    def test_one_timer_for_all(self):
        self.follow(*(a_target(f'203.0.113.{n}') for n in range(50)))
        self.loop.run(25)
        # The other one is of the look at the clocks.
        self.assertEqual(2, len(self.loop.waiting))

    def test_no_targets_are_no_timer(self):
        self.follow(a_target(A))
        self.follow()
        self.loop.run(25)
        self.assertEqual([], self.stamp.sent)
        self.assertEqual(1, len(self.loop.waiting))

    def test_after_a_pause_targets_do_not_catch_up(self):
        self.follow(*(a_target(f'203.0.113.{n}') for n in range(100)))
        self.loop.run(30)
        before = len(self.stamp.sent)
        self.loop.stall(3600)
        self.loop.run(0)
        # Those that became due just now.
        self.assertLess(len(self.stamp.sent) - before, 100)
        before = len(self.stamp.sent)
        self.loop.run(100)
        self.assertAlmostEqual(8000, len(self.stamp.sent) - before, delta=200)

    def test_a_short_delay_leaves_nothing_out(self):
        self.follow(a_target(A))
        self.loop.run(30)
        before = len(self.stamp.sent)
        for _ in range(10):
            self.loop.stall(LATE_SECONDS / 2)
            self.loop.run(10 - LATE_SECONDS / 2)
        self.assertAlmostEqual(80, len(self.stamp.sent) - before, delta=1)

    def test_what_was_missed_is_not_made_up_for(self):
        self.follow(a_target(A, interval_seconds=1))
        self.loop.run(30)
        before = len(self.stamp.sent)
        # Seven slots, of which the last may not be over.
        self.loop.stall(7 / 8)
        self.loop.run(0)
        self.assertLessEqual(len(self.stamp.sent) - before, 2)

    def test_closed_it_sends_no_more(self):
        self.follow(a_target(A))
        self.loop.run(30)
        before = len(self.stamp.sent)
        self.prober.close()
        self.loop.run(30)
        self.assertEqual(before, len(self.stamp.sent))
        self.assertEqual(1, self.stamp.closed)
        self.assertEqual(0, self.icmp.closed)
        self.assertEqual([], self.loop.waiting)


class FollowTestCase(ProberTestCase):
    def test_a_probe_is_opened_once_and_only_if_needed(self):
        self.follow(a_target(A))
        self.assertEqual((1, 0), (self.stamp.opened, self.icmp.opened))
        self.follow(a_target(A), a_target(B, probe='icmp', port=0))
        self.assertEqual((1, 1), (self.stamp.opened, self.icmp.opened))

    def test_a_target_that_stays_keeps_its_window(self):
        self.follow(a_target(A), a_target(B))
        self.loop.run(100)
        self.assertEqual({A: 64, B: 64}, self.samples())
        sent = self.figures()[A].sent
        self.follow(a_target(B), a_target(C), a_target(A))
        self.assertEqual({A: 64, B: 64}, self.samples())
        self.assertEqual(sent, self.figures()[A].sent)
        self.loop.run(10)
        self.assertEqual({A: 64, B: 64, C: 8}, self.samples())

    def test_a_target_that_is_gone_is_not_probed(self):
        self.follow(a_target(A), a_target(B))
        self.loop.run(30)
        before = self.stamp.times(B)
        self.follow(a_target(A))
        self.loop.run(30)
        self.assertEqual(before, self.stamp.times(B))
        self.assertEqual([A], list(self.figures()))

    def test_a_target_elsewhere_starts_anew(self):
        client = 'vehicle-42'
        self.follow(a_target(A, client=client))
        for moved in (
            a_target(B, client=client),
            a_target(B, client=client, port=863),
            a_target(B, client=client, probe='icmp', port=0),
        ):
            self.loop.run(100)
            self.assertEqual({client: 64}, self.samples())
            self.follow(moved)
            self.assertEqual({}, self.figures())

    def test_what_comes_late_of_the_old_place_does_not_count(self):
        self.stamp.outcome = None
        self.follow(a_target(A, client='vehicle-42'))
        self.loop.run(12)
        self.follow(a_target(B, client='vehicle-42'))
        for done in self.stamp.done:
            done(Outcome(1.0, 1.0))
        self.assertEqual({}, self.figures())

    def test_other_rates_keep_the_window(self):
        self.follow(a_target(A))
        self.loop.run(100)
        self.follow(a_target(A, interval_seconds=60, window=32))
        self.assertEqual({A: 32}, self.samples())

    def test_a_probe_that_cannot_be_opened_leaves_all_as_it_was(self):
        self.follow(a_target(A))
        self.loop.run(100)
        self.icmp.fails_to_open = OSError('not allowed')
        self.assertRaises(
            OSError,
            self.follow,
            a_target(B, probe='icmp', port=0),
            a_target(C),
        )
        before = len(self.stamp.sent)
        self.loop.run(100)
        self.assertEqual({A: 64}, self.samples())
        self.assertAlmostEqual(80, len(self.stamp.sent) - before, delta=1)


class ReportTestCase(ProberTestCase):
    def test_a_target_of_which_nothing_ended_is_counted_only(self):
        self.follow(a_target(A))
        report = self.report()
        self.assertEqual([], report.figures)
        self.assertEqual(1, report.targets)

    def test_figures_of_all_targets(self):
        self.follow(
            *(a_target(f'203.0.113.{n}') for n in range(120)),
            a_target('198.51.100.1', probe='icmp', port=0),
        )
        self.loop.run(100)
        figures = self.figures()
        self.assertEqual(121, len(figures))
        self.assertEqual(5.0, figures[A].statistics.rtt_p95_ms)
        self.assertEqual(0, figures[A].lost)
        lost = figures['198.51.100.1']
        self.assertEqual(1.0, lost.statistics.loss_ratio)
        self.assertEqual(lost.sent, lost.lost)

    def test_send_errors_of_all_probes(self):
        self.follow(a_target(A), a_target(B, probe='icmp', port=0))
        self.stamp.send_errors, self.icmp.send_errors = 2, 3
        self.assertEqual(5, self.report().send_errors)

    def test_the_time_is_that_of_the_wall_clock(self):
        before = time.time()
        report = self.report()
        self.assertTrue(before <= report.time_seconds <= time.time())


class ClockTestCase(base.BaseTestCase):
    def test_it_counts_the_sleep_of_the_machine(self):
        # CLOCK_MONOTONIC does not, and is behind for that.
        monotonic = time.monotonic()
        self.assertGreaterEqual(seconds_since_boot(), monotonic)
