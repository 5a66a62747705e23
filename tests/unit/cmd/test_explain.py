# SPDX-License-Identifier: Apache-2.0

"""What ``edge-sched explain`` makes of an explanation and of records.

All of it, on a real Nova, is in ``tests/functional``.
"""

import json

from edge_sched.cmd import explain
from edge_sched.model.latency import Answer
from edge_sched.replay.lines import Found
from tests.unit.cmd import base
from tests.unit.factories import make_intent
from tests.unit.factories import make_row
from tests.unit.replay.factories import record_of

ROWS = {
    'lyon': make_row(5, 6, vantage='lyon', loss_ratio=0.04),
    'nice': make_row(7, 9, vantage='nice', loss_ratio=0.0),
}
RECORD = record_of(
    make_intent(loss_budget_pct=1),
    [Answer(True, (ROWS,))],
    {'lyon': [0.5], 'nice': [1.0]},
)


class DecisionTest(base.CommandTestCase):
    def test_what_the_record_tells(self) -> None:
        told = explain._decision(Found(1, RECORD))
        self.assertEqual('nice-0', told['first'])
        self.assertEqual({'loss': 'lyon'}, told['without_budget'])
        self.assertEqual(
            'create req-1: judged, nice-0 first; without the budget of loss '
            'lyon',
            explain._line(told),
        )

    def test_when_it_was_logged(self) -> None:
        at = '2026-08-22 10:15:00.123'
        told = explain._decision(Found(1, RECORD, logged_at=at))
        self.assertEqual(at, told['logged_at'])
        self.assertIn(f'{at} create req-1: judged', explain._line(told))

    def test_weigher_that_decided(self) -> None:
        record = record_of(
            make_intent(), [Answer(True, (ROWS,))], {'lyon': [0], 'nice': [1]}
        )
        told = explain._decision(Found(1, record))
        self.assertIn(
            'lyon-0 first; without EdgeLatencyWeigher nice-0',
            explain._line(told),
        )

    def test_record_in_short(self) -> None:
        short = {k: v for k, v in RECORD.items() if k != 'places'}
        short['hosts'] = {'within': 1, 'unknown': 0, 'over': 1}
        told = explain._decision(Found(1, short))
        self.assertEqual(
            'create req-1: judged (the record is in short)',
            explain._line(told),
        )

    def test_record_of_a_stranger(self) -> None:
        record = json.loads(json.dumps(RECORD))
        record['ranking']['without'] = 5
        record['request_id'] = '\x1b[2J'
        told = explain._decision(Found(1, record))
        self.assertIn('is missing or odd', told['not_explained'])
        self.assertIn(r'create \x1b[2J: judged', explain._line(told))


class TableTest(base.CommandTestCase):
    def test_aligned_and_without_control_characters(self) -> None:
        values = 'a\x1b[2J', 'cell1', 2, 0, 'within', 5, 'inf', 6, 7, None, [1]
        site = dict(zip(explain.SITE_COLUMNS, (*values, ''), strict=True))
        header, row = explain._table([site])
        self.assertTrue(
            header.startswith('site      cell   hosts  room  verdict')
        )
        self.assertTrue(
            row.startswith(r'a\x1b[2J  cell1  2      0     within')
        )
        self.assertTrue(row.endswith('7                -            1'), row)


class ArgumentsTest(base.CommandTestCase):
    def test_what_is_no_id(self) -> None:
        result = self.run_command('explain', 'web-1')
        self.assertEqual(1, result.status)
        self.assertIn("'web-1' is not the id of a server", result.err)
