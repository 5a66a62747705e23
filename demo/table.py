# SPDX-License-Identifier: Apache-2.0

"""The table of what became of each server."""

import dataclasses
import textwrap
from collections.abc import Iterable, Sequence

import prettytable

from demo.expect import Expectation
from demo.expect import is_within
from demo.measured import Measured
from demo.story import End
from demo.story import Landing
from demo.story import Request

#: Columns of a terminal that the table of the demo fits into.
WIDTH = 118

FIELDS = (
    'server',
    'client',
    'budget',
    'stock Nova',
    'its RTT',
    'edge_sched',
    'cell',
    'RTT',
    'verdict',
)

LEGEND = '''\
RTT: p50/p95 in ms (or the one figure there is) from the client to where the
server is; * is over a budget, of latency or of jitter (p95 less the minimum).
Budgets are judged by p95, nearness goes by p50; sites are equally near if
they differ by less than 1 ms, or 5 % of the best. Reasons round up. Hosts are
called <site>-<number>.
'''


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One server, on both Novas."""

    name: str
    request: Request
    expected: Expectation
    stock: Landing
    edge: Landing


def render(rows: Iterable[Row], measured: Measured) -> str:
    """The table, and under it the reasons that users were given."""
    table = empty(FIELDS)
    reasons: list[str] = []
    for row in rows:
        if row.edge.fault:
            reasons.append(row.edge.fault)
        verdict = _verdict(row, measured)
        if row.edge.fault:
            verdict += f' [{len(reasons)}]'
        table.add_row(
            [
                row.name,
                '\n'.join(end.client for end in row.request.ends) or '-',
                '\n'.join(_budget(row.request, e) for e in row.request.ends)
                or '-',
                row.stock.host or '-',
                _figures(row, row.stock, measured),
                row.edge.host or '-',
                row.edge.cell if row.edge.host else '-',
                _figures(row, row.edge, measured),
                verdict,
            ]
        )
    lines = text(table).splitlines()
    lines.append(LEGEND)
    for number, reason in enumerate(reasons, start=1):
        lines += textwrap.wrap(
            reason,
            WIDTH,
            initial_indent=f'[{number}] ',
            subsequent_indent='    ',
        )
    return '\n'.join(lines)


def empty(fields: Sequence[str]) -> prettytable.PrettyTable:
    """A table in the manner of all of them."""
    table = prettytable.PrettyTable(fields)
    table.align = 'l'
    table.vrules = prettytable.VRuleStyle.NONE
    table.hrules = prettytable.HRuleStyle.FRAME
    table.left_padding_width = 0
    return table


def text(table: prettytable.PrettyTable) -> str:
    """It, with no space at the end of a line."""
    lines = table.get_string().splitlines()
    return '\n'.join(line.rstrip() for line in lines)


def _budget(request: Request, end: End) -> str:
    if end.budget_ms is None:
        return '-'
    kind = ' preferred' if request.preferred else ''
    kind += ' fit' if request.fit else ''
    if request.jitter_ms is not None:
        kind += f', {request.jitter_ms:g} jitter'
    return f'{end.budget_ms:g} ms{kind}'


def _figures(row: Row, landing: Landing, measured: Measured) -> str:
    """p50/p95 to each client from where the server is; * is over budget."""
    if not landing.site or row.request.refused_with:
        return '-'
    lines = []
    for end in row.request.ends:
        alone = dataclasses.replace(row.request, ends=(end,))
        mark = '' if is_within(alone, measured, landing.site) else ' *'
        lines.append(f'{measured.at(landing.site, end.client)}{mark}')
    return '\n'.join(lines) or '-'


def _verdict(row: Row, measured: Measured) -> str:
    if not row.edge.site:
        return 'refused'
    if row.expected.sites is None:
        return 'as stock' if row.edge.host == row.stock.host else 'wrong'
    if row.edge.site not in row.expected.sites:
        return 'wrong'
    if not is_within(row.request, measured, row.edge.site):
        return 'over budget'
    return 'within' if row.request.fit else 'nearest'
