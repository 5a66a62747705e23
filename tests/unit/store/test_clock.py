# SPDX-License-Identifier: Apache-2.0

from unittest import mock

import ddt
from oslotest import base

from edge_sched.store import clock


@ddt.ddt
class AheadTest(base.BaseTestCase):
    # Our clock before and after asking, that of the database, how far ahead.
    @ddt.data(
        (100.0, 100.0, 100.9, 0.0),
        (100.0, 100.0, 99.1, 0.0),
        (100.0, 100.0, 101.5, 1.5),
        (100.0, 100.2, 98.6, -1.5),
        # A slow answer may have been given at any moment.
        (100.0, 120.0, 119.0, 0.0),
        (100.0, 120.0, 99.5, 0.0),
        (100.0, 120.0, 7310.0, 7200.0),
    )
    @ddt.unpack
    def test_how_far_the_database_is_ahead(self, before, after, there, ahead):
        with (
            mock.patch.object(clock, 'now', return_value=there),
            mock.patch.object(clock, 'time') as ours,
        ):
            ours.time.side_effect = (before, after)
            self.assertAlmostEqual(ahead, clock.ahead_seconds(mock.sentinel))
