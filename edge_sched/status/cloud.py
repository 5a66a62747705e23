# SPDX-License-Identifier: Apache-2.0

"""What Nova's databases say of hosts and services.

One statement for all hosts and two for where they are, however many there
are; one a cell for the services, and that only if it matters.
"""

import dataclasses
from collections.abc import Mapping, Sequence

from nova import context as nova_context
from nova import objects

from edge_sched.scheduler.topology.locator import VantageNames
from edge_sched.scheduler.topology.topology import read_topology

#: How long all cells may take to tell of their services. Chosen: a cell that
#: is slower than that is as good as away.
_CELLS_SECONDS = 10


@dataclasses.dataclass(frozen=True, slots=True)
class Schedulers:
    """Where nova-scheduler runs.

    :param hosts: of every service that is not disabled
    :param silent: cells that did not tell of theirs
    """

    hosts: frozenset[str]
    silent: frozenset[str]


def read_hosts() -> list[VantageNames]:
    """What the vantages of each compute host are called.

    A compute host is one that is mapped to a cell, up or not.
    """
    topology = read_topology()
    own_location = topology.locator.own_location
    return [own_location(host).names for host in topology.hosts]


def read_schedulers() -> Schedulers:
    """Ask every cell, cell0 included: Nova has no list of all services."""
    context = nova_context.get_admin_context()
    cells = objects.CellMappingList.get_all(context)
    answers: Mapping[str, Sequence[str] | object] = (
        nova_context.scatter_gather_cells(
            context, cells, _CELLS_SECONDS, _scheduler_hosts
        )
    )
    told = [answer for answer in answers.values() if isinstance(answer, list)]
    return Schedulers(
        frozenset(host for hosts in told for host in hosts),
        frozenset(
            cell.name or cell.uuid
            for cell in cells
            if not isinstance(answers[cell.uuid], list)
        ),
    )


def _scheduler_hosts(context: nova_context.RequestContext) -> list[str]:
    services = objects.ServiceList.get_by_binary(context, 'nova-scheduler')
    return [service.host for service in services]
