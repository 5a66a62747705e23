# SPDX-License-Identifier: Apache-2.0

"""The demo's own reading of a measurement file."""

import pathlib
import tempfile

from oslotest import base

from demo.measured import Measured
from demo.measured import Rtt

CSV = """\
vantage,client,rtt_min_ms,rtt_p50_ms,rtt_p95_ms
lyon,203.0.113.0/24,5.5,6,10
lyon,203.0.113.0/28,1.5,2,3
lyon,2001:db8::/32,7.5,8,9
lyon,site:paris,4.5,5,6
"""


class MeasuredTest(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        with tempfile.NamedTemporaryFile('w', suffix='.csv') as stream:
            stream.write(CSV)
            stream.flush()
            self.measured = Measured.read(
                pathlib.Path(stream.name), {'crew': '203.0.113.0/28'}
            )

    def test_longest_prefix(self):
        self.assertEqual(
            Rtt(2, 3, 1.5), self.measured.at('lyon', '203.0.113.7')
        )
        self.assertEqual(
            Rtt(6, 10, 5.5), self.measured.at('lyon', '203.0.113.77')
        )

    def test_prefix_needs_a_row_that_holds_all_of_it(self):
        self.assertEqual(6, self.measured.at('lyon', '203.0.113.0/25').p50_ms)
        self.assertIsNone(self.measured.at('lyon', '203.0.112.0/23'))

    def test_v6(self):
        self.assertEqual(8, self.measured.at('lyon', '2001:db8:a::/64').p50_ms)
        self.assertIsNone(self.measured.at('lyon', '2001:db9::1'))

    def test_name_and_where_it_moves(self):
        self.assertEqual(2, self.measured.at('lyon', 'crew').p50_ms)
        moved = self.measured.renamed(crew='2001:db8::/48')
        self.assertEqual(8, moved.at('lyon', 'crew').p50_ms)

    def test_site_without_rows(self):
        self.assertIsNone(self.measured.at('nice', '203.0.113.7'))

    def test_sites_from_either_end(self):
        rtt = Rtt(5, 6, 4.5)
        self.assertEqual(rtt, self.measured.at('lyon', 'site:paris'))
        self.assertEqual(rtt, self.measured.at('paris', 'site:lyon'))
        self.assertIsNone(self.measured.at('nice', 'site:lyon'))
        self.assertEqual(0.5, self.measured.at('nice', 'site:nice').p95_ms)

    def test_figures(self):
        self.assertEqual('6.0/10.0', str(Rtt(6, 10)))
        self.assertEqual('6.0', str(Rtt(6, 6)))
        self.assertIsNone(Rtt(6, 10).jitter_ms)
        self.assertEqual(4.5, Rtt(6, 10, 5.5).jitter_ms)
