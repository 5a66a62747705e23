# SPDX-License-Identifier: Apache-2.0

"""Where everything is in the pictures."""

import math

import testtools
from hypothesis import given
from hypothesis import strategies as st

from edge_sched.report import drawing
from edge_sched.report.drawing import Box
from edge_sched.report.drawing import Column
from edge_sched.report.drawing import Line
from edge_sched.report.drawing import Panel
from edge_sched.report.drawing import Piece
from edge_sched.report.heat import OWN
from edge_sched.report.heat import Cell
from edge_sched.report.heat import HeatMap
from edge_sched.report.heat import Row


def row(label: str, *cells: Cell, budget_ms: float | None = 20.0) -> Row:
    return Row(label, '', 1, 12, budget_ms, 'p95', cells)


class PanelTest(testtools.TestCase):
    def test_all_of_a_small_one(self) -> None:
        heat = HeatMap(
            ['lyon', 'nice'],
            [
                row('a', Cell('within', 5.0, 6.0, 40.0), OWN),
                row('b', Cell('never', why='never measured'), Cell('over')),
            ],
            0,
            0,
        )
        (panel,) = drawing.panels(heat)
        self.assertEqual(
            Panel(
                # 138 + 2 * 38, and 4 letters of 7, twice 6, two rows of 28.
                width=214,
                height=96,
                title='a to b, as seen from lyon to nice',
                columns=[
                    Column(161, 34, 'lyon', 'lyon'),
                    Column(199, 34, 'nice', 'nice'),
                ],
                lines=[
                    Line(
                        132,
                        52,
                        63,
                        'a',
                        '12 servers, 20 ms p95',
                        'a: 1 client',
                    ),
                    Line(
                        132,
                        80,
                        91,
                        'b',
                        '12 servers, 20 ms p95',
                        'b: 1 client',
                    ),
                ],
                boxes=[
                    Box(
                        *(138, 40, 157, 58, 'within', '5.0'),
                        'within: p50 5.0, p95 6.0, 40 s old',
                    ),
                    Box(176, 40, 195, 58, 'own', '\u00b7', 'the site itself'),
                    Box(138, 68, 157, 86, 'never', '\u2013', 'never measured'),
                    Box(
                        *(176, 68, 195, 86, 'over', '\u2013!'),
                        'over: p50 \u2013, p95 \u2013, \u2013 old',
                    ),
                ],
            ),
            panel,
        )

    def test_large_map_is_cut(self) -> None:
        sites = [f'site-{n}' for n in range(8)]
        rows = [
            row(f'{n}', *(Cell('free', n * 8.0 + m) for m in range(8)))
            for n in range(21)
        ]
        panels = list(drawing.panels(HeatMap(sites, rows, 0, 0)))
        self.assertEqual(
            [(6, 20), (2, 20), (6, 1), (2, 1)],
            [(len(p.columns), len(p.lines)) for p in panels],
        )
        self.assertEqual(
            [[each.title for each in p.columns] for p in panels[:2]],
            [sites[:6], sites[6:]],
        )
        self.assertEqual(
            ['6.0', '7.0', '14'], [box.text for box in panels[1].boxes[:3]]
        )
        last = panels[3]
        self.assertEqual(['166', '167'], [box.text for box in last.boxes])
        self.assertEqual(
            ['20: 1 client', ''],
            [panel.lines[0].title for panel in panels[2:]],
        )
        self.assertEqual('20 to 20, as seen from site-6 to site-7', last.title)
        # Each cell once.
        self.assertEqual(8 * 21, sum(len(p.boxes) for p in panels))
        self.assertEqual(drawing.WIDTH, panels[0].width)

    def test_nothing(self) -> None:
        self.assertEqual([], list(drawing.panels(HeatMap([], [], 0, 0))))

    def test_room_for_the_longest_name(self) -> None:
        heat = HeatMap(['a', 'x' * 30], [row('y' * 30, OWN, OWN)], 0, 0)
        (panel,) = drawing.panels(heat)
        self.assertEqual([1, 18], [len(c.label) for c in panel.columns])
        self.assertEqual('x' * 30, panel.columns[1].title)
        # 18 letters of 7, twice 6.
        self.assertEqual(18 * 7 + 12 + 28, panel.height)
        self.assertEqual(21, len(panel.lines[0].label))

    def test_what_is_said_of_a_row(self) -> None:
        heat = HeatMap(
            ['lyon'],
            [Row('crew (4f2e91)', '4f2e917c', 3, 1, None, 'p95', [OWN])],
            0,
            0,
        )
        (line,) = next(drawing.panels(heat)).lines
        self.assertEqual('1 server', line.below)
        self.assertEqual(
            'crew (4f2e91) of project 4f2e917c: 3 clients', line.title
        )


class FigureTest(testtools.TestCase):
    def test_figures_tell_without_a_colour(self) -> None:
        for cell, expected in (
            (Cell('within', 5.24), '5.2'),
            (Cell('free', 12.0), '12'),
            (Cell('over', 51.0), '51!'),
            (Cell('over', math.inf), 'lost!'),
            (Cell('over', 51.0, is_old=True), '(51)!'),
            (Cell('within', 12.0, is_old=True), '(12)'),
            (Cell('unknown', 12.0), '12?'),
            (Cell('unknown', 12.0, is_old=True), '12?'),
            (Cell('never'), '\u2013'),
            (OWN, '\u00b7'),
        ):
            self.assertEqual(expected, drawing.figure(cell))

    def test_why_a_figure_does_not_tell(self) -> None:
        cell = Cell('unknown', 5.0, 6.0, 7200.0, why='stale')
        heat = HeatMap(['lyon'], [row('a', cell)], 0, 0)
        (box,) = next(drawing.panels(heat)).boxes
        self.assertEqual(
            'unknown: p50 5.0, p95 6.0, 2 h old; stale', box.title
        )


class BarTest(testtools.TestCase):
    def test_parts_are_as_wide_as_their_counts(self) -> None:
        self.assertEqual(
            [Piece(0, 180, 'within'), Piece(180, 60, 'over')],
            drawing.bar([('within', 3), ('unknown', 0), ('over', 1)]),
        )

    def test_nothing(self) -> None:
        self.assertEqual([], drawing.bar([('within', 0)]))

    def test_little_can_be_seen(self) -> None:
        self.assertEqual(
            [Piece(0, 238, 'a'), Piece(238, 1, 'b'), Piece(239, 1, 'c')],
            drawing.bar([('a', 100_000), ('b', 1), ('c', 1)]),
        )
        self.assertEqual(
            [Piece(0, 1, 'a'), Piece(1, 1, 'b'), Piece(2, 238, 'c')],
            drawing.bar([('a', 1), ('b', 1), ('c', 100_000)]),
        )

    @given(st.lists(st.integers(0, 10**9), max_size=5))
    def test_whole_width_is_used_once(self, counts: list[int]) -> None:
        pieces = drawing.bar([(str(n), c) for n, c in enumerate(counts)])
        self.assertEqual(
            [str(n) for n, c in enumerate(counts) if c],
            [piece.kind for piece in pieces],
        )
        x = 0
        for piece in pieces:
            self.assertEqual(x, piece.x)
            self.assertGreaterEqual(piece.width, 1)
            x += piece.width
        self.assertEqual(240 if pieces else 0, x)
