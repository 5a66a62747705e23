# SPDX-License-Identifier: Apache-2.0

"""What an operator finds in Nova and Placement, and how it is tidied up."""

import contextlib
import time
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from openstack import exceptions
from openstack.connection import Connection

from tests.cloud.audit import Allocation
from tests.cloud.audit import Server
from tests.cloud.audit import Snapshot
from tests.cloud.processes import wait_for

#: Nothing that has not changed for so long is on its way any more (chosen:
#: above ``rpc_response_timeout``, after which who waits for an answer of a
#: dead process gives up), and the longest that is waited for this.
QUIET_SECONDS = 20.0
SETTLED_SECONDS = 120.0
#: Seconds between two looks (chosen: each is some thirty requests).
_LOOK_EVERY = 1.0

#: Of hints in lists of servers.
_MICROVERSION = '2.100'
_HOST = 'OS-EXT-SRV-ATTR:hypervisor_hostname'


class Estate:
    """All servers and allocations of the cloud.

    :param admin: may see and do all
    """

    def __init__(self, admin: Connection) -> None:
        self._admin = admin

    def snapshot(self) -> Snapshot:
        return Snapshot(self._servers(), frozenset(self._allocations()))

    def settled(self, before: Snapshot, but: Collection[str]) -> Snapshot:
        """What is new since, once all is well or nothing changes any more.

        :param but: names of servers that are left aside
        """
        deadline = time.monotonic() + SETTLED_SECONDS
        found, changed_at = Snapshot(), time.monotonic()
        while time.monotonic() < deadline:
            last, found = found, self.snapshot().since(before).without(but)
            if found != last:
                changed_at = time.monotonic()
            quiet_seconds = time.monotonic() - changed_at
            is_well = not found.stuck() and not found.orphans()
            if is_well or quiet_seconds > QUIET_SECONDS:
                break
            time.sleep(_LOOK_EVERY)
        return found

    def requests_of(self, server_id: str) -> set[str]:
        """Ids, ``req-...``, of all that was asked of a server."""
        path = f'/servers/{server_id}/os-instance-actions'
        with contextlib.suppress(exceptions.NotFoundException):
            actions = self._nova(path)['instanceActions']
            return {action['request_id'] for action in actions}
        return set()

    def remove(self, found: Snapshot) -> None:
        """Delete servers in whatever state, then what is still allocated.

        :raises NotInTimeError: if a server cannot be deleted
        """
        ids = {server.id for server in found.servers}
        for server in found.servers:
            self._delete(server)
        wait_for(
            'the servers of the test to be deleted',
            lambda: not ids & {server.id for server in self._servers()},
            SETTLED_SECONDS,
        )
        consumers = ids | {each.consumer for each in found.allocations}
        for allocation in self._allocations():
            if allocation.consumer in consumers:
                self._admin.placement.delete(
                    f'/allocations/{allocation.consumer}'
                )

    def _delete(self, server: Server) -> None:
        compute = self._admin.compute
        if server.stuck:
            # One that has not got to any cell has no state to reset.
            with contextlib.suppress(exceptions.SDKException):
                compute.reset_server_state(server.id, 'error')
        compute.delete_server(server.id, ignore_missing=True)

    def _servers(self) -> list[Server]:
        found = self._nova('/servers/detail', all_tenants='1')['servers']
        return sorted(map(_server, found), key=lambda server: server.id)

    def _allocations(self) -> Iterable[Allocation]:
        providers = self._placement('/resource_providers')
        for provider in providers['resource_providers']:
            path = f'/resource_providers/{provider["uuid"]}/allocations'
            for consumer in self._placement(path)['allocations']:
                yield Allocation(provider['name'], consumer)

    def _nova(self, path: str, **parameters: str) -> Any:
        answer = self._admin.compute.get(
            path, params=parameters, microversion=_MICROVERSION
        )
        exceptions.raise_from_response(answer)
        return answer.json()

    def _placement(self, path: str) -> Any:
        answer = self._admin.placement.get(path)
        exceptions.raise_from_response(answer)
        return answer.json()


def _server(view: Mapping[str, Any]) -> Server:
    return Server(
        id=view['id'],
        name=view['name'],
        status=view['status'],
        task_state=view['OS-EXT-STS:task_state'],
        host=view[_HOST] or '',
        fault=view.get('fault', {}).get('message', ''),
    )
