# SPDX-License-Identifier: Apache-2.0

"""What local.conf may say, and who is told of it."""

import fixtures

from tests.devstack import base


class SettingsTest(base.DevStackTestCase):
    def tempest_plugins(self, **settings: str) -> list[str]:
        """What would be installed into Tempest's environment."""
        self.user_writes(**settings)
        self.run_moments('stack pre-install')
        return (self.world / 'tempest_plugins').read_text().split()

    def test_a_setting_without_sense_ends_stack_sh(self) -> None:
        for setting, value, told in (
            ('EDGE_SCHED_MODE', 'on', 'EDGE_SCHED_MODE=on is none of'),
            ('EDGE_SCHED_SITES', 'paris ly,on', "'ly,on' is no name"),
            ('EDGE_SCHED_SITES', '', 'EDGE_SCHED_SITES is empty'),
            ('EDGE_SCHED_REFLECTOR_PORT', '862', '862 is no port from 1024'),
            ('ENABLED_SERVICES', 'n-sch', 'no database for the latency store'),
        ):
            self.user_writes(**{setting: value})
            done = self.go('stack pre-install', 'conf')
            self.assertNotEqual(0, done.returncode, setting)
            self.assertIn(told, done.stderr)
            self.assertFalse(self.nova_conf.exists())

    def test_it_can_be_unstacked_all_the_same(self) -> None:
        self.user_writes(EDGE_SCHED_MODE='on')
        self.run_moments('unstack', 'clean')

    def test_a_host_without_a_scheduler_needs_no_database(self) -> None:
        self.user_writes(ENABLED_SERVICES='n-cpu')
        self.run_moments('stack pre-install')

    def test_the_checkout_may_have_any_name(self) -> None:
        renamed = self.world / 'renamed'
        renamed.symlink_to(base.ROOT)
        self.user_writes(DEVSTACK_PLUGINS='renamed')
        self.run_moments()
        self.assertEqual([str(renamed)], self.calls('setup_develop'))
        self.assertIn(str(renamed), self.units()['edge-sched-sample'])

    def test_tempest_gets_the_checkout_once(self) -> None:
        ours = str(base.ROOT)
        tempest = 'mysql,n-sch,tempest'
        self.assertNotIn(ours, self.tempest_plugins())
        self.assertEqual(
            [ours], self.tempest_plugins(ENABLED_SERVICES=tempest)
        )
        for given in '/opt/stack/other', f'{ours} /opt/stack/other':
            self.assertEqual(
                {ours, '/opt/stack/other'},
                set(
                    plugins := self.tempest_plugins(
                        ENABLED_SERVICES=tempest, TEMPEST_PLUGINS=given
                    )
                ),
            )
            self.assertEqual(2, len(plugins))

    def test_a_trace_shows_what_is_done_and_goes_on(self) -> None:
        self.useFixture(fixtures.EnvironmentVariable('SHELLOPTS', 'xtrace'))
        lines = [
            line.lstrip('+ ')
            for line in self.go('stack pre-install').stderr.splitlines()
        ]
        self.assertIn('edge_sched_check_settings', lines)
        self.assertNotIn('EDGE_SCHED_MODE=enforce', lines)
        self.assertEqual('echo', lines[-1].partition(' ')[0])


class SettingsOnTreeTest(base.OnTree, SettingsTest):
    """With the functions of a real DevStack."""
