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

"""What the database of a cell is asked."""

import functools
from collections.abc import Callable, Collection, Mapping
from typing import Any, Concatenate, ParamSpec, TypeVar

import nova.conf
import sqlalchemy as sa
from nova import context as nova_context
from nova import objects
from nova import servicegroup
from nova.db.main import api as main_db
from nova.db.main import models
from nova.objects.cell_mapping import CellMapping

CONF = nova.conf.CONF

P = ParamSpec('P')
T = TypeVar('T')

#: Hosts in one query: below 1000 the databases look each up in the index.
MAX_HOSTS = 500


class CellAwayError(Exception):
    """A cell did not answer, or not in time; the message says why."""


def task_state(cell: CellMapping, instance_uuid: str) -> str | None:
    """What is being done to a server of the cell.

    :raises CellAwayError: if that cannot be told
    """
    return _ask(cell, _task_state, instance_uuid)


def count_up(cell: CellMapping, hosts: Collection[str]) -> int:
    """How many of some compute hosts are enabled and up; of 500 at most.

    :raises CellAwayError: if that cannot be told
    """
    return _ask(cell, _count_up, sorted(hosts)[:MAX_HOSTS])


def _ask(
    cell: CellMapping,
    work: Callable[Concatenate[nova_context.RequestContext, P], T],
    *arguments: P.args,
    **options: P.kwargs,
) -> T:
    """Waited for no longer than the latency store is."""
    try:
        answers = nova_context.scatter_gather_cells(
            nova_context.get_admin_context(),
            [cell],
            CONF.edge_sched.store_timeout,
            work,
            *arguments,
            **options,
        )
        answer = answers[cell.uuid]
    except Exception as error:
        raise CellAwayError(str(error)) from error
    if isinstance(answer, Exception) or (
        answer is nova_context.did_not_respond_sentinel
    ):
        raise CellAwayError(str(answer))
    found: T = answer
    return found


def _task_state(
    context: nova_context.RequestContext, instance_uuid: str
) -> str | None:
    instance = objects.Instance.get_by_uuid(
        context, instance_uuid, expected_attrs=[]
    )
    return instance.task_state  # type: ignore[no-any-return]


def _count_up(
    context: nova_context.RequestContext, hosts: Collection[str]
) -> int:
    services = _compute_services(context, hosts)
    return sum(map(_servicegroup().service_is_up, services))


@main_db.pick_context_manager_reader  # type: ignore[untyped-decorator]
def _compute_services(
    context: nova_context.RequestContext, hosts: Collection[str]
) -> list[Mapping[str, Any]]:
    """What Nova's drivers go by, of the enabled ones."""
    service = models.Service
    rows = context.session.execute(
        sa.select(
            service.host,
            service.binary,
            service.topic,
            service.created_at,
            service.last_seen_up,
            service.forced_down,
        ).where(
            service.host.in_(hosts),
            service.binary == 'nova-compute',
            service.deleted == 0,
            service.disabled.is_(False),
        )
    )
    return [row._mapping for row in rows]


@functools.cache
def _servicegroup() -> servicegroup.API:
    """Nova's own idea of what is up; made on first use, in a worker."""
    return servicegroup.API()
