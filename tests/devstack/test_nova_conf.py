# SPDX-License-Identifier: Apache-2.0

"""What becomes of nova.conf."""

import nova.conf.scheduler
from nova.scheduler import filters
from nova.scheduler import weights
from oslo_config import cfg

from edge_sched import conf as edge_conf
from edge_sched.conf import checks
from tests.devstack import base

NEIGHBOUR_FIRST = 'neighbour,edge-sched'
NEIGHBOUR_LAST = 'edge-sched,neighbour'


class NovaConfTest(base.DevStackTestCase):
    def scheduler(self) -> cfg.ConfigOpts:
        """nova.conf as nova-scheduler reads it, every option checked."""
        conf = cfg.ConfigOpts()
        nova.conf.scheduler.register_opts(conf)
        edge_conf.register_opts(conf)
        conf([], default_config_files=[str(self.nova_conf)])
        checks.check(conf)
        checks.check_names(conf)
        return conf

    def enabled(self) -> list[str]:
        names: list[str] = self.scheduler().filter_scheduler.enabled_filters
        return names

    def test_it_says_what_the_install_guide_says(self) -> None:
        self.run_moments()
        group = self.scheduler().filter_scheduler
        self.assertEqual(
            {
                'nova.scheduler.filters.all_filters',
                'edge_sched.plugins.all_filters',
            },
            set(group.available_filters),
        )
        self.assertEqual(2, len(group.available_filters))
        self.assertEqual(
            [
                'nova.scheduler.weights.all_weighers',
                'edge_sched.plugins.all_weighers',
            ],
            group.weight_classes,
        )
        self.assertEqual('EdgeLatencyFilter', group.enabled_filters[-1])
        self.assertIn('ComputeFilter', group.enabled_filters)
        self.assertFalse(group.track_instance_changes)

    def test_twice_is_as_once(self) -> None:
        for plugins in NEIGHBOUR_FIRST, NEIGHBOUR_LAST:
            self.user_writes(DEVSTACK_PLUGINS=plugins)
            self.run_moments()
            once = self.nova_conf.read_bytes()
            self.run_moments(*(m for m in base.STACK if m != 'conf'))
            self.assertEqual(once, self.nova_conf.read_bytes(), plugins)
            self.run_moments()
            self.assertEqual(once, self.nova_conf.read_bytes(), plugins)

    def test_nova_loads_it_beside_a_neighbour(self) -> None:
        for plugins in NEIGHBOUR_FIRST, NEIGHBOUR_LAST:
            self.user_writes(DEVSTACK_PLUGINS=plugins)
            self.run_moments()
            group = self.scheduler().filter_scheduler
            available = filters.HostFilterHandler().get_matching_classes(
                group.available_filters
            )
            self.assertLessEqual(
                {'NumInstancesFilter', 'NeighbourFilter', 'EdgeLatencyFilter'},
                set(group.enabled_filters),
            )
            self.assertLessEqual(
                set(group.enabled_filters), {c.__name__ for c in available}
            )
            self.assertEqual(
                len(set(group.enabled_filters)), len(group.enabled_filters)
            )
            weighers = weights.HostWeightHandler().get_matching_classes(
                group.weight_classes
            )
            self.assertLessEqual(
                {
                    'RAMWeigher',
                    'NeighbourWeigher',
                    'EdgeLatencyWeigher',
                    'EdgeCellLatencyWeigher',
                },
                {c.__name__ for c in weighers},
            )

    def test_the_filter_is_last_after_a_neighbour_that_came_before(
        self,
    ) -> None:
        self.user_writes(DEVSTACK_PLUGINS=NEIGHBOUR_FIRST)
        self.run_moments()
        self.assertEqual('EdgeLatencyFilter', self.enabled()[-1])
        self.assertEqual([], self.calls('restart_service'))

    def test_the_filter_is_last_after_a_neighbour_that_came_later(
        self,
    ) -> None:
        self.user_writes(DEVSTACK_PLUGINS=NEIGHBOUR_LAST)
        self.run_moments(*base.STACK[:4])
        self.assertEqual('NeighbourFilter', self.enabled()[-1])
        self.run_moments('stack extra')
        self.assertEqual('EdgeLatencyFilter', self.enabled()[-1])
        self.assertEqual(['devstack@n-sch'], self.calls('restart_service'))

    def test_nova_conf_is_first_written_with_the_filter_last(self) -> None:
        self.user_writes(DEVSTACK_PLUGINS=NEIGHBOUR_LAST)
        self.run_moments('stack pre-install', 'conf')
        self.assertEqual(
            ['NumInstancesFilter', 'EdgeLatencyFilter'], self.enabled()[-2:]
        )

    def test_what_the_user_enabled_stands(self) -> None:
        self.run_moments(*base.STACK[:4])
        (self.world / 'local.conf').write_text(
            '[[post-config|$NOVA_CONF]]\n[filter_scheduler]\n'
            'enabled_filters = EdgeLatencyFilter,ComputeFilter\n'
        )
        users = self.nova_conf.read_text().replace(
            ','.join(self.enabled()), 'EdgeLatencyFilter,ComputeFilter'
        )
        self.nova_conf.write_text(users)
        self.run_moments('stack extra')
        self.assertEqual(
            ['EdgeLatencyFilter', 'ComputeFilter'], self.enabled()
        )
        self.assertEqual([], self.calls('restart_service'))

    def test_nobody_else_writes_nova_conf_meanwhile(self) -> None:
        self.run_moments()
        nova_conf = base.ini(self.nova_conf)
        self.assertEqual('RegionOne', nova_conf['neutron']['region_name'])
        calls = (self.world / 'calls').read_text().splitlines()
        # The store comes after nova.conf.
        self.assertLess(
            calls.index('nova.conf is complete'),
            next(i for i, call in enumerate(calls) if 'db sync' in call),
        )

    def test_a_host_without_a_scheduler_is_left_alone(self) -> None:
        self.user_writes(ENABLED_SERVICES='n-cpu,mysql')
        self.run_moments()
        self.assertNotIn('edge_sched.', self.nova_conf.read_text())
        self.assertFalse(self.edge_sched_conf.exists())
        self.assertEqual({}, self.units())
        self.assertEqual(1, len(self.calls('setup_develop')))


class NovaConfOnTreeTest(base.OnTree, NovaConfTest):
    """With the functions of a real DevStack."""
