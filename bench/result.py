# SPDX-License-Identifier: Apache-2.0

"""What a benchmark hands over, and how it is shown.

Each benchmark is a module with ``sections(options)``, which measures and
returns these. They are Markdown on the terminal and parts of a page.
"""

import dataclasses
import io
import pathlib
import re
from collections.abc import Iterable, Mapping, Sequence

import prettytable

#: Inches of a plot.
_SIZE = (6.0, 3.6)


@dataclasses.dataclass(frozen=True)
class Check:
    """A figure beside what it must be.

    :param target: ``None`` if the figure is only shown
    :param at_most: whether the target is the largest or the least allowed
    :param beside: what to compare with: a peer, a floor, a prototype
    """

    name: str
    figure: float
    target: float | None = None
    at_most: bool = True
    beside: str = ''

    def holds(self, slack: float = 1.0) -> bool:
        """Whether the figure is good enough; NaN never is.

        :param slack: how many times as high bounds from above are
        """
        if self.target is None:
            return True
        if self.at_most:
            return self.figure <= slack * self.target
        return self.figure >= self.target

    @property
    def wanted(self) -> str:
        """``<= 0.2``."""
        if self.target is None:
            return ''
        return f'{"<=" if self.at_most else ">="} {self.target:g}'


@dataclasses.dataclass(frozen=True)
class Growth:
    """Lines of a plot: figures by the size of something.

    :param lines: ``{'SQLite': [(1000, 0.4), (1000000, 0.5)]}``
    """

    title: str
    x_label: str
    y_label: str
    lines: Mapping[str, Sequence[tuple[float, float]]]


@dataclasses.dataclass(frozen=True)
class Section:
    """One benchmark's part of the page.

    :param text: Markdown: how it was measured, and tables
    """

    title: str
    text: str
    checks: Sequence[Check] = ()
    growths: Sequence[Growth] = ()

    def markdown(self) -> str:
        """With the table of its checks."""
        parts = [f'## {self.title}', self.text]
        if self.checks:
            head = ['check', 'figure', 'target', 'beside', '']
            parts.append(table([head, *map(_cells, self.checks)]))
        return '\n\n'.join(parts)


def _cells(check: Check) -> list[str]:
    word = 'pass' if check.holds() else 'FAIL'
    return [
        check.name,
        f'{check.figure:.3g}',
        check.wanted,
        check.beside,
        word if check.wanted else '',
    ]


def table(rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown; the first row is its head, numbers go right."""
    head, *body = rows
    made = prettytable.PrettyTable(head)
    made.set_style(prettytable.TableStyle.MARKDOWN)
    made.align = 'r'
    made.align[head[0]] = 'l'
    made.add_rows(body)
    return str(made.get_string())


def row(label: str, figures: Iterable[float], form: str) -> list[str]:
    """A line of a table.

    :param form: of each figure, ``.2f``
    """
    return [label, *(f'{figure:{form}}' for figure in figures)]


def write_part(
    folder: pathlib.Path, name: str, sections: Sequence[Section], end: str
) -> None:
    """Write what one benchmark has found, and its plots.

    It is to be included by a page beside the folder.

    :param folder: ``doc/source/contributor/benchmarks``
    :param end: the last line
    """
    folder.mkdir(exist_ok=True)
    parts = []
    for section in sections:
        parts.append(section.markdown())
        for growth in section.growths:
            plot = re.sub(r'\W+', '-', growth.title.lower()) + '.svg'
            _plot(growth, folder / plot)
            parts.append(f'![{growth.title}]({folder.name}/{plot})')
    (folder / f'{name}.md').write_text('\n\n'.join([*parts, end]) + '\n')


def _plot(growth: Growth, path: pathlib.Path) -> None:
    """Both axes are logarithmic, so that a straight line is a power."""
    import matplotlib as mpl

    mpl.use('svg')
    # The same figures make the same file.
    mpl.rcParams['svg.hashsalt'] = growth.title
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=_SIZE, layout='constrained')
    for label, points in growth.lines.items():
        axes.plot(*zip(*points, strict=True), marker='o', label=label)
    axes.set(
        xscale='log',
        yscale='log',
        xlabel=growth.x_label,
        ylabel=growth.y_label,
        title=growth.title,
    )
    axes.grid(visible=True, alpha=0.3)
    if len(growth.lines) > 1:
        axes.legend()
    drawn = io.StringIO()
    figure.savefig(drawn, format='svg', metadata={'Date': None})
    pyplot.close(figure)
    # As a linter wants it: nothing at the end of a line.
    lines = [line.rstrip() for line in drawn.getvalue().splitlines()]
    path.write_text('\n'.join(lines) + '\n')
