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

"""What a benchmark hands over: tables, checks and what to plot.

Each module of the suite has ``sections(options)``, which measures and returns
these; ``python -m bench`` prints them, judges, and writes the page.
"""

import dataclasses
from collections.abc import Mapping, Sequence


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

    @property
    def holds(self) -> bool:
        """Whether the figure is good enough; NaN never is."""
        return self.holds_with(slack=1.0)

    def holds_with(self, slack: float) -> bool:
        """Whether it is if bounds from above were so many times as high."""
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

    :param text: Markdown: how it was measured, and tables (``report.table``)
    """

    title: str
    text: str
    checks: Sequence[Check] = ()
    growths: Sequence[Growth] = ()
