# SPDX-License-Identifier: Apache-2.0

from oslotest import base

from edge_sched.api import policies
from edge_sched.api.camara.zones import PATH
from edge_sched.api.camara.zones import zone_id
from tests.unit.api.contract import document


class ZoneTest(base.BaseTestCase):
    def test_id_is_the_same_for_good(self) -> None:
        self.assertEqual(
            '0645dcf4-bbba-56ed-8577-2637776e7a98', str(zone_id('lyon'))
        )
        self.assertNotEqual(zone_id('lyon'), zone_id('paris'))

    def test_path_is_said_the_same_everywhere(self) -> None:
        self.assertEqual([PATH], [*document('edge_sched.api.camara')['paths']])
        (rule,) = (
            rule
            for rule in policies.list_rules()
            if rule.name == policies.SHOW_CAMARA
        )
        self.assertEqual([{'method': 'POST', 'path': PATH}], rule.operations)
