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

from edge_sched.model.names import normal

#: The same name in two forms.
ONE = 'Orl\u00e9ans'
TWO = 'Orle\u0301ans'


class NormalTest(base.BaseTestCase):
    def test_forms_that_look_the_same_are_one(self):
        self.assertNotEqual(ONE, TWO)
        self.assertEqual((ONE, ONE), (normal(ONE), normal(TWO)))

    def test_forms_that_look_different_are_not(self):
        for name in ('lyon', 'LYON', '\ufb01', '\u00b2'):
            self.assertEqual(name, normal(name))
