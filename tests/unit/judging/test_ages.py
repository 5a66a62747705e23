# SPDX-License-Identifier: Apache-2.0

import ddt
from oslotest import base

from edge_sched.judging import ages


@ddt.ddt
class DurationTest(base.BaseTestCase):
    @ddt.data(
        (0, '0 s'),
        (40.4, '40 s'),
        (7199, '119 min'),
        (7200, '2 h'),
        (172_799, '47 h'),
        (172_800, '2 d'),
    )
    @ddt.unpack
    def test_two_of_a_unit_at_the_least(self, seconds, shown):
        self.assertEqual(shown, ages.duration(seconds))
