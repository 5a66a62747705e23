# SPDX-License-Identifier: Apache-2.0

import math

from oslotest import base

from edge_sched.collector.inputs.table import Table
from edge_sched.collector.reading import Reading
from edge_sched.model.latency import PASSIVE
from tests.unit.model.test_names import ONE
from tests.unit.model.test_names import TWO

VANTAGES = {'10.1.1.2:9862': 'lyon', '10.1.1.3:9862': 'metz'}


def series(number=1.0, instance='10.1.1.2:9862', **labels):
    return {'client': '192.0.2.1', **labels, 'instance': instance}, number


class TestTable(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.table = self.new()

    @staticmethod
    def new(
        mine=lambda vantage: True,
        vantage_label='instance',
        vantages=VANTAGES,
    ):
        return Table(vantages, mine, vantage_label, 'client', 'project')

    def readings(self, table=None):
        return sorted((table or self.table).readings('prober'))

    def assertRefused(self, count, *added):
        self.table.add('rtt_p50', added)
        self.assertEqual([], self.readings())
        self.assertEqual({'vantage': count}, self.table.refused())

    def test_figures_are_joined_by_pair(self):
        self.table.add(
            'rtt_p50',
            [
                series(0.012),
                series(0.02, client='car'),
                series(0.03, client='site:oslo'),
            ],
        )
        self.table.add('rtt_p95', [series(math.inf)], scale=1000.0)
        self.table.add('rtt_p99', [series(3.0)])
        self.table.add('rtt_min', [series(1.0)])
        self.table.add('pdv', [series(0.5)])
        self.table.add('loss_ratio', [series(0.25)])
        self.table.add('samples', [series(64.0)])
        self.table.add('measured_at', [series(1000.0)], offset=-100.0)
        self.assertEqual(
            [
                Reading(
                    vantage='lyon',
                    client='192.0.2.1',
                    rtt_p50_ms=0.012,
                    rtt_p95_ms=math.inf,
                    rtt_p99_ms=3.0,
                    rtt_min_ms=1.0,
                    pdv_ms=0.5,
                    loss_ratio=0.25,
                    samples=64.0,
                    measured_at=900.0,
                    source='prober',
                ),
                Reading('lyon', 'car', rtt_p50_ms=0.02, source='prober'),
                Reading('lyon', 'site:oslo', rtt_p50_ms=0.03, source='prober'),
            ],
            self.readings(),
        )

    def test_scale_leaves_no_rounding(self):
        self.table.add('rtt_p50', [series(0.0087)], scale=1000.0)
        self.assertEqual(8.7, self.readings()[0].rtt_p50_ms)

    def test_vantages_and_projects_are_kept_apart(self):
        self.table.add(
            'rtt_p50',
            [
                series(),
                series(instance='10.1.1.3:9862'),
                series(project='p1'),
            ],
        )
        self.assertEqual(
            [('lyon', ''), ('lyon', 'p1'), ('metz', '')],
            [(r.vantage, r.project_id) for r in self.readings()],
        )

    def test_source_and_address(self):
        self.table.add('rtt_p50', [series()])
        self.table.describe([series(source='stamp', address='192.0.2.1')])
        [reading] = self.readings()
        self.assertEqual('stamp', reading.source)
        self.assertEqual('192.0.2.1', reading.address)

    def test_unknown_vantage_is_refused(self):
        self.assertRefused(
            2, series(instance='10.9.9.9:9862'), ({'client': '192.0.2.1'}, 1)
        )

    def test_refused_pair_counts_once(self):
        stranger = series(instance='10.9.9.9:9862')
        self.table.add('rtt_p95', [stranger])
        self.assertRefused(1, stranger)

    def test_label_that_disagrees_is_refused(self):
        self.assertRefused(
            3,
            series(vantage='metz'),
            series(exported_vantage='metz', client='192.0.2.2'),
            series(exported_instance='10.1.1.3:9862', client='192.0.2.3'),
        )

    def test_label_that_looks_the_same_agrees(self):
        table = Table(
            {ONE: ONE}, lambda vantage: True, 'instance', 'client', ''
        )
        claim = series(0.5, instance=TWO, vantage=TWO)
        table.distrust([claim])
        table.add('rtt_p50', [claim])
        self.assertEqual([ONE], [r.vantage for r in table.readings('')])
        self.assertEqual({ONE: 0.5}, table.by_vantage([claim]))
        table.distrust([series(instance=TWO, vantage='metz')])
        self.assertEqual({}, table.by_vantage([claim]))

    def test_label_that_agrees_is_taken(self):
        self.table.add(
            'rtt_p50',
            [
                series(vantage='lyon', client='192.0.2.1'),
                series(exported_vantage='lyon', client='192.0.2.2'),
                series(exported_instance='10.1.1.2:9862', client='192.0.2.3'),
            ],
        )
        self.assertEqual(3, len(self.readings()))
        self.assertEqual({}, self.table.refused())

    def test_label_vantage_may_be_the_one_that_tells(self):
        table = self.new(vantage_label='vantage')
        labels = {'client': '192.0.2.1', 'vantage': '10.1.1.2:9862'}
        table.add('rtt_p50', [(labels, 1.0)])
        table.add('rtt_p95', [({**labels, 'exported_vantage': 'x'}, 1.0)])
        [reading] = self.readings(table)
        self.assertEqual('lyon', reading.vantage)
        self.assertIsNone(reading.rtt_p95_ms)
        self.assertEqual({'vantage': 1}, table.refused())

    def test_who_takes_itself_for_another_is_not_believed(self):
        self.table.distrust(
            [
                series(vantage='metz'),
                series(vantage='metz', instance='10.1.1.3:9862'),
                series(vantage='metz', instance='10.9.9.9:9862'),
            ]
        )
        self.table.add('rtt_p50', [series(), series(instance='10.1.1.3:9862')])
        self.assertEqual(['metz'], [r.vantage for r in self.readings()])
        self.assertEqual({'vantage': 1}, self.table.refused())

    def test_pair_that_is_there_twice_is_refused(self):
        self.table.add('rtt_p50', [series(1.0), series(2.0, job='other')])
        self.table.add('rtt_p95', [series(3.0)])
        self.assertEqual([], self.readings())
        self.assertEqual({'duplicate': 1}, self.table.refused())

    def test_pair_that_is_described_twice_is_refused(self):
        self.table.add('rtt_p50', [series()])
        self.table.describe([series(source='icmp'), series(source='stamp')])
        self.assertEqual([], self.readings())
        self.assertEqual({'duplicate': 1}, self.table.refused())

    def test_prober_and_listener_of_a_vantage_are_two(self):
        table = self.new(
            vantages=VANTAGES | {'10.1.1.2:9865': 'lyon', 'other': 'lyon'}
        )
        for number, instance, source in (
            (1.0, '10.1.1.2:9862', 'stamp'),
            (2.0, '10.1.1.2:9865', PASSIVE),
        ):
            table.add('rtt_p50', [series(number, instance)])
            table.describe([series(1.0, instance, source=source)])
        self.assertEqual(
            [('lyon', 1.0, 'stamp'), ('lyon', 2.0, PASSIVE)],
            [
                (r.vantage, r.rtt_p50_ms, r.source)
                for r in self.readings(table)
            ],
        )
        self.assertEqual({}, table.refused())

    def test_two_probers_of_a_vantage_are_a_pair_twice(self):
        for source in ('stamp', PASSIVE):
            table = self.new(vantages=VANTAGES | {'other': 'lyon'})
            two = [series(), series(2.0, instance='other')]
            table.add('rtt_p50', [*two, series(3.0, client='car')])
            table.describe(
                (labels | {'source': source}, 1.0) for labels, _ in two
            )
            self.assertEqual(['car'], [r.client for r in self.readings(table)])
            self.assertEqual({'duplicate': 2}, table.refused())

    def test_other_shards_are_left_out_uncounted(self):
        table = self.new(mine=lambda vantage: vantage == 'metz')
        table.add('rtt_p50', [series(), series(instance='10.1.1.3:9862')])
        self.assertEqual(['metz'], [r.vantage for r in self.readings(table)])
        self.assertEqual({}, table.refused())
        self.assertEqual({}, table.by_vantage([series()]))

    def test_numbers_by_vantage(self):
        self.assertEqual(
            {'lyon': 0.5},
            self.table.by_vantage(
                [series(0.5), series(9.0, instance='10.9.9.9:9862')]
            ),
        )
