# SPDX-License-Identifier: Apache-2.0

"""Run tests on mutants, each in a process of its own.

A process that has everything imported but what is ours is forked for each:
Nova alone takes seconds to import.
"""

import ast
import functools
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import signal
import sys
import tempfile
import threading
import time
import types
import unittest
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from tests.mutants.operators import Mutant

_ROOT = pathlib.Path.cwd()
_PACKAGE = str(_ROOT / 'edge_sched')

#: A mutant may be in a loop that does not end: what a test may take, in
#: multiples of what it took and in seconds.
_PATIENCE, _PATIENCE_SECONDS = 10, 60

#: What all tests may take without a mutant, in seconds.
_OBSERVED_SECONDS = 3600

#: Why a process ended.
_PASSED, _FAILED, _NOT_RUN = 0, 1, 2


class Tests:
    """The tests of a folder, and what each of them runs.

    :param modules: names of modules of tests
    """

    def __init__(self, modules: Sequence[str]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            told = pathlib.Path(folder, 'told')
            observe = functools.partial(_observe, modules, told)
            if _wait(_fork(observe))[1] != _PASSED:
                sys.exit('The tests fail without any mutant')
            facts = json.loads(told.read_text())
        #: By test and path: the first lines of the functions that it runs.
        self._runs: dict[str, dict[str, list[int]]] = facts['runs']
        self._seconds: dict[str, float] = facts['seconds']
        for name in facts['imported']:
            try:
                importlib.import_module(name)
            except Exception:  # the tests import it then
                continue

    def of(self, mutant: Mutant) -> list[str]:
        """The tests that run the function of a mutant, the fastest first.

        Of a function that only runs at import, all that run any of its
        module.
        """
        function = _lines_of_function(mutant)
        path = str(_ROOT / mutant.path)
        of_module = {
            test: lines
            for test, run in self._runs.items()
            if (lines := run.get(path))
        }
        tests = [
            test
            for test, lines in of_module.items()
            if any(line in function for line in lines)
        ]
        return sorted(tests or of_module, key=self._seconds.__getitem__)

    def survivors(
        self, mutants: Iterable[Mutant], jobs: int
    ) -> Iterator[tuple[Mutant, bool]]:
        """Each mutant, as it is done with, and whether its tests passed."""
        running: dict[int, Mutant] = {}
        for mutant in mutants:
            if len(running) == jobs:
                pid, status = _wait()
                yield running.pop(pid), status == _PASSED
            tests = {test: self._seconds[test] for test in self.of(mutant)}
            pid = _fork(functools.partial(_try, mutant, tests))
            running[pid] = mutant
        while running:
            pid, status = _wait()
            yield running.pop(pid), status == _PASSED


def _lines_of_function(mutant: Mutant) -> range:
    """The lines of the function that a mutant is in, with its decorators.

    Of a function in a function the outer: they run for the same tests.
    """
    bodies = [ast.parse(mutant.path.read_text()).body]
    for body in bodies:
        for node in body:
            decorators = getattr(node, 'decorator_list', [])
            first = min(each.lineno for each in (node, *decorators))
            lines = range(first, (node.end_lineno or first) + 1)
            if mutant.line not in lines:
                continue
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                return lines
            if isinstance(node, ast.ClassDef):
                bodies.append(node.body)
    raise ValueError(f'No function: {mutant}')


def _fork(work: Callable[[], int]) -> int:
    """Do some work in another process.

    :return: its id
    """
    pid = os.fork()
    if pid:
        return pid
    status = _NOT_RUN
    try:
        os.setpgid(0, 0)
        # Where the log of the tests goes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
        status = work()
    finally:
        os._exit(status)


def _wait(pid: int = -1) -> tuple[int, int]:
    """Wait for a process to end, and end what it has left."""
    pid, status = os.waitpid(pid, 0)
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    return pid, os.waitstatus_to_exitcode(status)


def _load(modules: Iterable[str]) -> Iterator[unittest.TestCase]:
    suites: list[unittest.TestSuite] = [
        unittest.defaultTestLoader.loadTestsFromName(name) for name in modules
    ]
    while suites:
        for test in suites.pop(0):
            if isinstance(test, unittest.TestSuite):
                suites.append(test)
            else:
                yield test


class _Observer(unittest.TestResult):
    """Notes which functions of ours each test runs, and how long it takes."""

    def __init__(self) -> None:
        super().__init__()
        self.runs: dict[str, dict[str, list[int]]] = {}
        self.seconds: dict[str, float] = {}
        self._seen: set[types.CodeType] = set()

    def startTest(self, test: unittest.TestCase) -> None:
        self._seen.clear()
        self._start = time.monotonic()
        threading.settrace(self._note)
        sys.settrace(self._note)

    def stopTest(self, test: unittest.TestCase) -> None:
        sys.settrace(None)
        threading.settrace(None)
        self.seconds[test.id()] = time.monotonic() - self._start
        run = self.runs[test.id()] = {}
        for code in self._seen.copy():
            if code.co_filename.startswith(_PACKAGE):
                lines = run.setdefault(code.co_filename, [])
                lines.append(code.co_firstlineno)

    def _note(
        self, frame: types.FrameType, event: str, argument: object
    ) -> None:
        self._seen.add(frame.f_code)


def _observe(modules: Sequence[str], told: pathlib.Path) -> int:
    signal.alarm(_OBSERVED_SECONDS)
    result = _Observer()
    for test in _load(modules):
        test.run(result)
    imported = [
        name
        for name in sys.modules
        if name.partition('.')[0] not in {'edge_sched', 'tests', '__main__'}
    ]
    facts = {
        'runs': result.runs,
        'seconds': result.seconds,
        'imported': imported,
    }
    told.write_text(json.dumps(facts))
    for test, error in (*result.failures, *result.errors):
        print(test.id(), error, sep='\n')
    return _PASSED if result.wasSuccessful() else _FAILED


def _try(mutant: Mutant, tests: Mapping[str, float]) -> int:
    """Run tests on a mutant until one fails.

    :param tests: what each took without it, in seconds
    """
    sys.meta_path.insert(0, _Finder(mutant))
    modules = dict.fromkeys(test.rsplit('.', 2)[0] for test in tests)
    by_id = {test.id(): test for test in _load(modules)}
    result = unittest.TestResult()
    for test, seconds in tests.items():
        signal.alarm(int(_PATIENCE * seconds) + _PATIENCE_SECONDS)
        by_id[test].run(result)
        if not result.wasSuccessful():
            return _FAILED
    return _PASSED


class _Finder(importlib.abc.MetaPathFinder):
    """Has a mutant imported instead of its module."""

    def __init__(self, mutant: Mutant) -> None:
        self._path = str(_ROOT / mutant.path)
        self._name = '.'.join(mutant.path.with_suffix('').parts)
        self._loader = _Loader(self._name, self._path)
        self._loader.mutant = mutant

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None,
        target: types.ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        if name != self._name:
            return None
        return importlib.util.spec_from_file_location(
            name, self._path, loader=self._loader
        )


class _Loader(importlib.machinery.SourceFileLoader):
    mutant: Mutant

    def get_code(self, fullname: str) -> types.CodeType:
        return compile(self.mutant.code, self.path, 'exec')
