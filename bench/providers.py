# SPDX-License-Identifier: Apache-2.0

"""What Placement's database has of a cloud, written in bulk.

Each host is a provider with inventories and traits, in the aggregates that
Nova mirrors, and with the allocations of its servers.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import os_resource_classes
import os_traits
import sqlalchemy as sa
from nova.db.api import api as api_db
from nova.db.api import models as api_models
from oslo_utils import uuidutils
from placement import db_api
from placement.db.sqlalchemy import models

from bench import records
from bench.plan import MOST_FREE
from bench.plan import Plan
from bench.plan import Room

#: As many as a host with libvirt reports.
TRAITS_PER_HOST = 62

#: Of each class: how much a host has, how often that is given away, and how
#: much a server of the usual flavor takes.
INVENTORY: Mapping[str, tuple[int, float, int]] = {
    'VCPU': (records.VCPUS, 4.0, records.SERVER_VCPUS),
    'MEMORY_MB': (records.MEMORY_MB, 1.0, records.SERVER_MEMORY_MB),
    'DISK_GB': (records.DISK_GB, 1.0, records.SERVER_DISK_GB),
}

_PROVIDERS = models.ResourceProvider.__table__
_ALLOCATIONS = models.Allocation.__table__

_Row = dict[str, object]


def write(plan: Plan) -> None:
    """Write the hosts of a plan, in its order, with their servers."""
    numbers = {host.name: i for i, host in enumerate(plan.hosts, 1)}
    servers = {
        uuidutils.generate_uuid(): number
        for number in numbers.values()
        for _ in range(records.INSTANCES)
    }
    allocations = [
        row
        for uuid, number in servers.items()
        for row in _taken(number, uuid, 1)
    ]
    consumers = [*servers, *(host.uuid for host in plan.hosts)]
    with db_api.get_placement_engine().begin() as connection:
        for model, rows in (
            (models.ResourceProvider, _providers(plan)),
            (models.Inventory, _inventories(numbers.values())),
            (models.PlacementAggregate, _aggregates()),
            (models.Project, [{'id': 1, 'external_id': 'bench'}]),
            (models.User, [{'id': 1, 'external_id': 'bench'}]),
            (models.Consumer, map(_consumer, consumers)),
            (models.Allocation, allocations),
            (models.ResourceProviderAggregate, _memberships(plan, numbers)),
        ):
            _insert(connection, model, list(rows))
        _write_traits(connection)
        # Other databases keep statistics of their own accord, and would
        # otherwise read each allocation twice as slowly as well.
        connection.exec_driver_sql('ANALYZE')


def fill(room: Room) -> None:
    """Leave so many places free on each host.

    What takes the others is one consumer a host, with the UUID of the host.
    """
    with db_api.get_placement_engine().begin() as connection:
        fillers = _ALLOCATIONS.c.consumer_id.in_(sa.select(_PROVIDERS.c.uuid))
        connection.execute(sa.delete(_ALLOCATIONS).where(fillers))
        hosts = connection.execute(sa.select(_PROVIDERS)).all()
        taken = [
            row
            for host in hosts
            if room[host.name] < MOST_FREE
            for row in _taken(host.id, host.uuid, MOST_FREE - room[host.name])
        ]
        _insert(connection, models.Allocation, taken)


def _providers(plan: Plan) -> Iterator[_Row]:
    for number, host in enumerate(plan.hosts, 1):
        yield {
            'id': number,
            'root_provider_id': number,
            'uuid': host.uuid,
            'name': host.name,
            'generation': 1,
        }


def _inventories(numbers: Iterable[int]) -> Iterator[_Row]:
    for number in numbers:
        for name, (total, ratio, _) in INVENTORY.items():
            yield {
                'resource_provider_id': number,
                'resource_class_id': _class_id(name),
                'total': total,
                'reserved': 0,
                'min_unit': 1,
                'max_unit': total,
                'step_size': 1,
                'allocation_ratio': ratio,
            }


def _aggregates() -> Iterator[_Row]:
    """The aggregates of Nova's API database, by their UUIDs there."""
    with api_db.get_engine().connect() as nova:
        for row in nova.execute(sa.select(api_models.Aggregate.__table__)):
            yield {'id': row.id, 'uuid': row.uuid}


def _memberships(plan: Plan, numbers: Mapping[str, int]) -> Iterator[_Row]:
    """As Nova numbers aggregates: in the order of the plan."""
    for i, (_, _, hosts) in enumerate(plan.aggregates, 1):
        for host in hosts:
            yield {'resource_provider_id': numbers[host], 'aggregate_id': i}


def _consumer(uuid: str) -> _Row:
    return {'uuid': uuid, 'project_id': 1, 'user_id': 1, 'generation': 1}


def _taken(number: int, consumer: str, places: int) -> Iterator[_Row]:
    """The rows of a consumer that takes so many places."""
    for name, (_, _, a_server) in INVENTORY.items():
        yield {
            'resource_provider_id': number,
            'consumer_id': consumer,
            'resource_class_id': _class_id(name),
            'used': places * a_server,
        }


def _write_traits(connection: sa.Connection) -> None:
    """The same of all hosts."""
    traits = models.Trait.__table__
    of_hosts = [
        os_traits.COMPUTE_NODE,
        os_traits.OWNER_NOVA,
        *sorted(os_traits.get_traits('COMPUTE_NET_')),
        *sorted(os_traits.get_traits('HW_CPU_X86_')),
    ]
    chosen = traits.c.name.in_(of_hosts[:TRAITS_PER_HOST])
    connection.execute(
        sa.insert(models.ResourceProviderTrait).from_select(
            ['resource_provider_id', 'trait_id'],
            sa.select(_PROVIDERS.c.id, traits.c.id).where(chosen),
        )
    )


def _class_id(name: str) -> int:
    """Placement numbers the classes that everyone has in this order."""
    number: int = os_resource_classes.STANDARDS.index(name)
    return number


def _insert(
    connection: sa.Connection, model: Any, rows: Sequence[_Row]
) -> None:
    if rows:
        connection.execute(sa.insert(model.__table__), rows)
