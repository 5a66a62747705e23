# SPDX-License-Identifier: Apache-2.0

"""The weighers, judged by what would be loaded."""

import nova.conf
from oslo_config import fixture as config_fixture

from edge_sched.status import weighers
from tests.unit.status import base

NOVAS = 'nova.scheduler.weights.all_weighers'
ALL = 'edge_sched.plugins.all_weighers'
RAM = 'nova.scheduler.weights.ram.RAMWeigher'
NEAR = 'edge_sched.scheduler.weights.EdgeLatencyWeigher'
RECORDER = 'edge_sched.scheduler.recorder.EdgeRecorder'
CELL = 'edge_sched.scheduler.weights.EdgeCellLatencyWeigher'
SECTION = '[filter_scheduler]'
BOTH = f'weight_classes = {NOVAS},{ALL}'


class JudgeWeighersTest(base.JudgementTestCase):
    def test_both_beside_those_of_nova(self) -> None:
        self.assertSuccess(
            weighers.judge_weighers([RAM, NEAR, CELL], [NOVAS, ALL]),
            'Both weighers are there, once.',
        )

    def test_none(self) -> None:
        self.assertFails(
            weighers.judge_weighers([RAM], [NOVAS]),
            'Not in weight_classes: EdgeCellLatencyWeigher, '
            'EdgeLatencyWeigher.',
            SECTION,
            BOTH,
        )

    def test_one_alone(self) -> None:
        self.assertFails(
            weighers.judge_weighers([RAM, NEAR], [NOVAS, NEAR]),
            'Not in weight_classes: EdgeCellLatencyWeigher.',
            SECTION,
            BOTH,
        )

    def test_twice(self) -> None:
        self.assertWarns(
            weighers.judge_weighers(
                [RAM, NEAR, NEAR, CELL], [NOVAS, NEAR, ALL]
            ),
            'More than once in weight_classes: EdgeLatencyWeigher.',
            SECTION,
            BOTH,
        )

    def test_recorder_is_last(self) -> None:
        self.assertSuccess(
            weighers.judge_weighers([RAM, NEAR, CELL, RECORDER], [NOVAS, ALL]),
            'Both weighers are there, once.',
        )

    def test_weighers_behind_the_recorder(self) -> None:
        self.assertWarns(
            weighers.judge_weighers(
                [NEAR, CELL, RECORDER, RAM, 'site.Mine'],
                [ALL, NOVAS, 'site.Mine'],
            ),
            'Behind EdgeRecorder in weight_classes: Mine, RAMWeigher.',
            SECTION,
            f'weight_classes = {NOVAS},site.Mine,{ALL}',
        )

    def test_without_those_of_nova(self) -> None:
        self.assertWarns(
            weighers.judge_weighers([NEAR, CELL], [ALL]),
            "None of Nova's own weighers",
            SECTION,
            BOTH,
        )

    def test_loader_that_fails(self) -> None:
        self.assertFails(
            weighers.judge_unloaded_weighers('ClassNotFound: no x'),
            'weight_classes cannot be loaded (ClassNotFound: no x)',
            SECTION,
            BOTH,
        )


class LoadWeighersTest(base.JudgementTestCase):
    def test_in_the_order_of_weight_classes(self) -> None:
        conf = self.useFixture(config_fixture.Config(nova.conf.CONF))
        conf.config(group='filter_scheduler', weight_classes=[NOVAS, ALL])

        loaded = weighers.load_weighers()

        self.assertIn(RAM, loaded)
        self.assertEqual({NEAR, CELL}, set(loaded[-2:]))

    def test_recorder_comes_last_with_full_records(self) -> None:
        conf = self.useFixture(config_fixture.Config(nova.conf.CONF))
        conf.config(group='filter_scheduler', weight_classes=[NOVAS, ALL])
        conf.config(group='edge_sched', record_detail='full')

        loaded = weighers.load_weighers()

        self.assertEqual({NEAR, CELL}, set(loaded[-3:-1]))
        self.assertEqual(RECORDER, loaded[-1])
