# SPDX-License-Identifier: Apache-2.0

"""Nothing is measured for a while: data grows old, and then too old."""

import re
import time

from tests.cloud.faults import OPTIONS
from tests.cloud.faults import FaultTestCase
from tests.cloud.load import Load

COLLECTOR = 'edge-sched-collector'
STALE = re.compile(
    r'no usable latency data for 2001:db8:a:\S+ \(newest is (\d+) s old\)'
)
#: Servers asked for when no data is good any more.
LATE = 3


class CollectorTest(FaultTestCase):
    def test_stopped_until_data_is_stale(self) -> None:
        self.addCleanup(self.make_whole, COLLECTOR)
        trial = self.endure(self.stop_until_stale, 'no usable latency data')
        ages = [
            int(found[1])
            for words in trial.faults()
            if (found := STALE.search(words))
        ]
        self.assertEqual(LATE, len(ages), trial.faults())
        self.assertGreater(min(ages), OPTIONS['outage_max_age'])
        in_outage = [
            record['outcome']
            for record in self.decision_records()
            if 'measuring' in record
        ]
        self.assertEqual(['judged'], in_outage)

    def stop_until_stale(self, load: Load) -> float:
        """Creates go on while data is good, old, and too old."""
        self.cloud.stop(COLLECTOR)
        stopped_at = time.monotonic()
        load.join()
        for seconds, creates in (
            (OPTIONS['max_age'], 1),
            (OPTIONS['outage_max_age'], LATE),
        ):
            self.wait_until(stopped_at + seconds + 1)
            for _ in range(creates):
                self.is_created(self.ask_near_stranger())
        self.cloud.start(COLLECTOR)
        return time.monotonic()

    def wait_until(self, moment: float) -> None:
        """Until the clock, ``time.monotonic``, shows it."""
        self.wait_for('data to age', lambda: time.monotonic() > moment)
