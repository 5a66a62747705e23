# SPDX-License-Identifier: Apache-2.0

"""Flavors and servers, made and looked at by requests over HTTP."""

import json
import uuid
from collections.abc import Mapping
from typing import Any

from nova import context
from nova import objects

from tests.functional import api

Server = dict[str, Any]
Hints = Mapping[str, Any]

#: Two images of nova's Glance fixture.
IMAGE = '155d900f-4e14-4e4c-a73d-069cbf4541e6'
OTHER_IMAGE = '76fa36fc-c930-4bf3-8c8a-ea2a2420deb6'
#: The API's name for the compute host of a server, shown to admins.
HOST = 'OS-EXT-SRV-ATTR:host'
TASK = 'OS-EXT-STS:task_state'


class ServersMixin:
    """For a NovaCloud. Operations return when Nova has done with them."""

    # -- flavors and servers ---------------------------------------------

    def create_flavor(
        self,
        extra_specs: Mapping[str, str] | None = None,
        *,
        name: str | None = None,
        ram: int = 512,
        vcpus: int = 1,
        disk: int = 1,
    ) -> str:
        """Returns the flavor's id. A bad extra spec raises (400)."""
        name = name or f'flavor-{uuid.uuid4().hex[:8]}'
        flavor = {
            'id': name,
            'name': name,
            'ram': ram,
            'vcpus': vcpus,
            'disk': disk,
        }
        self.admin.post_flavor({'flavor': flavor})
        if extra_specs:
            self.set_extra_specs(name, extra_specs)
        return name

    def set_extra_specs(
        self,
        flavor: str,
        extra_specs: Mapping[str, str],
        microversion: str = 'latest',
    ) -> None:
        """Extra specs are validated from microversion 2.86 on."""
        admin = self.client('admin', self.admin.project_id, admin=True)
        admin.microversion = microversion
        admin.post_extra_spec(flavor, {'extra_specs': dict(extra_specs)})

    def post_servers(
        self,
        hints: Hints | None = None,
        *,
        count: int = 1,
        flavor: str = '1',
        zone: str | None = None,
        host: str | None = None,
        image: str = IMAGE,
        by: api.Client | None = None,
    ) -> list[str]:
        """Ask for servers, without waiting; returns their ids.

        :param zone: ``az:host`` forces the host (admins only)
        :param host: a named destination (admins only)
        :param by: whose servers; the admin's if a host is named, else
            ``self.user``'s
        """
        forced = host or ':' in (zone or '')
        by = by or (self.admin if forced else self.user)
        server: dict[str, Any] = {
            'name': f'server-{uuid.uuid4().hex[:8]}',
            'imageRef': image,
            'flavorRef': flavor,
            'networks': 'none',
            'min_count': count,
            'max_count': count,
            'return_reservation_id': True,
        }
        if zone:
            server['availability_zone'] = zone
        if host:
            server['host'] = host
        body: dict[str, Any] = {'server': server}
        if hints is not None:
            body['os:scheduler_hints'] = dict(hints)
        reservation = by.post_server(body)['reservation_id']
        servers = self.admin.get_servers(
            search_opts={'reservation_id': reservation, 'all_tenants': 1}
        )
        return [server['id'] for server in servers]

    def create_servers(
        self, hints: Hints | None = None, **options: Any
    ) -> list[Server]:
        """The servers, each ACTIVE or ERROR; options of post_servers."""
        ids = self.post_servers(hints, **options)
        return [self._built(server_id) for server_id in ids]

    def create_server(
        self, hints: Hints | None = None, **options: Any
    ) -> Server:
        """One server, ACTIVE or ERROR; options of post_servers."""
        (server,) = self.create_servers(hints, **options)
        return server

    def _built(self, server_id: str) -> Server:
        def is_built() -> Server | None:
            server = self.admin.get_server(server_id)
            # Nova says ERROR first and records the fault after.
            built = server['status'] == 'ACTIVE' or 'fault' in server
            return server if built and not server[TASK] else None

        return self.wait_for(f'server {server_id} to be built', is_built)

    def delete_server(self, server: Server) -> None:
        """Returns when it is gone."""
        self.admin.delete_server(server['id'])

        def is_gone() -> bool:
            try:
                self.admin.get_server(server['id'])
            except api.client.OpenStackApiNotFoundException:
                return True
            return False

        self.wait_for(f'server {server["id"]} to be deleted', is_gone)

    # -- what they look like ---------------------------------------------

    def show(self, server: Server) -> Server:
        """The server as an admin sees it now."""
        return self.admin.get_server(server['id'])

    def fault(self, server: Server, by: api.Client | None = None) -> str:
        """The message of the fault that its owner (or ``by``) sees, or ''."""
        by = by or self.user
        seen = by.get_server(server['id'])
        return seen.get('fault', {}).get('message', '')

    def cell_of(self, server: Server) -> str:
        """The name of its cell; that of a failed create is ``cell0``."""
        mapping = objects.InstanceMapping.get_by_instance_uuid(
            context.get_admin_context(), server['id']
        )
        return mapping.cell_mapping.name

    def request_spec(self, server: Server) -> objects.RequestSpec:
        """What Nova has stored of the request, hints included."""
        return objects.RequestSpec.get_by_instance_uuid(
            context.get_admin_context(), server['id']
        )

    def last_migration(self, server: Server) -> dict[str, Any]:
        """The newest migration record, {} if there is none."""
        migrations = self.admin.api_get(
            f'/os-migrations?instance_uuid={server["id"]}'
        ).body['migrations']
        return max(migrations, key=lambda record: record['id'], default={})

    def event(
        self,
        server: Server,
        action: str,
        event: str,
        by: api.Client | None = None,
    ) -> dict[str, Any]:
        """An event of the newest such action, {} if there is none.

        ``event(server, 'live-migration', 'conductor_live_migrate_instance')``
        has ``result`` and, for admins, ``details`` with the reason.
        """
        by = by or self.admin
        for record in by.get_instance_actions(server['id']):
            if record['action'] == action:
                details = by.get_instance_action_details(
                    server['id'], record['request_id']
                )
                for candidate in details['events']:
                    if candidate['event'] == event:
                        return candidate
                break
        return {}

    # -- logs ------------------------------------------------------------

    def log_lines(self, text: str) -> list[str]:
        """Lines of all services' logs, INFO and above, with this text."""
        log = self.stdlog.logger.output.splitlines()
        return [line for line in log if text in line]

    def decisions(self) -> list[dict[str, Any]]:
        """The decision records that were logged so far."""
        mark = 'edge decision '
        return [
            json.loads(line.split(mark, 1)[1]) for line in self.log_lines(mark)
        ]
