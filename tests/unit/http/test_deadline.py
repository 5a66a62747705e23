# SPDX-License-Identifier: Apache-2.0

from oslotest import base

from edge_sched.http.deadline import Deadline
from tests.unit.collector.fakes import Clock


class DeadlineTest(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.clock = Clock(100.0)

    def test_what_remains(self):
        deadline = Deadline(5, self.clock)
        self.assertEqual(5, deadline.remaining_seconds())
        self.clock.now = 104.0
        self.assertEqual(1, deadline.remaining_seconds())
        self.assertFalse(deadline.passed())
        self.clock.now = 105.0
        self.assertTrue(deadline.passed())
        self.clock.now = 200.0
        self.assertEqual(0, deadline.remaining_seconds())

    def test_the_earlier_one_holds(self):
        deadline = Deadline(5, self.clock)
        self.assertEqual(2, deadline.within(2).remaining_seconds())
        self.clock.now = 104.0
        self.assertEqual(1, deadline.within(2).remaining_seconds())
