# SPDX-License-Identifier: Apache-2.0

"""Sites by clients: how far they are, and whether that is near enough.

Clients whose addresses are the same once they are cut as for a log make one
group, and the worst off of it is shown: one prefix is mostly measured as one.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from edge_sched.judging.scoring import OVER
from edge_sched.judging.scoring import UNKNOWN
from edge_sched.judging.verdict import Verdict
from edge_sched.model.client import Client
from edge_sched.model.latency import Percentile
from edge_sched.report import texts

if TYPE_CHECKING:
    from edge_sched.auditing.coverage import Covered
    from edge_sched.auditing.demand import Demand

#: Of sites and of groups on the page. Chosen: what eyes still find their way
#: in, six sheets of paper.
MOST = 40

#: The classes of a cell, the worse first.
KINDS = ('over', 'unknown', 'never', 'within', 'free', 'own')

_Group = tuple[str, str]


class Cell(NamedTuple):
    """A group, as seen from one site.

    :param kind: ``over`` its budget, or ``within``; ``free`` if there is no
        budget; ``unknown`` if what was measured does not tell, ``never`` if
        nothing was; ``own`` for a site and itself
    :param is_old: whether it was measured too long ago
    """

    kind: str
    p50_ms: float | None = None
    p95_ms: float | None = None
    age_seconds: float | None = None
    is_old: bool = False
    why: str = ''


OWN = Cell('own')


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """A group of clients.

    :param label: ``203.0.113.0/24``, or a name with the beginning of its
        project: ``crew (4f2e91)``
    :param project_id: whose name it is, ``''`` for what is none
    :param clients: how many
    :param servers: that ask for them; who asks for two is counted twice
    :param budget_ms: the smallest of them, ``None`` if there is none
    :param percentile: that it is judged by
    :param cells: in the order of the sites
    """

    label: str
    project_id: str
    clients: int
    servers: int
    budget_ms: float | None
    percentile: Percentile
    cells: Sequence[Cell]


@dataclasses.dataclass(frozen=True, slots=True)
class HeatMap:
    """What is shown, and how much more there is.

    :param sites: those with most servers first
    :param rows: those that are most asked for first
    """

    sites: Sequence[str]
    rows: Sequence[Row]
    more_sites: int
    more_rows: int


def cell_of(verdict: Verdict, has_budget: bool, is_old: bool) -> Cell:
    """What is shown of a verdict."""
    row = verdict.latency
    if row is None:
        return Cell('never', why=verdict.why)
    if verdict.standing is OVER:
        kind = 'over'
    elif verdict.standing is UNKNOWN:
        kind = 'unknown'
    else:
        kind = 'within' if has_budget else 'free'
    return Cell(
        kind,
        row.rtt_p50_ms,
        row.rtt_p95_ms,
        verdict.age_seconds,
        is_old,
        verdict.why,
    )


def worse(one: Cell, other: Cell) -> Cell:
    """That which is worse off, by class and then by distance."""
    return min(one, other, key=_badness)


def _badness(cell: Cell) -> tuple[int, float]:
    return KINDS.index(cell.kind), -(cell.p50_ms or 0.0)


class Heat:
    """Makes the map, from clients that come one by one.

    :param wanted: what servers ask of all of them
    """

    def __init__(
        self, wanted: 'Mapping[tuple[Client, str], Demand]', most: int = MOST
    ) -> None:
        self._most = most
        self._demands: dict[_Group, Demand] = {}
        self._clients: dict[_Group, int] = {}
        for (client, project_id), demand in wanted.items():
            group = texts.client_name(client), project_id
            known = self._demands.get(group)
            self._clients[group] = self._clients.get(group, 0) + 1
            self._demands[group] = _both(known, demand) if known else demand
        order = sorted(
            self._demands, key=lambda g: (-self._demands[g].servers, g)
        )
        self._cells: dict[_Group, dict[str, Cell]] = {
            group: {} for group in order[:most]
        }

    def add(self, covered: 'Covered', old_at: Iterable[str]) -> None:
        """Take in a client.

        :param old_at: sites that have measured it too long ago
        """
        group = texts.client_name(covered.client), covered.project_id
        cells = self._cells.get(group)
        if cells is None:
            return
        has_budget = covered.demand.budget_ms is not None
        old = frozenset(old_at)
        for site, verdict in covered.sites.items():
            cell = cell_of(verdict, has_budget, site in old)
            known = cells.get(site)
            cells[site] = worse(known, cell) if known else cell

    def map(self, servers_at: Mapping[str, int]) -> HeatMap:
        """What it came to.

        :param servers_at: how many of them each site has
        """
        sites = sorted(
            set().union(*self._cells.values()),
            key=lambda site: (-servers_at.get(site, 0), site),
        )
        shown = sites[: self._most]
        rows = [self._row(group, shown) for group in self._cells]
        return HeatMap(
            [texts.name(site) for site in shown],
            rows,
            len(sites) - len(shown),
            len(self._demands) - len(rows),
        )

    def _row(self, group: _Group, sites: Sequence[str]) -> Row:
        label, project_id = group
        demand = self._demands[group]
        project = texts.name(project_id)
        return Row(
            f'{label} ({project[:6]})' if project else label,
            project,
            self._clients[group],
            demand.servers,
            demand.budget_ms,
            demand.percentile,
            [self._cells[group].get(site, OWN) for site in sites],
        )


def _both(one: 'Demand', other: 'Demand') -> 'Demand':
    """What servers ask of two clients."""
    strictest = one.also(other.budget_ms, other.percentile)
    return strictest._replace(servers=one.servers + other.servers)
