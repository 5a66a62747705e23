# SPDX-License-Identifier: Apache-2.0

"""Where tiers have to be, and what is said of them."""

from oslotest import base

from demo import sample
from demo import tiers
from demo.story import Landing

WEB, APPLICATION, DATABASE = tiers.TIERS


class TiersTest(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.measured = sample.story().measured

    def sites(self, tier, where):
        return sorted(tiers.expected(tier, where, self.measured).sites)

    def test_each_near_the_one_before(self):
        self.assertEqual(['lyon'], self.sites(WEB, tiers.PHONE))
        self.assertEqual(['paris'], self.sites(APPLICATION, 'site:lyon'))
        self.assertEqual(['lille'], self.sites(DATABASE, 'site:paris'))

    def test_near_anybody_else_they_were_elsewhere(self):
        """Or the act would show nothing."""
        self.assertEqual(
            ['lyon', 'marseille', 'nice'],
            tiers.nearest_to_phone(self.measured),
        )
        far = tiers.Tier('database', 20, '', DATABASE.sites)
        self.assertEqual(['nice'], self.sites(far, 'site:lyon'))

    def test_way(self):
        self.assertAlmostEqual(
            6.9 + 0.5 + 5.5,
            tiers.way_ms(self.measured, ['lyon', 'lyon', 'paris']),
        )

    def test_table(self):
        shown = tiers.render(
            {
                'web': Landing({}, 'lyon-1', 'cell2', ''),
                'application': Landing({}, 'paris-2', 'cell1', ''),
                'database': Landing({}, 'lille-1', 'cell1', ''),
            },
            self.measured,
        )
        lines = [' '.join(line.split()) for line in shown.splitlines()]
        self.assertIn('web 203.0.113.7@20 - lyon-1 cell2 6.9/7.9', lines)
        self.assertIn(
            'database server:<application>@6 NVMe: lille, nice lille-1 cell1 '
            '3.5/3.8',
            lines,
        )
