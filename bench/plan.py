# SPDX-License-Identifier: Apache-2.0

"""Which hosts a cloud has, on paper: where they are and how full.

A host is counted in places for servers of the usual flavor. Of 64 places 20
are taken by servers that stay, the others by one filler as far as the host is
to be full. What each host carries is that of the baseline: three aggregates
with two or three metadata keys, a cell for every 500 hosts, sites of 10 to 50.
"""

import dataclasses
import itertools
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias, TypeVar

from oslo_utils import uuidutils

from bench import records

T = TypeVar('T')

HOSTS_PER_CELL = 500
SITE_SIZES = (10, 20, 30, 40, 50)
ZONES = 8
HARDWARE_KINDS = 10
TENANTS = 40

#: So many kinds of hardware have a multiplier of their own.
KINDS_WITH_MULTIPLIER = 3

#: How many places are free on a host without a filler.
MOST_FREE = records.PLACES - records.INSTANCES

#: What may be free on a host that is not full: one place as often as all.
SOME_FREE = (1, 2, 3, MOST_FREE)

#: Free places of each host, ``{'host-0': 3}``.
Room: TypeAlias = Mapping[str, int]

#: Name, metadata and hosts,
#: ``('lyon', {'edge:site': 'lyon'}, ['lyon-1', 'lyon-2'])``.
Aggregate: TypeAlias = tuple[str, dict[str, str], list[str]]


@dataclasses.dataclass(frozen=True, slots=True)
class Host:
    """A host, before there is any database.

    :param uuid: of its compute node and its resource provider
    :param cell: UUID of its cell
    """

    name: str
    uuid: str
    site: str
    cell: str


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """All hosts, and the aggregates that they are in."""

    hosts: Sequence[Host]
    aggregates: Sequence[Aggregate]

    @property
    def hosts_in(self) -> Mapping[str, Sequence[Host]]:
        """The hosts of each cell, by its UUID."""
        return _grouped((host.cell, host) for host in self.hosts)

    @property
    def hosts_at(self) -> Mapping[str, Sequence[str]]:
        """The names of each site's hosts."""
        return _grouped((host.site, host.name) for host in self.hosts)

    @property
    def zone_of(self) -> Mapping[str, str]:
        """The availability zone of each site."""
        return {
            metadata['edge:site']: metadata['availability_zone']
            for _, metadata, _ in self.aggregates
            if 'edge:site' in metadata
        }

    def without_other_aggregates(self) -> 'Plan':
        """The same with aggregates of sites only.

        The others give some hosts multipliers of their own.
        """
        sites = [each for each in self.aggregates if 'edge:site' in each[1]]
        return dataclasses.replace(self, aggregates=sites)


def make_plan(count: int, site_sizes: Sequence[int] = SITE_SIZES) -> Plan:
    """Hosts, installed site by site.

    :param site_sizes: hosts of the first site, of the second and so on; they
        repeat
    """
    sites = itertools.chain.from_iterable(
        [f'site-{number}'] * size
        for number, size in enumerate(itertools.cycle(site_sizes))
    )
    cells = [
        uuidutils.generate_uuid() for _ in range(0, count, HOSTS_PER_CELL)
    ]
    hosts = [
        Host(
            f'host-{number}',
            uuidutils.generate_uuid(),
            site,
            cells[number // HOSTS_PER_CELL],
        )
        for number, site in zip(range(count), sites, strict=False)
    ]
    return Plan(hosts, list(_aggregates(hosts)))


def _aggregates(hosts: Sequence[Host]) -> Iterator[Aggregate]:
    """The sites, and two aggregates besides for each host."""
    names = [host.name for host in hosts]
    at_site = _grouped((host.site, host.name) for host in hosts)
    for number, (site, here) in enumerate(at_site.items()):
        zone = f'zone-{number % ZONES}'
        yield site, {'edge:site': site, 'availability_zone': zone}, here
    for kind in range(HARDWARE_KINDS):
        metadata = {'cpu': f'generation-{kind}', 'ssd': 'true'}
        if kind < KINDS_WITH_MULTIPLIER:
            metadata['edge_latency_weight_multiplier'] = f'{1000 + kind}'
        yield f'hardware-{kind}', metadata, names[kind::HARDWARE_KINDS]
    for tenant in range(TENANTS):
        metadata = {
            'filter_tenant_id': uuidutils.generate_uuid(dashed=False),
            'contract': 'gold',
            'owner': f'tenant-{tenant}',
        }
        yield f'tenant-{tenant}', metadata, names[tenant::TENANTS]


def spread_full(plan: Plan, full_ratio: float, seed: int = 1) -> Room:
    """A share of all hosts is full, wherever they are.

    Of 100 hosts at 0.9 exactly 90 are.
    """
    chance = random.Random(seed)
    names = [host.name for host in plan.hosts]
    full = chance.sample(names, round(full_ratio * len(names)))
    return _any_room(chance, plan, full)


def uneven(plan: Plan, seed: int = 1) -> Room:
    """Each site has room on none, one, half or all of its hosts."""
    chance = random.Random(seed)
    full: list[str] = []
    for hosts in plan.hosts_at.values():
        with_room = chance.choice((0, 1, len(hosts) // 2, len(hosts)))
        full += chance.sample(hosts, len(hosts) - with_room)
    return _any_room(chance, plan, full)


def _any_room(
    chance: random.Random, plan: Plan, full: Sequence[str]
) -> dict[str, int]:
    none = dict.fromkeys(full, 0)
    return {
        host.name: none.get(host.name, chance.choice(SOME_FREE))
        for host in plan.hosts
    }


def _grouped(pairs: Iterable[tuple[str, T]]) -> dict[str, list[T]]:
    """``[('a', 1), ('b', 2), ('a', 3)]`` to ``{'a': [1, 3], 'b': [2]}``."""
    found: dict[str, list[T]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found
