# SPDX-License-Identifier: Apache-2.0

"""What Watcher knows of a server by notifications alone."""

from oslo_utils import uuidutils
from oslotest import base
from watcher.decision_engine.model import element
from watcher.decision_engine.model import model_root

from edge_sched.model.standing import OVER
from edge_sched.model.standing import Hour
from edge_sched.model.standing import ServerStanding
from edge_sched.watcher import movable
from edge_sched.watcher.parameters import LIVE

SERVER = uuidutils.generate_uuid()
STANDING = ServerStanding(
    server=SERVER,
    project_id='p',
    host='compute-1',
    site='lyon',
    client='203.0.113.7',
    verdict=OVER,
    judged_ms=31.0,
    budget_ms=20.0,
    best_site='paris',
    best_ms=12.0,
    hour=Hour(0.0),
)


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
