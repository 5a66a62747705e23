# SPDX-License-Identifier: Apache-2.0

"""The group ``[edge_sched]`` of tempest.conf."""

from oslo_config import cfg
from oslotest import base

from edge_sched.conf import edge_sched
from edge_sched_tempest_plugin import config


class ConfigTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.conf = cfg.ConfigOpts()
        self.conf([])
        self.conf.register_opts(config.EdgeSchedGroup, 'edge_sched')

    def test_nothing_is_said_of_the_cloud_by_default(self) -> None:
        group = self.conf.edge_sched
        self.assertIsNone(group.client)
        self.assertIsNone(group.client_ipv6)
        self.assertIsNone(group.client_name)
        self.assertIsNone(group.unmeasured_client)
        self.assertEqual([], group.near_hosts)
        self.assertEqual([], group.far_hosts)

    def test_budgets_are_above_zero(self) -> None:
        for name in ('budget_ms', 'unreachable_budget_ms'):
            self.assertRaises(
                ValueError, self.conf.set_override, name, 0, 'edge_sched'
            )

    def test_reason_detail_is_as_in_nova(self) -> None:
        (novas,) = (
            option
            for option in edge_sched.OPTS
            if option.name == 'reason_detail'
        )
        (ours,) = (
            option
            for option in config.EdgeSchedGroup
            if option.name == 'reason_detail'
        )
        self.assertEqual(novas.default, ours.default)
        self.assertEqual(set(novas.type.choices), set(ours.type.choices))
