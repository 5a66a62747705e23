# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

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
