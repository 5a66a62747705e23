# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""What the figures of a pass must be, and how they are printed."""

import dataclasses
from collections.abc import Mapping, Sequence

from bench import subjects
from bench.measure import Formula
from bench.measure import Round
from bench.measure import less
from bench.measure import median
from bench.measure import ratio
from bench.measure import total
from bench.result import Check
from bench.result import Growth

#: The number of hosts that every ratio is judged at, as there are other
#: figures of it to compare with.
TARGET_HOSTS = 1000


@dataclasses.dataclass(frozen=True)
class Criterion:
    """A ratio of costs, and what it must be.

    :param floor: the same ratio of a plug-in that does nothing
    :param targets: the largest value allowed, by the number of hosts
    :param prototype: what the prototype of the plug-in had at 1000 hosts,
        ``''`` if it was not measured
    :param known_floor: what an empty plug-in had there
    """

    name: str
    formula: Formula
    floor: Formula
    targets: Mapping[int, float]
    prototype: str = ''
    known_floor: str = ''


_NOVAS_SHARE = total(subjects.DEFAULT_FILTERS, subjects.ALL_WEIGHERS)
_OURS = total(subjects.OUR_PASS)
_EMPTY = total(subjects.EMPTY_PASS)

#: Targets are those of the first release; prototype and known floor are of
#: the baseline that was measured before (nova 34.0.0, Python 3.11, 1000
#: hosts), there with one weigher instead of two.
FILTER = Criterion(
    'EdgeLatencyFilter / ComputeFilter',
    ratio(
        total(subjects.OUR_FILTER),
        total(subjects.COMPUTE_FILTER),
    ),
    ratio(total(subjects.EMPTY_FILTER), total(subjects.COMPUTE_FILTER)),
    targets={1000: 0.2},
    prototype='0.11',
    known_floor='0.04',
)

SHARE = Criterion(
    '(ours - empty) / (default filters + all weighers)',
    ratio(less(_OURS, _EMPTY), _NOVAS_SHARE),
    ratio(less(_EMPTY, _EMPTY), _NOVAS_SHARE),
    targets={1000: 0.08, 10_000: 0.11, 100_000: 0.11},
    prototype='0.025',
    known_floor='0',
)

CRITERIA = (
    FILTER,
    Criterion(
        'EdgeLatencyWeigher / RAMWeigher',
        ratio(total(subjects.OUR_WEIGHER), total(subjects.RAM_WEIGHER)),
        ratio(total(subjects.EMPTY_WEIGHER), total(subjects.RAM_WEIGHER)),
        targets={1000: 0.8},
        prototype='0.58',
        known_floor='0.27',
    ),
    Criterion(
        'EdgeCellLatencyWeigher / RAMWeigher',
        ratio(total(subjects.OUR_CELL_WEIGHER), total(subjects.RAM_WEIGHER)),
        ratio(total(subjects.EMPTY_WEIGHER), total(subjects.RAM_WEIGHER)),
        targets={},
        prototype='0.38',
        known_floor='0.27',
    ),
    SHARE,
    Criterion(
        'ours / (default filters + all weighers)',
        ratio(_OURS, _NOVAS_SHARE),
        ratio(_EMPTY, _NOVAS_SHARE),
        targets={},
        prototype='0.041',
        known_floor='0.016',
    ),
    Criterion(
        'no hints: ours / empty',
        ratio(total(subjects.OUR_PASS_WITHOUT_HINTS), _EMPTY),
        ratio(_EMPTY, _EMPTY),
        targets={1000: 1.5},
        known_floor='1',
    ),
)


#: Whose growth is plotted.
PLOTTED = (
    subjects.DEFAULT_FILTERS,
    subjects.ALL_WEIGHERS,
    subjects.OUR_PASS,
    subjects.EMPTY_PASS,
)


def costs(measured: Mapping[int, Sequence[Round]]) -> str:
    """The table of CPU time a host, in microseconds, by number of hosts."""
    names = list(next(iter(measured.values()))[0])
    rows = [['us/host', *(f'N={count}' for count in measured)]]
    for name in names:
        rows.append(
            [
                name,
                *(
                    f'{1e6 * median(rounds, total(name)) / count:.2f}'
                    for count, rounds in measured.items()
                ),
            ]
        )
    return table(rows)


def ratios(measured: Mapping[int, Sequence[Round]]) -> str:
    """The table of all criteria: figures, and what a floor is."""
    rows = [
        [
            'ratio',
            *(f'N={count}' for count in measured),
            'floor here',
            'prototype',
            'its floor',
        ]
    ]
    floors_at = measured.get(TARGET_HOSTS, next(iter(measured.values())))
    for criterion in CRITERIA:
        figures = [median(rs, criterion.formula) for rs in measured.values()]
        rows.append(
            [
                criterion.name,
                *(f'{figure:.3f}' for figure in figures),
                f'{median(floors_at, criterion.floor):.3f}',
                criterion.prototype,
                criterion.known_floor,
            ]
        )
    return table(rows)


def checks(measured: Mapping[int, Sequence[Round]]) -> list[Check]:
    """What is judged, at each number of hosts that has a target."""
    return [
        Check(
            f'{criterion.name}, {count} hosts',
            median(rounds, criterion.formula),
            criterion.targets[count],
            beside=f'floor {median(rounds, criterion.floor):.3f}',
        )
        for criterion in CRITERIA
        for count, rounds in measured.items()
        if count in criterion.targets
    ]


def growth(measured: Mapping[int, Sequence[Round]]) -> Growth:
    """How the cost of a host grows with their number."""
    return Growth(
        'Cost of a pass',
        'hosts',
        'CPU us a host',
        {
            name: [
                (count, 1e6 * median(rounds, total(name)) / count)
                for count, rounds in measured.items()
            ]
            for name in PLOTTED
        },
    )


def table(rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown; the first row is its head, numbers go right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    head, *body = (_line(row, widths) for row in rows)
    rule = '|'.join(
        '-' * (width + 1) + (':' if column else '-')
        for column, width in enumerate(widths)
    )
    return '\n'.join([head, f'|{rule}|', *body])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first = cells[0].ljust(widths[0])
    others = map(str.rjust, cells[1:], widths[1:])
    return f'| {" | ".join([first, *others])} |'
