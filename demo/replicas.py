# SPDX-License-Identifier: Apache-2.0

"""A site fails, and two of three replicas are left."""

import collections
import dataclasses
import math
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from demo import sample
from demo import table
from demo.checks import Checks
from demo.checks import check_stock
from demo.expect import is_within
from demo.measured import Measured
from demo.story import Landing
from demo.story import Story

if TYPE_CHECKING:
    from demo.cloud import DemoCloud
    from demo.run import Run

NEAR = sample.NEAR_REPLICAS
SPREAD = sample.SPREAD_REPLICAS
(CLIENT,) = SPREAD.ends
WITHIN = f'within {CLIENT.budget_ms:g} ms of {CLIENT.client}'

#: Who has placed a group.
STOCK = 'stock Nova'
NEAREST = 'edge_sched'
APART = 'with edge:spread=site'

Placed = Mapping[str, Sequence[Landing]]


def survive(run: 'Run', nova: 'DemoCloud') -> None:
    """Place a group near and another apart, fail a site, check and tell."""
    within = _within(run.story)
    measured = run.measured()
    group = nova.create_group(SPREAD.group)
    placed = {
        who: nearest_first(landings, measured)
        for who, landings in (
            (STOCK, run.stock[SPREAD.name]),
            (NEAREST, nova.create(NEAR)),
            (APART, nova.create(SPREAD, group)),
        )
    }
    print(
        f'Three replicas of one service, {WITHIN}, in a server\ngroup that '
        f'has the policy {SPREAD.group}:\n'
        + render(placed, measured, within)
        + '\n',
        flush=True,
    )
    for landing in placed[STOCK]:
        check_stock(run.checks, SPREAD.name, landing)
    check_placed(run.checks, placed, within)
    site = busiest(placed[NEAREST])
    if not site:
        return  # That they are nowhere has failed a check already.
    hosts = run.story.sites[site][1]
    nova.mark(hosts, down=True)
    left = {
        who: [landing for landing in placed[who] if nova.is_up(landing)]
        for who in (NEAREST, APART)
    }
    alone = dataclasses.replace(SPREAD, count=1)
    (fourth,) = nova.create(alone, group)
    nova.mark(hosts, down=False)
    check_left(run.checks, site, left, within)
    check_fourth(run.checks, placed[APART], fourth, within)
    print(f'{site} fails: {" and ".join(hosts)} are marked down. Up are')
    for who, landings in left.items():
        names = ', '.join(str(landing.host) for landing in landings)
        print(f'  {len(landings)} of {SPREAD.count}  {who}: {names or "-"}')
    print(
        'A fourth replica, asked for meanwhile, goes to '
        f'{_figures(fourth, measured, within)} ms.\n'
    )


def _within(story: Story) -> frozenset[str]:
    """The sites that keep the budget."""
    return frozenset(
        site for site in story.sites if is_within(SPREAD, story.measured, site)
    )


def nearest_first(
    landings: Sequence[Landing], measured: Measured
) -> list[Landing]:
    """By the median round trip to the client; last those that are nowhere."""

    def p50_ms(landing: Landing) -> float:
        rtt = measured.at(landing.site or '', CLIENT.client)
        return rtt.p50_ms if rtt else math.inf

    return sorted(landings, key=p50_ms)


def busiest(landings: Sequence[Landing]) -> str:
    """The site with most of them; empty if all are nowhere."""
    sites = collections.Counter(each.site for each in landings if each.site)
    return max(sites, key=sites.__getitem__, default='')


def left_at_worst(landings: Sequence[Landing], within: Collection[str]) -> int:
    """Servers within budget, should the site with most of them fail."""
    near = [landing for landing in landings if landing.site in within]
    worst = busiest(near)
    return sum(landing.site != worst for landing in near)


def render(placed: Placed, measured: Measured, within: Collection[str]) -> str:
    """Who has placed them where, and what any fault of a site leaves."""
    replicas = table.empty(
        ['placed by', *SPREAD.server_names, 'left if any site fails']
    )
    for who, landings in placed.items():
        left = left_at_worst(landings, within)
        figures = [_figures(each, measured, within) for each in landings]
        replicas.add_row([who, *figures, f'{left} of {len(landings)}'])
    return (
        f'{table.text(replicas)}\n'
        'RTT: p50/p95 in ms; * is over the budget. Left: up, and within it.'
    )


def _figures(
    landing: Landing, measured: Measured, within: Collection[str]
) -> str:
    """``lyon-1 7.1/8.0``"""
    if not landing.site:
        return '-'
    mark = '' if landing.site in within else ' *'
    rtt = measured.at(landing.site, CLIENT.client)
    return f'{landing.host} {rtt}{mark}'


def check_placed(
    checks: Checks, placed: Placed, within: Collection[str]
) -> None:
    """Both are within budget, and only those told to be are apart."""
    for who in (NEAREST, APART):
        for landing in placed[who]:
            checks.that(
                landing.site in within,
                f'{SPREAD.name}, {who}: should be {WITHIN}, is at '
                f'{landing.site or landing.fault}',
            )
    sites = {who: _sites(landings) for who, landings in placed.items()}
    checks.that(
        len(sites[APART]) == SPREAD.count,
        f'{SPREAD.name}: each should be at a site of its own: {sites[APART]}',
    )
    checks.that(
        len(sites[NEAREST]) < len(sites[APART]),
        f'{NEAR.name}: nearness alone should gather them: {sites[NEAREST]}',
    )


def check_left(
    checks: Checks, site: str, left: Placed, within: Collection[str]
) -> None:
    """One server is lost at most, and those left are within budget."""
    near, apart = left[NEAREST], left[APART]
    checks.that(
        len(apart) >= SPREAD.count - 1
        and all(landing.site in within for landing in apart),
        f'{SPREAD.name}: without {site} two should be left, {WITHIN}: '
        f'{_sites(apart)}',
    )
    checks.that(
        len(near) < len(apart),
        f'{NEAR.name}: without {site} fewer should be left: {_sites(near)}',
    )


def check_fourth(
    checks: Checks,
    others: Sequence[Landing],
    fourth: Landing,
    within: Collection[str],
) -> None:
    """It is within budget, where none of the others is, be it up or down."""
    checks.that(
        fourth.site in set(within) - {landing.site for landing in others},
        f'{SPREAD.name}: a fourth should be {WITHIN}, where there is none '
        f'yet: is at {fourth.site or fourth.fault}',
    )


def _sites(landings: Sequence[Landing]) -> list[str]:
    return sorted({landing.site for landing in landings if landing.site})
