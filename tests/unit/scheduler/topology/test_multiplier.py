# SPDX-License-Identifier: Apache-2.0

"""The multiplier of a host is that of its aggregates."""

import logging

import fixtures
from oslotest import base

from edge_sched.scheduler.topology import multiplier
from edge_sched.scheduler.topology.membership import MULTIPLIER_KEY
from edge_sched.scheduler.topology.membership import Aggregate


def aggregate(value: str | None, *hosts: str) -> Aggregate:
    metadata = {} if value is None else {MULTIPLIER_KEY: value}
    return Aggregate('uuid', metadata, hosts)


class MultiplierTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger(level=logging.INFO))

    def said(self, *values: str | None) -> dict[str, float]:
        """Of a host in aggregates that say so."""
        return multiplier.multipliers_of(
            [aggregate(value, 'lyon-1') for value in values]
        )

    def test_no_aggregate_says_anything(self) -> None:
        self.assertEqual({}, self.said())
        self.assertEqual({}, self.said(None, None))

    def test_lowest_of_several(self) -> None:
        self.assertEqual({'lyon-1': 2.5}, self.said('40', None, '2.5'))
        self.assertEqual({'lyon-1': 0.0}, self.said('0', '1'))
        self.assertEqual({'lyon-1': 9000.0}, self.said('9000'))

    def test_each_host_has_that_of_its_own_aggregates(self) -> None:
        self.assertEqual(
            {'a': 5.0, 'b': 5.0, 'c': 7.0},
            multiplier.multipliers_of(
                [aggregate('5', 'a', 'b'), aggregate('7', 'b', 'c')]
            ),
        )

    def test_bad_values_are_named_once_and_the_option_taken(self) -> None:
        for bad in ('nan', 'inf', '-inf', '-1', 'much', ''):
            with self.subTest(bad):
                self.assertEqual({'lyon-1': 3000.0}, self.said(bad))
                self.assertIn(f'[{bad!r}] is not a finite', self.log.output)
        self.assertEqual({'lyon-1': 3000.0}, self.said('b', '9000'))
        self.assertEqual({'lyon-1': 10.0}, self.said('nan', '10', 'b', 'b'))
        self.assertEqual(1, self.log.output.count("['b', 'nan'] is not a"))
