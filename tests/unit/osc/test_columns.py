# SPDX-License-Identifier: Apache-2.0

"""Cells for people and for machines."""

import testtools

from edge_sched_osc import columns


class TestColumns(testtools.TestCase):
    def test_figures_are_rounded_for_people_alone(self):
        for cell, human, machine in (
            (columns.milliseconds(7.4318), '7.43', 7.4318),
            (columns.milliseconds(20), '20.00', 20),
            (columns.age(0.2), '0 s', 0.2),
            (columns.age(119.4), '119 s', 119.4),
            (columns.age(119.6), '2 min', 119.6),
            (columns.age(7199), '119 min', 7199),
            (columns.age(7200), '2 h', 7200),
        ):
            self.assertEqual(human, cell.human_readable())
            self.assertEqual(machine, cell.machine_readable())

    def test_what_is_not_known_is_no_figure(self):
        self.assertIsNone(columns.milliseconds(None))
        self.assertIsNone(columns.age(None))

    def test_zero_is_a_figure(self):
        self.assertEqual('0.00', str(columns.milliseconds(0)))

    def test_lists_and_keys(self):
        asks = {'edge:client': ['a', 'b'], 'edge:latency_budget_ms': 20}
        row = [columns.Several(['a', 'b']), columns.Asks(asks), 'c', None]

        for formatter in 'json', 'yaml', 'table':
            self.assertEqual(tuple(row), columns.cells(formatter, row))
        self.assertEqual('a\nb', str(row[0]))
        self.assertEqual(
            'edge:client=a,b\nedge:latency_budget_ms=20', str(row[1])
        )

    def test_one_text_a_cell(self):
        asks = {'edge:client': ['a']}
        row = [
            columns.Several(['a', 'b']),
            columns.Asks(asks),
            columns.milliseconds(7.4318),
            True,
            None,
        ]

        for formatter in 'csv', 'value', 'shell':
            self.assertEqual(
                ('a b', '{"edge:client": ["a"]}', 7.4318, True, None),
                columns.cells(formatter, row),
            )
