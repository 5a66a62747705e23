# SPDX-License-Identifier: Apache-2.0

"""What only Watcher knows: which servers it may not move, and why."""

from watcher.common import exception
from watcher.decision_engine.model import element
from watcher.decision_engine.model import model_root

from edge_sched.model.standing import ServerStanding
from edge_sched.watcher.parameters import COLD
from edge_sched.watcher.parameters import LIVE

#: In which states Watcher's action migrates a server.
_STATES = {
    LIVE: frozenset({element.InstanceState.ACTIVE.value}),
    COLD: frozenset(
        {
            element.InstanceState.ACTIVE.value,
            element.InstanceState.STOPPED.value,
        }
    ),
}

#: Why Watcher does not move a server.
OUT_OF_SCOPE = 'out of scope or gone'
ELSEWHERE = 'elsewhere since'
EXCLUDED = 'excluded'
LOCKED = 'locked'
WRONG_STATE = 'in a state that does not migrate'
HOST_DOWN = 'on a host that is down'


def why_not(
    standing: ServerStanding,
    instance: element.Instance | None,
    model: model_root.ModelRoot,
    migration_type: str,
) -> str:
    """The first reason to leave a server alone, or ``''``.

    :param instance: the server in the model, ``None`` if that has none
    :param model: of the scope of the audit
    """
    if instance is None:
        return OUT_OF_SCOPE
    try:
        node = model.get_node_by_instance_uuid(instance.uuid)
    except exception.InstanceNotMapped:
        # Notified of, while Nova has it nowhere: it may have no fields yet.
        return OUT_OF_SCOPE
    if instance.watcher_exclude:
        return EXCLUDED
    if instance.host != standing.host:
        return ELSEWHERE
    if instance.locked:
        return LOCKED
    if instance.state not in _STATES[migration_type]:
        return WRONG_STATE
    return '' if node.state == element.ServiceState.ONLINE.value else HOST_DOWN
