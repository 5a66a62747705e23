# SPDX-License-Identifier: Apache-2.0

"""Judge how the servers of one application are placed.

Replicas are to be at as many sites as there are within budget, tiers near each
other. All are placed by our request filter, filter and weighers and those of
Nova, and judged by a model that keeps its own books of the room.
"""

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from bench import latencies
from bench import quality
from bench import quality_models as models
from bench import records
from bench.configuration import configured
from bench.country import Figures
from bench.country import Wish
from bench.deployment import write_servers
from bench.quality_cloud import Cloud
from bench.quality_cloud import Sites
from bench.quality_cloud import site_name
from bench.quality_cloud import to_sites
from bench.quality_cloud import within
from bench.result import Check
from bench.result import Section
from bench.result import row
from bench.result import table
from bench.right_site import Outcome
from bench.site_model import Group
from bench.site_model import Model

#: So that the servers of a group may be at one site.
SITE_HOSTS = 4

REPLICAS = 3
BUDGET_MS = 30.0

#: Between a tier and the one before it, or the client. Chosen: mostly there is
#: a second site within it.
TIERS_MS: Mapping[str, float] = {
    'web': BUDGET_MS,
    'application': 20.0,
    'database': 20.0,
}

#: As edge_sched assumes it.
SAME_SITE_MS = 0.5

PREFERRED, REQUIRED = 'edge:spread, preferred', 'edge:spread, required'
NOT_SPREAD, STOCK = 'without edge:spread', 'Nova alone'
TOGETHER = 'near each other'

#: The extra specs of groups, by how they are placed.
GROUPS: Mapping[str, Mapping[str, str]] = {
    REQUIRED: {'edge:spread': 'site', 'edge:spread_mode': 'required'},
    PREFERRED: {'edge:spread': 'site'},
    NOT_SPREAD: {},
    STOCK: {},
}

#: Clouds that are filled, applications that are asked for in each, and servers
#: that have room on a host: they would take three quarters of it.
FULL, SHORT = (5, 200, 5), (1, 40, 1)


def sections(options: argparse.Namespace) -> list[Section]:
    """What becomes of groups and of stacks, on each matrix."""
    clouds, count, slots = SHORT if options.short else FULL
    about = (
        f'{clouds * count} in {clouds} clouds that are empty at first, of '
        f'{models.SITES} sites of {SITE_HOSTS} hosts with room for {slots} '
        f'each. Every client has a site within {BUDGET_MS:g} ms.'
    )
    found: list[Section] = []
    with configured(cache_ttl=0) as folder:
        sites = Sites(folder, SITE_HOSTS)
        for title, matrix in _matrices(options):
            groups: dict[str, list[Group]] = {kind: [] for kind in GROUPS}
            tiers: dict[str, list[Tier]] = {TOGETHER: [], STOCK: []}
            for seed in range(clouds):
                split = models.Split.of(matrix, seed, BUDGET_MS, count)
                trial = Trial(sites, split, slots)
                for kind, of_kind in groups.items():
                    of_kind += trial.groups(kind)
                for kind, asked in tiers.items():
                    asked += trial.stacks(kind)
            found.append(_of_groups(title, about, groups))
            found.append(_of_stacks(title, about, tiers))
    skipped = f'Skipped: no `--dataset`, and no folder in `{quality.FOLDER}`.'
    return found or [Section('Servers of one application', skipped)]


def _matrices(
    options: argparse.Namespace,
) -> Iterator[tuple[str, models.Array]]:
    """Data sets that do not change; for short runs one that is made up."""
    if options.short:
        yield 'a made-up world', models.make_matrix(quality.NODES)
        return
    for path in options.dataset or quality.find_datasets():
        matrix = quality.read(path)
        if matrix.ndim == 2:
            yield path.stem, matrix


#: Which of a stack, and what became of it.
Tier: TypeAlias = tuple[str, Outcome]


class Trial:
    """The same applications, in clouds that are empty at first.

    :param slots: servers that have room on a host
    """

    def __init__(self, sites: Sites, split: models.Split, slots: int) -> None:
        self._sites = sites
        self._split = split
        self._slots = slots
        known = models.Statistics(split.rtt_ms, split.rtt_ms)
        sites.measure(known, split.mesh_ms)

    def groups(self, kind: str) -> Iterator[Group]:
        """Place groups of replicas, one after the other."""
        cloud, model = self._empty(kind)
        extra_specs = {**within(BUDGET_MS), **GROUPS[kind]}
        for client in self._split.clients:
            figures = to_sites(self._split.rtt_ms[:, client])
            wish = Wish(client, figures, BUDGET_MS, required=True)
            could = model.within(wish)
            spec = records.request_spec(extra_specs, latencies.near(client))
            spec.num_instances = REPLICAS
            spec.instance_group = records.group(REPLICAS)
            at = model.take(*cloud.place(spec))
            rtts_ms = [figures[site].p50_ms for site in at]
            yield Group(REPLICAS, at, could, rtts_ms)

    def stacks(self, kind: str) -> Iterator[Tier]:
        """Place the tiers of stacks, one after the other."""
        cloud, model = self._empty(kind)
        for client in self._split.clients:
            near = latencies.client_address(client)
            figures = to_sites(self._split.rtt_ms[:, client])
            for tier, budget_ms in TIERS_MS.items():
                wish = Wish(client, figures, budget_ms, required=True)
                right = model.right(wish)
                hint = {'edge:client': [f'{near}@{budget_ms:g}']}
                spec = records.request_spec({}, hint)
                hosts = cloud.place(spec)
                (site,) = model.take(*hosts) or ('',)
                yield tier, Outcome(wish, site, right)
                if not site:
                    break
                placed = {spec.instance_uuid: hosts[0]}
                write_servers(self._sites.cell, placed, spec.project_id)
                near = f'server:{spec.instance_uuid}'
                number = int(site.removeprefix(site_name('')))
                figures = to_sites(self._split.mesh_ms[number])
                figures[site] = Figures(SAME_SITE_MS, SAME_SITE_MS)

    def _empty(self, kind: str) -> tuple[Cloud, Model]:
        """A cloud without a server, and the same on paper."""
        plan = self._sites.plan
        room = {host.name: self._slots for host in plan.hosts}
        return (
            self._sites.cloud(self._slots, with_ours=kind != STOCK),
            Model(room, plan.hosts_at, plan.zone_of),
        )


