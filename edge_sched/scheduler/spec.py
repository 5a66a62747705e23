# SPDX-License-Identifier: Apache-2.0

"""What a RequestSpec says that matters here, and what hangs on it."""

import dataclasses
from typing import Any, Generic, TypeVar

from nova.compute import task_states
from nova.objects.cell_mapping import CellMapping
from nova.objects.request_spec import RequestSpec
from nova.scheduler import utils
from oslo_log import log as logging

from edge_sched.asking.source import Wish
from edge_sched.asking.source import read_flavor
from edge_sched.asking.source import read_hints
from edge_sched.scheduler.topology.cell import CellAwayError
from edge_sched.scheduler.topology.cell import count_down
from edge_sched.scheduler.topology.cell import task_state

LOG = logging.getLogger(__name__)

T = TypeVar('T')

CREATE, MOVE, EVACUATE = 'create', 'move', 'evacuate'


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """One request, as far as it is ours.

    :param operation: ``create`` or ``move``: a server that lives has a cell;
        ``evacuate`` if that could not be ruled out
    :param num_instances: how many servers are asked for
    """

    operation: str
    project_id: str
    num_instances: int = 1

    @property
    def is_create(self) -> bool:
        """Whether the server is new, and may be refused."""
        return self.operation == CREATE


class PerRequest(Generic[T]):
    """A value that hangs on a RequestSpec: the same object passes all stages.

    Nova's request filters, filters and weighers of one request are given one
    RequestSpec object. Nothing else knows the value, so whatever it holds it
    goes with its request, also where that ended between two stages. A copy
    of the object, like one that is sent, has none.

    It is there for as long as the request is, and Nova's objects know each
    other in circles that wait for the garbage collector. So a value is plain:
    no HostState, no versioned object, nor a list or dictionary of one's field.

    :param name: tells it from other values
    """

    def __init__(self, name: str) -> None:
        self._attribute = f'_edge_sched_{name}'

    def get(self, spec: RequestSpec) -> T | None:
        """The value of a request, if it has one."""
        value: T | None = getattr(spec, self._attribute, None)
        return value

    def put(self, spec: RequestSpec, value: T) -> None:
        """Give a request a value."""
        setattr(spec, self._attribute, value)

    def drop(self, spec: RequestSpec) -> None:
        """Take the value of a request away, if it has one."""
        vars(spec).pop(self._attribute, None)


def field_of(obj: Any, name: str) -> Any:
    """A field of a versioned object, ``None`` if it was never set."""
    return getattr(obj, name) if name in obj else None


def read_wishes(spec: RequestSpec) -> tuple[Wish, Wish]:
    """What the flavor asks for, and what the hints do."""
    flavor = field_of(spec, 'flavor')
    return (
        read_flavor(flavor and field_of(flavor, 'extra_specs')),
        read_hints(field_of(spec, 'scheduler_hints')),
    )


def read_request(spec: RequestSpec) -> Request | None:
    """Who asks, ``None`` if there is nothing to decide.

    That is for a rebuild, which stays on its host, and for a host that an
    admin has forced.
    """
    if utils.request_is_rebuild(spec):
        return None
    if field_of(spec, 'force_hosts') or field_of(spec, 'force_nodes'):
        return None
    create = source_cell(spec) is None
    return Request(
        CREATE if create else MOVE,
        field_of(spec, 'project_id') or '',
        # Of a server that moves, the spec tells with how many it was made.
        (create and field_of(spec, 'num_instances')) or 1,
    )


def source_cell(spec: RequestSpec) -> CellMapping | None:
    """The cell of a server that lives; a move cannot leave it.

    Of a request as Nova made it: the request filter may name a cell as well.
    """
    destination = field_of(spec, 'requested_destination')
    return field_of(destination, 'cell') if destination else None


def may_be_evacuation(spec: RequestSpec) -> bool:
    """Whether the server's host has failed, or that cannot be ruled out.

    A spec does not say so. But Nova keeps the server off its old host, sets
    the task state before it asks for a new one, and evacuates only from a
    host that is down. One query in the cell of the server, and a second if
    that fails; each is waited for no longer than the latency store.
    """
    cell = source_cell(spec)
    hosts = field_of(spec, 'ignore_hosts')
    if cell is None or not hosts:
        return False
    try:
        doing = task_state(cell, spec.instance_uuid)
        return bool(doing == task_states.REBUILDING)
    except CellAwayError as error:
        if not any(count_down([cell], {cell.uuid: hosts})):
            return False
        LOG.warning(
            'Cannot tell whether this is an evacuation, so it counts as one: '
            '%s',
            error,
            instance_uuid=spec.instance_uuid,
        )
        return True
