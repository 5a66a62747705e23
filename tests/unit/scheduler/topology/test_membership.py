# SPDX-License-Identifier: Apache-2.0

"""What the aggregates of hosts say of them."""

from oslotest import base

from edge_sched.scheduler.topology import membership
from edge_sched.scheduler.topology.membership import MULTIPLIER_KEY
from edge_sched.scheduler.topology.membership import Aggregate


def aggregate(multiplier: str | None) -> Aggregate:
    metadata = {} if multiplier is None else {MULTIPLIER_KEY: multiplier}
    return Aggregate('uuid', metadata, ['h'])


class MultiplierTest(base.BaseTestCase):
    def said(self, *values: str | None) -> float | None:
        """Of a host in aggregates that say so."""
        found = membership.multipliers_of([aggregate(v) for v in values])
        return found.get('h')

    def test_no_aggregate_says_anything(self) -> None:
        self.assertIsNone(self.said())
        self.assertIsNone(self.said(None, None))

    def test_lowest_of_several(self) -> None:
        self.assertEqual(2.5, self.said('40', None, '2.5'))
        self.assertEqual(0.0, self.said('0', '1'))
        self.assertEqual(9000.0, self.said('9000'))

    def test_option_stands_for_what_is_none(self) -> None:
        for bad in ('nan', 'inf', '-inf', '-1', 'much', ''):
            self.assertEqual(3000.0, self.said(bad), bad)
        self.assertEqual(3000.0, self.said('b', '9000'))
        self.assertEqual(10.0, self.said('nan', '10', 'b', 'b'))

    def test_values_that_are_none_are_named_once(self) -> None:
        with self.assertLogs('edge_sched', 'WARNING') as log:
            membership.warn_of_multipliers(
                [aggregate(v) for v in ('nan', '10', 'b', 'b', None)]
            )
        (line,) = log.output
        self.assertIn("['b', 'nan'] is not a finite", line)
        with self.assertNoLogs('edge_sched'):
            membership.warn_of_multipliers([aggregate('0'), aggregate(None)])