def _of_groups(
    title: str, about: str, found: Mapping[str, Sequence[Group]]
) -> Section:
    """What became of groups, by how they were placed."""
    rows = [['placed', 'at 3 sites', '2', '1', 'refused', 'over budget', 'ms']]
    for kind, groups in found.items():
        by_sites = [
            _share(group.apart == apart for group in groups)
            for apart in (3, 2, 1, 0)
        ]
        over = _share(group.over > 0 for group in groups)
        mean_ms = np.mean([ms for group in groups for ms in group.rtts_ms])
        cells = row(kind, [*by_sites, over], '.1%')
        rows.append([*cells, f'{mean_ms:.1f}'])
    return Section(
        f'Replicas over sites, {title}',
        f'{about} Groups of {REPLICAS}, no two on one host, are made by one '
        f'request each, with a required p95 budget of {BUDGET_MS:g} ms. Where '
        f'fewer than {REPLICAS} sites with room are within it, who must be '
        'spread is to be refused, and who should be is to be at as many as '
        f'there are.\n\n{table(rows)}',
        [
            check
            for kind in (REQUIRED, PREFERRED)
            for check in _group_checks(kind, found[kind])
        ],
    )


def _group_checks(kind: str, groups: Sequence[Group]) -> Iterator[Check]:
    """What is promised of groups."""
    can = [group for group in groups if group.most_apart == REPLICAS]
    yield _none(
        f'not at {REPLICAS} sites though there are, {kind}',
        [group.apart != REPLICAS for group in can],
    )
    yield _none(
        f'not as far apart as can be, nor rightly refused, {kind}',
        [not group.is_right(kind == REQUIRED) for group in groups],
    )
    yield _none(f'over budget, {kind}', [group.over > 0 for group in groups])
    yield _none(
        f'fewer than two left if a site fails though there are, {kind}',
        [group.least_left < REPLICAS - 1 for group in can],
    )


def _of_stacks(
    title: str, about: str, found: Mapping[str, Sequence[Tier]]
) -> Section:
    """What became of tiers, by how they were placed and which."""
    rows = [['placed', 'asked', 'right', 'refused', 'over budget', 'mean ms']]
    for kind, tiers in found.items():
        for name in TIERS_MS:
            each = [outcome for tier, outcome in tiers if tier == name]
            rows.append(_tier_row(f'{kind}: {name}', each))
    ours = [outcome for _, outcome in found[TOGETHER]]
    budgets = ', '.join(f'{tier} ({ms:g} ms)' for tier, ms in TIERS_MS.items())
    return Section(
        f'Tiers near each other, {title}',
        f'{about} Each of {budgets} has a required p95 budget of the round '
        'trip to the tier before it, to the client if it is the first. It '
        'names the server of that tier, and is not asked for if there is '
        'none. Paths between sites are measured from one end. Right is a site '
        'in one tie band with the nearest that has room, or to be refused '
        f'where none is within budget.\n\n{table(rows)}',
        [
            _none('over budget', [each.is_over for each in ours]),
            _none(
                'refused though a budget can be kept',
                [bool(each.right.best) for each in ours if not each.site],
            ),
            _none('not right', [not each.is_right for each in ours]),
        ],
    )


def _tier_row(label: str, outcomes: Sequence[Outcome]) -> list[str]:
    shares = [
        _share(outcome.is_right for outcome in outcomes),
        _share(not outcome.site for outcome in outcomes),
        _share(outcome.is_over for outcome in outcomes),
    ]
    rtts_ms = [
        outcome.wish.figures[outcome.site].p50_ms
        for outcome in outcomes
        if outcome.site in outcome.wish.figures
    ]
    cells = row(f'{len(outcomes)}', shares, '.1%')
    return [label, *cells, f'{np.mean(rtts_ms):.1f}']


def _share(true: Iterable[bool]) -> float:
    return float(np.mean(list(true)))


def _none(what: str, true: Sequence[bool]) -> Check:
    return Check(what, sum(true), 0, beside=f'of {len(true)}')
