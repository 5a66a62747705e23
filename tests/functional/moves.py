# SPDX-License-Identifier: Apache-2.0

"""Moves of servers, each by requests over HTTP."""

from typing import Any

from tests.functional import servers

Server = servers.Server
HOST = servers.HOST
TASK = servers.TASK


class MovesMixin(servers.ServersMixin):
    """For a NovaCloud. Operations return when Nova has done with them.

    They return the server as an admin sees it afterwards, also when Nova
    refused: compare ``server[HOST]``, ask ``last_migration``, ``event`` or
    ``fault``.
    """

    def live_migrate(self, server: Server, host: str | None = None) -> Server:
        body = {'host': host, 'block_migration': 'auto'}
        return self._move(server, {'os-migrateLive': body})

    def cold_migrate(self, server: Server, host: str | None = None) -> Server:
        """Waits for VERIFY_RESIZE, or for the refusal."""
        return self._move(server, {'migrate': {'host': host}})

    def resize(self, server: Server, flavor: str) -> Server:
        """Waits for VERIFY_RESIZE, or for the refusal."""
        return self._move(server, {'resize': {'flavorRef': flavor}})

    def confirm_resize(self, server: Server) -> Server:
        self.admin.post_server_action(server['id'], {'confirmResize': None})
        return self._settled(server, 'ACTIVE')

    def evacuate(self, server: Server, host: str | None = None) -> Server:
        """Kill its host, then evacuate the server from it."""
        self.kill_host(self.show(server)[HOST])
        body = {'host': host} if host else {}
        return self._move(server, {'evacuate': body})

    def kill_host(self, host: str) -> None:
        """Stop the compute service and tell Nova that it is down."""
        (service,) = self.admin.get_services(binary='nova-compute', host=host)
        if not service['forced_down']:
            self.computes[host].stop()
            self.admin.put_service_force_down(service['id'], True)

    def _move(self, server: Server, action: dict[str, Any]) -> Server:
        before = self.last_migration(server).get('id', 0)
        self.admin.post_server_action(server['id'], action)

        def is_over() -> bool:
            migration = self.last_migration(server)
            return migration.get('id', 0) > before and migration['status'] in (
                'completed',
                'done',
                'error',
                'failed',
                'finished',
            )

        self.wait_for(f'the end of {next(iter(action))}', is_over)
        return self._settled(server)

    def shelve(self, server: Server) -> Server:
        """Shelve it, off its host too."""
        self.admin.post_server_action(server['id'], {'shelve': None})
        return self._settled(server, 'SHELVED_OFFLOADED')

    def unshelve(self, server: Server) -> Server:
        """Shelve it if it is not yet, then unshelve it."""
        if self.show(server)['status'] != 'SHELVED_OFFLOADED':
            self.shelve(server)
        self.admin.post_server_action(server['id'], {'unshelve': None})
        return self._after(server, 'unshelve', 'schedule_instances', 'ACTIVE')

    def rebuild(
        self, server: Server, image: str = servers.OTHER_IMAGE
    ) -> Server:
        self.admin.post_server_action(
            server['id'], {'rebuild': {'imageRef': image}}
        )
        return self._after(server, 'rebuild', 'rebuild_server', 'ACTIVE')

    def _after(
        self, server: Server, action: str, event: str, status: str
    ) -> Server:
        """Wait for an event, and for the status unless the event failed."""
        result = self.wait_for(
            f'the event {event}',
            lambda: self.event(server, action, event).get('result'),
        )
        wanted = None if result == 'Error' else status
        return self._settled(server, wanted)

    def _settled(self, server: Server, status: str | None = None) -> Server:
        """Wait until no task is under way, and for the status if given."""

        def is_settled() -> Server | None:
            seen = self.show(server)
            if seen[TASK] or (status and seen['status'] != status):
                return None
            if seen['status'] == 'ERROR' and 'fault' not in seen:
                return None
            return seen

        what = f'server {server["id"]} to be {status or "settled"}'
        return self.wait_for(what, is_settled)
