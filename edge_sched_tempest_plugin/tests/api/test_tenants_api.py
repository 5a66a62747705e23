# SPDX-License-Identifier: Apache-2.0

"""The API for tenants: who asks first lands where he was told."""

import testtools
from tempest import config
from tempest.lib import decorators
from tempest.lib import exceptions
from tempest.lib.common.utils import data_utils
from tempest.lib.common.utils import test_utils

from edge_sched_tempest_plugin.tests.api import base

CONF = config.CONF


class BaseTenantsApiTest(base.BaseEdgeSchedTest):
    """Two projects that have the service in their catalogs."""

    credentials = ('primary', 'alt', 'admin')

    @classmethod
    def skip_checks(cls):
        super().skip_checks()
        if not CONF.edge_sched.api_available:
            raise cls.skipException('[edge_sched] api_available is not set.')

    @classmethod
    def setup_clients(cls):
        super().setup_clients()
        cls.client = cls.os_primary.edge_latency.EdgeLatencyClient()
        cls.alt_client = cls.os_alt.edge_latency.EdgeLatencyClient()


class SitesTest(BaseTenantsApiTest):
    """What is told of sites."""

    needed_options = ('client', 'near_hosts')

    def ask(self, budget_ms, **params):
        """Of the client, with a budget by the 95th percentile."""
        return self.client.list_sites(
            client=[CONF.edge_sched.client],
            latency_budget_ms=f'{budget_ms:.15g}',
            percentile='p95',
            **params,
        )

    @decorators.idempotent_id('3f9f9f2c-6f0a-4a4e-8f4b-0d5b1b0f4f0e')
    def test_accepted(self):
        """A budget that near hosts keep is accepted, and so is the server"""
        budget_ms = CONF.edge_sched.budget_ms
        told = self.ask(budget_ms, flavor=CONF.compute.flavor_ref)
        self.assertTrue(told['accepted'], told)
        hints = base.edge_keys(
            client=CONF.edge_sched.client,
            latency_budget_ms=budget_ms,
            percentile='p95',
        )
        self.assertNear(self.build(hints))

    @decorators.idempotent_id('6b2a3c1e-6b0f-4f0a-9a8e-5d2f6d4b7c11')
    @decorators.attr(type=['negative'])
    def test_refused(self):
        """A budget that no host keeps is refused in the server's words"""
        budget_ms = CONF.edge_sched.unreachable_budget_ms
        told = self.ask(budget_ms)
        self.assertFalse(told['accepted'], told)
        self.assertIn(self.no_site_within(budget_ms), told['reason'])

    @decorators.idempotent_id('b4d0c7a5-1c39-4c55-8a9e-3e1f7a7d2c60')
    @decorators.attr(type=['negative'])
    def test_bad_parameter(self):
        """A parameter that there is none of is refused"""
        self.assertRaises(
            exceptions.BadRequest, self.client.list_sites, latency_bugdet_ms=1
        )


class ClientsTest(BaseTenantsApiTest):
    """A project's own names."""

    def setUp(self):
        super().setUp()
        self.name = data_utils.rand_name(
            prefix=CONF.resource_name_prefix, name='client'
        )

    def set(self, *prefixes):
        """Point the name at these, until the test ends."""
        self.addCleanup(
            test_utils.call_and_ignore_notfound_exc,
            self.client.unset_client,
            self.name,
        )
        return self.client.set_client(self.name, prefixes)['client']

    @decorators.idempotent_id('0e8f2a4d-9d6c-4d3b-8f7a-2b1c5e6f7a80')
    def test_set_show_list_unset(self):
        """A name is made, moved, listed and forgotten"""
        for prefix in '192.0.2.0/24', '2001:db8:7::/48':
            made = self.set(prefix)
            self.assertEqual([prefix], made['prefixes'])
            self.assertFalse(made['shared'])
            shown = self.client.show_client(self.name)['client']
            self.assertEqual(made, shown)
        self.assertIn(made, self.client.list_clients()['clients'])
        self.client.unset_client(self.name)
        self.assertRaises(
            exceptions.NotFound, self.client.show_client, self.name
        )

    @decorators.idempotent_id('d2a7b6c5-4e3f-4a1b-9c8d-7e6f5a4b3c2d')
    @decorators.attr(type=['negative'])
    def test_other_project(self):
        """To another project the name does not exist"""
        self.set('192.0.2.0/24')
        self.assertRaises(
            exceptions.NotFound, self.alt_client.show_client, self.name
        )
        self.assertRaises(
            exceptions.NotFound, self.alt_client.unset_client, self.name
        )
        listed = self.alt_client.list_clients()['clients']
        self.assertNotIn(self.name, [each['name'] for each in listed])
        self.client.show_client(self.name)

    @decorators.idempotent_id('8c1d9e0f-2a3b-4c5d-8e6f-9a0b1c2d3e4f')
    @decorators.attr(type=['negative'])
    def test_all_projects(self):
        """Names of all projects are for admins"""
        self.assertRaises(
            exceptions.Forbidden, self.client.list_clients, all_projects='true'
        )

    @decorators.idempotent_id('5a6b7c8d-9e0f-4a1b-8c2d-3e4f5a6b7c8d')
    @decorators.attr(type=['negative'])
    def test_bad_prefix(self):
        """What is no prefix, and one of the whole Internet, is refused"""
        for prefix in '999.1.1.1', '0.0.0.0/0':
            self.assertRaises(exceptions.BadRequest, self.set, prefix)

    @decorators.idempotent_id('f1e2d3c4-b5a6-4978-8695-a4b3c2d1e0f9')
    @testtools.skipUnless(
        CONF.edge_sched.client, '[edge_sched] client is not set.'
    )
    def test_name_in_hint(self):
        """A server is placed near a name that was made just now"""
        self.set(CONF.edge_sched.client)
        budget_ms = CONF.edge_sched.budget_ms
        hints = base.edge_keys(
            client=self.name, latency_budget_ms=budget_ms, percentile='p95'
        )
        self.assertNear(self.build(hints))


class ServersTest(BaseTenantsApiTest):
    """How a server stands to its client."""

    needed_options = ('client', 'near_hosts')

    @decorators.idempotent_id('7d8e9f0a-1b2c-4d3e-8f4a-5b6c7d8e9f0a')
    def test_show(self):
        """A server near its client is within; others have no such server"""
        server = self.build_near()
        shown = self.client.show_server(server['id'])['server']
        self.assertEqual('within', shown['verdict'])
        self.assertEqual(CONF.edge_sched.budget_ms, shown['budget_ms'])
        self.assertRaises(
            exceptions.NotFound, self.alt_client.show_server, server['id']
        )
