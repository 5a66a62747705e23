# SPDX-License-Identifier: Apache-2.0

from unittest import mock

import nova.conf
from nova import objects
from nova.scheduler.host_manager import HostState
from nova.weights import WeighedObject
from oslo_config import fixture as config_fixture
from oslo_utils.fixture import uuidsentinel as uuids
from oslotest import base

from edge_sched.judging.decision import HostVerdict
from edge_sched.judging.scoring import WITHIN
from edge_sched.judging.verdict import UNMEASURED
from edge_sched.scheduler.scores import SCORES
from edge_sched.scheduler.scores import Scores
from edge_sched.scheduler.topology.locator import Location
from edge_sched.scheduler.topology.locator import Locator
from edge_sched.scheduler.weights import EdgeCellLatencyWeigher
from edge_sched.scheduler.weights import EdgeLatencyWeigher


class UnseenHostTest(base.BaseTestCase):
    """A host that the filter has no score of is worth nothing."""

    def setUp(self) -> None:
        super().setUp()
        self.conf = self.useFixture(config_fixture.Config(nova.conf.CONF))
        self.spec = objects.RequestSpec()
        locator = Locator({'near': Location((), 'nova', '')}, {})
        near = HostVerdict(WITHIN, True, 0.9, (), UNMEASURED)
        verdicts = {locator.own_location('near'): near}
        scores = Scores(locator, frozenset({'near'}), verdicts, {'near': 5.0})
        SCORES.put(self.spec, scores)
        self.hosts = [
            HostState(name, name, uuids.cell1) for name in ('near', 'unseen')
        ]
        self.weighed = [WeighedObject(host, 0.0) for host in self.hosts]

    def test_among_others(self) -> None:
        self.assertEqual(
            [0.9, 0.0],
            EdgeLatencyWeigher().weigh_objects(self.weighed, self.spec),
        )

    def test_alone(self) -> None:
        weigh = EdgeLatencyWeigher()._weigh_object
        self.assertEqual(
            [0.9, 0.0], [weigh(host, self.spec) for host in self.hosts]
        )
        self.assertEqual(0.0, weigh(self.hosts[0], objects.RequestSpec()))

    def test_error_of_ours_weighs_nothing(self) -> None:
        with (
            mock.patch.object(Scores, 'of', side_effect=ZeroDivisionError),
            self.assertLogs('edge_sched', 'ERROR'),
        ):
            weights = EdgeLatencyWeigher().weigh_objects(
                self.weighed, self.spec
            )
        self.assertEqual([0.0, 0.0], weights)

    def test_multiplier_is_its_own_or_else_the_option(self) -> None:
        weigher = EdgeLatencyWeigher()
        self.assertEqual(0.0, weigher.weight_multiplier(self.hosts[0]))
        weigher.weigh_objects(self.weighed, self.spec)
        self.assertEqual(
            [5.0, 3000.0], [weigher.weight_multiplier(h) for h in self.hosts]
        )

    def test_multiplier_of_a_cell_is_the_option(self) -> None:
        weigher = EdgeCellLatencyWeigher()
        self.assertEqual(0.0, weigher.weight_multiplier(self.hosts[0]))
        weigher.weigh_objects(self.weighed, self.spec)
        self.assertEqual(
            [10.0, 10.0], [weigher.weight_multiplier(h) for h in self.hosts]
        )

    def test_in_its_cell(self) -> None:
        for attempts, worth in ((1, 0.9), (2, 0.0)):
            self.conf.config(group='scheduler', max_attempts=attempts)
            self.assertEqual(
                [worth, worth],
                EdgeCellLatencyWeigher().weigh_objects(
                    self.weighed, self.spec
                ),
            )
