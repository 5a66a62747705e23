# SPDX-License-Identifier: Apache-2.0

"""What is said of a fault."""

from oslotest import base

from tests.cloud.audit import Allocation
from tests.cloud.audit import Damage
from tests.cloud.audit import Server
from tests.cloud.audit import Snapshot
from tests.cloud.trial import Recovery
from tests.cloud.trial import Trial

REFUSED = 'No valid host was found. Scheduling failed: no data for {}'


class TrialTest(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        found = Snapshot(
            [
                Server('a', 'ACTIVE', host='lyon-1'),
                Server('b', 'ERROR', fault=REFUSED.format('203.0.113.7')),
                Server('c', 'ERROR', fault=REFUSED.format('192.0.2.7')),
                Server('d', 'ERROR', fault='MessagingTimeout'),
                Server('e', 'BUILD', 'scheduling'),
            ],
            frozenset({Allocation('lyon-1', 'a'), Allocation('lyon-1', 'd')}),
        )
        self.trial = Trial(5, 2, found, Recovery({'x', 'y'}, 5.04, 6.06))

    def test_damage(self):
        self.assertEqual(Damage(stuck=1, orphans=1), self.trial.damage)

    def test_line_counts_and_tells_kinds_of_faults(self):
        self.assertEqual(
            'accepted 5 (refused 2), active 1, error 3, stuck 1, orphans 1, '
            'try 2 works: asked for after 5.0 s, active after 6.1 s '
            "{'no data': 2, 'MessagingTimeout': 1}",
            str(self.trial),
        )
