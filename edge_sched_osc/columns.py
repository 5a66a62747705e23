# SPDX-License-Identifier: Apache-2.0

"""Cells of tables: rounded and in words for people, raw for machines."""

import json
from collections.abc import Iterable
from typing import Any

from cliff import columns

#: Formats that show what a value is made of; the others have one text a cell.
STRUCTURED = frozenset({'json', 'yaml', 'table'})


class Milliseconds(columns.FormattableColumn[float]):
    """``7.4318`` is 7.43."""

    def human_readable(self) -> str:
        return f'{self._value:.2f}'


class Age(columns.FormattableColumn[float]):
    """``95.2`` seconds are ``95 s``, 600 are ``10 min``, 7200 ``2 h``."""

    def human_readable(self) -> str:
        seconds = round(self._value)
        for unit, word in ((3600, 'h'), (60, 'min')):
            # The unit that has two of it: one has lost too much.
            if seconds >= 2 * unit:
                return f'{seconds // unit} {word}'
        return f'{seconds} s'


class Several(columns.FormattableColumn[list[Any]]):
    """``['10.0.0.0/8', '192.0.2.1/32']``: a line each."""

    def human_readable(self) -> str:
        return '\n'.join(map(str, self._value))


class Asks(columns.FormattableColumn[dict[str, Any]]):
    """``{'edge:client': ['192.0.2.1']}``: ``edge:client=192.0.2.1``."""

    def human_readable(self) -> str:
        return '\n'.join(
            f'{key}={_joined(value)}' for key, value in self._value.items()
        )


def milliseconds(value: float | None) -> Milliseconds | None:
    return None if value is None else Milliseconds(value)


def age(seconds: float | None) -> Age | None:
    return None if seconds is None else Age(seconds)


def cells(formatter: str, row: Iterable[Any]) -> tuple[Any, ...]:
    """A row as a format can have it.

    Where a cell is one text (``csv``, ``value``, ``shell``) prefixes are
    separated by blanks, and what a server asks for is a text of JSON.
    """
    if formatter in STRUCTURED:
        return tuple(row)
    return tuple(map(_flat, row))


def _joined(value: Any) -> str:
    return ','.join(map(str, value if isinstance(value, list) else [value]))


def _flat(cell: Any) -> Any:
    if isinstance(cell, Several):
        return ' '.join(map(str, cell.machine_readable()))
    if isinstance(cell, Asks):
        return json.dumps(cell.machine_readable())
    if isinstance(cell, columns.FormattableColumn):
        return cell.machine_readable()
    return cell
