# SPDX-License-Identifier: Apache-2.0

"""A request that cannot be met is refused, and its owner reads why."""

from tempest import config
from tempest.lib import decorators
from tempest.lib.common.utils import data_utils

from edge_sched_tempest_plugin.tests.api import base

CONF = config.CONF


class OverBudgetTest(base.BaseEdgeSchedTest):
    """No host keeps the budget."""

    needed_options = ('client',)

    def setUp(self):
        super().setUp()
        self.client = CONF.edge_sched.client
        self.unreachable_ms = CONF.edge_sched.unreachable_budget_ms
        self.reason = self.no_site_within(self.unreachable_ms)

    @decorators.idempotent_id('d6bccc26-8873-4dee-a78a-ca560908bb63')
    @decorators.attr(type=['negative'])
    def test_over_budget_of_hint(self):
        """A budget in the hints that no host keeps"""
        hints = base.edge_keys(
            client=self.client,
            latency_budget_ms=self.unreachable_ms,
            percentile='p95',
        )
        self.assertRefused(self.reason, self.build(hints))

    @decorators.idempotent_id('1d268dd5-cfaa-409b-96fa-f141c4579895')
    @decorators.attr(type=['negative'])
    def test_over_budget_of_one_client(self):
        """A budget written after a client that no host keeps"""
        client = f'{self.client}@{self.unreachable_ms:.15g}'
        hints = base.edge_keys(client=client, percentile='p95')
        self.assertRefused(self.reason, self.build(hints))

    @decorators.idempotent_id('1df90b0a-3bbb-4396-afd9-7333ad4ad3a4')
    @decorators.attr(type=['negative'])
    def test_hint_does_not_loosen_flavor(self):
        """The flavor's budget holds although the hints have a wider one"""
        flavor = self.create_edge_flavor(
            latency_budget_ms=self.unreachable_ms, percentile='p95'
        )
        hints = base.edge_keys(
            client=self.client,
            latency_budget_ms=CONF.edge_sched.budget_ms,
            budget_mode='preferred',
        )
        self.assertRefused(self.reason, self.build(hints, flavor=flavor))

    @decorators.idempotent_id('658e373b-d420-4f62-90e5-f370b08fd98d')
    @decorators.attr(type=['negative'])
    def test_hint_tightens_flavor(self):
        """The budget of the hints holds where it is the smaller one"""
        flavor = self.create_edge_flavor(
            latency_budget_ms=CONF.edge_sched.budget_ms, percentile='p95'
        )
        hints = base.edge_keys(
            client=self.client, latency_budget_ms=self.unreachable_ms
        )
        self.assertRefused(self.reason, self.build(hints, flavor=flavor))


class UnmeasuredTest(base.BaseEdgeSchedTest):
    """A required budget of a client that was never measured."""

    needed_options = ('client', 'unmeasured_client')

    def assertNoData(self, client):
        """The client that was never measured is named."""
        hints = base.edge_keys(
            client=client, latency_budget_ms=CONF.edge_sched.budget_ms
        )
        unmeasured = CONF.edge_sched.unmeasured_client
        self.assertRefused(
            f'no usable latency data for {unmeasured}', self.build(hints)
        )

    @decorators.idempotent_id('8f21abf0-fdcc-4b1f-875d-062cbc7aba2b')
    @decorators.attr(type=['negative'])
    def test_unmeasured_client(self):
        """No host is known to keep the budget"""
        self.assertNoData(CONF.edge_sched.unmeasured_client)

    @decorators.idempotent_id('b1ecc1a7-a861-415e-8bc3-9faf39fc3cdf')
    @decorators.attr(type=['negative'])
    def test_last_of_repeated_hint(self):
        """Every value of a repeated hint counts"""
        self.assertNoData(
            [CONF.edge_sched.client, CONF.edge_sched.unmeasured_client]
        )

    @decorators.idempotent_id('bb9bf784-2d63-4cbb-8f0d-13529ffb9787')
    @decorators.attr(type=['negative'])
    def test_last_of_comma_separated_hint(self):
        """Every client of a comma-separated hint counts"""
        self.assertNoData(
            f'{CONF.edge_sched.client},{CONF.edge_sched.unmeasured_client}'
        )


class BadHintTest(base.BaseEdgeSchedTest):
    """Hints that make no sense, whatever was measured."""

    def assertBadHint(self, reason, **values):
        """A server with this hint is refused."""
        self.assertRefused(reason, self.build(base.edge_keys(**values)))

    @decorators.idempotent_id('b5e9d519-b90d-4cc2-9c99-db96e47c2790')
    @decorators.attr(type=['negative'])
    def test_unknown_key(self):
        """A key with a typo does not drop the budget, it is named"""
        self.assertBadHint(
            "'edge:latency_bugdet_ms' is not an edge: key",
            latency_bugdet_ms='20',
        )

    @decorators.idempotent_id('d41d4fe9-2ef9-459f-9fb4-f8cb2f695b8a')
    @decorators.attr(type=['negative'])
    def test_bad_budget(self):
        """A budget that is no number is named"""
        self.assertBadHint(
            "edge:latency_budget_ms 'soon' is not a number > 0",
            latency_budget_ms='soon',
        )

    @decorators.idempotent_id('4b34aa91-05bf-47df-9b74-9e670e14a8ec')
    @decorators.attr(type=['negative'])
    def test_bad_address(self):
        """An address that does not exist is named"""
        self.assertBadHint(
            "edge:client '999.1.1.1' is not an address, a prefix or a known "
            'client',
            client='999.1.1.1',
        )

    @decorators.idempotent_id('76b03db0-47ee-471f-96a3-28e2d8a91d2d')
    @decorators.attr(type=['negative'])
    def test_unknown_client(self):
        """A name that nobody has given is named"""
        name = data_utils.rand_name(
            prefix=CONF.resource_name_prefix, name='nobody'
        )
        self.assertBadHint(
            f"edge:client '{name}' is not an address, a prefix or a known "
            'client',
            client=name,
        )

    @decorators.idempotent_id('6d0b5f0e-7b0e-4c7c-9d5c-2f1a8f5a0e71')
    @decorators.attr(type=['negative'])
    def test_unknown_server(self):
        """A server that is not there is named, and so is a group"""
        for kind, what in (
            ('server', 'a server'),
            ('group', 'a server group'),
        ):
            client = f'{kind}:{data_utils.rand_uuid()}'
            self.assertBadHint(
                f"edge:client '{client}' is not {what} of this project",
                client=client,
            )

    @decorators.idempotent_id('b7c4a0d9-51e2-4f3b-8a66-0c9e1d7f2b48')
    @decorators.attr(type=['negative'])
    def test_server_without_a_host(self):
        """A server that was refused is nowhere, so nobody can be near"""
        refused = self.build(base.edge_keys(percentile='p42', client='::1'))
        client = f'server:{refused["id"]}'
        self.assertBadHint(
            f"edge:client '{client}' has no host yet", client=client
        )
