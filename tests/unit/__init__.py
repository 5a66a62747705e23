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

import hypothesis

#: The same examples in each run, no more than a unit test may take, and none
#: that fails because the machine is busy.
hypothesis.settings.register_profile(
    'bounded',
    deadline=None,
    derandomize=True,
    max_examples=100,
    database=None,
)
hypothesis.settings.load_profile('bounded')
