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

"""Tempest's rules for tests, read in the source."""

import ast
import uuid

from oslotest import base

from tests.tempest_source import tests_in_source


class SourceTest(base.BaseTestCase):
    """Tempest's rules for tests."""

    def test_each_has_an_id_of_its_own(self) -> None:
        ids = []
        for name, function in tests_in_source().items():
            outermost = function.decorator_list[0]
            self.assertIsInstance(outermost, ast.Call, name)
            self.assertEqual('idempotent_id', outermost.func.attr, name)
            ids.append(uuid.UUID(outermost.args[0].value))
        self.assertEqual(len(ids), len(set(ids)))
        self.assertEqual({4}, {identity.version for identity in ids})

    def test_each_says_what_it_tests_in_one_line(self) -> None:
        for name, function in tests_in_source().items():
            text = ast.get_docstring(function)
            self.assertTrue(text, name)
            self.assertNotIn('\n', text, name)
