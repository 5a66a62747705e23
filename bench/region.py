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

"""A region of N hosts, as the scheduler of a real Nova sees it.

The API database is real (SQLite, Nova's own tables), the hosts are built by
Nova's ``HostState.update``. What each host carries is that of the baseline:
20 instances, three aggregates with two or three metadata keys, a cell for
every 500 hosts, sites of 10 to 50.
"""

import copy
import dataclasses
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import nova.conf
import sqlalchemy as sa
from nova import context as nova_context
from nova import objects
from nova.db.api import api as api_db
from nova.db.api import models
from nova.scheduler.host_manager import HostState
from nova.scheduler.host_manager import ReadOnlyDict
from oslo_utils import uuidutils

from bench import records

CONF = nova.conf.CONF

HOSTS_PER_CELL = 500
INSTANCES_PER_HOST = 20
SITE_SIZES = (10, 20, 30, 40, 50)
ZONES = 8
HARDWARE_KINDS = 10
TENANTS = 40

#: So many kinds of hardware have a multiplier of their own.
KINDS_WITH_MULTIPLIER = 3

#: From here on hosts are copies of these with their own dicts: building one
#: with its instances takes half a millisecond and 60 kB.
BUILT_HOSTS = 2000

#: Name, metadata and hosts,
#: ``('lyon', {'edge:site': 'lyon'}, ['lyon-1', 'lyon-2'])``.
Aggregate: TypeAlias = tuple[str, dict[str, str], list[str]]


@dataclasses.dataclass(frozen=True)
class Region:
    """The hosts of one request, and the sites that they are at.

    :param sites: by name, ``['site-0', ...]``
    :param attributes: what Nova gives a HostState
    """

    hosts: Sequence[HostState]
    sites: Sequence[str]
    attributes: frozenset[str]

    def host_states(self) -> list[HostState]:
        """The hosts as for a new request.

        Nova makes them anew for each; here they are reused, without what a
        plug-in has hung on them. Copies would be dearer to make than all of
        ours is to run, and leave page faults for whoever comes next.
        """
        for host in self.hosts:
            attributes = vars(host)
            if len(attributes) > len(self.attributes):
                for name in attributes.keys() - self.attributes:
                    del attributes[name]
        return list(self.hosts)


