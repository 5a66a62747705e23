# SPDX-License-Identifier: Apache-2.0

"""Look for changes of the code that no test notices.

    usage: python -m tests.mutants [MODULE...]

A module is a path, ``edge_sched/judging/judge.py``; by default all of the
rooms in ``ROOMS``. Its mutants are held against the unit tests of those that
are listed together.
Those that no test can tell from the module are in ``equivalent.toml`` with a
reason each. The exit status is 1 if another survives, or if one that is
listed does not.
"""

import dataclasses
import os
import pathlib
import sys
import tomllib
from collections.abc import Iterator, Sequence

import hypothesis

from tests.mutants.operators import Mutant
from tests.mutants.operators import check_examples
from tests.mutants.operators import mutants_of
from tests.mutants.runner import Tests

#: Folders of modules whose tests are run together: they have the same names.
ROOMS = (
    ('', 'model', 'asking', 'judging', 'http', 'measurement'),
    ('scheduler', 'scheduler/topology', 'scheduler/narrowing'),
    ('cmd/nova',),
    ('auditing',),
    ('replay',),
    ('report',),
    ('wanted',),
)
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
        path for rooms in ROOMS for path in _files('edge_sched', rooms, '*.py')
    ]
    rooms_of_all = {
        pathlib.Path('edge_sched', room) for rooms in ROOMS for room in rooms
    }
    if strange := [str(m) for m in modules if m.parent not in rooms_of_all]:
        sys.exit(f'In none of the rooms: {", ".join(strange)}')
    known = equivalents()
    mistakes = 0
    for rooms in ROOMS:
        folders = [pathlib.Path('edge_sched', room) for room in rooms]
        paths = [path for path in modules if path.parent in folders]
        if not paths:
            continue
        tests = Tests(
            [
                '.'.join(path.with_suffix('').parts)
                for path in _files('tests/unit', rooms, 'test_*.py')
            ]
        )
        for path in paths:
            mistakes += _check(path, tests, known)
    return 1 if mistakes else 0


def _files(
    root: str, rooms: Sequence[str], pattern: str
) -> Iterator[pathlib.Path]:
    for room in rooms:
        yield from sorted(pathlib.Path(root, room).glob(pattern))


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
