# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

import unittest

from bench import ring_hosts
from bench import turns
from bench.measure import median
from bench.schedulers import Turn

TURN = Turn(
    hosts=['host-1'],
    servers=['5c9f'],
    reason='',
    cpu_seconds=0.8,
    collections=2,
    wall_seconds=1.5,
    plugin_cpu_seconds={
        'edge_latency': 0.001,
        'EdgeLatencyFilter': 0.002,
        'EdgeLatencyWeigher': 0.003,
        'EdgeCellLatencyWeigher': 0.004,
        'EmptyFilter': 0.0005,
        'RAMWeigher': 0.5,
    },
    queries=3,
    record={'hosts': {'within': 3, 'over': 4}, 'narrowed': {'probes': 2}},
)


class FiguresTestCase(unittest.TestCase):
    def figure(self, turn, name):
        return turns.of('ours', name)(turns.figures('ours', turn))

    def test_cpu_time_stands_under_the_name(self):
        self.assertEqual(0.8, turns.figures('ours', TURN)['ours'])
        self.assertEqual(1.5, self.figure(TURN, turns.WALL))

    def test_plugins_are_added_up(self):
        self.assertEqual(0.001, self.figure(TURN, turns.REQUEST_FILTER))
        self.assertEqual(0.002, self.figure(TURN, turns.FILTER))
        self.assertAlmostEqual(0.007, self.figure(TURN, turns.WEIGHERS))
        self.assertAlmostEqual(0.01, self.figure(TURN, turns.OURS))
        self.assertEqual(0.0005, self.figure(TURN, turns.BARE))

    def test_collections(self):
        self.assertEqual(2, self.figure(TURN, turns.COLLECTIONS))

    def test_record_is_read(self):
        self.assertEqual(7, self.figure(TURN, turns.HOSTS))
        self.assertEqual(2, self.figure(TURN, turns.PROBES))

    def test_queries(self):
        self.assertEqual(3, self.figure(TURN, turns.QUERIES))

    def test_scheduler_without_ours_has_no_record(self):
        stock = Turn(['host-1'], ['5c9f'], '', 0.8, 1.5, 0, {}, 1, {})
        self.assertEqual(0, self.figure(stock, turns.HOSTS))
        self.assertEqual(0, self.figure(stock, turns.PROBES))
        self.assertEqual(0, self.figure(stock, turns.OURS))


class RingCostsTestCase(unittest.TestCase):
    def test_costs_are_compared_with_the_cheapest_size(self):
        rounds = [
            {f'{size}': float(size) for size in ring_hosts.RING_HOSTS},
            {f'{size}': 2.0 * size for size in ring_hosts.RING_HOSTS},
        ]
        self.assertEqual(
            {25: 1, 50: 2, 100: 4, 200: 8, 400: 16}, ring_hosts.costs(rounds)
        )
        self.assertEqual(37.5, median(rounds, turns.total('25')))
