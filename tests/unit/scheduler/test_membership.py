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

from oslotest import base

from edge_sched.scheduler import membership
from edge_sched.scheduler.membership import Aggregate


class AggregatesTest(base.BaseTestCase):
    def test_metadata_and_hosts_of_each_by_its_id(self) -> None:
        site, zone = ('edge:site', 'lyon'), ('availability_zone', 'z')
        self.assertEqual(
            [
                Aggregate('u-1', dict([zone]), []),
                Aggregate('u-2', dict([site, zone]), ['lyon-1', 'lyon-2']),
            ],
            membership._aggregates(
                [(2, 'u-2', *site), (1, 'u-1', *zone), (2, 'u-2', *zone)],
                # The last came after the metadata was read.
                [(2, 'lyon-1'), (2, 'lyon-2'), (3, 'oslo-1')],
            ),
        )