def build(count: int, site_sizes: Sequence[int] = SITE_SIZES) -> Region:
    """Make a region, in the API database that is configured.

    :param site_sizes: hosts of the first site, of the second and so on; they
        repeat
    """
    names = [f'host-{number}' for number in range(count)]
    cells = [
        uuidutils.generate_uuid() for _ in range(0, count, HOSTS_PER_CELL)
    ]
    site_of = dict(zip(names, _site_names(site_sizes), strict=False))
    write_api_database(cells, list(aggregates(names, site_of)))
    map_hosts(names)
    aggregates_of = aggregates_by_host()
    hosts: list[HostState] = []
    for number, name in enumerate(names):
        cell = cells[number // HOSTS_PER_CELL]
        of_host = aggregates_of[name]
        hosts.append(
            build_host(
                records.compute_node(name, INSTANCES_PER_HOST),
                cell,
                of_host,
                INSTANCES_PER_HOST,
            )
            if number < BUILT_HOSTS
            else _copy_host(hosts[number % BUILT_HOSTS], name, cell, of_host)
        )
    # Nova hands them over in the order of a set.
    random.Random(count).shuffle(hosts)
    return Region(
        hosts,
        list(dict.fromkeys(site_of.values())),
        frozenset(vars(hosts[0])),
    )


def _site_names(site_sizes: Sequence[int]) -> Iterator[str]:
    """The site of the first host, of the second, and so on."""
    number = 0
    while True:
        for size in site_sizes:
            yield from [f'site-{number}'] * size
            number += 1


def aggregates(
    names: Sequence[str], site_of: Mapping[str, str]
) -> Iterator[Aggregate]:
    """The sites, and two aggregates besides for each host."""
    at_site: dict[str, list[str]] = {}
    for name in names:
        at_site.setdefault(site_of[name], []).append(name)
    for number, (site, hosts) in enumerate(at_site.items()):
        zone = f'zone-{number % ZONES}'
        yield site, {'edge:site': site, 'availability_zone': zone}, hosts
    for kind in range(HARDWARE_KINDS):
        metadata = {'cpu': f'generation-{kind}', 'ssd': 'true'}
        if kind < KINDS_WITH_MULTIPLIER:
            metadata['edge_latency_weight_multiplier'] = f'{1000 + kind}'
        yield f'hardware-{kind}', metadata, list(names[kind::HARDWARE_KINDS])
    for tenant in range(TENANTS):
        metadata = {
            'filter_tenant_id': uuidutils.generate_uuid(dashed=False),
            'contract': 'gold',
            'owner': f'tenant-{tenant}',
        }
        yield f'tenant-{tenant}', metadata, list(names[tenant::TENANTS])


def write_api_database(
    cells: Sequence[str],
    aggregates: Sequence[Aggregate],
) -> None:
    """Replace all cells and aggregates that the API database has."""
    engine = api_db.get_engine()
    models.BASE.metadata.drop_all(engine)
    models.BASE.metadata.create_all(engine)
    rows: list[tuple[type, list[dict[str, Any]]]] = [
        (
            models.CellMapping,
            [
                {
                    'uuid': uuid,
                    'name': f'cell{number}',
                    'transport_url': 'none:///',
                    'database_connection': 'sqlite://',
                }
                for number, uuid in enumerate(cells, 1)
            ],
        ),
        (
            models.Aggregate,
            [
                {'id': i, 'uuid': uuidutils.generate_uuid(), 'name': name}
                for i, (name, _, _) in enumerate(aggregates, 1)
            ],
        ),
        (
            models.AggregateMetadata,
            [
                {'aggregate_id': i, 'key': key, 'value': value}
                for i, (_, metadata, _) in enumerate(aggregates, 1)
                for key, value in metadata.items()
            ],
        ),
        (
            models.AggregateHost,
            [
                {'aggregate_id': i, 'host': host}
                for i, (_, _, hosts) in enumerate(aggregates, 1)
                for host in hosts
            ],
        ),
    ]
    with engine.begin() as connection:
        for model, values in rows:
            if values:
                connection.execute(sa.insert(model), values)


def map_hosts(names: Sequence[str]) -> None:
    """Write which cell each host is in."""
    mappings = [
        {'host': name, 'cell_id': 1 + number // HOSTS_PER_CELL}
        for number, name in enumerate(names)
    ]
    with api_db.get_engine().begin() as connection:
        connection.execute(sa.insert(models.HostMapping), mappings)


def aggregates_by_host() -> dict[str, list[objects.Aggregate]]:
    """The aggregates of each host, as Nova's HostManager keeps them."""
    context = nova_context.get_admin_context()
    of_host: dict[str, list[objects.Aggregate]] = {}
    for aggregate in objects.AggregateList.get_all(context):
        for host in aggregate.hosts:
            of_host.setdefault(host, []).append(aggregate)
    return of_host


def build_host(
    node: objects.ComputeNode,
    cell_uuid: str,
    aggregates: Iterable[objects.Aggregate],
    instances: int = 0,
) -> HostState:
    """A host as Nova builds it.

    :param instances: how many it has
    """
    context = nova_context.get_admin_context()
    uuids = [uuidutils.generate_uuid() for _ in range(instances)]
    host = HostState(node.host, node.hypervisor_hostname, cell_uuid)
    host.update(
        node,
        records.service(node.host),
        list(aggregates),
        {
            uuid: objects.Instance(context, uuid=uuid, host=node.host)
            for uuid in uuids
        },
    )
    return host


def _copy_host(
    model: HostState,
    name: str,
    cell_uuid: str,
    aggregates: Iterable[objects.Aggregate],
) -> HostState:
    """A host like another one, with its own name, place and dicts."""
    host = copy.copy(model)
    host.host = host.nodename = host.hypervisor_hostname = name
    host.uuid = uuidutils.generate_uuid()
    host.cell_uuid = cell_uuid
    host.aggregates = list(aggregates)
    host.service = ReadOnlyDict(records.service(name))
    host.instances = dict(model.instances)
    host.stats = dict(model.stats)
    return host
