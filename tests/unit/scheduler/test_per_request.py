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
"""What belongs to a request goes with it."""

import gc

from nova import objects
from oslotest import base

from edge_sched.scheduler.per_request import PerRequest


class PerRequestTest(base.BaseTestCase):
    def test_value_is_that_of_the_very_object(self) -> None:
        per_request: PerRequest[int] = PerRequest()
        spec = objects.RequestSpec(project_id='p')
        same_fields = objects.RequestSpec(project_id='p')
        per_request.put(spec, 7)
        self.assertEqual(7, per_request.get(spec))
        self.assertIsNone(per_request.get(same_fields))
        self.assertEqual(7, per_request.pop(spec))
        self.assertIsNone(per_request.pop(spec))

    def test_nothing_is_left_of_a_request_that_ended(self) -> None:
        per_request: PerRequest[int] = PerRequest()
        spec = objects.RequestSpec(project_id='p')
        per_request.put(spec, 7)
        del spec
        gc.collect()
        self.assertEqual(0, len(per_request._values))
