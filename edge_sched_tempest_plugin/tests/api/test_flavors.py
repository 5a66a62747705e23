# SPDX-License-Identifier: Apache-2.0

"""The flavor API checks what is written in ``edge:`` extra specs."""

from tempest.lib import decorators
from tempest.lib import exceptions

from edge_sched_tempest_plugin.tests.api import base

#: One good value of every key.
GOOD = {
    'edge:client': '203.0.113.7@10,2001:db8::/56',
    'edge:latency_budget_ms': '20',
    'edge:jitter_budget_ms': '2.5',
    'edge:loss_budget_pct': '0',
    'edge:percentile': 'p99',
    'edge:budget_mode': 'preferred',
    'edge:unknown': 'allow',
    'edge:objective': 'fit',
    'edge:combine': 'mean',
    'edge:spread': 'zone',
    'edge:spread_mode': 'required',
}


class FlavorTest(base.BaseEdgeSchedTest):
    """From 2.86 on, Nova lets the package look at extra specs."""

    min_microversion = '2.86'

    def setUp(self):
        super().setUp()
        self.flavor_id = self.create_flavor(ram=64, vcpus=1, disk=1)['id']

    def assertBadRequest(self, reason, name, value):
        """The extra spec is refused and the flavor has none."""
        error = self.assertRaises(
            exceptions.BadRequest,
            self.admin_flavors_client.set_flavor_extra_spec,
            self.flavor_id,
            **{name: value},
        )
        self.assertIn(reason, str(error))
        self.assertEqual({}, self.list_extra_specs())

    def list_extra_specs(self):
        """What the flavor has."""
        return self.admin_flavors_client.list_flavor_extra_specs(
            self.flavor_id
        )['extra_specs']

    @decorators.idempotent_id('2f80e47c-91d9-4739-a5a9-3cf0c62bb20d')
    def test_good_values(self):
        """Every key can be set"""
        self.admin_flavors_client.set_flavor_extra_spec(self.flavor_id, **GOOD)
        self.assertEqual(GOOD, self.list_extra_specs())

    @decorators.idempotent_id('26c6d0e4-e8c5-46fa-b36f-343660bf1eee')
    @decorators.attr(type=['negative'])
    def test_bad_value(self):
        """A budget that is no number is refused"""
        self.assertBadRequest(
            "edge:latency_budget_ms 'soon' is not a number > 0",
            'edge:latency_budget_ms',
            'soon',
        )

    @decorators.idempotent_id('5dd8091a-4782-4b7b-bc14-4de74f6bf6f4')
    @decorators.attr(type=['negative'])
    def test_bad_choice(self):
        """A percentile that is not measured is refused"""
        self.assertBadRequest(
            "edge:percentile 'p42' is not one of p50, p95, p99",
            'edge:percentile',
            'p42',
        )

    @decorators.idempotent_id('cf23d5d6-aed5-4be9-94bc-9afacf763391')
    @decorators.attr(type=['negative'])
    def test_unknown_key(self):
        """A key that does not exist is refused"""
        self.assertBadRequest(
            'edge:latency_bugdet_ms', 'edge:latency_bugdet_ms', '20'
        )
