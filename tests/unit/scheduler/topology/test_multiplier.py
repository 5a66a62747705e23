# SPDX-License-Identifier: Apache-2.0

"""What the weighers read hangs on the hosts."""

import types

from oslotest import base

from edge_sched.scheduler.topology import multiplier
from edge_sched.scheduler.weights import EdgeCellLatencyWeigher
from edge_sched.scheduler.weights import EdgeLatencyWeigher


class MultiplierTest(base.BaseTestCase):
    def test_own_multipliers_hang_on_hosts_and_else_the_option(self) -> None:
        hosts = [types.SimpleNamespace(host=name) for name in 'ab']
        multiplier.hang_latency_multipliers(hosts, {'a': 5.0})
        weigher = EdgeLatencyWeigher()
        self.assertEqual(
            [5.0, 3000.0], [weigher.weight_multiplier(host) for host in hosts]
        )

    def test_host_that_was_not_weighed(self) -> None:
        host = types.SimpleNamespace(host='a')
        self.assertEqual(0.0, EdgeLatencyWeigher().weight_multiplier(host))
        self.assertEqual(0.0, EdgeCellLatencyWeigher().weight_multiplier(host))
