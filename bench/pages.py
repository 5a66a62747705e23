# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""Sections as Markdown: on the terminal, and as parts of a page."""

import io
import pathlib
import re
from collections.abc import Sequence

from bench import report
from bench.result import Check
from bench.result import Growth
from bench.result import Section

#: Inches of a plot.
_SIZE = (6.0, 3.6)


def show(sections: Sequence[Section]) -> int:
    """Print sections; the exit status is 1 if a check does not hold."""
    for section in sections:
        print(markdown(section), end='\n\n', flush=True)
    return judge(sections)


def judge(sections: Sequence[Section], slack: float = 1.0) -> int:
    """Print what was missed; the exit status is 1 if anything was."""
    missed = [
        check
        for section in sections
        for check in section.checks
        if not check.holds_with(slack)
    ]
    for check in missed:
        print(f'Missed: {check.name} is {check.figure:.3g}, {check.wanted}')
    return 1 if missed else 0


def markdown(section: Section) -> str:
    """A section with its text and the table of its checks."""
    parts = [f'## {section.title}', section.text]
    if section.checks:
        parts.append(checks(section.checks))
    return '\n\n'.join(parts)


def checks(of_section: Sequence[Check]) -> str:
    """The table of figures, what they must be, and what to compare with."""
    rows = [['check', 'figure', 'target', 'beside', '']]
    for check in of_section:
        word = 'pass' if check.holds else 'FAIL'
        rows.append(
            [
                check.name,
                f'{check.figure:.3g}',
                check.wanted,
                check.beside,
                word if check.wanted else '',
            ]
        )
    return report.table(rows)


def write_part(
    folder: pathlib.Path, name: str, sections: Sequence[Section], end: str
) -> None:
    """Write what one module has found, and its plots.

    It is to be included by a page beside the folder.

    :param folder: ``doc/source/contributor/benchmarks``
    :param end: the last line
    """
    folder.mkdir(exist_ok=True)
    parts = []
    for section in sections:
        parts.append(markdown(section))
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
    axes.set_xscale('log')
    axes.set_yscale('log')
    axes.set_xlabel(growth.x_label)
    axes.set_ylabel(growth.y_label)
    axes.set_title(growth.title)
    axes.grid(visible=True, alpha=0.3)
    if len(growth.lines) > 1:
        axes.legend()
    drawn = io.StringIO()
    figure.savefig(drawn, format='svg', metadata={'Date': None})
    pyplot.close(figure)
    # As a linter wants it: nothing at the end of a line.
    lines = [line.rstrip() for line in drawn.getvalue().splitlines()]
    path.write_text('\n'.join(lines) + '\n')
