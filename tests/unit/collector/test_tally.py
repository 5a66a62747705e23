# SPDX-License-Identifier: Apache-2.0

from oslotest import base

from edge_sched.collector.reading import Harvest
from edge_sched.collector.tally import Tally
from edge_sched.store.measurements import Recorded
from tests.unit.collector.fakes import NOW
from tests.unit.collector.fakes import reading
from tests.unit.collector.fakes import row


class TallyTest(base.BaseTestCase):
    def test_nothing(self):
        self.assertEqual(
            '0 inputs, 0 rows read, 0 written, 0 unchanged, 0 refused, '
            'took 0.0 s',
            Tally().summary(0, 0.0),
        )

    def test_everything(self):
        tally = Tally(inputs=2, unchanged=5)
        tally.brought(Harvest([reading()] * 9, {'vantage': 2}, {'lyon': 0.5}))
        tally.brought(Harvest((), failed='paris: away'))
        tally.recorded(Recorded(written=3, older=1, unknown=1, misplaced=0))
        self.assertEqual(
            '2 inputs, 11 rows read, 3 written, 5 unchanged, 4 refused '
            '(vantage 2, older 1, unknown 1), 7 waiting for the store, '
            '1 of 2 sources failed, took 4.2 s',
            tally.summary(7, 4.21),
        )
        self.assertEqual({'lyon': 0.5}, tally.skews)

    def test_the_newest_row_of_each_vantage(self):
        tally = Tally()
        for seconds in (1, 3, 2):
            tally.saw(row(measured_at=NOW + seconds).latency)
        tally.saw(row('paris').latency)
        self.assertEqual({'lyon': NOW + 3, 'paris': NOW}, tally.newest)
