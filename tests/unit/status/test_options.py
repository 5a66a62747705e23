# SPDX-License-Identifier: Apache-2.0

"""Options that take the effect away."""

import nova.conf
from oslo_config import fixture as config_fixture

from edge_sched.status.options import Options
from edge_sched.status.options import judge_bad_options
from edge_sched.status.options import judge_options
from edge_sched.status.options import read_options
from tests.unit.status import base

ENFORCE = ('[edge_sched]', 'mode = enforce')


class JudgeOptionsTest(base.JudgementTestCase):
    def test_defaults_are_fine(self) -> None:
        self.assertSuccess(
            judge_options(Options(), 2), 'Near hosts are preferred.'
        )

    def test_shuffling_equals_is_only_mentioned(self) -> None:
        options = Options(shuffle_best_same_weighed_hosts=True)
        self.assertSuccess(
            judge_options(options, 2),
            'Near hosts are preferred. Of hosts that weigh exactly the same, '
            'one is taken at random (shuffle_best_same_weighed_hosts), which '
            'does no harm.',
        )

    def test_mode(self) -> None:
        for mode, what in (
            ('off', 'mode is off: nothing is judged.'),
            ('shadow', 'mode is shadow: requests are judged and recorded'),
        ):
            self.assertWarns(
                judge_options(Options(mode=mode), 1), what, *ENFORCE
            )

    def test_option_that_there_is_not(self) -> None:
        self.assertWarns(
            judge_options(Options(), 1, ['[edge_sched] mod is no option.']),
            '[edge_sched] mod is no option. nova-scheduler ignores it.',
        )

    def test_subset_of_hosts(self) -> None:
        self.assertWarns(
            judge_options(Options(host_subset_size=2), 1),
            'host_subset_size is 2: ',
            '[filter_scheduler]',
            'host_subset_size = 1',
        )

    def test_multiplier_of_latency(self) -> None:
        self.assertWarns(
            judge_options(Options(latency_weight_multiplier=0.0), 1),
            'latency_weight_multiplier is 0: budgets hold',
            '[edge_sched]',
            'latency_weight_multiplier = 3000.0',
        )
        self.assertEqual(
            0, judge_options(Options(latency_weight_multiplier=0.1), 1).code
        )

    def test_multiplier_of_cells_matters_with_two(self) -> None:
        options = Options(cell_latency_weight_multiplier=0.0)
        self.assertWarns(
            judge_options(options, 2),
            'cell_latency_weight_multiplier is 0, and there are 2 cells',
            '[edge_sched]',
            'cell_latency_weight_multiplier = 10.0',
        )
        for cells in (1, 0, None):
            self.assertEqual(0, judge_options(options, cells).code)

    def test_value_that_makes_no_sense(self) -> None:
        self.assertFails(
            judge_bad_options('mode: x'), 'Correct in nova.conf: mode: x'
        )


class ReadOptionsTest(base.JudgementTestCase):
    def test_they_are_those_of_nova_conf(self) -> None:
        conf = self.useFixture(config_fixture.Config(nova.conf.CONF))
        conf.config(
            group='filter_scheduler',
            host_subset_size=3,
            shuffle_best_same_weighed_hosts=True,
        )
        conf.config(
            group='edge_sched',
            mode='shadow',
            latency_weight_multiplier=1.0,
            cell_latency_weight_multiplier=2.0,
        )
        conf.config(group='scheduler', max_placement_results=7)

        self.assertEqual(
            Options('shadow', 3, True, 1.0, 2.0, 7, 'auto'), read_options()
        )
