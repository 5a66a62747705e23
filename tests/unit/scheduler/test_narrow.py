# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.


"""What is left of a request that Placement cannot be asked for near sites."""

from collections.abc import Sequence
from unittest import mock

import fixtures
from nova import objects

from edge_sched.scheduler import cell
from edge_sched.scheduler import narrow
from edge_sched.scheduler.room import RefusedQueryError
from tests.unit.scheduler.base import ALICE
from tests.unit.scheduler.base import StagesTestCase


class UnaskedTest(StagesTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.conf.config(group='edge_sched', narrow_candidates='always')
        self.useFixture(
            fixtures.MockPatchObject(
                cell, 'count_down', return_value=cell.Down(0, frozenset())
            )
        )

    def narrowed(
        self, aggregates: int, taken: int = 0, limit: int = 1000
    ) -> objects.RequestSpec:
        """A request, Placement taking queries of so many aggregates only."""
        self.asked: list[int] = []

        def count(asked: Sequence[str], most: int) -> int:
            self.asked.append(len(asked))
            if len(asked) > taken:
                raise RefusedQueryError('414 too long')
            return most

        self.conf.config(group='scheduler', max_placement_results=limit)
        room = mock.Mock(aggregates=aggregates, limit=1000)
        room.count = count
        spec = self.spec({'edge:client': [ALICE]})
        with mock.patch.object(narrow, 'Room', return_value=room):
            self.schedule(spec)
        return spec

    def asks_for_all(self, spec: objects.RequestSpec) -> bool:
        self.assertEqual([ALICE], spec.scheduler_hints['edge:client'])
        return spec.scheduler_hints.get('same_host') == []

    def test_all_hosts_are_asked_for_instead(self) -> None:
        spec = self.narrowed(35)
        # Of both sites, again with 8 at most, and with two.
        self.assertEqual([2, 2, 2], self.asked)
        self.assertNotIn('requested_destination', spec)
        self.assertTrue(self.asks_for_all(spec))
        self.assertIn('asked for near sites: 414 too long', self.log.output)

    def test_not_if_they_are_very_many(self) -> None:
        with mock.patch.object(narrow, '_MAX_LIMITS', 3):
            self.assertTrue(self.asks_for_all(self.narrowed(2, limit=1)))
        with mock.patch.object(narrow, '_MAX_LIMITS', 2):
            self.assertFalse(self.asks_for_all(self.narrowed(2, limit=1)))

    def test_fewer_are_tried_first(self) -> None:
        spec = self.narrowed(4, taken=1)
        self.assertEqual([2, 1], self.asked[:2])
        (asked_for,) = spec.requested_destination.aggregates
        self.assertEqual(1, len(asked_for.split(',')))
        self.assertFalse(self.asks_for_all(spec))
        self.assertIn('of 4 aggregates, but of 1', self.log.output)

    def test_query_that_is_taken_is_not_shortened(self) -> None:
        spec = self.narrowed(35, taken=2)
        self.assertEqual([2], self.asked)
        self.assertFalse(self.asks_for_all(spec))
        self.assertNotIn('does not take', self.log.output)
