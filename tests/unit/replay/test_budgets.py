# SPDX-License-Identifier: Apache-2.0

"""Decisions without one of their budgets."""

from oslotest import base

from edge_sched.model.latency import Answer
from edge_sched.replay.budgets import without_budgets
from edge_sched.replay.recorded import read
from tests.unit.factories import make_intent
from tests.unit.factories import make_row
from tests.unit.factories import make_target
from tests.unit.replay.factories import record_of

#: Lyon is nearest and loses most; nobody measured from Oslo.
ROWS = {
    'lyon': make_row(5, 6, vantage='lyon', loss_ratio=0.04),
    'nice': make_row(7, 9, vantage='nice', loss_ratio=0.0),
}
SITES = {'lyon': [0.5], 'nice': [1.0], 'oslo': [2.0]}


def recorded(*targets, rows=ROWS, **asked):
    intent = make_intent(*targets, **asked)
    answers = [Answer(True, (rows,)) for _ in intent.targets]
    return read(record_of(intent, answers, SITES))


class WithoutBudgetsTest(base.BaseTestCase):
    def test_budget_that_decided(self):
        self.assertEqual(
            {'loss': 'lyon'}, without_budgets(recorded(loss_budget_pct=1))
        )

    def test_budget_that_did_not_matter(self):
        self.assertEqual({}, without_budgets(recorded(loss_budget_pct=10)))

    def test_no_budget(self):
        asked = recorded(make_target(budget_ms=None), reject_unknown=False)
        self.assertEqual({}, without_budgets(asked))

    def test_refused_for_a_budget(self):
        refused = recorded(make_target(budget_ms=1))
        self.assertEqual(
            {'latency of client 1': 'lyon'}, without_budgets(refused)
        )

    def test_who_is_measured_nowhere_is_refused_for_the_only_budget(self):
        refused = recorded(rows={})
        self.assertEqual(
            {'latency of client 1': 'lyon'}, without_budgets(refused)
        )

    def test_refused_for_two(self):
        refused = recorded(
            make_target(budget_ms=1), make_target('vehicle-42', 2.0)
        )
        self.assertEqual({}, without_budgets(refused))

    def test_one_of_two_clients(self):
        far = {'lyon': make_row(30, 40, vantage='lyon'), 'nice': ROWS['nice']}
        intent = make_intent(make_target(), make_target('vehicle-42', 20.0))
        answers = [Answer(True, (ROWS,)), Answer(True, (far,))]
        placed = read(record_of(intent, answers, SITES))
        self.assertEqual({}, without_budgets(placed))
        intent = make_intent(make_target(budget_ms=8), make_target('b', 20.0))
        refused = read(record_of(intent, answers, SITES))
        self.assertEqual(
            {'latency of client 1': 'nice', 'latency of client 2': 'lyon'},
            without_budgets(refused),
        )

    def test_jitter(self):
        rows = {
            'lyon': make_row(5, 9, vantage='lyon', rtt_min_ms=4),
            'nice': make_row(7, 9, vantage='nice', rtt_min_ms=7),
        }
        asked = recorded(rows=rows, jitter_budget_ms=3)
        self.assertEqual({'jitter': 'lyon'}, without_budgets(asked))
