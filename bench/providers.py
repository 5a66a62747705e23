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

"""What Placement's database has of a deployment, written in bulk.

Each host is a provider with inventories and traits, in the aggregates that
Nova mirrors, and with the allocations of its servers.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import os_resource_classes
import os_traits
import sqlalchemy as sa
from nova.db.api import api as api_db
from nova.db.api import models as api_models
from oslo_utils import uuidutils
from placement import db_api
from placement.db.sqlalchemy import models

from bench import plan
from bench import records
from bench import region
from bench import specs

#: As many as a host with libvirt reports.
TRAITS_PER_HOST = 62

#: Of each class: how much a host has, how often that is given away, and how
#: much a server of the usual flavor takes.
INVENTORY: Mapping[str, tuple[int, float, int]] = {
    os_resource_classes.VCPU: (records.VCPUS, 4.0, specs.VCPUS),
    os_resource_classes.MEMORY_MB: (records.MEMORY_MB, 1.0, specs.MEMORY_MB),
    os_resource_classes.DISK_GB: (records.DISK_GB, 1.0, specs.DISK_GB),
}

_PROVIDERS = models.ResourceProvider.__table__
_ALLOCATIONS = models.Allocation.__table__


def write(deployed: plan.Plan) -> None:
    """Write the hosts of a plan, in its order, with their servers."""
    with db_api.get_placement_engine().begin() as connection:
        _write_providers(connection, deployed)
        _write_aggregates(connection, deployed)
        _write_servers(connection)
        # Other databases keep statistics of their own accord, and would
        # otherwise read each allocation twice as slowly as well.
        connection.exec_driver_sql('ANALYZE')


def fill(room: plan.Room) -> None:
    """Leave so many places free on each host.

    What takes the others is one consumer a host, with the UUID of the host.
    """
    with db_api.get_placement_engine().begin() as connection:
        uuids = sa.select(_PROVIDERS.c.uuid)
        connection.execute(
            sa.delete(_ALLOCATIONS).where(
                _ALLOCATIONS.c.consumer_id.in_(uuids)
            )
        )
        _insert(
            connection,
            _ALLOCATIONS,
            [
                row
                for host in connection.execute(sa.select(_PROVIDERS)).all()
                if room[host.name] < plan.MOST_FREE
                for row in _taken(
                    host.id, host.uuid, plan.MOST_FREE - room[host.name]
                )
            ],
        )


def _write_providers(connection: sa.Connection, deployed: plan.Plan) -> None:
    _insert(
        connection,
        _PROVIDERS,
        [
            {
                'id': number,
                'root_provider_id': number,
                'uuid': host.uuid,
                'name': host.name,
                'generation': 1,
            }
            for number, host in enumerate(deployed.hosts, 1)
        ],
    )
    _insert(
        connection,
        models.Inventory.__table__,
        [
            {
                'resource_provider_id': number,
                'resource_class_id': _class_id(name),
                'total': total,
                'reserved': 0,
                'min_unit': 1,
                'max_unit': total,
                'step_size': 1,
                'allocation_ratio': ratio,
            }
            for number in range(1, len(deployed.hosts) + 1)
            for name, (total, ratio, _) in INVENTORY.items()
        ],
    )
    traits = models.Trait.__table__
    of_hosts = [
        os_traits.COMPUTE_NODE,
        os_traits.OWNER_NOVA,
        *sorted(os_traits.get_traits('COMPUTE_NET_')),
        *sorted(os_traits.get_traits('HW_CPU_X86_')),
    ]
    connection.execute(
        sa.insert(models.ResourceProviderTrait).from_select(
            ['resource_provider_id', 'trait_id'],
            sa.select(_PROVIDERS.c.id, traits.c.id).where(
                traits.c.name.in_(of_hosts[:TRAITS_PER_HOST])
            ),
        )
    )


def _write_aggregates(connection: sa.Connection, deployed: plan.Plan) -> None:
    """The aggregates of Nova's API database, by their UUIDs there."""
    aggregates = api_models.Aggregate
    with api_db.get_engine().connect() as nova:
        uuid_of = dict(
            nova.execute(sa.select(aggregates.name, aggregates.uuid)).all()
        )
    ids = {name: number for number, name in enumerate(uuid_of, 1)}
    number_of = {
        host.name: number for number, host in enumerate(deployed.hosts, 1)
    }
    _insert(
        connection,
        models.PlacementAggregate.__table__,
        [{'id': ids[name], 'uuid': uuid} for name, uuid in uuid_of.items()],
    )
    _insert(
        connection,
        models.ResourceProviderAggregate.__table__,
        [
            {
                'resource_provider_id': number_of[host],
                'aggregate_id': ids[name],
            }
            for name, _, hosts in deployed.aggregates
            for host in hosts
        ],
    )


def _write_servers(connection: sa.Connection) -> None:
    """The servers that stay, and the fillers, as yet without allocations."""
    for model in (models.Project, models.User):
        _insert(
            connection, model.__table__, [{'id': 1, 'external_id': 'bench'}]
        )
    hosts = connection.execute(sa.select(_PROVIDERS)).all()
    host_of = {
        uuidutils.generate_uuid(): host.id
        for host in hosts
        for _ in range(region.INSTANCES_PER_HOST)
    }
    _insert(
        connection,
        models.Consumer.__table__,
        [
            {'uuid': uuid, 'project_id': 1, 'user_id': 1, 'generation': 1}
            for uuid in (*host_of, *(host.uuid for host in hosts))
        ],
    )
    _insert(
        connection,
        _ALLOCATIONS,
        [
            row
            for uuid, host_id in host_of.items()
            for row in _taken(host_id, uuid, 1)
        ],
    )


def _taken(
    host_id: int, consumer: str, places: int
) -> Iterator[dict[str, object]]:
    """The rows of a consumer that takes so many places."""
    for name, (_, _, a_server) in INVENTORY.items():
        yield {
            'resource_provider_id': host_id,
            'consumer_id': consumer,
            'resource_class_id': _class_id(name),
            'used': places * a_server,
        }


def _class_id(name: str) -> int:
    """Placement numbers the classes that everyone has in this order."""
    number: int = os_resource_classes.STANDARDS.index(name)
    return number


def _insert(
    connection: sa.Connection, table: Any, rows: Sequence[Mapping[str, object]]
) -> None:
    if rows:
        connection.execute(sa.insert(table), list(rows))
