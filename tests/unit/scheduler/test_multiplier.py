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
"""The multiplier of a host is that of its aggregates."""

import logging
import types

import fixtures
from nova import objects
from oslotest import base

from edge_sched.scheduler import multiplier
from edge_sched.scheduler.weights import EdgeCellLatencyWeigher
from edge_sched.scheduler.weights import EdgeLatencyWeigher

KEY = multiplier.METADATA_KEY
WEIGHER = EdgeLatencyWeigher()


class MultiplierTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger(level=logging.INFO))

    def aggregate(self, value: str | None) -> objects.Aggregate:
        metadata = {} if value is None else {KEY: value}
        return objects.Aggregate(metadata=metadata)

    def hang(self, *values: str | None) -> float:
        host = types.SimpleNamespace(
            aggregates=[self.aggregate(value) for value in values]
        )
        multiplier.hang_latency_multipliers([host])
        return WEIGHER.weight_multiplier(host)

    def test_option_where_no_aggregate_says_otherwise(self) -> None:
        self.assertEqual(3000.0, self.hang())
        self.assertEqual(3000.0, self.hang(None, None))

    def test_lowest_of_several(self) -> None:
        self.assertEqual(2.5, self.hang('40', None, '2.5'))
        self.assertEqual(0.0, self.hang('0'))
        self.assertEqual(9000.0, self.hang('9000'))

    def test_each_host_has_that_of_its_own_aggregates(self) -> None:
        low, none = self.aggregate('5'), self.aggregate(None)
        hosts = [
            types.SimpleNamespace(aggregates=aggregates)
            for aggregates in ([low], [none], [none, low], [])
        ]
        multiplier.hang_latency_multipliers(hosts)
        self.assertEqual(
            [5.0, 3000.0, 5.0, 3000.0],
            [WEIGHER.weight_multiplier(host) for host in hosts],
        )

    def test_bad_value_is_named_once_and_the_option_taken(self) -> None:
        for bad in ('nan', 'inf', '-inf', '-1', 'much', ''):
            with self.subTest(bad):
                self.assertEqual(3000.0, self.hang(bad))
        self.assertEqual(10.0, self.hang('nan', '10'))
        aggregate = self.aggregate('nan')
        hosts = [types.SimpleNamespace(aggregates=[aggregate])] * 100
        before = self.log.output.count('is not a finite number')
        multiplier.hang_latency_multipliers(hosts)
        after = self.log.output.count('is not a finite number')
        self.assertEqual(1, after - before)

    def test_host_that_was_not_weighed(self) -> None:
        host = types.SimpleNamespace(aggregates=[])
        self.assertEqual(0.0, WEIGHER.weight_multiplier(host))
        self.assertEqual(0.0, EdgeCellLatencyWeigher().weight_multiplier(host))
