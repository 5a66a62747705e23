# SPDX-License-Identifier: Apache-2.0

"""What cannot be seen is said, and never raised."""

from oslo_upgradecheck.upgradecheck import Code
from oslo_upgradecheck.upgradecheck import Result
from oslotest import base

from edge_sched.status.unseen import Unseen
from edge_sched.status.unseen import judged
from edge_sched.status.unseen import seen


class UnseenTest(base.BaseTestCase):
    def test_fact_that_is_there_is_judged(self) -> None:
        fine = Result(Code.SUCCESS, 'fine')
        self.assertEqual(7, seen(lambda: 7, 'it cannot be read'))
        self.assertIs(fine, judged(lambda a, b: fine, 7, 8))

    def test_whatever_is_raised_is_a_reason(self) -> None:
        def read() -> int:
            raise RuntimeError('away\nfor lunch')

        self.assertEqual(
            Unseen('it cannot be read', 'RuntimeError: away for lunch', ''),
            seen(read, 'it cannot be read'),
        )

    def test_first_fact_that_is_out_of_sight_is_warned_of(self) -> None:
        def judge(*facts: object) -> Result:
            raise AssertionError('judged without facts')

        blind = judged(
            judge,
            7,
            Unseen('the store cannot be read', 'it is away', 'Start it.'),
            Unseen('neither can this', 'so it is'),
        )

        self.assertEqual(Code.WARNING, blind.code)
        self.assertEqual(
            'Not checked: the store cannot be read (it is away). Start it.',
            blind.details,
        )
        self.assertEqual(
            'Not checked: neither can this (so it is).',
            judged(judge, Unseen('neither can this', 'so it is')).details,
        )
