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

import unittest

from bench import measure
from bench import report
from bench import subjects

COSTS = {
    subjects.EMPTY_FILTER: 1.0,
    subjects.COMPUTE_FILTER: 10.0,
    subjects.DEFAULT_FILTERS: 40.0,
    subjects.OUR_FILTER: 2.0,
    subjects.EMPTY_WEIGHER: 2.0,
    subjects.RAM_WEIGHER: 10.0,
    subjects.ALL_WEIGHERS: 60.0,
    subjects.OUR_WEIGHER: 4.0,
    subjects.OUR_CELL_WEIGHER: 4.0,
    subjects.OUR_REQUEST_FILTER: 1.0,
    subjects.EMPTY_PASS: 4.0,
    subjects.OUR_PASS: 11.0,
    subjects.OUR_PASS_WITHOUT_HINTS: 5.0,
}


class MeasureTestCase(unittest.TestCase):
    def test_subjects_take_turns_in_a_rotated_order(self):
        turns = []

        def subject(name):
            return measure.Subject(name, lambda: lambda: turns.append(name))

        measured = measure.measure([subject(name) for name in 'abc'], 2)
        self.assertEqual('abcbcacab', ''.join(turns))
        self.assertEqual([['a', 'b', 'c']] * 2, [list(r) for r in measured])

    def test_preparing_is_not_timed(self):
        def prepare():
            sum(range(2_000_000))
            return lambda: None

        spent = measure.Subject('idle', prepare).seconds()
        self.assertLess(spent, 0.005)

    def test_ratio_is_taken_within_a_round(self):
        rounds = [{'a': 1, 'b': 2}, {'a': 10, 'b': 20}, {'a': 9, 'b': 1}]
        formula = measure.ratio(measure.total('a'), measure.total('b'))
        self.assertEqual(0.5, measure.median(rounds, formula))

    def test_less_and_total(self):
        formula = measure.less(measure.total('a', 'b'), measure.total('b'))
        self.assertEqual(3, formula({'a': 3, 'b': 4}))


class ReportTestCase(unittest.TestCase):
    def test_costs_at_their_targets_pass(self):
        checks = report.checks({1000: [COSTS]})
        self.assertNotEqual([], checks)
        self.assertEqual([], [c.name for c in checks if not c.holds])

    def test_a_missed_target_is_named_with_its_figures(self):
        dear = COSTS | {subjects.OUR_FILTER: 3.0}
        (missed,) = [c for c in report.checks({1000: [dear]}) if not c.holds]
        self.assertEqual(
            'EdgeLatencyFilter / ComputeFilter, 1000 hosts', missed.name
        )
        self.assertAlmostEqual(0.3, missed.figure)
        self.assertEqual('<= 0.2', missed.wanted)

    def test_each_number_of_hosts_has_its_own_targets(self):
        dear = COSTS | {subjects.OUR_FILTER: 3.0}
        checks = report.checks({100: [dear], 100_000: [dear]})
        self.assertEqual([0.11], [check.target for check in checks])

    def test_costs_are_microseconds_a_host(self):
        spent = {'ComputeFilter': 0.007}
        self.assertIn('7.00', report.costs({1000: [spent]}))

    def test_columns_of_a_table_are_aligned(self):
        self.assertEqual(
            '| us/host | N=100 |\n|---------|------:|\n| x       |     1 |',
            report.table([['us/host', 'N=100'], ['x', '1']]),
        )
