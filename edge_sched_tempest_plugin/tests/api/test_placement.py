# SPDX-License-Identifier: Apache-2.0

"""A new server lands near its client."""

import testtools
from tempest import config
from tempest.lib import decorators

from edge_sched_tempest_plugin.tests.api import base

CONF = config.CONF


class PlacementTest(base.BaseEdgeSchedTest):
    """Hints and flavors lead to the near hosts."""

    needed_options = ('client', 'near_hosts')
    needed_nodes = 2

    def setUp(self):
        super().setUp()
        self.client = CONF.edge_sched.client
        self.budget_ms = CONF.edge_sched.budget_ms

    def assertLandsNear(self, client):
        """A server within the budget of this client lands near."""
        hints = base.edge_keys(
            client=client, latency_budget_ms=self.budget_ms, percentile='p95'
        )
        self.assertNear(self.build(hints))

    @decorators.idempotent_id('f4f803c7-a574-4fe2-8fdb-629f508cf2f9')
    @decorators.attr(type='multinode')
    def test_nearest_without_budget(self):
        """The nearest host wins where no budget is set"""
        self.assertNear(self.build(base.edge_keys(client=self.client)))

    @decorators.idempotent_id('b47b31bc-5b5a-4448-af59-7f2a69542579')
    @decorators.attr(type='multinode')
    def test_budget_in_hint(self):
        """A budget in the hints is kept"""
        self.assertLandsNear(self.client)

    @decorators.idempotent_id('8b8aa452-7d09-4ecb-bb8c-efd7ccffb5da')
    @decorators.attr(type='multinode')
    def test_budget_of_one_client(self):
        """A budget written after a client is kept"""
        client = f'{self.client}@{self.budget_ms:.15g}'
        hints = base.edge_keys(client=client, percentile='p95')
        self.assertNear(self.build(hints))

    @decorators.idempotent_id('fcb3cce0-7ef4-4eae-905b-f6c3cc0f1f97')
    @decorators.attr(type='multinode')
    def test_repeated_hint(self):
        """A hint that is given several times is a list of clients"""
        self.assertLandsNear([self.client, f'{self.client}/32'])

    @decorators.idempotent_id('134c3527-3312-4705-9401-ba486bf1b26c')
    @decorators.attr(type='multinode')
    def test_comma_separated_hint(self):
        """Clients may be separated by commas"""
        self.assertLandsNear(f'{self.client},{self.client}/32')

    @decorators.idempotent_id('8e4d7c71-99f0-43fb-a597-6202bd981e66')
    @decorators.attr(type='multinode')
    @testtools.skipUnless(
        CONF.edge_sched.client_ipv6, '[edge_sched] client_ipv6 is not set.'
    )
    def test_ipv6(self):
        """The client may have an IPv6 address"""
        self.assertLandsNear(CONF.edge_sched.client_ipv6)

    @decorators.idempotent_id('5888f072-b8c7-4344-952e-f25189ca09fb')
    @decorators.attr(type='multinode')
    @testtools.skipUnless(
        CONF.edge_sched.client_name, '[edge_sched] client_name is not set.'
    )
    def test_named_client(self):
        """The client may be a name that the operator has given"""
        self.assertLandsNear(CONF.edge_sched.client_name)

    @decorators.idempotent_id('8370a8d2-fd68-4452-890e-1c0a5f638b3d')
    @decorators.attr(type='multinode')
    def test_budget_in_flavor(self):
        """The flavor sets the budget, the hint says whose it is"""
        flavor = self.create_edge_flavor(
            latency_budget_ms=self.budget_ms, percentile='p95'
        )
        hints = base.edge_keys(client=self.client)
        self.assertNear(self.build(hints, flavor=flavor))

    @decorators.idempotent_id('aef404ed-40fb-43f9-9071-ea4e7b27ebc4')
    @decorators.attr(type='multinode')
    def test_client_in_flavor(self):
        """A flavor may say all of it"""
        flavor = self.create_edge_flavor(
            client=self.client,
            latency_budget_ms=self.budget_ms,
            percentile='p95',
        )
        self.assertNear(self.build(flavor=flavor))

    @decorators.idempotent_id('4f308299-6107-4a45-9073-ab359a40888d')
    @decorators.attr(type='multinode')
    def test_preferred_budget_ranks_only(self):
        """A preferred budget that no host keeps refuses nothing"""
        hints = base.edge_keys(
            client=self.client,
            latency_budget_ms=CONF.edge_sched.unreachable_budget_ms,
            budget_mode='preferred',
        )
        self.assertEqual('ACTIVE', self.build(hints)['status'])


class AnywhereTest(base.BaseEdgeSchedTest):
    """What does not ask for a measured client is placed as ever."""

    @decorators.idempotent_id('2aa85ca0-e133-435d-9bd6-5ec9826ddd47')
    def test_budget_without_client(self):
        """A flavor with a budget, but no client, refuses nothing"""
        flavor = self.create_edge_flavor(
            latency_budget_ms=CONF.edge_sched.unreachable_budget_ms
        )
        self.assertEqual('ACTIVE', self.build(flavor=flavor)['status'])

    @decorators.idempotent_id('bc60d36f-a1e8-4b59-8ca8-3e3da5247ba8')
    @testtools.skipUnless(
        CONF.edge_sched.unmeasured_client,
        '[edge_sched] unmeasured_client is not set.',
    )
    def test_unmeasured_client_with_preferred_budget(self):
        """A client that was never measured may be anywhere if preferred"""
        hints = base.edge_keys(
            client=CONF.edge_sched.unmeasured_client,
            latency_budget_ms=CONF.edge_sched.budget_ms,
            budget_mode='preferred',
        )
        self.assertEqual('ACTIVE', self.build(hints)['status'])

    @decorators.idempotent_id('0f6c3a52-9f0d-4a1c-b1de-7e44c5a9d3b6')
    def test_server_that_is_to_be_near_and_may_be_anywhere(self):
        """A server may be near another one, measured or not"""
        other = self.build()
        hints = base.edge_keys(
            client=f'server:{other["id"]}',
            latency_budget_ms=CONF.edge_sched.budget_ms,
            budget_mode='preferred',
        )
        self.assertEqual('ACTIVE', self.build(hints)['status'])


class HintsShownTest(base.BaseEdgeSchedTest):
    """The owner can read the hints of a server."""

    min_microversion = '2.100'

    @decorators.idempotent_id('274fd05f-ef35-4e6d-87cf-4c2785b2ab63')
    def test_hints_are_shown(self):
        """Hints are shown as they were given"""
        hints = base.edge_keys(
            client=['198.51.100.254', '198.51.100.253@7'],
            latency_budget_ms='20',
            budget_mode='preferred',
        )
        server_id = self.build(hints)['id']
        server = self.servers_client.show_server(server_id)['server']
        shown = server['scheduler_hints']
        self.assertEqual(
            hints,
            {
                name: values[0] if len(values) == 1 else values
                for name, values in shown.items()
            },
        )
