# SPDX-License-Identifier: Apache-2.0

"""What Watcher knows of a server by notifications alone."""

from oslo_utils import uuidutils
from oslotest import base
from watcher.decision_engine.model import element
from watcher.decision_engine.model import model_root

from edge_sched.watcher import movable
from edge_sched.watcher.parameters import LIVE
from tests.unit.judging import test_moves

SERVER = uuidutils.generate_uuid()
STANDING = test_moves.STANDING._replace(server=SERVER, host='compute-1')


class NotifiedTest(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.model = model_root.ModelRoot()
        # All that there is until Nova has chosen a host.
        self.instance = element.Instance(uuid=SERVER)
        self.model.add_instance(self.instance)

    def _why_not(self):
        return movable.why_not(STANDING, self.instance, self.model, LIVE)

    def test_server_that_is_at_no_host_is_not_moved(self):
        self.assertEqual(movable.OUT_OF_SCOPE, self._why_not())

    def test_server_that_is_at_its_host_by_now_may_be(self):
        node = element.ComputeNode(
            uuid=uuidutils.generate_uuid(), hostname='compute-1', state='up'
        )
        self.model.add_node(node)
        self.model.map_instance(self.instance, node)
        self.instance.update({'host': 'compute-1'})
        self.assertEqual('', self._why_not())
