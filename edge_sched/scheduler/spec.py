# SPDX-License-Identifier: Apache-2.0

"""What a RequestSpec says that matters here."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import nova.conf
from nova.compute import task_states
from nova.objects.cell_mapping import CellMapping
from nova.objects.request_spec import RequestSpec
from nova.scheduler import utils
from oslo_log import log as logging

from edge_sched.model.keys import is_our_extra_spec
from edge_sched.model.keys import is_our_hint
from edge_sched.scheduler.topology.cell import CellAwayError
from edge_sched.scheduler.topology.cell import count_down
from edge_sched.scheduler.topology.cell import task_state

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)

CREATE, MOVE, EVACUATE = 'create', 'move', 'evacuate'


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """One request, as far as it is ours.

    It outlives the stage that reads it, so it has copies: a dictionary of a
    versioned object knows its object.

    :param extra_specs: of the flavor, ``{'edge:percentile': 'p99'}``
    :param hints: ``{'edge:client': ['203.0.113.7']}``
    :param operation: ``create`` or ``move``: a server that lives has a cell;
        ``evacuate`` if that could not be ruled out
    :param num_instances: how many servers are asked for
    """

    extra_specs: Mapping[str, str]
    hints: Mapping[str, Sequence[str]]
    operation: str
    project_id: str
    num_instances: int = 1

    @property
    def is_create(self) -> bool:
        """Whether the server is new, and may be refused."""
        return self.operation == CREATE


def field_of(obj: Any, name: str) -> Any:
    """A field of a versioned object, ``None`` if it was never set."""
    return getattr(obj, name) if name in obj else None


def read_request(spec: RequestSpec) -> Request | None:
    """What a request asks of us, ``None`` if nothing.

    Nothing is asked by a request without any ``edge:`` key, by a rebuild,
    which stays on its host, and for a host that an admin has forced.
    """
    hints = field_of(spec, 'scheduler_hints') or {}
    flavor = field_of(spec, 'flavor')
    extra_specs = (flavor and field_of(flavor, 'extra_specs')) or {}
    our_hints = {k: list(hints[k]) for k in hints if is_our_hint(k)}
    our_specs = {
        k: extra_specs[k] for k in extra_specs if is_our_extra_spec(k)
    }
    if not our_hints and not our_specs:
        return None
    if utils.request_is_rebuild(spec):
        return None
    if field_of(spec, 'force_hosts') or field_of(spec, 'force_nodes'):
        return None
    create = source_cell(spec) is None
    return Request(
        our_specs,
        our_hints,
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
