# SPDX-License-Identifier: Apache-2.0

"""Finds decision records in any log that has them in it."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TextIO

MARK = 'edge decision '

#: Characters of a line that are looked at. Chosen: a record in full of 32
#: places with 128 rows and the longest names takes less than half of it.
LONGEST = 256 * 1024

_DECODER = json.JSONDecoder()

#: What a line begins with, of nova-scheduler or ``journalctl -o short-iso``.
_TIME = re.compile(r'\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d[\d.,:+Z-]{0,14}')


class BadLineError(ValueError):
    """What begins as a record and is none; says why."""


class Found(NamedTuple):
    """One record.

    :param line: where it was, the first is 1
    :param record: as ``edge_sched.judging.record`` made it, if nobody else did
    :param problem: why there is no record, else ``''``
    :param logged_at: as the line has it, ``2026-08-22 10:15:00.123``, mostly
        in the zone of whoever logged it; ``''`` if it has none
    """

    line: int
    record: Mapping[str, Any]
    problem: str = ''
    logged_at: str = ''


def bounded(log: TextIO) -> Iterator[str]:
    """The lines of a file; no more of each than is looked at is held."""
    while line := log.readline(LONGEST + 1):
        yield line
        while line and not line.endswith('\n'):
            line = log.readline(LONGEST)


def records_of(lines: Iterable[str]) -> Iterator[Found]:
    """The records in the lines of a log, in their order.

    Those of ``journalctl -o json`` too. Lines that have none are passed over;
    what begins as a record and breaks off, or is none, is a problem.
    """
    for number, line in enumerate(lines, start=1):
        if MARK not in line:
            continue
        try:
            yield _found(number, line)
        except BadLineError as error:
            yield Found(number, {}, str(error))


def _found(number: int, line: str) -> Found:
    if len(line) > LONGEST:
        raise BadLineError(f'has more than {LONGEST} characters')
    message = _message(line)
    before, _, text = message.partition(MARK)
    try:
        record, _ = _DECODER.raw_decode(text)
    except (ValueError, RecursionError) as error:
        raise BadLineError('is broken off, or no JSON') from error
    if not isinstance(record, dict) or 'outcome' not in record:
        raise BadLineError('is no decision record')
    time = _TIME.match(before)
    return Found(number, record, logged_at=time[0] if time else '')


def _message(line: str) -> str:
    """What was logged, of a line of ``journalctl -o json``, or the line."""
    if not line.startswith('{'):
        return line
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return line
    message = entry.get('MESSAGE') if isinstance(entry, dict) else None
    return message if isinstance(message, str) else line
