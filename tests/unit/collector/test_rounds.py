# SPDX-License-Identifier: Apache-2.0

import threading

import fixtures
from oslotest import base

from edge_sched.collector.equipment import Equipment
from edge_sched.collector.inputs.base import InputError
from edge_sched.collector.metrics import Metrics
from edge_sched.collector.reading import Harvest
from edge_sched.collector.rounds import Collector
from tests.unit.collector.fakes import NOW
from tests.unit.collector.fakes import PATIENCE_SECONDS
from tests.unit.collector.fakes import Clock
from tests.unit.collector.fakes import FakeInput
from tests.unit.collector.fakes import FakeStore
from tests.unit.collector.fakes import reading

DEAD = Harvest((), failed='paris: no answer')


class RoundsTestCase(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.clock = Clock()
        self.store = FakeStore()
        self.metrics = Metrics()
        self.log = self.useFixture(fixtures.FakeLogger('edge_sched'))

    def make(self, *inputs, **pace):
        self.equipment = Equipment(inputs, self.store, **pace)
        return Collector(self.equipment, self.metrics, self.clock)

    def metric(self, name, **labels):
        return self.metrics.registry.get_sample_value(
            f'edge_sched_collector_{name}', labels
        )


class RoundTest(RoundsTestCase):
    def test_what_inputs_bring_is_stored(self):
        collector = self.make(
            FakeInput('a', Harvest([reading()])),
            FakeInput('b', Harvest([reading(vantage='paris')])),
        )
        self.assertTrue(collector.round())
        self.assertEqual(
            {'lyon', 'paris'}, {key[0] for key in self.store.rows}
        )
        self.assertEqual(['1/1'], self.store.beats)
        self.assertEqual(2, self.metric('rows_written_total'))
        self.assertEqual(1, self.metric('rounds_total'))
        self.assertGreater(self.metric('round_duration_seconds'), 0)
        for name in 'ab':
            self.assertEqual(
                NOW, self.metric('last_success_timestamp_seconds', input=name)
            )

    def test_a_second_round_writes_what_changed(self):
        source = FakeInput(
            'a',
            Harvest([reading(client=f'10.0.{n}.0/24') for n in range(100)]),
        )
        collector = self.make(source)
        collector.round()
        self.clock.now += 30
        source.harvests = [
            Harvest(
                [
                    reading(
                        client=f'10.0.{n}.0/24',
                        rtt_p95_ms=13.0 if n == 7 else 12.0,
                        measured_at=NOW + 30,
                    )
                    for n in range(100)
                ]
            )
        ]
        collector.round()
        self.assertEqual([100, 1], self.store.batches)
        self.assertEqual(99, self.metric('rows_unchanged_total'))

    def test_a_line_sums_the_round_up(self):
        collector = self.make(
            FakeInput(
                'a',
                Harvest(
                    [
                        reading(),
                        reading(rtt_p50_ms=0.0),
                        reading(rtt_p50_ms=9.5, measured_at=NOW - 9),
                    ],
                    refused={'vantage': 3},
                ),
                DEAD,
            )
        )
        collector.round()
        self.assertIn(
            'round 1: 1 inputs, 6 rows read, 1 written, 0 unchanged, '
            '5 refused (vantage 3, zero 1, older 1), 1 of 2 sources failed, '
            'took ',
            self.log.output,
        )
        for reason, count in (('vantage', 3), ('zero', 1), ('older', 1)):
            self.assertEqual(
                count, self.metric('rows_refused_total', reason=reason)
            )

    def test_one_bad_input_stops_no_other(self):
        error, bug = FakeInput('error'), FakeInput('bug')
        error.error = InputError('no way')
        bug.error = ZeroDivisionError('oh')
        collector = self.make(
            error, bug, FakeInput('good', Harvest([reading()]))
        )
        self.assertTrue(collector.round())
        self.assertEqual(1, len(self.store.rows))
        self.assertEqual(['1/1'], self.store.beats)
        for name, failed in (('error', 1), ('bug', 1), ('good', 0)):
            self.assertEqual(
                failed, self.metric('inputs_failed_total', input=name)
            )
        self.assertIsNone(
            self.metric('last_success_timestamp_seconds', input='bug')
        )
        self.assertIn('Input error: no way\n', self.log.output)
        self.assertIn('Input bug: ZeroDivisionError: oh\n', self.log.output)

    def test_an_input_that_would_end_the_process_has_its_next_turn(self):
        source = FakeInput('a', Harvest([reading()]))
        source.error = SystemExit('enough')
        collector = self.make(source)
        self.assertFalse(collector.round())
        self.assertIn('Input a: SystemExit: enough\n', self.log.output)
        source.error = None
        self.assertTrue(collector.round())
        self.assertEqual(2, source.turns)

    def test_an_error_that_cannot_be_told_ends_the_turn(self):
        class UntoldError(Exception):
            def __str__(self):
                raise SystemExit

        source = FakeInput('a')
        source.error = UntoldError()
        collector = self.make(source)
        self.assertFalse(collector.round())
        self.assertIn('Input a: broke\n', self.log.output)
        source.error = None
        self.assertTrue(collector.round())

    def test_an_input_that_hangs_is_left_behind(self):
        hanging = FakeInput('hanging', Harvest([reading(vantage='paris')]))
        hanging.go_on.clear()
        self.addCleanup(hanging.go_on.set)
        collector = self.make(
            hanging,
            FakeInput('good', Harvest([reading()])),
            interval_seconds=1.0,
        )
        for count in (1, 2):
            self.assertTrue(collector.round())
            self.assertEqual(
                count, self.metric('inputs_failed_total', input='hanging')
            )
        self.assertEqual(1, hanging.turns)
        # What it brought before counts, and why it failed is told once.
        self.assertEqual(2, len(self.store.rows))
        self.assertEqual(1, self.log.output.count('did not end in time'))
        hanging.go_on.set()
        while (
            self.metric('last_success_timestamp_seconds', input='hanging')
            is None
        ):
            collector.round()
        self.assertIn('hanging: nothing fails any more', self.log.output)

    def test_without_any_input_there_is_no_heartbeat(self):
        broken = FakeInput('broken')
        broken.error = InputError('no way')
        collector = self.make(broken, FakeInput('dark', DEAD, DEAD))
        self.assertFalse(collector.round())
        self.assertEqual([], self.store.beats)

    def test_a_dark_input_is_an_outage_though_another_has_nothing_new(self):
        quiet = FakeInput('quiet')
        collector = self.make(FakeInput('dark', DEAD, DEAD), quiet)
        self.assertTrue(collector.round())
        self.assertEqual([], self.store.beats)
        quiet.harvests = [Harvest([reading()])]
        self.assertTrue(collector.round())
        self.assertEqual(['1/1'], self.store.beats)

    def beats(self, *harvests, **changes):
        """Whether a second round with these beats, and a third with none."""
        source = FakeInput('a', Harvest([reading()]))
        collector = self.make(source, **changes)
        collector.round()
        self.clock.now += 30
        del self.store.beats[:]
        source.harvests = harvests
        collector.round()
        beaten = len(self.store.beats)
        source.harvests = ()
        collector.round()
        return beaten, len(self.store.beats) - beaten

    def test_rows_of_which_none_is_taken_are_no_heartbeat(self):
        self.store.unknown = {'ghost'}
        late = NOW + 30
        for refused in (
            Harvest((), {'vantage': 5}),
            Harvest((), {'line': 1}, failed='a.csv: line 2: no'),
            Harvest([reading(rtt_p50_ms=0.0, measured_at=late)]),
            Harvest([reading(client='ghost', measured_at=late)]),
            # A prober that stands still, and one whose clock went back.
            Harvest([reading(measured_at=NOW - 900)]),
            Harvest([reading(client='car', measured_at=NOW - 900)]),
            Harvest([reading(rtt_p50_ms=9.0, measured_at=NOW - 1)]),
        ):
            self.assertEqual((0, 0), self.beats(refused), refused)
            self.assertEqual((0, 0), self.beats(refused, DEAD), refused)
            # One is enough, new or not, and so is another input's.
            for taken in (
                reading(vantage='paris', measured_at=late),
                reading(measured_at=late),
            ):
                self.assertEqual(
                    (1, 1), self.beats(refused, Harvest([taken])), refused
                )

    def test_a_row_that_stays_left_out_is_no_heartbeat_either(self):
        self.store.unknown = {'ghost'}
        source = FakeInput('a', Harvest([reading(client='ghost')]))
        collector = self.make(source)
        for _ in range(3):
            collector.round()
        self.assertEqual(2, self.metric('rows_unchanged_total'))
        self.assertEqual([], self.store.beats)
        source.harvests = [Harvest([reading()])]
        collector.round()
        self.assertEqual(['1/1'], self.store.beats)

    def test_nothing_to_read_leaves_the_heartbeat_as_it_was(self):
        self.assertEqual((1, 1), self.beats())
        self.assertEqual((1, 1), self.beats(DEAD))

    def test_rows_of_another_collector_that_are_newer_are_measurements(self):
        source = FakeInput('a', Harvest([reading()]))
        collector = self.make(source)
        newer = reading(measured_at=NOW + 1)
        self.make(FakeInput('b', Harvest([newer]))).round()
        del self.store.beats[:]
        collector.round()
        self.assertEqual(1, self.metric('rows_refused_total', reason='older'))
        self.assertEqual(['1/1'], self.store.beats)

    def test_new_equipment_begins_with_a_heartbeat(self):
        collector = self.make(FakeInput('a', Harvest((), {'vantage': 1})))
        collector.round()
        self.assertEqual([], self.store.beats)
        collector.equip(Equipment([FakeInput('b')], self.store))
        collector.round()
        self.assertEqual(['1/1'], self.store.beats)

    def test_what_is_no_harvest_stops_nobody(self):
        odd = FakeInput('odd', Harvest([reading(client=None)]))
        collector = self.make(odd, FakeInput('a', Harvest([reading()])))
        self.assertTrue(collector.round())
        self.assertEqual(1, len(self.store.rows))
        self.assertIn('Input odd brought no harvest', self.log.output)

    def test_what_is_not_even_a_harvest_ends_the_turn(self):
        odd = FakeInput('odd', None)
        collector = self.make(odd, FakeInput('a', Harvest([reading()])))
        for turns in (1, 2):
            self.assertTrue(collector.round())
            self.assertEqual(
                turns, self.metric('inputs_failed_total', input='odd')
            )
        self.assertIn(
            'Input odd: TypeError: None is no Harvest', self.log.output
        )

    def test_an_input_that_was_removed_is_not_published(self):
        collector = self.make(FakeInput('a'), FakeInput('b'))
        collector.round()
        collector.equip(Equipment([FakeInput('b')], self.store))
        collector.round()
        for name in ('inputs_failed_total', 'last_success_timestamp_seconds'):
            self.assertIsNone(self.metric(name, input='a'))
            self.assertIsNotNone(self.metric(name, input='b'))

    def test_a_vantage_that_was_dark_from_the_start_is_watched(self):
        source = FakeInput('a', Harvest([reading()]))
        source.vantages = lambda: {'lyon', 'dark'}
        collector = self.make(source)
        collector.round()
        self.clock.now += 30 * 86_400
        source.harvests = []
        collector.round()
        name = 'edge_sched_vantage_newest_measurement_timestamp_seconds'
        newest = {
            vantage: self.metrics.registry.get_sample_value(
                name, {'vantage': vantage}
            )
            for vantage in ('lyon', 'dark')
        }
        self.assertEqual(0, newest['dark'])
        self.assertLess(0, newest['lyon'])

    def test_an_input_of_which_nothing_is_taken_has_failed(self):
        forged = FakeInput(
            'forged',
            Harvest((), {'vantage': 5}, source='lyon at http://a/metrics'),
        )
        collector = self.make(forged)
        self.assertFalse(collector.round())
        self.assertIn(
            'Input forged: lyon at http://a/metrics: all rows are refused '
            '(vantage)\n',
            self.log.output,
        )
        forged.harvests = [Harvest((), {'line': 1}, failed='a.csv: no')]
        self.assertFalse(collector.round())
        self.assertIn('Input forged: a.csv: no\n', self.log.output)

    def test_a_source_is_named_of_which_a_row_is_refused(self):
        source = FakeInput(
            'a',
            Harvest(
                [reading(), reading(client='10.0.0.0/8'), reading(client='')],
                {'vantage': 1},
                source='lyon at http://a/metrics',
            ),
        )
        collector = self.make(source)
        self.assertTrue(collector.round())
        told = (
            'Input a: lyon at http://a/metrics: rows are refused (client, '
            'vantage, wide)\n'
        )
        self.assertIn(told, self.log.output)
        collector.round()
        self.assertEqual(1, self.log.output.count(told))
        for reason in ('vantage', 'wide', 'client'):
            self.assertEqual(
                2, self.metric('rows_refused_total', reason=reason)
            )

    def test_clients_without_end_are_bounded(self):
        source = FakeInput('a')
        collector = self.make(source)
        for number in range(3):
            source.harvests = [
                Harvest(
                    [
                        reading(client=f'10.{number}.{n // 256}.{n % 256}')
                        for n in range(600)
                    ]
                )
            ]
            collector.round()
        self.assertEqual(1000, len(self.store.rows))
        self.assertEqual(
            800, self.metric('rows_refused_total', reason='clients')
        )

    def test_one_silent_prober_is_no_outage(self):
        collector = self.make(FakeInput('a', DEAD))
        # Nothing was read, and that is said; but measuring goes on.
        self.assertFalse(collector.round())
        self.assertEqual(1, self.metric('inputs_failed_total', input='a'))
        self.assertEqual(['1/1'], self.store.beats)
        self.assertEqual(1, self.metric('sources_failed_total', input='a'))

    def test_a_source_that_stays_dead_is_told_once(self):
        source = FakeInput('a', DEAD, Harvest([reading()]))
        collector = self.make(source)
        collector.round()
        collector.round()
        self.assertEqual(1, self.log.output.count('paris: no answer'))
        source.harvests = [Harvest([reading()])]
        collector.round()
        self.assertIn('Input a: nothing fails any more', self.log.output)

    def test_clocks_and_newest_measurements_are_published(self):
        source = FakeInput(
            'a',
            Harvest(
                [reading(), reading(client='car', measured_at=NOW - 5)],
                skews={'lyon': -3600.0},
            ),
        )
        collector = self.make(source)
        collector.round()
        self.assertEqual(
            -3600.0, self.metric('clock_skew_seconds', vantage='lyon')
        )
        newest = 'edge_sched_vantage_newest_measurement_timestamp_seconds'
        value = self.metrics.registry.get_sample_value
        self.assertEqual(NOW, value(newest, {'vantage': 'lyon'}))
        # An older one does not take its place; a week of silence does.
        source.harvests = [Harvest([reading(measured_at=NOW - 10)])]
        collector.round()
        self.assertEqual(NOW, value(newest, {'vantage': 'lyon'}))
        source.harvests = []
        self.clock.now += 604_801
        collector.round()
        self.assertIsNone(value(newest, {'vantage': 'lyon'}))
        self.assertIsNone(self.metric('clock_skew_seconds', vantage='lyon'))


class StoreFaultTest(RoundsTestCase):
    def test_a_clock_that_is_not_the_stores_is_told_once(self):
        collector = self.make(FakeInput('a', Harvest([reading()])))
        for skew, where, told in (
            (5.0, 'Our clock', 0),
            (7200.4, '7200 s behind that of the latency store', 1),
            (7190.0, 'Our clock is', 1),
            (0.0, 'Our clock is that of the latency store again', 1),
            (-6.0, '6 s ahead of that of the latency store', 1),
        ):
            self.store.skew = skew
            collector.round()
            self.assertEqual(told, self.log.output.count(where), skew)
            self.assertEqual(skew, self.metric('store_clock_skew_seconds'))

    def test_the_clock_is_watched_though_nothing_is_measured(self):
        self.store.skew = 60.0
        self.make(FakeInput('dark', DEAD, DEAD)).round()
        self.assertEqual([], self.store.beats)
        self.assertEqual(60.0, self.metric('store_clock_skew_seconds'))

    def test_nothing_of_the_current_window_is_lost(self):
        source = FakeInput('a', Harvest([reading(), reading(client='car')]))
        collector = self.make(source, explain=lambda error: f'gone: {error}')
        self.store.away = True
        self.assertFalse(collector.round())
        self.assertEqual(2, self.metric('rows_pending'))
        self.assertIn('gone: away; what is not written waits', self.log.output)
        # Minutes later; meanwhile the prober went silent.
        source.harvests = [DEAD]
        for _ in range(4):
            self.clock.now += 30
            self.assertFalse(collector.round())
        self.assertEqual(5, self.metric('store_errors_total'))
        self.assertEqual([], self.store.beats)
        self.store.away = False
        collector.round()
        self.assertEqual(2, len(self.store.rows))
        self.assertEqual(0, self.metric('rows_pending'))
        self.assertEqual(['1/1'], self.store.beats)

    def test_a_store_that_fails_is_tried_once_a_round(self):
        collector = self.make(
            FakeInput(
                'a',
                *(
                    Harvest([reading(client=f'10.0.{n}.0/24')])
                    for n in range(20)
                ),
            ),
            batch_rows=2,
        )
        self.store.away = True
        collector.round()
        self.assertEqual(1, self.metric('store_errors_total'))
        self.assertEqual(20, self.metric('rows_pending'))

    def test_what_became_useless_meanwhile_is_not_written(self):
        source = FakeInput('a', Harvest([reading()]))
        collector = self.make(source)
        self.store.away = True
        collector.round()
        source.harvests = []
        self.store.away = False
        self.clock.now += 901
        collector.round()
        self.assertEqual({}, self.store.rows)

    def test_full_batches_are_written_as_they_come(self):
        collector = self.make(
            FakeInput(
                'a',
                *(
                    Harvest([reading(client=f'10.0.{n}.0/24')])
                    for n in range(5)
                ),
            ),
            batch_rows=2,
        )
        collector.round()
        self.assertEqual([2, 2, 1], self.store.batches)

    def test_old_rows_are_deleted_now_and_then(self):
        collector = self.make(FakeInput('a'), retention_seconds=7200.0)
        collector.round()
        collector.round()
        self.assertEqual([7200.0], self.store.retained)


class RunTest(RoundsTestCase):
    def run_in_thread(self, collector, reload=lambda: None):
        thread = threading.Thread(
            target=collector.run, args=(reload,), daemon=True
        )
        thread.start()
        return thread

    def assertEnds(self, thread):
        thread.join(PATIENCE_SECONDS)
        self.assertFalse(thread.is_alive())

    def test_it_ends_in_the_middle_of_a_round(self):
        hanging = FakeInput('hanging')
        hanging.go_on.clear()
        self.addCleanup(hanging.go_on.set)
        collector = self.make(hanging, interval_seconds=3600.0)
        thread = self.run_in_thread(collector)
        collector.stop()
        self.assertEnds(thread)
        self.assertEqual([], self.store.beats)
        self.assertNotIn('in time', self.log.output)

    def test_it_goes_on_with_what_reload_brings(self):
        first = FakeInput('a', Harvest([reading()]))
        second = FakeInput('b', Harvest([reading(vantage='paris')]))
        collector = self.make(first, interval_seconds=3600.0)
        self.store.away = True

        def reload():
            self.store.away = False
            collector.equip(Equipment([second], self.store, name='2/3'))

        collector.round()
        collector.ask_to_reload()
        thread = self.run_in_thread(collector, reload)
        while not self.store.beats:
            thread.join(0.01)
        collector.stop()
        self.assertEnds(thread)
        self.assertEqual((1, 1), (first.turns, second.turns))
        self.assertEqual(['2/3'], self.store.beats)
        # What waited went along.
        self.assertEqual(2, len(self.store.rows))

    def test_rounds_that_take_too_long_are_counted(self):
        source = FakeInput('a')
        collector = self.make(source, interval_seconds=1e-9)
        thread = self.run_in_thread(collector)
        while not self.metric('round_overruns_total'):
            thread.join(0.01)
        collector.stop()
        self.assertEnds(thread)
        self.assertIn('longer than the interval', self.log.output)
