# SPDX-License-Identifier: Apache-2.0

"""What is told of one server, of tables that Nova might have."""

from edge_sched.auditing.explain import Explanation
from edge_sched.auditing.explain import explain
from edge_sched.judging.scoring import WITHIN
from tests.unit.auditing import test_audit
from tests.unit.scheduler.base import ALICE


class ExplainTest(test_audit.AuditTestCase):
    def explained(self, server: str) -> Explanation:
        found = explain(server, self.reader, self.troubles)
        assert found is not None
        return found

    def test_nothing_to_explain(self) -> None:
        self.insert('idle')
        for server in 'idle', 'nobody':
            self.assertIsNone(explain(server, self.reader, self.troubles))

    def test_that_measuring_is_down_is_said_once(self) -> None:
        self.insert('a', ALICE, latency_budget_ms='20')
        self.assertEqual(WITHIN, self.explained('a').finding.comparison[0])
        self.assertEqual([], self.said)
        self.beat(ago=3600)
        self.begin()
        self.assertEqual(WITHIN, self.explained('a').finding.comparison[0])
        self.assertEqual(
            ['measuring is down: measurements are used up to an age of 6 h'],
            self.said,
        )
