# SPDX-License-Identifier: Apache-2.0

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
