# SPDX-License-Identifier: Apache-2.0

"""What a check found, in words: what is, and what to write."""

import dataclasses
from collections.abc import Collection, Iterable, Sequence

from oslo_upgradecheck.upgradecheck import Code
from oslo_upgradecheck.upgradecheck import Result

from edge_sched.model.text import shorten

#: Lines to copy begin so; they are shown as they are, however long.
INDENT = '    '

#: How many names a finding lists. Chosen: enough to see which they are.
_NAMED = 5


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be.

    :param what: a sentence, and what it leads to
    :param write: lines for a file, or commands, to put it right
    """

    code: Code
    what: str
    write: Sequence[str] = ()

    def lines(self) -> list[str]:
        return [self.what, *(INDENT + line for line in self.write)]


def failure(what: str, *write: str) -> Finding:
    return Finding(Code.FAILURE, what, write)


def warning(what: str, *write: str) -> Finding:
    return Finding(Code.WARNING, what, write)


def result(findings: Iterable[Finding], fine: str) -> Result:
    """All findings, the worst first, under the worst code.

    :param fine: what to say if there are none
    """
    ordered = sorted(findings, key=lambda each: each.code, reverse=True)
    if not ordered:
        return Result(Code.SUCCESS, fine)
    lines = [line for each in ordered for line in each.lines()]
    return Result(ordered[0].code, '\n'.join(lines))


def listed(names: Collection[str]) -> str:
    """``lyon-1, lyon-2``; of more than a few how many more there are."""
    few = ', '.join(_printable(name) for name in sorted(names)[:_NAMED])
    more = len(names) - _NAMED
    return f'{few} and {more} more' if more > 0 else few


def _printable(name: str) -> str:
    """Short and without control characters: aggregates say what it is."""
    return shorten(repr(name)[1:-1])


def share(part: int, whole: int) -> str:
    """``3 of 4 (75 %)``; rounded down, so that 100 % is all of them."""
    return f'{part} of {whole} ({100 * part // whole} %)'


def count(number: int, what: str) -> str:
    """``1 host``, ``2 hosts``."""
    return f'{number} {what}' if number == 1 else f'{number} {what}s'
