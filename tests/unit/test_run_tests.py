# SPDX-License-Identifier: Apache-2.0

"""Whether the run of the tests sees what failed, by runs of small suites."""

import ast
import os
import pathlib
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator

import fixtures
from oslotest import base

RUN_TESTS = pathlib.Path(__file__).parents[2] / 'tools' / 'run_tests.py'

SUITE = """
import os
import pathlib
import unittest


class Test(unittest.TestCase):
    def test_well(self):
        pass

    def test_fails_at_first(self):
        trace = pathlib.Path('trace')
        tried = trace.exists()
        trace.touch()
        self.assertTrue(tried)
"""
FAILS = """
    def test_{0}(self):
        self.fail()
"""
DIES = """
    def test_dies(self):
        os._exit(1)
"""
FLAKY = 'tests.unit.test_it.Test.test_fails_at_first'


class RunTestsTest(base.BaseTestCase):
    def run_suite(self, text: str, *regexes: str) -> tuple[int, list[str]]:
        """The exit status and the lines of the sum."""
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        suite = folder / 'tests' / 'unit'
        suite.mkdir(parents=True)
        for package in (suite.parent, suite):
            (package / '__init__.py').touch()
        (suite / 'test_it.py').write_text(text)
        ran = subprocess.run(
            [sys.executable, RUN_TESTS, 'unit', *regexes],
            cwd=folder,
            env=os.environ | {'PYTHONPATH': ''},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        starts = ('passed at', 'failed:', 'tests:')
        lines = ran.stdout.splitlines()
        return ran.returncode, [x for x in lines if x.startswith(starts)]

    def test_what_fails_at_first_passes_and_is_named(self) -> None:
        self.assertEqual(
            (
                0,
                [
                    f'passed at the second try: {FLAKY}',
                    'tests: 2 passed, 0 failed, 0 skipped',
                ],
            ),
            self.run_suite(SUITE),
        )

    def test_one_that_fails_twice_fails_all_that_were_tried(self) -> None:
        status, lines = self.run_suite(SUITE + FAILS.format('ever'))
        self.assertEqual(1, status)
        self.assertEqual(
            {
                f'failed: {FLAKY}',
                'failed: tests.unit.test_it.Test.test_ever',
                'tests: 1 passed, 2 failed, 0 skipped',
            },
            set(lines),
        )

    def test_many_are_not_tried_again(self) -> None:
        fails = FAILS.format('a') + FAILS.format('b')
        status, lines = self.run_suite(SUITE + fails)
        self.assertEqual(1, status)
        self.assertEqual('tests: 1 passed, 3 failed, 0 skipped', lines[-1])

    def test_a_worker_that_dies_fails_the_run(self) -> None:
        status, _ = self.run_suite(SUITE + DIES)
        self.assertEqual(1, status)

    def test_no_test_at_all_fails(self) -> None:
        self.assertEqual(
            (
                1,
                [
                    'failed: unit: no test has run',
                    'tests: 0 passed, 1 failed, 0 skipped',
                ],
            ),
            self.run_suite(SUITE, 'test_of_nothing'),
        )


def _names(folder: pathlib.Path) -> Iterator[str]:
    """``test_it.ItTest.`` and ``test_it.ItTest.test_well``, by the source."""
    for path in folder.rglob('test_*.py'):
        module = '.'.join(path.relative_to(folder).with_suffix('').parts)
        for each in ast.parse(path.read_text()).body:
            if isinstance(each, ast.ClassDef):
                yield f'{module}.{each.name}.'
                for member in each.body:
                    if isinstance(member, ast.FunctionDef):
                        yield f'{module}.{each.name}.{member.name}'


class ChosenTest(base.BaseTestCase):
    def test_each_is_the_beginning_of_some_test(self) -> None:
        """One that gets another name must not fall out of the run."""
        run_tests = runpy.run_path(str(RUN_TESTS))
        for suite, beginnings in (
            *run_tests['CHOSEN'].items(),
            *run_tests['LEFT_OUT'].items(),
        ):
            path, _ = run_tests['SUITES'][suite]
            names = [*_names(RUN_TESTS.parents[1] / path)]
            self.assertEqual(
                [],
                [
                    beginning
                    for beginning in beginnings
                    if not any(name.startswith(beginning) for name in names)
                ],
            )

    def test_what_is_left_out_is_not_run(self) -> None:
        run_tests = runpy.run_path(str(RUN_TESTS))
        for suite, beginnings in run_tests['LEFT_OUT'].items():
            run = run_tests['Run'](suite)
            package = run.path.replace('/', '.')
            (chosen,) = run._chosen([])
            names = [*_names(RUN_TESTS.parents[1] / run.path)]
            self.assertEqual(
                {name for name in names if not name.startswith(beginnings)},
                {n for n in names if re.search(chosen, f'{package}.{n}')},
            )
            self.assertEqual(['a_name'], run._chosen(['a_name']))
