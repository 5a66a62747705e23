# SPDX-License-Identifier: Apache-2.0

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
