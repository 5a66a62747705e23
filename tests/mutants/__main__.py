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
"""Look for changes of the code that no test notices.

    usage: python -m tests.mutants [MODULE...]

A module is a path, ``edge_sched/judge.py``; by default all that are listed
in ``FOLDERS``. Its mutants are held against the unit tests of its folder.
Those that no test can tell from the module are in ``equivalent.toml`` with a
reason each. The exit status is 1 if another survives, or if one that is
listed does not.
"""

import collections
import dataclasses
import os
import pathlib
import sys
import tomllib

import hypothesis

from tests.mutants.operators import Mutant
from tests.mutants.operators import check_examples
from tests.mutants.operators import mutants_of
from tests.mutants.runner import Tests

#: Where modules are, and where their tests.
FOLDERS = {
    'edge_sched': 'tests/unit',
    'edge_sched/measurement': 'tests/unit',
    'edge_sched/scheduler': 'tests/unit/scheduler',
}
EQUIVALENT = pathlib.Path(__file__).with_name('equivalent.toml')


@dataclasses.dataclass(frozen=True)
class Change:
    """What a mutant is known by, wherever the line stands."""

    module: str
    was: str
    now: str

    @classmethod
    def of(cls, mutant: Mutant) -> 'Change':
        return cls(str(mutant.path), mutant.was, mutant.now)


def equivalents() -> set[Change]:
    """The changes that make no difference."""
    listed = tomllib.loads(EQUIVALENT.read_text())['mutant']
    return {
        Change(each['module'], each['was'], each['now'])
        for each in listed
        if each['why']
    }


def main(arguments: list[str]) -> int:
    check_examples()
    # Nova decides at its first import whether it leaves eventlet alone.
    os.environ['OS_NOVA_DISABLE_EVENTLET_PATCHING'] = 'true'
    # Hypothesis' own: the same examples each time, however long they take.
    hypothesis.settings.load_profile('ci')
    modules = [pathlib.Path(each) for each in arguments] or [
        path
        for folder in FOLDERS
        for path in sorted(pathlib.Path(folder).glob('*.py'))
    ]
    by_tests = collections.defaultdict(list)
    for path in modules:
        by_tests[FOLDERS[str(path.parent)]].append(path)
    known = equivalents()
    mistakes = 0
    for folder, paths in by_tests.items():
        names = [
            '.'.join(path.with_suffix('').parts)
            for path in sorted(pathlib.Path(folder).glob('test_*.py'))
        ]
        tests = Tests(names)
        for path in paths:
            mistakes += _check(path, tests, known)
    return 1 if mistakes else 0


def _check(path: pathlib.Path, tests: Tests, known: set[Change]) -> int:
    """Try all mutants of a module; how many are listed wrongly."""
    mutants = mutants_of(path)
    jobs = os.cpu_count() or 1
    survivors = [
        mutant
        for mutant, has_survived in tests.survivors(mutants, jobs)
        if has_survived
    ]
    changes = {Change.of(mutant) for mutant in survivors}
    unlisted = [m for m in survivors if Change.of(m) not in known]
    in_vain = {c for c in known if c.module == str(path)} - changes
    print(
        f'{path}: {len(mutants)} mutants, '
        f'{len(mutants) - len(survivors)} killed, '
        f'{len(survivors) - len(unlisted)} equivalent, '
        f'{len(unlisted)} survived',
        flush=True,
    )
    for mutant in sorted(unlisted, key=lambda each: each.line):
        print(mutant, flush=True)
    for change in in_vain:
        print(f'  listed in vain: {change}', flush=True)
    return len(unlisted) + len(in_vain)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
