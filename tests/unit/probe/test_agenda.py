# SPDX-License-Identifier: Apache-2.0

import asyncio
import random

import fixtures
from oslotest import base

from edge_sched.model.served import to_json
from edge_sched.model.wanted import WantedTarget
from edge_sched.probe import served
from edge_sched.probe.agenda import KEEP_SECONDS
from edge_sched.probe.agenda import Agenda
from edge_sched.probe.agenda import Served
from edge_sched.probe.outcome import LOST
from edge_sched.probe.outcome import Outcome
from edge_sched.probe.prober import Prober
from tests.unit.probe.fakes import FakeProbe
from tests.unit.probe.fakes import Loop
from tests.unit.probe.fakes import a_target


def address(number):
    return f'10.{number // 256}.{number % 256}.1'


def strangers(*numbers, host=1):
    """Targets as they are served, of a client each."""
    return served.read(
        to_json(
            WantedTarget(
                f'10.{number // 256}.{number % 256}.0/24',
                f'10.{number // 256}.{number % 256}.{host}',
            )
            for number in numbers
        )
    )


class AgendaTestCase(base.BaseTestCase):
    max_rate = 50.0

    def setUp(self):
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger('edge_sched'))
        self.loop = Loop()
        self.stamp = FakeProbe(self.loop, Outcome(5.0, 6.0))
        self.icmp = FakeProbe(self.loop, Outcome(5.0, 6.0))
        self.prober = Prober(
            self.loop,
            {'stamp': self.stamp, 'icmp': self.icmp},
            clock=self.loop.time,
            uniform=random.Random(1).uniform,
        )
        self.agenda = Agenda(self.prober, self.max_rate, self.loop.time)

    def file(self, *targets):
        asyncio.run(self.agenda.follow_file(targets))

    def serve(self, targets):
        asyncio.run(self.agenda.follow_served(targets))

    def serve_for(self, seconds, targets):
        """Every five seconds, as long as that."""
        for _ in range(seconds // 5):
            self.serve(targets)
            self.loop.run(5)

    def probed(self):
        """Who was sent something in the last seconds."""
        since = self.loop.time() - 10
        return {to for now, to, _, _ in self.icmp.sent if now > since}

    def samples(self, client='10.0.0.0/24'):
        report = asyncio.run(self.prober.report())
        return {
            each.target.client: each.statistics.samples
            for each in report.figures
        }.get(client, 0)


class StrangerTest(AgendaTestCase):
    def test_its_window_is_full_in_eight_seconds(self):
        self.serve(strangers(0))
        self.loop.run(7.5)
        self.assertIn(self.samples(), (60, 61))
        self.loop.run(0.5)
        self.assertEqual(64, self.samples())

    def test_then_it_is_probed_eight_times_a_minute(self):
        self.serve(strangers(0))
        self.loop.run(8)
        self.serve_for(600, strangers(0))
        self.assertAlmostEqual(64 + 80, len(self.icmp.sent), delta=1)
        self.assertEqual(64, self.samples())

    def test_one_that_has_not_answered_yet_is_not_lost(self):
        self.icmp.outcome = LOST
        self.serve(strangers(0))
        self.loop.run(8)
        self.assertEqual([], asyncio.run(self.agenda.report()).figures)
        self.icmp.outcome = Outcome(5.0, 6.0)
        self.loop.run(60)
        (figures,) = asyncio.run(self.agenda.report()).figures
        self.assertGreater(figures.statistics.loss_ratio, 0.5)
        # From then on it may be cut off.
        self.icmp.outcome = LOST
        self.loop.run(600)
        (figures,) = asyncio.run(self.agenda.report()).figures
        self.assertEqual(1.0, figures.statistics.loss_ratio)

    def test_one_of_the_file_is_lost_if_it_never_answers(self):
        self.stamp.outcome = LOST
        self.file(a_target('198.51.100.1'))
        self.loop.run(80)
        (figures,) = asyncio.run(self.agenda.report()).figures
        self.assertEqual(1.0, figures.statistics.loss_ratio)

    def test_one_that_is_not_served_any_more_is_left_alone(self):
        self.serve(strangers(0, 1))
        self.loop.run(3)
        self.serve(strangers(1))
        before = len(self.icmp.times(address(0)))
        self.loop.run(60)
        self.assertEqual(before, len(self.icmp.times(address(0))))
        self.assertEqual(Served(1, 0), self.agenda.served)

    def test_one_that_moves_starts_anew(self):
        self.serve(strangers(0))
        self.loop.run(8)
        self.serve(strangers(0, host=2))
        self.assertEqual(0, self.samples())
        self.loop.run(8)
        self.assertEqual(64, self.samples())


class ReportTest(AgendaTestCase):
    def test_it_has_how_many_are_served(self):
        self.file(a_target('198.51.100.1'))
        self.serve(strangers(*range(8)))
        report = asyncio.run(self.agenda.report())
        self.assertEqual(
            (7, 6, 2), (report.targets, report.served, report.waiting)
        )


class OwnTest(AgendaTestCase):
    def test_the_file_goes_before(self):
        client = '10.0.0.0/24'
        self.file(a_target('198.51.100.1', client=client, access_ms=9))
        self.serve(strangers(0, 1))
        self.loop.run(100)
        self.assertEqual([], self.icmp.times(address(0)))
        self.assertAlmostEqual(
            80, len(self.stamp.times('198.51.100.1')), delta=1
        )
        self.assertEqual(Served(1, 0), self.agenda.served)

    def test_a_stranger_that_is_taken_into_the_file_is_probed_as_it_says(self):
        self.serve(strangers(0))
        self.loop.run(8)
        self.file(
            a_target(address(0), client='10.0.0.0/24', probe='icmp', port=0)
        )
        self.assertEqual(64, self.samples())
        before = len(self.icmp.sent)
        self.loop.run(100)
        self.assertAlmostEqual(80, len(self.icmp.sent) - before, delta=1)
        self.assertEqual(Served(0, 0), self.agenda.served)

    def test_its_targets_are_not_slowed(self):
        own = [a_target(f'198.51.100.{n}') for n in range(100)]
        self.file(*own)
        self.serve_for(30, strangers(*range(100)))
        self.assertAlmostEqual(2400, len(self.stamp.sent), delta=100)

    def test_windows_stay_when_strangers_come_and_go(self):
        self.file(a_target('198.51.100.1'))
        self.loop.run(100)
        self.serve(strangers(0))
        self.serve([])
        self.assertEqual(64, self.samples('198.51.100.1'))

    def test_a_new_file_leaves_the_strangers(self):
        self.serve(strangers(0))
        self.loop.run(8)
        self.file(a_target('198.51.100.1'))
        self.assertEqual(64, self.samples())


class RateTest(AgendaTestCase):
    def packets_in_each(self, seconds):
        """The most packets within so many seconds."""
        times = sorted(now for now, _, _, _ in self.icmp.sent)
        most = first = 0
        for last, now in enumerate(times):
            while times[first] <= now - seconds:
                first += 1
            most = max(most, last - first + 1)
        return most

    def test_who_has_no_place_waits_in_the_order_of_coming(self):
        self.serve(strangers(9, 8, 7, 6, 5, 4, 3, 2))
        self.assertEqual(Served(6, 2), self.agenda.served)
        self.loop.run(1)
        first = {address(n) for n in (9, 8, 7, 6, 5, 4)}
        self.assertEqual(first, self.probed())
        # Who comes later waits behind them, wherever it is in the list.
        self.serve(strangers(1, 2, 3, 4, 5, 6, 7, 8, 9))
        self.assertEqual(Served(6, 3), self.agenda.served)
        self.loop.run(8)
        # Six that go on are 0.8 packets a second: there is room for six.
        self.serve(strangers(1, 2, 3, 4, 5, 6, 7, 8, 9))
        self.assertEqual(Served(9, 0), self.agenda.served)

    def test_the_whole_rate_may_be_used(self):
        for max_rate, told in ((48.0, Served(6, 2)), (47.9, Served(5, 3))):
            self.agenda = Agenda(self.prober, max_rate, self.loop.time)
            self.serve(strangers(*range(8)))
            self.assertEqual(told, self.agenda.served)

    def test_those_before_go_before(self):
        self.serve(strangers(*range(10, 17)))
        self.loop.run(8)
        self.serve(strangers(1, 2, 3, 4, 5, 6, *range(10, 17)))
        self.loop.run(1)
        probed = self.probed()
        self.assertIn(address(16), probed)
        self.assertNotIn(address(6), probed)

    def test_many_are_within_the_rate_for_ever(self):
        self.agenda = Agenda(self.prober, 21, self.loop.time)
        self.serve_for(900, strangers(*range(200)))
        # 97 at 8 a minute are 12.9 a second, and one more wants 8.
        self.assertEqual(Served(98, 102), self.agenda.served)
        self.assertLessEqual(self.packets_in_each(60), 21 * 60 + 21)

    def test_a_list_that_changes_all_the_time_gains_nothing(self):
        for turn in range(20):
            self.serve(strangers(*range(turn * 10, turn * 10 + 10)))
            self.loop.run(5)
        self.assertLessEqual(self.packets_in_each(60), 50 * 60 + 50)

    def test_nor_do_addresses_that_change(self):
        self.serve_for(60, strangers(*range(20)))
        self.assertEqual(Served(20, 0), self.agenda.served)
        self.serve(strangers(*range(20), host=2))
        self.assertEqual(Served(6, 14), self.agenda.served)


class AwayTest(AgendaTestCase):
    def test_the_last_list_goes_on_for_a_while(self):
        self.serve(strangers(0))
        self.loop.run(KEEP_SECONDS)
        self.serve(None)
        self.assertEqual(Served(1, 0), self.agenda.served)
        self.loop.run(1)
        self.serve(None)
        self.assertEqual(Served(0, 0), self.agenda.served)
        before = len(self.icmp.sent)
        self.loop.run(60)
        self.assertEqual(before, len(self.icmp.sent))

    def test_a_list_makes_it_last_anew(self):
        for _ in range(3):
            self.serve(strangers(0))
            self.loop.run(KEEP_SECONDS)
        self.serve(None)
        self.assertEqual(Served(1, 0), self.agenda.served)

    def test_who_waits_has_a_turn_while_no_list_comes(self):
        self.serve(strangers(*range(7)))
        self.assertEqual(Served(6, 1), self.agenda.served)
        self.loop.run(8)
        self.serve(None)
        self.assertEqual(Served(7, 0), self.agenda.served)

    def test_the_file_stays(self):
        self.file(a_target('198.51.100.1'))
        self.loop.run(KEEP_SECONDS + 1)
        self.serve(None)
        before = len(self.stamp.sent)
        self.loop.run(100)
        self.assertAlmostEqual(80, len(self.stamp.sent) - before, delta=1)


class NotAllowedTest(AgendaTestCase):
    def setUp(self):
        super().setUp()
        self.icmp.fails_to_open = OSError('no permission to ping')

    def test_it_is_said_once_and_the_rest_goes_on(self):
        self.file(a_target('198.51.100.1'))
        for _ in range(3):
            self.serve(strangers(0))
        self.assertEqual(
            'Targets that are served cannot be probed: no permission to '
            'ping\n',
            self.log.output,
        )
        self.assertEqual(Served(0, 0), self.agenda.served)
        self.loop.run(100)
        self.assertAlmostEqual(80, len(self.stamp.sent), delta=1)

    def test_a_file_that_cannot_be_probed_leaves_all_as_it_was(self):
        self.file(a_target('198.51.100.1'))
        pinged = a_target('198.51.100.2', probe='icmp', port=0)
        self.assertRaises(OSError, self.file, pinged)
        self.serve([])
        self.loop.run(100)
        self.assertAlmostEqual(80, len(self.stamp.sent), delta=1)
