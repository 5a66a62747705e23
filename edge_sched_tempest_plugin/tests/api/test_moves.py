# SPDX-License-Identifier: Apache-2.0

"""Servers that live keep to their budgets when they move."""

import testtools
from tempest import config
from tempest.common import compute
from tempest.common import waiters
from tempest.lib import decorators

from edge_sched_tempest_plugin.tests.api import base

CONF = config.CONF
HOST = 'OS-EXT-SRV-ATTR:host'

live_migration = testtools.skipUnless(
    CONF.compute_feature_enabled.live_migration,
    'Live migration is not available.',
)
cold_migration = testtools.skipUnless(
    CONF.compute_feature_enabled.cold_migration,
    'Cold migration is not available.',
)
resize = testtools.skipUnless(
    CONF.compute_feature_enabled.resize, 'Resize is not available.'
)
shelve = testtools.skipUnless(
    CONF.compute_feature_enabled.shelve, 'Shelve is not available.'
)


class BaseMoveTest(base.BaseEdgeSchedTest):
    """From 2.91 on, every move but a resize can name its destination."""

    min_microversion = '2.91'
    needed_nodes = 2

    def live_migrate(self, server, host=None):
        """Ask for a live migration; the answer has the request's id."""
        return self.admin_servers_client.live_migrate_server(
            server['id'], host=host, block_migration='auto'
        )

    def settle(self, server, status='ACTIVE'):
        """Wait until the server has a status and nothing is under way."""
        waiters.wait_for_server_status(
            self.admin_servers_client, server['id'], status
        )
        return self.show(server['id'])

    def shelve_offload(self, server):
        """Shelve it, and wait until it is on no host."""
        compute.shelve_server(
            self.servers_client, server['id'], force_shelve_offload=True
        )
        self.wait_for(self._assert_offloaded, server['id'])

    def _assert_offloaded(self, server_id):
        self.assertIsNone(self.show(server_id)[HOST])


class MoveNearTest(BaseMoveTest):
    """The scheduler chooses among the near hosts."""

    needed_options = ('client', 'near_hosts')

    @classmethod
    def skip_checks(cls):
        super().skip_checks()
        if len(CONF.edge_sched.near_hosts) < 2:
            raise cls.skipException('Less than 2 near hosts.')

    def assertMovedNear(self, server, moved):
        """It is on another near host now."""
        self.assertNear(moved)
        self.assertNotEqual(server[HOST], moved[HOST])

    @decorators.idempotent_id('12edebdf-f5eb-415b-aea7-ec6fe7914e73')
    @decorators.attr(type='multinode')
    @live_migration
    def test_live_migration(self):
        """A live migration ends on a near host"""
        server = self.build_near()
        self.live_migrate(server)
        self.assertMovedNear(server, self.settle(server))

    @decorators.idempotent_id('f034fdd7-b7a5-4be7-8b48-8e482a118237')
    @decorators.attr(type='multinode')
    @live_migration
    def test_live_migration_to_near_host(self):
        """A destination within the budget may be named"""
        server = self.build_near()
        other = next(
            host for host in CONF.edge_sched.near_hosts if host != server[HOST]
        )
        self.live_migrate(server, other)
        self.assertEqual(other, self.settle(server)[HOST])

    @decorators.idempotent_id('b94c84e6-400d-46ab-9d2b-f1cb1b81fb61')
    @decorators.attr(type='multinode')
    @cold_migration
    def test_cold_migration(self):
        """A cold migration ends on a near host"""
        server = self.build_near()
        self.admin_servers_client.migrate_server(server['id'])
        self.settle(server, 'VERIFY_RESIZE')
        self.servers_client.confirm_resize_server(server['id'])
        self.assertMovedNear(server, self.settle(server))

    @decorators.idempotent_id('2aa615cd-d85f-442f-aeea-46423bcc2871')
    @decorators.attr(type='multinode')
    @resize
    def test_resize(self):
        """A resize to a flavor with a budget ends on a near host"""
        flavor = self.create_edge_flavor(
            latency_budget_ms=CONF.edge_sched.budget_ms, percentile='p95'
        )
        hints = base.edge_keys(client=CONF.edge_sched.client)
        server = self.build(hints)
        self.resize_server(server['id'], flavor)
        self.assertNear(self.settle(server))

    @decorators.idempotent_id('2b31079a-84b9-4dab-ad6e-2198b475bbbc')
    @decorators.attr(type='multinode')
    @shelve
    def test_unshelve(self):
        """A server comes back to a near host from the shelf"""
        server = self.build_near()
        self.shelve_offload(server)
        self.servers_client.unshelve_server(server['id'])
        self.assertNear(self.settle(server))


