# SPDX-License-Identifier: Apache-2.0

"""Where everything is in the pictures; the templates only write it down.

The map is cut into panels that fit a phone side by side with nothing, and two
beside each other on paper: each has its own labels, so that nobody scrolls.
Lengths are in CSS pixels.
"""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from edge_sched.report import texts
from edge_sched.report.heat import Cell
from edge_sched.report.heat import HeatMap
from edge_sched.report.heat import Row

#: Of a panel. Chosen: what a screen of 390 px, as most phones have, leaves.
COLUMNS, ROWS = 6, 20
LABEL_WIDTH, CELL_WIDTH = 138, 38
ROW_HEIGHT = 28
WIDTH = LABEL_WIDTH + COLUMNS * CELL_WIDTH

#: Between a label and its cells; from the middle of a letter to its foot; and
#: from the top of a row to the feet of its two lines, at 11 and 9 px.
_GAP, _HALF_LETTER, _FIRST_LINE, _SECOND_LINE = 6, 4, 12, 23

#: Letters of a label at 11 px, and how wide they are. Measured: digits of
#: common fonts take 0.55 to 0.65 of the height.
_LABEL_LENGTH, _SITE_LENGTH, _LETTER = 21, 18, 7

#: Of a bar.
BAR_WIDTH, BAR_HEIGHT = 240, 12

#: What is written behind a figure, so that no colour has to be seen.
MARKS = {'over': '!', 'unknown': '?'}


class Column(NamedTuple):
    """The name of a site, upright above its cells, from its lower end."""

    x: int
    y: int
    label: str
    title: str


class Line(NamedTuple):
    """The label of a row, by its right end.

    :param below: what is asked for, at ``y_below``
    :param title: ``''`` if an earlier panel has it
    """

    x: int
    y: int
    y_below: int
    label: str
    below: str
    title: str


class Box(NamedTuple):
    """A cell, by its upper left corner and the middle of its text."""

    x: int
    y: int
    text_x: int
    text_y: int
    kind: str
    text: str
    title: str


class Panel(NamedTuple):
    """A part of the map.

    :param title: what it is, for those who do not see it
    """

    width: int
    height: int
    title: str
    columns: Sequence[Column]
    lines: Sequence[Line]
    boxes: Sequence[Box]


def panels(heat: HeatMap) -> Iterator[Panel]:
    """All of the map: some rows, site by site, then the next."""
    for top in range(0, len(heat.rows), ROWS):
        rows = heat.rows[top : top + ROWS]
        for left in range(0, len(heat.sites), COLUMNS):
            sites = heat.sites[left : left + COLUMNS]
            yield _panel(sites, rows, left)


def _panel(sites: Sequence[str], rows: Sequence[Row], left: int) -> Panel:
    right = left + len(sites)
    labels = [texts.squeezed(site, _SITE_LENGTH) for site in sites]
    header = max(map(len, labels)) * _LETTER + 2 * _GAP
    tops = [header + i * ROW_HEIGHT for i in range(len(rows))]
    return Panel(
        _x(len(sites)),
        header + len(rows) * ROW_HEIGHT,
        f'{rows[0].label} to {rows[-1].label}, '
        f'as seen from {sites[0]} to {sites[-1]}',
        [
            Column(
                _x(i) + CELL_WIDTH // 2 + _HALF_LETTER,
                header - _GAP,
                label,
                site,
            )
            for i, (label, site) in enumerate(zip(labels, sites, strict=True))
        ],
        [_line(r, top, left) for r, top in zip(rows, tops, strict=True)],
        [
            _box(cell, _x(j), top)
            for row, top in zip(rows, tops, strict=True)
            for j, cell in enumerate(row.cells[left:right])
        ],
    )


def _x(column: int) -> int:
    return LABEL_WIDTH + column * CELL_WIDTH


def _line(row: Row, y: int, left: int) -> Line:
    asked = texts.counted(row.servers, 'server')
    if row.budget_ms is not None:
        budget = texts.budget(row.budget_ms)
        asked += f', {budget} ms {row.percentile}'
    of_project = f' of project {row.project_id}' if row.project_id else ''
    clients = texts.counted(row.clients, 'client')
    return Line(
        LABEL_WIDTH - _GAP,
        y + _FIRST_LINE,
        y + _SECOND_LINE,
        texts.squeezed(row.label, _LABEL_LENGTH),
        asked,
        '' if left else f'{row.label}{of_project}: {clients}',
    )


def _box(cell: Cell, x: int, y: int) -> Box:
    return Box(
        x,
        y,
        x + CELL_WIDTH // 2,
        y + ROW_HEIGHT // 2 + _HALF_LETTER,
        cell.kind,
        figure(cell),
        _title(cell),
    )


def figure(cell: Cell) -> str:
    """``12``, ``51!`` over, ``12?`` unknown, ``(12)`` old and judged."""
    if cell.kind == 'own':
        return '\N{MIDDLE DOT}'
    text = texts.milliseconds(cell.p50_ms)
    if cell.is_old and cell.kind != 'unknown':
        text = f'({text})'
    return text + MARKS.get(cell.kind, '')


def _title(cell: Cell) -> str:
    if cell.kind == 'own':
        return 'the site itself'
    if cell.kind == 'never':
        return cell.why
    figures = ', '.join(
        f'{name} {texts.milliseconds(value)}'
        for name, value in (('p50', cell.p50_ms), ('p95', cell.p95_ms))
    )
    why = f'; {cell.why}' if cell.why else ''
    return f'{cell.kind}: {figures}, {texts.age(cell.age_seconds)} old{why}'


class Piece(NamedTuple):
    """A part of a bar."""

    x: int
    width: int
    kind: str


def bar(counts: Sequence[tuple[str, int]]) -> list[Piece]:
    """A bar whose parts are as wide as their counts, to the pixel.

    ``[('within', 3), ('over', 1)]`` makes 180 and 60. What there is
    can be seen: it has a pixel at the least.
    """
    some = [(kind, count) for kind, count in counts if count]
    total = sum(count for _, count in some)
    pieces: list[Piece] = []
    x = left = 0
    for number, (kind, count) in enumerate(some):
        left += count
        behind = len(some) - number - 1
        end = math.floor(BAR_WIDTH * left / total + 0.5)
        end = min(max(end, x + 1), BAR_WIDTH - behind)
        pieces.append(Piece(x, end - x, kind))
        x = end
    return pieces
