# SPDX-License-Identifier: Apache-2.0

"""The base class of the functional tests."""

import os

from tests.functional import api
from tests.functional import cloud
from tests.functional import moves
from tests.functional import servers

Client = api.Client
OpenStackApiException = api.OpenStackApiException
HOST = servers.HOST
Server = servers.Server


class EdgeCloudTestCase(moves.MovesMixin, cloud.NovaCloud):
    """A test with a real Nova of two cells and four sites of one host.

    Class attributes say what is started (see cloud.NovaCloud); one test
    overrides them by the decorator ``@cloud.cloud(...)``.
    """

    DEFAULT_TIMEOUT = 180

    # However busy the machine is.
    plugin_patience = 30

    sites = {
        'paris': ('cell1', ['paris-1']),
        'lille': ('cell1', ['lille-1']),
        'lyon': ('cell2', ['lyon-1']),
        'nice': ('cell2', ['nice-1']),
    }

    def assertLanded(self, host: str, server: Server) -> None:
        """The server is on this host, or on one of this site.

        It need not run: an evacuated one is stopped, a resized one waits for
        the confirmation.
        """
        server = self.show(server)
        self.assertNotEqual('ERROR', server['status'], server.get('fault'))
        hosts = [host]
        if host in self.sites:
            hosts = cloud.Site(*self.sites[host]).hosts
        self.assertIn(server[HOST], hosts)

    def assertRefused(self, reason: str, server: Server) -> None:
        """The server is in ERROR and its owner reads this reason.

        No user may learn the name of a host or a cell from it.
        """
        server = self.show(server)
        self.assertEqual('ERROR', server['status'], server.get(HOST))
        owner = self.client('owner', server['tenant_id'])
        message = self.fault(server, by=owner)
        self.assertIn(reason, message)
        self.assertLessEqual(len(message.encode()), 255)
        for name in (*self.computes, 'cell1', 'cell2'):
            self.assertNotIn(name, message)


def eventlet_wanted() -> bool:
    """Whether the environment asks for eventlet mode."""
    disabled = os.environ['OS_NOVA_DISABLE_EVENTLET_PATCHING'].lower()
    return disabled not in ('1', 'true', 'yes')