class MoveFarTest(BaseMoveTest):
    """A move that would break the budget is refused."""

    needed_options = ('client', 'near_hosts', 'far_hosts')

    def setUp(self):
        super().setUp()
        self.far = CONF.edge_sched.far_hosts[0]

    def wait_for_refusal(self, server, response):
        """Wait until an action has failed.

        :param response: of the request
        :returns: all that its events say to the admin
        """
        request_id = response.response['x-openstack-request-id']

        def failed_events():
            action = self.admin_servers_client.show_instance_action(
                server['id'], request_id
            )['instanceAction']
            return [e for e in action['events'] if e['result'] == 'Error']

        self.wait_for(lambda: self.assertNotEqual([], failed_events()))
        return '\n'.join(e['details'] or '' for e in failed_events())

    def assertStays(self, server, status='ACTIVE'):
        """It is as before the move, on the same host."""
        now = self.settle(server, status)
        self.assertEqual(server[HOST], now[HOST])
        self.assertEqual(server['flavor'], now['flavor'])

    @decorators.idempotent_id('deeaa516-dbe2-4969-a892-ad54d77f5f2f')
    @decorators.attr(type=['multinode'])
    @live_migration
    def test_live_migration_without_hints(self):
        """A server that asks for nothing may move far away"""
        server = self.build(
            clients=self.os_admin,
            host=CONF.edge_sched.near_hosts[0],
            networks='none',
        )
        self.assertNear(server)
        self.live_migrate(server, self.far)
        self.assertEqual(self.far, self.settle(server)[HOST])

    @decorators.idempotent_id('df857d62-16ea-4029-97cf-5b43e5220d8a')
    @decorators.attr(type=['multinode', 'negative'])
    @live_migration
    def test_live_migration(self):
        """A live migration to a host over budget is refused"""
        server = self.build_near()
        response = self.live_migrate(server, self.far)
        self.assertIn(
            self.no_site_within(CONF.edge_sched.budget_ms),
            self.wait_for_refusal(server, response),
        )
        self.assertStays(server)

    @decorators.idempotent_id('83705440-f11f-4303-90ee-a08b8c9cfd43')
    @decorators.attr(type=['multinode', 'negative'])
    @cold_migration
    def test_cold_migration(self):
        """A cold migration to a host over budget is refused"""
        server = self.build_near()
        response = self.admin_servers_client.migrate_server(
            server['id'], host=self.far
        )
        self.wait_for_refusal(server, response)
        self.assertStays(server)

    @decorators.idempotent_id('681af69c-f83e-4414-a382-efe0203f6370')
    @decorators.attr(type=['multinode', 'negative'])
    @resize
    def test_resize(self):
        """A resize to a flavor with a budget that no host keeps"""
        flavor = self.create_edge_flavor(
            latency_budget_ms=CONF.edge_sched.unreachable_budget_ms
        )
        server = self.build_near()
        response = self.servers_client.resize_server(server['id'], flavor)
        self.wait_for_refusal(server, response)
        self.assertStays(server)

    @decorators.idempotent_id('9d3706a0-83ef-452d-9f76-d7c21ff0a963')
    @decorators.attr(type=['multinode', 'negative'])
    @shelve
    def test_unshelve(self):
        """A server does not come back to a host over budget"""
        server = self.build_near()
        self.shelve_offload(server)
        shelved = self.show(server['id'])
        response = self.admin_servers_client.unshelve_server(
            server['id'], body={'unshelve': {'host': self.far}}
        )
        self.assertIn(
            self.no_site_within(CONF.edge_sched.budget_ms),
            self.wait_for_refusal(server, response),
        )
        self.assertStays(shelved, 'SHELVED_OFFLOADED')
