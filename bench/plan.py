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

"""Which hosts a deployment has, on paper: where they are and how full.

A host is counted in places for servers of the usual flavor. Of 64 places 20
are taken by servers that stay, the others by one filler as far as the host is
to be full.
"""

import dataclasses
import random
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias, TypeVar

from oslo_utils import uuidutils

from bench import records
from bench import region
from bench import specs

T = TypeVar('T')

#: How many servers of the usual flavor an empty host has places for; it runs
#: out of memory first.
PLACES = records.MEMORY_MB // specs.MEMORY_MB

#: How many are free on a host without a filler.
MOST_FREE = PLACES - region.INSTANCES_PER_HOST

#: What may be free on a host that is not full: one place as often as all.
SOME_FREE = (1, 2, 3, MOST_FREE)

#: Free places of each host, ``{'host-0': 3}``.
Room: TypeAlias = Mapping[str, int]


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
    aggregates: Sequence[region.Aggregate]

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


def make_plan(count: int, site_hosts: int) -> Plan:
    """Hosts at sites of equal size, installed site by site."""
    names = [f'host-{number}' for number in range(count)]
    sites = [f'site-{number // site_hosts}' for number in range(count)]
    cells = [
        uuidutils.generate_uuid()
        for _ in range(0, count, region.HOSTS_PER_CELL)
    ]
    return Plan(
        hosts=[
            Host(
                name,
                uuidutils.generate_uuid(),
                site,
                cells[number // region.HOSTS_PER_CELL],
            )
            for number, (name, site) in enumerate(
                zip(names, sites, strict=True)
            )
        ],
        aggregates=list(
            region.aggregates(names, dict(zip(names, sites, strict=True)))
        ),
    )


def all_free(plan: Plan) -> Room:
    """Every host has as much room as it can."""
    return {host.name: MOST_FREE for host in plan.hosts}


def spread_full(plan: Plan, full_ratio: float, seed: int = 1) -> Room:
    """A share of all hosts is full, wherever they are.

    Of 100 hosts at 0.9 exactly 90 are.
    """
    chance = random.Random(seed)
    return _any_room(
        chance,
        plan,
        chance.sample(
            [host.name for host in plan.hosts],
            round(full_ratio * len(plan.hosts)),
        ),
    )


def sites_full(plan: Plan, full_ratio: float, seed: int = 1) -> Room:
    """A share of the sites is full, every host of them."""
    chance = random.Random(seed)
    hosts_at = plan.hosts_at
    full = chance.sample(list(hosts_at), round(full_ratio * len(hosts_at)))
    return _any_room(
        chance, plan, [name for site in full for name in hosts_at[site]]
    )


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
