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

"""The tests of the Tempest plug-in, as its source has them."""

import ast
import pathlib

import edge_sched_tempest_plugin

PACKAGE = pathlib.Path(edge_sched_tempest_plugin.__file__).parent
API = 'edge_sched_tempest_plugin.tests.api'


def tests_in_source() -> dict[str, ast.FunctionDef]:
    """Test id, without the tags of Tempest -> its definition."""
    return {
        f'{API}.{path.stem}.{class_.name}.{function.name}': function
        for path in PACKAGE.glob('tests/api/test_*.py')
        for class_ in ast.parse(path.read_text()).body
        if isinstance(class_, ast.ClassDef)
        for function in class_.body
        if isinstance(function, ast.FunctionDef)
        and function.name.startswith('test_')
    }
