# SPDX-License-Identifier: Apache-2.0

"""What the tests of the scheduler have in common."""

from tempest import config
from tempest.api.compute import base
from tempest.common import compute
from tempest.common import waiters
from tempest.lib.common.utils import test_utils

CONF = config.CONF


def edge_keys(**values):
    """``{'edge:percentile': 'p95', ...}`` of ``percentile='p95', ...``."""
    return {
        f'edge:{name}': f'{value:.15g}' if isinstance(value, float) else value
        for name, value in values.items()
    }


class BaseEdgeSchedTest(base.BaseV2ComputeAdminTest):
    """Servers of the primary user, of which the admin sees the host.

    They have no network and live as long as the test: near hosts may be few.
    """

    credentials = ('primary', 'admin')

    #: From 2.37 on Tempest asks for no network where the project has none;
    #: before, Nova would take a shared one, whose ports may have no agent.
    min_microversion = '2.37'
    max_microversion = 'latest'

    #: Options of ``[edge_sched]`` without which the class is skipped.
    needed_options = ()
    #: Nodes without which it is skipped.
    needed_nodes = 1

    @classmethod
    def skip_checks(cls):
        super().skip_checks()
        if not compute.is_scheduler_filter_enabled('EdgeLatencyFilter'):
            raise cls.skipException('EdgeLatencyFilter is not enabled.')
        if CONF.compute.min_compute_nodes < cls.needed_nodes:
            raise cls.skipException(
                f'Less than {cls.needed_nodes} compute nodes.'
            )
        for option in cls.needed_options:
            if not getattr(CONF.edge_sched, option):
                raise cls.skipException(f'[edge_sched] {option} is not set.')

    def build(self, hints=None, clients=None, **kwargs):
        """Ask for a server and wait until it is built or refused.

        :param hints: the scheduler hints, ``{'edge:client': '203.0.113.7'}``
        :param clients: who asks; the primary user by default
        :returns: the server as the admin sees it
        """
        clients = clients or self.os_primary
        if hints:
            kwargs['scheduler_hints'] = hints
        server_id = self.create_test_server(clients=clients, **kwargs)['id']
        self.addCleanup(self._remove, clients.servers_client, server_id)
        self.wait_for(self._assert_built, server_id)
        return self.show(server_id)

    def build_near(self):
        """A server with a budget, on a near host."""
        server = self.build(
            edge_keys(
                client=CONF.edge_sched.client,
                latency_budget_ms=CONF.edge_sched.budget_ms,
                percentile='p95',
            )
        )
        self.assertNear(server)
        return server

    def _remove(self, client, server_id):
        test_utils.call_and_ignore_notfound_exc(
            client.delete_server, server_id
        )
        waiters.wait_for_server_termination(
            client, server_id, ignore_error=True
        )

    def _assert_built(self, server_id):
        self.assertNotEqual('BUILD', self.show(server_id)['status'])

    def show(self, server_id):
        """The server as the admin sees it."""
        return self.admin_servers_client.show_server(server_id)['server']

    def create_edge_flavor(self, **values):
        """A flavor like the configured one, with ``edge:`` extra specs.

        :param values: as in :func:`edge_keys`
        :returns: its id
        """
        client = self.admin_flavors_client
        like = client.show_flavor(CONF.compute.flavor_ref)['flavor']
        specs = client.list_flavor_extra_specs(like['id'])['extra_specs']
        flavor = self.create_flavor(
            ram=like['ram'], vcpus=like['vcpus'], disk=like['disk']
        )
        client.set_flavor_extra_spec(
            flavor['id'], **specs, **edge_keys(**values)
        )
        return flavor['id']

    def assertNear(self, server):
        """It was built, on one of the near hosts."""
        self.assertEqual('ACTIVE', server['status'], server.get('fault'))
        self.assertIn(
            server['OS-EXT-SRV-ATTR:host'], CONF.edge_sched.near_hosts
        )

    def assertRefused(self, reason, server):
        """It was not built, its owner reads why, and it holds nothing."""
        self.assertEqual('ERROR', server['status'])
        fault = self.servers_client.show_server(server['id'])['server']
        self.assertIn(reason, fault['fault']['message'])
        allocations = self.os_admin.placement_client.list_allocations(
            server['id']
        )
        self.assertEqual({}, allocations['allocations'])

    def no_site_within(self, budget_ms):
        """What is said where no host is within a budget of the client."""
        client = CONF.edge_sched.client
        if CONF.edge_sched.reason_detail == 'none':
            return f'no site within the budget of {client}'
        return f'no site within {budget_ms:.15g} ms (p95) of {client}'
