# SPDX-License-Identifier: Apache-2.0

"""What tests do with servers, and what they say of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import testtools
from openstack.compute.v2.server import Server
from openstack.connection import Connection
from openstack.exceptions import NotFoundException

from tests.cloud import inventory
from tests.cloud import processes
from tests.cloud import sites

#: Seconds for a server to be made or moved (chosen: a busy machine takes 10).
PATIENCE = 120.0
#: Statuses that last, whatever is done to a server.
LASTING = ('ACTIVE', 'ERROR', 'SHUTOFF', 'VERIFY_RESIZE', 'SHELVED_OFFLOADED')

Hints = Mapping[str, str | Sequence[str]]


class ServersMixin(testtools.TestCase):
    """Part of ``CloudTestCase``, which has the connections."""

    alice: Connection
    bob: Connection
    admin: Connection

    def create_server(
        self,
        name: str | None = None,
        flavor: str = 'plain',
        hints: Hints | None = None,
        wait: bool = True,
        by: Connection | None = None,
        **attributes: Any,
    ) -> Server:
        """A server, deleted after the test.

        :param name: the test's if there is none
        :param hints: ``{'edge:client': '203.0.113.7'}``; a list is a hint
            that is repeated
        :param wait: return when it is ACTIVE or in ERROR, not at once
        :param by: whose it is; Alice's by default
        :param attributes: of the request, as openstacksdk calls them
        """
        by = by or self.alice
        find = {'ignore_missing': False}
        image = self.admin.image.find_image(inventory.IMAGE, **find)
        found = self.admin.compute.find_flavor(flavor, **find)
        server = by.compute.create_server(
            name=name or self._testMethodName[:60],
            image_id=image.id,
            flavor_id=found.id,
            networks='none',
            scheduler_hints=dict(hints or {}),
            **attributes,
        )
        self.addCleanup(self.delete_server, server)
        return self.settled(server) if wait else server

    def near(
        self,
        client: str | Sequence[str],
        budget_ms: float = 20,
        **options: Any,
    ) -> Server:
        """A server that must be near: hints instead of a flavor's budget."""
        hints = {
            'edge:client': client,
            'edge:latency_budget_ms': str(budget_ms),
        }
        return self.create_server(hints=hints, **options)

    def delete_server(self, server: Server) -> None:
        """Returns when it is gone; it may be gone before."""
        compute = self.admin.compute
        compute.delete_server(server.id, ignore_missing=True)
        processes.wait_for(
            f'the end of {server.name}',
            lambda: self._is_gone(server),
            PATIENCE,
        )

    def _is_gone(self, server: Server) -> bool:
        try:
            self.show(server)
        except NotFoundException:
            return True
        return False

    def show(self, server: Server, by: Connection | None = None) -> Server:
        """As it is now, in the eyes of an administrator or of another."""
        return (by or self.admin).compute.get_server(server.id)

    def settled(self, server: Server, *statuses: str) -> Server:
        """As it is when nothing is done to it any more.

        :param statuses: it has to have one of them; by default any that lasts
        """
        lasting = statuses or LASTING
        shown = self.show(server)

        def is_settled() -> bool:
            nonlocal shown
            shown = self.show(server)
            return shown.task_state is None and shown.status in lasting

        try:
            processes.wait_for(server.name, is_settled, PATIENCE)
        except processes.NotInTimeError:
            self.fail(
                f'{server.name} is {shown.status}, '
                f'its task {shown.task_state}, after {PATIENCE:g} s'
            )
        return shown

    def host_of(self, server: Server) -> str | None:
        """``lyon-3``; None if it is nowhere."""
        return self.show(server).compute_host

    def site_of(self, server: Server) -> str | None:
        """``lyon``; None if it is nowhere."""
        host = self.host_of(server)
        return sites.site_of(host) if host else None

    def cell_of(self, server: Server) -> str | None:
        """``cell2``; None if it is nowhere."""
        host = self.host_of(server)
        return sites.HOSTS[host] if host else None

    def fault_of(self, server: Server) -> str:
        """What its owner reads; empty if all is well."""
        owner = self.bob if server.project_id == self.bob_id else self.alice
        return (self.show(server, owner).fault or {}).get('message', '')

    @property
    def alice_id(self) -> str:
        """The id of Alice's project."""
        return self.alice.current_project_id

    @property
    def bob_id(self) -> str:
        """The id of Bob's project."""
        return self.bob.current_project_id

    def assertLanded(self, site: str, server: Server) -> None:
        """It is at the site, and not in ERROR."""
        shown = self.show(server)
        self.assertNotEqual('ERROR', shown.status, shown.fault)
        self.assertEqual(site, self.site_of(server))

    def assertRefused(self, reason: str, server: Server) -> None:
        """It is in ERROR, nowhere, and its owner reads this reason."""
        shown = self.show(server)
        self.assertEqual('ERROR', shown.status, shown.compute_host)
        self.assertIsNone(shown.compute_host)
        self.assertIn(reason, self.fault_of(server))
