# SPDX-License-Identifier: Apache-2.0

"""From a line of text to its cells, ``{'vantage': 'lyon', ...}``.

CSV is RFC 4180 without line breaks inside a cell, so that a bad line is
named by its own number and spoils no other. JSON lines hold one object each,
with the same names: ``null`` is an empty cell.
"""

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from edge_sched.model.text import shorten

REQUIRED = ('vantage', 'client', 'rtt_p50_ms', 'rtt_p95_ms')
OPTIONAL = (
    'rtt_min_ms',
    'rtt_p99_ms',
    'pdv_ms',
    'loss_ratio',
    'samples',
    'measured_at',
    'source',
    'project',
    'rtt_p50_hour_ms',
    'rtt_p95_hour_ms',
    'loss_hour_ratio',
)
COLUMNS = frozenset(REQUIRED + OPTIONAL)

#: Columns that JSON must give as text; in the others a number is as good.
_TEXT = frozenset({'vantage', 'client', 'measured_at', 'source', 'project'})

#: Longest line in characters: chosen, several times what the longest names
#: allowed need, so that a file without line breaks is not read whole.
MAX_LINE_LENGTH = 8192

Cells = dict[str, str]
Parse = Callable[[int, str], Cells]


class BadLineError(ValueError):
    """A line that is no measurement; the number of the first line is 1.

    ``line 7, column rtt_p95_ms: 12 is less than rtt_p50_ms 40``; without a
    column where the line as a whole is wrong.
    """

    def __init__(self, line: int, column: str, why: str) -> None:
        self.line = line
        self.column = column
        self.why = why
        where = f'line {line}'
        if column:
            where += f', column {column}'
        super().__init__(f'{where}: {why}')


class _Number(str):
    """A number of JSON, as written; ``Infinity`` is one too."""

    __slots__ = ()


class _Pairs(list[tuple[str, Any]]):
    """A JSON object with the names in order, repeated ones included."""


def numbered(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Lines that are not blank with their numbers, ends and BOM cut off.

    :raises BadLineError: at one that is too long; where the next begins is
        then not known
    """
    for number, line in enumerate(lines, start=1):
        if len(line) > MAX_LINE_LENGTH:
            raise BadLineError(
                number, '', f'is longer than {MAX_LINE_LENGTH} characters'
            )
        text = line.rstrip('\r\n')
        if number == 1:
            text = text.removeprefix('\ufeff')
        if text and not text.isspace():
            yield number, text


def csv_parser(number: int, header: str) -> Parse:
    """A parser of the lines under a CSV header.

    :raises BadLineError: if the header has an unknown column, or one twice,
        or lacks a required one
    """
    columns = _split(number, header)
    for column in columns:
        if column not in COLUMNS:
            raise BadLineError(
                number, _shown(column), 'is not a column of a measurement file'
            )
        if columns.count(column) > 1:
            raise BadLineError(number, column, 'is there twice')
    _refuse_missing(number, columns)

    def parse(number: int, text: str) -> Cells:
        cells = _split(number, text)
        if len(cells) < len(columns):
            raise BadLineError(number, columns[len(cells)], 'is missing')
        if len(cells) > len(columns):
            raise BadLineError(
                number,
                str(len(columns) + 1),
                f'is beyond the {len(columns)} columns of the header',
            )
        return dict(zip(columns, cells, strict=True))

    return parse


def parse_json(number: int, text: str) -> Cells:
    """The cells of one JSON line.

    :raises BadLineError: if it is not an object of known columns
    """
    _refuse_not_utf8(number, text)
    try:
        pairs = json.loads(
            text,
            parse_float=_Number,
            parse_int=_Number,
            parse_constant=_Number,
            object_pairs_hook=_Pairs,
        )
    except (ValueError, RecursionError):
        raise BadLineError(number, '', 'is not JSON') from None
    if not isinstance(pairs, _Pairs):
        raise BadLineError(number, '', 'is not a JSON object')
    cells: Cells = {}
    for column, value in pairs:
        if column not in COLUMNS:
            raise BadLineError(
                number, _shown(column), 'is not a column of a measurement file'
            )
        if column in cells:
            raise BadLineError(number, column, 'is there twice')
        cells[column] = _json_cell(number, column, value)
    _refuse_missing(number, cells)
    return cells


def _json_cell(number: int, column: str, value: Any) -> str:
    if value is None:
        return ''
    if column in _TEXT and isinstance(value, _Number):
        raise BadLineError(number, column, f'{value} is not text')
    if not isinstance(value, str):
        raise BadLineError(number, column, 'is not text, a number or null')
    return value


def _split(number: int, text: str) -> list[str]:
    _refuse_not_utf8(number, text)
    try:
        (cells,) = csv.reader([text], strict=True)
    except csv.Error as error:
        raise BadLineError(number, '', f'is not CSV: {error}') from None
    return cells


def _refuse_missing(number: int, columns: Iterable[str]) -> None:
    present = frozenset(columns)
    for column in REQUIRED:
        if column not in present:
            raise BadLineError(number, column, 'is missing')


def _refuse_not_utf8(number: int, text: str) -> None:
    """Text read with ``surrogateescape`` shows bad bytes as surrogates."""
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadLineError(number, '', 'is not UTF-8 text') from None


def _shown(column: str) -> str:
    """A column name out of a file, safe to print."""
    return repr(shorten(column))
