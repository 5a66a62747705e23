# SPDX-License-Identifier: Apache-2.0

"""Count how often the best site that has room is chosen.

A cloud of 200 sites, some full, some nearly, with clients all over a country.
Each request is placed by the scheduler of a real Nova with a real Placement,
claims its host, and is judged by a model that keeps its own books.
"""

import argparse
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import nova.conf
from nova import objects

from bench import latencies
from bench.configuration import configured
from bench.country import NEAR_SITES
from bench.country import Wish
from bench.country import make_wishes
from bench.deployment import deployed
from bench.deployment import release
from bench.plan import make_plan
from bench.plan import uneven
from bench.records import request_spec
from bench.result import Check
from bench.result import Section
from bench.result import table
from bench.schedulers import Scheduler
from bench.schedulers import Setup
from bench.site_model import Class
from bench.site_model import Model
from bench.site_model import Right
from bench.site_model import class_of

CONF = nova.conf.CONF

SITES = 200

NARROWED = Setup('narrowed', options={'narrow_candidates': 'auto'})
WHOLE = Setup('not narrowed', options={'narrow_candidates': 'never'})
STOCK = Setup('Nova alone', with_plugin=False)
ALL = (NARROWED, WHOLE, STOCK)

MOST_SHOWN = 10


class Extent(NamedTuple):
    """How much is tried.

    :param offered: hosts that Placement hands out at most
    :param asked_once: what share of requests should ask it once at most
    """

    site_hosts: int
    offered: int
    requests: int
    asked_once: float | None


FULL = Extent(50, 1000, 200, asked_once=0.8)
#: The same on a tenth of the hosts, which is no large cloud.
SHORT = Extent(5, 100, 60, asked_once=None)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What came of a request, beside what would have been right.

    :param site: the chosen one, ``''`` if it was refused
    :param queries: how often Placement was asked for allocation candidates
    """

    wish: Wish
    site: str
    right: Right
    queries: int = 1

    @property
    def is_right(self) -> bool:
        """Whether it is as near as any with room; or rightly refused."""
        return self.site in (self.right.as_good or {''})

    @property
    def is_best(self) -> bool:
        """Whether none with room is nearer at all."""
        return self.site in (self.right.best or {''})

    @property
    def is_over(self) -> bool:
        """Whether it is at a site that is not known to be within budget."""
        return bool(self.site) and (
            class_of(self.wish, self.site) is not Class.WITHIN
        )

    def __str__(self) -> str:
        best = ', '.join(map(self._figures, sorted(self.right.best)))
        wish = self.wish
        asked = f'client {wish.client}, {wish.kind}'
        if wish.budget_ms is not None:
            asked += f' of {wish.budget_ms:g} ms'
        if wish.zone:
            asked += f' in {wish.zone}'
        return f'{asked}: {self._figures(self.site)}, best {best or "none"}'

    def _figures(self, site: str) -> str:
        figures = self.wish.figures.get(site)
        if figures is None:
            return f'{site} (unknown)' if site else 'refused'
        return f'{site} ({figures.p50_ms:.2f}, {figures.p95_ms:.2f} ms)'


#: What requests are counted by.
KINDS: Mapping[str, Callable[[Outcome], bool]] = {
    'all': lambda each: True,
    'no budget': lambda each: each.wish.budget_ms is None,
    'required budget': lambda each: each.wish.required,
    '... that no site with room meets': lambda each: not each.right.best,
    'preferred budget': lambda each: each.wish.kind == 'preferred budget',
    'in a zone': lambda each: each.wish.zone != '',
    f'measured from {NEAR_SITES} sites only': lambda each: (
        len(each.wish.figures) == NEAR_SITES
    ),
}

#: Of each setup, by its name.
Outcomes = Mapping[str, Sequence[Outcome]]


def sections(options: argparse.Namespace) -> list[Section]:
    """Place all requests narrowed, not narrowed, and by Nova alone."""
    extent = SHORT if options.short else FULL
    plan = make_plan(SITES * extent.site_hosts, (extent.site_hosts,))
    plan = plan.without_other_aggregates()
    room = uneven(plan)
    wishes = make_wishes(plan.zone_of, extent.requests)
    outcomes: dict[str, list[Outcome]] = {}
    with configured() as folder:
        CONF.set_override('max_placement_results', extent.offered, 'scheduler')
        figures = (wish.figures for wish in wishes)
        latencies.write(latencies.make(folder), latencies.rows(figures))
        with deployed(folder, plan, room) as deployment:
            for setup in ALL:
                scheduler = Scheduler(setup, deployment)
                model = Model(room, plan.hosts_at, plan.zone_of)
                outcomes[setup.name] = place(scheduler, model, wishes)
    return [_section(extent, outcomes)]


def place(
    scheduler: Scheduler, model: Model, wishes: Sequence[Wish]
) -> list[Outcome]:
    """Place one server after the other, and give all back at the end."""
    outcomes = []
    servers: list[str] = []
    for wish in wishes:
        right = model.right(wish)
        turn = scheduler.select(_spec(wish))
        (site,) = model.take(*turn.hosts) or ('',)
        servers += turn.servers
        outcomes.append(Outcome(wish, site, right, turn.queries))
    release(servers)
    return outcomes


def _spec(wish: Wish) -> objects.RequestSpec:
    hints = latencies.near(wish.client)
    if wish.budget_ms is not None:
        hints['edge:latency_budget_ms'] = [f'{wish.budget_ms}']
        mode = 'required' if wish.required else 'preferred'
        hints['edge:budget_mode'] = [mode]
    spec = request_spec({}, hints)
    spec.availability_zone = wish.zone or None
    return spec


def _section(extent: Extent, outcomes: Outcomes) -> Section:
    narrowed = outcomes[NARROWED.name]
    wrong = [f'* {each}' for each in narrowed if not each.is_right]
    text = (
        f'{SITES} sites of {extent.site_hosts} hosts, each with room on none, '
        'one, half or all of them. '
        f'Placement hands out {extent.offered} hosts at most, in an order '
        'that knows no site. Each request claims its host. Right is a site in '
        'one tie band with the best that has room, or to refuse if there is '
        'none; in brackets how often none with room was nearer at all.\n\n'
        f'{table(tally(outcomes))}'
    )
    if wrong:
        text += '\n\nNarrowed, and not right:\n\n'
        text += '\n'.join(wrong[:MOST_SHOWN])
    count = len(narrowed)
    right = {
        name: sum(each.is_right for each in found)
        for name, found in outcomes.items()
    }
    beside = [f'{right[each.name]} {each.name}' for each in (WHOLE, STOCK)]
    return Section(
        f'The right site with room, {SITES * extent.site_hosts} hosts',
        text,
        [
            Check(
                f'right of {count}, narrowed',
                right[NARROWED.name],
                count,
                at_most=False,
                beside=', '.join(beside),
            ),
            Check(
                'share that Placement was asked for once at most, narrowed',
                sum(each.queries <= 1 for each in narrowed) / count,
                extent.asked_once,
                at_most=False,
            ),
        ],
    )


def tally(outcomes: Outcomes) -> list[list[str]]:
    """The table of how often each was right, by kinds of requests."""
    rows = [['requests', 'number', *outcomes]]
    for kind, is_of in KINDS.items():
        of_kind = [list(filter(is_of, found)) for found in outcomes.values()]
        cells = [
            f'{sum(each.is_right for each in found)} '
            f'({sum(each.is_best for each in found)})'
            for found in of_kind
        ]
        rows.append([kind, f'{len(of_kind[0])}', *cells])
    return rows
