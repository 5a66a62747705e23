# SPDX-License-Identifier: Apache-2.0

"""Which compute host is at which site, and what Tempest is told of it."""

from oslo_config import cfg

from edge_sched_tempest_plugin import config as tempest_config
from tests.devstack import base

TEMPEST = 'mysql,n-api,n-sch,n-cpu,tempest'


class SitesTest(base.DevStackTestCase):
    def aggregates(self) -> dict[str, list[str]]:
        """Property and hosts of each."""
        return {
            path.name: path.read_text().splitlines()
            for path in (self.world / 'aggregates').iterdir()
        }

    def test_hosts_are_dealt_out(self) -> None:
        dealt = {
            'edge-paris': ['edge:site=paris', 'stack1', 'stack3'],
            'edge-lyon': ['edge:site=lyon', 'stack2'],
        }
        self.run_moments()
        self.assertEqual(dealt, self.aggregates())
        self.run_moments()
        self.assertEqual(dealt, self.aggregates())

    def test_hosts_that_come_later_are_added(self) -> None:
        self.user_writes(
            COMPUTE_HOSTS='stack10 stack2', EDGE_SCHED_SITES='a b'
        )
        self.run_moments()
        self.user_writes(
            COMPUTE_HOSTS='stack10 stack2 stack1 stack11',
            EDGE_SCHED_SITES='a b c',
        )
        self.run_moments('stack test-config')
        self.assertEqual(
            {
                'edge-a': ['edge:site=a', 'stack2', 'stack1', 'stack11'],
                'edge-b': ['edge:site=b', 'stack10', 'stack2'],
                'edge-c': ['edge:site=c', 'stack10'],
            },
            self.aggregates(),
        )

    def test_without_hosts(self) -> None:
        self.user_writes(COMPUTE_HOSTS='', ENABLED_SERVICES=TEMPEST)
        self.run_moments()
        self.assertEqual(['edge:site=lyon'], self.aggregates()['edge-lyon'])
        self.assertEqual([], self.tempest().edge_sched.near_hosts)

    def test_without_sites(self) -> None:
        self.user_writes(EDGE_SCHED_SITES='', EDGE_SCHED_SAMPLE='False')
        self.run_moments()
        self.assertEqual({}, self.aggregates())
        self.assertEqual([], self.calls('openstack'))

    def tempest(self) -> cfg.ConfigOpts:
        """tempest.conf as our Tempest plug-in reads it."""
        conf = cfg.ConfigOpts()
        conf.register_group(tempest_config.edge_sched_group)
        conf.register_opts(tempest_config.EdgeSchedGroup, group='edge_sched')
        conf.register_opt(cfg.IntOpt('min_compute_nodes'), group='compute')
        conf.register_opt(
            cfg.ListOpt('scheduler_enabled_filters'),
            group='compute-feature-enabled',
        )
        conf([], default_config_files=[str(self.tempest_conf)])
        return conf

    def test_tempest_knows_the_sample(self) -> None:
        self.user_writes(ENABLED_SERVICES=TEMPEST)
        self.run_moments()
        conf = self.tempest()
        self.assertEqual('203.0.113.7', conf.edge_sched.client)
        self.assertEqual('2001:db8:a::7', conf.edge_sched.client_ipv6)
        self.assertEqual('sample-client', conf.edge_sched.client_name)
        self.assertEqual('198.51.100.254', conf.edge_sched.unmeasured_client)
        self.assertEqual(20, conf.edge_sched.budget_ms)
        self.assertEqual(['stack1', 'stack3'], conf.edge_sched.near_hosts)
        self.assertEqual(['stack2'], conf.edge_sched.far_hosts)
        self.assertEqual(3, conf.compute.min_compute_nodes)
        self.assertIn(
            'EdgeLatencyFilter',
            conf['compute-feature-enabled'].scheduler_enabled_filters,
        )

    def test_tempest_is_told_nothing_where_there_is_no_sample(self) -> None:
        self.user_writes(ENABLED_SERVICES=TEMPEST, EDGE_SCHED_SAMPLE='0')
        self.run_moments()
        self.assertIsNone(self.tempest().edge_sched.client)
        self.assertNotIn('edge_sched', self.tempest_conf.read_text())


class SitesOnTreeTest(base.OnTree, SitesTest):
    """With the functions of a real DevStack."""
